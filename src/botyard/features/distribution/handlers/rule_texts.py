"""How rules look in chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from botyard.features.distribution.rule_words import written_buttons
from botyard.features.distribution.service.plans import Plan
from botyard.features.distribution.service.rules import KeptRule, RulePage
from botyard.ids import ChatKey
from botyard.members.member import ChatPlace
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Rows
from botyard.routing.texts import Html
from botyard.telegram.text import TEXT_LIMIT, escape, split_html, visible_length

Shown = tuple[str, Rows]
"""A message's text, as HTML, and its buttons."""
Places = Mapping[ChatKey, ChatPlace]

MOST_CHATS = 3
_LONGEST_NAME = 40
_LONGEST_PATTERN = 80
_ROOM = 100
"""Characters kept free for the note that something was left out."""


def page(ctx: Context, found: RulePage, places: Places, *, number: int, pages: int) -> Shown:
    """A page of the list of rules, with buttons to its neighbours."""
    if not found.total:
        return ctx.text("rule-none"), ()
    title = ctx.text(
        "rule-list-page" if pages > 1 else "rule-list", total=found.total, page=number, pages=pages
    )
    neighbours = [
        Press(ctx.text(key), f"rules:{other}")
        for key, other in (("rule-previous", number - 1), ("rule-next", number + 1))
        if 1 <= other <= pages
    ]
    lines = [_line(ctx, rule, places) for rule in found.rules]
    return "\n\n".join([title, *lines, ctx.text("rule-hint")]), [neighbours] if neighbours else ()


def findings(ctx: Context, found: RulePage, places: Places, words: str) -> str:
    """The rules that a search found, the first page of them."""
    if not found.total:
        return ctx.text("rule-not-found", words=words)
    lines = [_line(ctx, rule, places) for rule in found.rules]
    if found.total > len(found.rules):
        lines.append(ctx.text("rule-more-found", count=found.total - len(found.rules)))
    return "\n\n".join([ctx.text("rule-found", count=found.total, words=words), *lines])


def card(ctx: Context, rule: KeptRule, places: Places) -> str:
    """All that there is to a rule."""
    content = rule.content
    chats = [_with_id(places[key]) for key in content.chats]
    lines = [
        ctx.text("rule-title", id=str(rule.id), pattern=content.pattern),
        ctx.text("rule-chats", chats=", ".join(chats)),
        ctx.text(_kind(rule)),
    ]
    if content.excluded:
        lines.append(ctx.text("rule-excluded", words=", ".join(content.excluded)))
    lines.append(
        ctx.text("rule-priority-first" if content.first_only else "rule-priority", number=content.priority)
    )
    if content.caption_template is not None:
        lines.append(ctx.text("rule-caption", template=content.caption_template))
    if content.buttons:
        lines.append(ctx.text("rule-buttons", buttons=written_buttons(content.buttons)))
    if not content.enabled:
        lines.append(ctx.text("rule-off"))
    return _fitting(ctx, lines)


def tested(ctx: Context, found: Plan, lines: Sequence[str]) -> str:
    """Where a text would go, as `explain` tells it."""
    title = (
        ctx.text("rule-tested", chats=len(found.targets)) if found.targets else ctx.text("rule-tested-none")
    )
    return _fitting(ctx, [title, "", *map(escape, lines)])


def _line(ctx: Context, rule: KeptRule, places: Places) -> str:
    content = rule.content
    chats = [_short(places[key].name) for key in content.chats[:MOST_CHATS]]
    if len(content.chats) > MOST_CHATS:
        chats.append(ctx.text("rule-more-chats", count=len(content.chats) - MOST_CHATS))
    line = ctx.text(
        "rule-line",
        id=str(rule.id),
        pattern=_short(content.pattern, _LONGEST_PATTERN),
        chats=", ".join(chats),
    )
    marks = " · ".join(_marks(ctx, rule))
    return f"{line}\n{ctx.text('rule-marks', marks=Html(marks))}" if marks else line


def _marks(ctx: Context, rule: KeptRule) -> Iterable[str]:
    content = rule.content
    if not content.enabled:
        yield ctx.text("rule-mark-off")
    if content.priority:
        yield ctx.text("rule-mark-priority", number=content.priority)
    if content.first_only:
        yield ctx.text("rule-mark-first")
    if content.is_regex:
        yield ctx.text("rule-mark-regex")
    elif not content.whole_words:
        yield ctx.text("rule-mark-parts")
    if content.excluded:
        yield ctx.text("rule-mark-excluded", count=len(content.excluded))
    if content.caption_template is not None:
        yield ctx.text("rule-mark-caption")
    if content.buttons:
        yield ctx.text("rule-mark-buttons")


def _kind(rule: KeptRule) -> str:
    if rule.content.is_regex:
        return "rule-kind-regex"
    return "rule-kind-words" if rule.content.whole_words else "rule-kind-parts"


def _with_id(chat: ChatPlace) -> str:
    """The chat's name and id, which is the same where nothing more is known of it."""
    number = str(chat.telegram_id)
    return number if chat.name == number else f"{_short(chat.name)} ({number})"


def _short(text: str, most: int = _LONGEST_NAME) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _fitting(ctx: Context, lines: Iterable[str]) -> str:
    """The lines as one message; where they are too many, the first of them and a note."""
    html = "\n".join(lines)
    if visible_length(html) <= TEXT_LIMIT:
        return html
    return split_html(html, TEXT_LIMIT - _ROOM)[0] + "\n\n" + ctx.text("rule-cut")
