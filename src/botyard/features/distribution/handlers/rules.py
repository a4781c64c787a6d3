"""/rules: which posts go to which chats."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from botyard.errors import BotyardError
from botyard.features.distribution import rule_words
from botyard.features.distribution.handlers import rule_texts
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.rule_content import BadRule, RuleContent
from botyard.features.distribution.rule_doubts import doubts_of
from botyard.features.distribution.service import rules
from botyard.features.distribution.service.explaining import explain
from botyard.features.distribution.service.plans import plan
from botyard.features.distribution.service.rules import KeptRule, Revise
from botyard.members.chats import places_of
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.registry import button, command
from botyard.telegram.content import read_replied

PAGE = 10
_NUMBER = re.compile(r"#?([0-9]{1,400})")
"""Numbers that no rule can have are understood too, and answered as such."""


class NotUnderstood(Exception):
    """The words ask for nothing that there is. Its text is the key of the help to show."""


@command(
    "rules",
    role=Role.ADMIN,
    description="Which posts go to which chats",
    usage="[add|set|on|off|remove|find|test] [...]",
)
async def rules_command(ctx: Context) -> None:
    """Lists the rules of distribution: what a post must contain, and the chats that it goes to then.
    /rules 3 shows one of them, /rules help tells how to add and change them,
    /rules test tells where a text would go, and sends nothing.
    """
    word, rest = _first_word(ctx.args)
    try:
        if word in _ACTIONS:
            await _ACTIONS[word](ctx, rest)
        elif number := _NUMBER.fullmatch(word):
            await _show(ctx, RuleId(int(number[1])))
        elif word:
            raise NotUnderstood("rule-help")
        else:
            text, buttons = await _page(ctx, 1)
            ctx.reply(text, buttons=buttons)
    except NotUnderstood as missing:
        ctx.reply(ctx.text(str(missing)))
    except BotyardError as refusal:
        ctx.reply(ctx.text("rule-refused", why=refusal.message, remedy=refusal.remedy))


@button("rules", role=Role.ADMIN)
async def rules_page(ctx: Context) -> None:
    """Another page of the list, in the same message."""
    number = ctx.args if ctx.args.isascii() and ctx.args.isdigit() else ""
    text, buttons = await _page(ctx, int(number[:9] or 1))
    ctx.edit(text, buttons=buttons)
    ctx.answer()


async def _page(ctx: Context, number: int) -> rule_texts.Shown:
    """A page of the list; the last one, where there are not so many."""
    number = max(1, number)
    found = await rules.listed(ctx.session, skip=(number - 1) * PAGE, most=PAGE)
    pages = max(1, -(-found.total // PAGE))
    if number > pages:
        number = pages
        found = await rules.listed(ctx.session, skip=(number - 1) * PAGE, most=PAGE)
    places = await places_of(ctx.session, {key for rule in found.rules for key in rule.content.chats})
    return rule_texts.page(ctx, found, places, number=number, pages=pages)


async def _show(ctx: Context, rule_id: RuleId) -> None:
    rule = await rules.get(ctx.session, rule_id)
    ctx.reply(rule_texts.card(ctx, rule, await places_of(ctx.session, rule.content.chats)))


async def _help(ctx: Context, _rest: str) -> None:
    ctx.reply(ctx.text("rule-help"))


async def _find(ctx: Context, rest: str) -> None:
    if not rest:
        raise NotUnderstood("rule-find-usage")
    found = await rules.listed(ctx.session, search=rest, most=PAGE)
    places = await places_of(ctx.session, {key for rule in found.rules for key in rule.content.chats})
    ctx.reply(rule_texts.findings(ctx, found, places, rest))


async def _add(ctx: Context, rest: str) -> None:
    pattern, equals, chats = rest.rpartition("=")
    if not (equals and pattern.strip() and chats.strip()):
        raise NotUnderstood("rule-add-usage")
    keys = await rules.chats_named(ctx.session, _words(chats), ctx.now)
    rule = await rules.add(ctx.session, RuleContent(pattern.strip(), keys), ctx.now)
    _audit(ctx, "rule.add", rule)
    await _reply_kept(ctx, "rule-added", rule)


async def _set(ctx: Context, rest: str) -> None:
    number, rest = _first_word(rest)
    option, value = _first_word(rest)
    if not (value and (option in _OPTIONS or option == "chats")):
        raise NotUnderstood("rule-set-usage")
    fields: Mapping[str, Any]
    if option == "chats":
        fields = {"chats": await rules.chats_named(ctx.session, _words(value), ctx.now)}
    else:
        column, read = _OPTIONS[option]
        fields = {column: read(value)}
    rule = await _revise(ctx, number, lambda content: replace(content, **fields), what=option)
    await _reply_kept(ctx, "rule-changed", rule)


async def _reply_kept(ctx: Context, key: str, rule: KeptRule) -> None:
    """Shows a rule that was saved, with what is to be feared of it."""
    card = rule_texts.card(ctx, rule, await places_of(ctx.session, rule.content.chats))
    doubts = await doubts_of(ctx.session, ctx.text, rule.content, ctx.bot.id)
    ctx.reply("\n\n".join([ctx.text(key), card, *doubts]))


async def _on(ctx: Context, rest: str) -> None:
    rule = await _revise(ctx, rest, lambda content: replace(content, enabled=True), what="on")
    ctx.reply(ctx.text("rule-is-on", id=str(rule.id), pattern=rule.content.pattern))


async def _off(ctx: Context, rest: str) -> None:
    rule = await _revise(ctx, rest, lambda content: replace(content, enabled=False), what="off")
    ctx.reply(ctx.text("rule-is-off", id=str(rule.id), pattern=rule.content.pattern))


async def _remove(ctx: Context, rest: str) -> None:
    rule = await rules.remove(ctx.session, _number(rest))
    _audit(ctx, "rule.remove", rule)
    ctx.reply(ctx.text("rule-removed", id=str(rule.id), pattern=rule.content.pattern))


async def _test(ctx: Context, rest: str) -> None:
    replied = read_replied(ctx.body)
    text = rest or (replied.text if replied else "")
    if not text:
        raise NotUnderstood("rule-test-usage")
    async with ctx.house.database.reading() as session:  # it takes a while: no writer waits for it
        found = await plan(session, text, thorough=True)
    ctx.reply(rule_texts.tested(ctx, found, explain(found)))


async def _revise(ctx: Context, number: str, revise: Revise, *, what: str) -> KeptRule:
    rule = await rules.revise(ctx.session, _number(number), revise, ctx.now)
    _audit(ctx, "rule.change", rule, what=what)
    return rule


def _audit(ctx: Context, action: str, rule: KeptRule, **detail: str) -> None:
    ctx.audit(action, f"rule:{rule.id}", pattern=rule.content.pattern, **detail)


def _first_word(words: str) -> tuple[str, str]:
    """The first word in small letters, and the rest as it was written."""
    first, *rest = words.split(maxsplit=1) or [""]
    return first.lower(), rest[0].strip() if rest else ""


def _words(chats: str) -> list[str]:
    """Chats may be separated by commas too."""
    return chats.replace(",", " ").split()


def _number(words: str) -> RuleId:
    found = _NUMBER.fullmatch(words.strip())
    if found is None:
        raise BadRule(
            f"“{words.strip()}” is no number of a rule." if words.strip() else "Which rule?",
            remedy="/rules lists them with their numbers.",
        )
    return RuleId(int(found[1]))


_ACTIONS: Mapping[str, Callable[[Context, str], Awaitable[None]]] = {
    "help": _help,
    "find": _find,
    "add": _add,
    "set": _set,
    "on": _on,
    "off": _off,
    "remove": _remove,
    "test": _test,
}
_OPTIONS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "pattern": ("pattern", str),
    "priority": ("priority", rule_words.read_number),
    "first": ("first_only", rule_words.read_switch),
    "exclude": ("excluded", rule_words.read_excluded),
    "caption": ("caption_template", rule_words.read_caption),
    "button": ("buttons", rule_words.read_buttons),
    "regex": ("is_regex", rule_words.read_switch),
    "words": ("whole_words", rule_words.read_switch),
}
"""What `/rules set` sets: the field of `RuleContent`, and how its value is read."""
