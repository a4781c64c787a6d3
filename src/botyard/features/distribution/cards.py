"""The one message that goes along with a post: where it would go, how it goes, how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.distribution import explaining, posts
from botyard.features.distribution.models import CopyState, Post, PostState
from botyard.features.distribution.posts import CopyIn, PostId
from botyard.features.distribution.service import Plan
from botyard.ids import BotId, ChatKey
from botyard.members.models import User
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Press, Rows, inline_keyboard
from botyard.routing.texts import Html, TextArgument
from botyard.telegram.text import escape

CHATS_SHOWN = 40


async def offer(house: House, session: AsyncSession, post: Post, plan: Plan) -> Call:
    """Asks the author whether to send it, or says why it would go nowhere."""
    speak = await _Speaker.for_author(house, session, post)
    if not plan.targets:
        html = "\n".join([speak.say("post-no-match"), *misses(plan), "", speak.say("post-no-match-help")])
        return _message(post, html, ())
    copies = await posts.copies_of(session, PostId(post.id))
    return _message(post, *_list_of(speak, post, copies, choosing=False))


def misses(plan: Plan) -> list[str]:
    """What the post missed by little, as lines of HTML beneath a blank one; nothing where there is none."""
    lines = [f"• {escape(explaining.miss_in_words(each, plan.rules))}" for each in plan.near_misses]
    return ["", *lines] if lines else []


async def offer_again(
    house: House, session: AsyncSession, post: Post, card_id: int | None, *, choosing: bool
) -> Call:
    """The list once more, in its message; while `choosing`, with a switch for each chat."""
    speak = await _Speaker.for_author(house, session, post)
    copies = await posts.copies_of(session, PostId(post.id))
    return _edit(post, card_id, *_list_of(speak, post, copies, choosing=choosing))


def _list_of(speak: _Speaker, post: Post, copies: Sequence[CopyIn], *, choosing: bool) -> tuple[str, Rows]:
    chosen = [each for each in copies if each.state is CopyState.PLANNED]
    lines = [
        speak.say("post-target", chat=each.chat.name, reason=each.reason) for each in chosen[:CHATS_SHOWN]
    ]
    html = "\n".join([speak.say("post-offer", count=len(chosen)), "", *lines, *speak.rest(len(chosen))])
    if choosing:
        switches = [
            [Press(f"{'✓' if each.state is CopyState.PLANNED else '✗'} {each.chat.name}", data)]
            for place, each in enumerate(copies[:CHATS_SHOWN])
            for data in [f"post:flip:{post.id}:{place}"]
        ]
        return html, [*switches, [Press(speak.say("post-button-done"), f"post:list:{post.id}")]]
    send = [Press(speak.say("post-button-send"), f"post:send:{post.id}")] if chosen else []
    rest = [
        Press(speak.say("post-button-edit"), f"post:edit:{post.id}"),
        Press(speak.say("post-button-cancel"), f"post:cancel:{post.id}"),
    ]
    return html, [[*send, *rest]]


async def progress(house: House, session: AsyncSession, post: Post) -> Call | None:
    """Brings the message up to date with what became of each copy; None before a button was pressed."""
    if post.card_id is None:
        return None
    speak = await _Speaker.for_author(house, session, post)
    copies = [
        each
        for each in await posts.copies_of(session, PostId(post.id))
        if each.state is not CopyState.SKIPPED
    ]
    html = "\n".join(
        [
            speak.say(
                "post-progress",
                arrived=sum(each.state is CopyState.SENT for each in copies),
                deleted=sum(each.state is CopyState.DELETED for each in copies),
                count=len(copies),
                state=post.state.value,
            ),
            "",
            *(speak.line(each) for each in copies[:CHATS_SHOWN]),
            *speak.rest(len(copies)),
        ]
    )
    can_delete = post.state is PostState.SENT and any(each.state is CopyState.SENT for each in copies)
    buttons: Rows = [[Press(speak.say("post-button-delete"), f"post:delete:{post.id}")]] if can_delete else ()
    return _edit(post, post.card_id, html, buttons)


class _Speaker:
    """Says things in the language of a post's author."""

    def __init__(self, house: House, language: str | None) -> None:
        self._house = house
        self._language = language

    @classmethod
    async def for_author(cls, house: House, session: AsyncSession, post: Post) -> _Speaker:
        author = await session.get_one(User, post.author_id)
        return cls(house, author.language_code)

    def say(self, key: str, **arguments: TextArgument) -> str:
        return self._house.texts.format(self._language, key, **arguments)

    def rest(self, count: int) -> list[str]:
        return [self.say("rules-more", count=count - CHATS_SHOWN)] if count > CHATS_SHOWN else []

    def line(self, copy: CopyIn) -> str:
        name = escape(copy.chat.name)
        link = copy.chat.link_to(copy.message_ids[0]) if copy.message_ids else None
        if link and copy.state is CopyState.SENT:
            name = f'<a href="{escape(link)}">{name}</a>'
        state = "kept" if copy.state is CopyState.SENT and copy.error else copy.state.value
        return self.say(
            "post-copy",
            chat=Html(name),
            state=state,
            error=_reason(copy.error) if copy.error else "",
        )


def _reason(error: str) -> str:
    """Telegram's own words, without the method and the class of the error."""
    return error.rpartition("Forbidden: ")[2].rpartition("Bad Request: ")[2]


def _message(post: Post, html: str, buttons: Rows) -> Call:
    return Call(BotId(post.bot_id), "sendMessage", _looks(html, buttons), chat_key=ChatKey(post.source_key))


def _edit(post: Post, card_id: int | None, html: str, buttons: Rows) -> Call:
    params = _looks(html, buttons) | {"message_id": card_id}
    return Call(BotId(post.bot_id), "editMessageText", params, chat_key=ChatKey(post.source_key))


def _looks(html: str, buttons: Rows) -> dict[str, Any]:
    return {
        "text": html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": inline_keyboard(buttons),
    }
