"""The bot's one message about a post: where it goes, what to do about it, and then where it arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from botyard.features.distribution import post_calls
from botyard.features.distribution.models import Copy, CopyState, PostState
from botyard.features.distribution.service.explaining import missed
from botyard.features.distribution.service.plans import Plan
from botyard.features.distribution.service.posts import Dispatch
from botyard.routing.keyboard import Press, Rows, inline_keyboard
from botyard.routing.texts import Html
from botyard.telegram.reasons import reason
from botyard.telegram.text import escape, visible_length

Say = Callable[..., str]
"""Gives a text in the admin's language, as HTML: `Context.text`, for example."""

MOST_SHOWN = 40
"""So many chats are listed. Telegram formats no more than 100 stretches of a message."""
ROOM = 3200
"""Characters that the list may have; the rest of the message is for what stands around it."""
CHATS_ON_PAGE = 8
_LONGEST_NAME = 40
_LONGEST_PATTERN = 60
_LONGEST_WORD = 30


@dataclass(frozen=True, slots=True)
class Card:
    """A message's text, as HTML, and its buttons."""

    html: str
    buttons: Rows = ()

    @property
    def digest(self) -> str:
        """Another one for every other look."""
        return hashlib.sha256(repr((self.html, self.buttons)).encode(errors="replace")).hexdigest()


def message_of(card: Card, *, quoted: int | None = None) -> dict[str, Any]:
    """The parameters that show a card; in a new message it quotes the one that it is about."""
    params: dict[str, Any] = {
        "text": card.html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if card.buttons or quoted is None:  # an edit without buttons takes the old ones away
        params["reply_markup"] = inline_keyboard(card.buttons)
    if quoted is not None:
        params["reply_parameters"] = {"message_id": quoted, "allow_sending_without_reply": True}
    return params


def card(say: Say, dispatch: Dispatch) -> Card:
    """How a post that is aimed at chats looks now."""
    if dispatch.post.state is PostState.SENT:
        return _confirmation(say, dispatch)
    if dispatch.post.state is PostState.CANCELLED:
        return Card(say("post-cancelled"))
    return _question(say, dispatch)


def can_be_deleted(copy: Copy) -> bool:
    """Whether it makes sense to order that: also for a copy that is still on its way."""
    return copy.state.is_there or (copy.state.is_open and copy.state is not CopyState.DELETING)


def deleting(say: Say, dispatch: Dispatch) -> Card:
    """Asks whether all copies are to be deleted. The way back stands where a second tap lands."""
    number = dispatch.post.id
    count = sum(map(can_be_deleted, dispatch.copies))
    lost = sum(copy.state is CopyState.UNKNOWN for copy in dispatch.copies)
    blocks = [say("post-ask-delete", count=count)]
    if lost:
        blocks.append(say("post-ask-delete-lost", count=lost))
    back = Press(say("post-back"), f"post:show:{number}")
    return Card("\n\n".join(blocks), [[back, Press(say("post-erase", count=count), f"post:erase:{number}")]])


def nowhere(say: Say, plan: Plan) -> Card:
    """What a post that matches no rule gets."""
    if not plan.text.strip():
        return Card(say("post-no-words"))
    near = [escape(missed(each)) for each in plan.near_misses]
    lines = [say("post-nowhere")]
    if near:
        lines += ["", say("post-near-misses"), *_cut(say, [f"• {line}" for line in near])]
    return Card("\n".join([*lines, "", say("post-nowhere-help")]))


def choosing(say: Say, dispatch: Dispatch, page: int) -> Card:
    """The chats as switches, a page of them."""
    post, copies = dispatch.post, dispatch.copies
    pages = max(1, -(-len(copies) // CHATS_ON_PAGE))
    page = min(max(page, 1), pages)
    rows: list[list[Press]] = []
    for copy in copies[(page - 1) * CHATS_ON_PAGE : page * CHATS_ON_PAGE]:
        mark = "▫️" if copy.state is CopyState.OFF else "✅"
        name = _short(dispatch.place(copy).name, _LONGEST_NAME)
        rows.append([Press(f"{mark} {name}", f"post:chat:{post.id}:{page}:{copy.chat_key}")])
    neighbours = [
        Press(say(key), f"post:choose:{post.id}:{other}")
        for key, other in (("post-previous", page - 1), ("post-next", page + 1))
        if 1 <= other <= pages
    ]
    rows += [neighbours] if neighbours else []
    rows.append([Press(say("post-back"), f"post:back:{post.id}")])
    text = say("post-choose", count=len(dispatch.chosen), total=len(copies), page=page, pages=pages)
    return Card(text, rows)


def _question(say: Say, dispatch: Dispatch) -> Card:
    number, chosen = dispatch.post.id, dispatch.chosen
    lines = [
        say(
            "post-line",
            chat=_short(dispatch.place(copy).name, _LONGEST_NAME),
            rule=str(copy.rule_id),
            pattern=_short(copy.pattern, _LONGEST_PATTERN),
            words=", ".join(_short(word, _LONGEST_WORD) for word in copy.words),
        )
        for copy in chosen
    ]
    left_out = len(dispatch.copies) - len(chosen)
    notes = [*_notes(say, dispatch), *([say("post-left-out", count=left_out)] if left_out else [])]
    text = _text(say("post-question", count=len(chosen)), _cut(say, lines), notes)
    rows = [
        [
            *([Press(say("post-send", count=len(chosen)), f"post:send:{number}")] if chosen else []),
            Press(say("post-edit"), f"post:choose:{number}:1"),
            Press(say("post-cancel"), f"post:cancel:{number}"),
        ],
        *([[Press(say("post-at-once"), f"post:now:{number}")]] if chosen else []),
    ]
    return Card(text, rows)


def _confirmation(say: Say, dispatch: Dispatch) -> Card:
    number, copies = dispatch.post.id, dispatch.chosen
    in_order = sorted(copies, key=_rank)  # what went wrong comes first: a long list is cut at its end
    lines = [_outcome(say, dispatch, copy) for copy in in_order]
    text = _text(_title(say, dispatch), _cut(say, lines), list(_notes(say, dispatch)))
    rows: list[list[Press]] = []
    if any(map(can_be_deleted, copies)):
        rows = [[Press(say("post-delete"), f"post:delete:{number}")]]
        if any(map(post_calls.has_text, dispatch.parts)) and not dispatch.post.deletion:
            rows[0].append(Press(say("post-rewrite"), f"post:rewrite:{number}"))
    return Card(text, rows)


def _title(say: Say, dispatch: Dispatch) -> str:
    copies = dispatch.chosen
    total, post = len(copies), dispatch.post
    if any(copy.state is CopyState.SENDING for copy in copies) and not post.deletion:
        done = sum(copy.state is not CopyState.SENDING for copy in copies)
        return say("post-title-sending", done=done, total=total)
    if post.deletion:
        gone = sum(copy.state is CopyState.DELETED for copy in copies)
        there = gone + sum(copy.state.is_there or copy.state.is_open for copy in copies)
        title = say("post-title-deleted", done=gone, total=there)
        lost = sum(copy.state is CopyState.UNKNOWN for copy in copies)
        return f"{title}\n{say('post-may-be-there', count=lost)}" if lost else title
    arrived = sum(copy.state.is_there or copy.state is CopyState.EDITING for copy in copies)
    if post.edition:
        edited = sum(copy.state is CopyState.EDITED for copy in copies)
        return say("post-title-edited", done=edited, total=arrived)
    return say("post-title-sent", done=arrived, total=total)


_RANKS = {
    CopyState.FAILED: 0,
    CopyState.UNKNOWN: 0,
    CopyState.NOT_EDITED: 0,
    CopyState.NOT_DELETED: 0,
    CopyState.SENDING: 1,
    CopyState.EDITING: 1,
    CopyState.DELETING: 1,
}


def _rank(copy: Copy) -> int:
    return _RANKS.get(copy.state, 2)


def _outcome(say: Say, dispatch: Dispatch, copy: Copy) -> str:
    name = escape(_short(dispatch.place(copy).name, _LONGEST_NAME))
    link = dispatch.link_to(copy)
    chat = Html(f'<a href="{escape(link)}">{name}</a>' if link else name)
    key = f"post-{copy.state.value.replace('_', '-')}"
    if copy.state is CopyState.UNKNOWN and dispatch.post.deletion:
        key = "post-lost"
    line = say(key, chat=chat, reason=Html(reason(say, copy.error)))
    parts = len(dispatch.parts)
    if copy.state.is_there and len(copy.message_ids) < parts:
        line += " " + say("post-incomplete", arrived=len(copy.message_ids), total=parts)
    return line


def _notes(say: Say, dispatch: Dispatch) -> Iterable[str]:
    """What a rule asks for and this post cannot have."""
    parts, chosen = dispatch.parts, dispatch.chosen
    wanting = [copy for copy in chosen if copy.template is not None]
    if len(parts) > 1:
        if wanting:
            yield say("post-note-album-caption")
        if any(copy.buttons for copy in chosen):
            yield say("post-note-album-buttons")
    elif wanting and not post_calls.has_text(parts[0]):
        yield say("post-note-no-caption")
    elif too_long := sum(not post_calls.uses_template(parts, copy) for copy in wanting):
        yield say("post-note-too-long", count=too_long, limit=str(post_calls.longest(parts[0])))


def _text(title: str, lines: Sequence[str], notes: Sequence[str]) -> str:
    blocks = ["\n".join(each) for each in ([title], lines, notes) if each]
    return "\n\n".join(blocks)


def _cut(say: Say, lines: Sequence[str]) -> list[str]:
    """The lines that a message has room for, and how many more there are."""
    shown: list[str] = []
    used = 0
    for line in lines:
        used += visible_length(line) + 1
        if len(shown) == MOST_SHOWN or used > ROOM:
            return [*shown, say("post-more", count=len(lines) - len(shown))]
        shown.append(line)
    return shown


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
