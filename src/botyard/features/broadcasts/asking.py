"""Asking admins by message: whether a broadcast may start, and telling who started it what they said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.service import approval
from botyard.ids import BotId, ChatKey, UserId
from botyard.members import chats
from botyard.members.directory import names_of
from botyard.members.models import User
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Press, Rows, inline_keyboard
from botyard.routing.texts import Texts

Say = Callable[..., str]
"""A text by its key and arguments, in somebody's language."""


async def hold_back(house: House, session: AsyncSession, broadcast: Broadcast, now: datetime) -> bool:
    """Has a broadcast about to begin, or to go on with another text, wait for another admin, and asks them.

    If it is too large for one.

    Answers whether it waits.
    """
    above = house.two_person_above
    recipients = await approval.too_many(session, broadcast, above, now)
    if not recipients or above is None:
        return False
    starter = approval.starter_of(broadcast)
    again = "-again" if broadcast.state is BroadcastState.RUNNING else ""
    found = await approval.wait(session, broadcast, recipients, above, now)
    names = await names_of(session, [starter] if starter else [])
    calls = []
    for each in found:
        say = _sayer(house.texts, each.language)
        html = say(
            f"broadcast-second-ask{again}",
            who=names[starter] if starter else say("broadcast-somebody"),
            name=broadcast.name,
            recipients=recipients,
            above=above,
        )
        yes, no = say(f"broadcast-second-yes{again}"), say(f"broadcast-second-no{again}")
        calls.append(_message(broadcast, each.chat_key, html, _choice(broadcast, say, yes, no)))
    await outbox_queue.add(await session.connection(), calls, now)
    return True


async def ask_scheduler(house: House, session: AsyncSession, broadcast: Broadcast, now: datetime) -> None:
    """Asks who scheduled a broadcast that did not start in time whether he still wants it."""
    found = await _chat_of(session, broadcast)
    if found is None:  # the console shows that it waits, and why
        return
    chat_key, language = found
    say = _sayer(house.texts, language)
    html = say("broadcast-overdue", name=broadcast.name, why=broadcast.note)
    rows = _choice(broadcast, say, say("broadcast-overdue-yes"), say("broadcast-overdue-no"))
    call = _message(broadcast, chat_key, html, rows)
    await outbox_queue.add(await session.connection(), [call], now)


async def tell_starter(
    texts: Texts, session: AsyncSession, broadcast: Broadcast, key: str, **arguments: str
) -> list[Call]:
    """The call that tells who started it; none where its bot cannot write to him."""
    found = await _chat_of(session, broadcast)
    if found is None:
        return []
    chat_key, language = found
    html = _sayer(texts, language)(key, name=broadcast.name, **arguments)
    return [_message(broadcast, chat_key, html, ())]


async def _chat_of(session: AsyncSession, broadcast: Broadcast) -> tuple[ChatKey, str | None] | None:
    """The private chat and the language of who started or scheduled it."""
    starter = approval.starter_of(broadcast)
    user = await session.get(User, starter) if starter else None
    if user is None:
        return None
    chat_key = await chats.private_chat(session, UserId(user.id), BotId(broadcast.bot_id))
    return None if chat_key is None else (chat_key, user.language_code)


def _sayer(texts: Texts, language: str | None) -> Say:
    return lambda key, **arguments: texts.format(language, key, **arguments)


def _choice(broadcast: Broadcast, say: Say, yes: str, no: str) -> Rows:
    data = f"{broadcast.id}:{broadcast.driver}"
    return [
        [Press(yes, f"approve:yes:{data}"), Press(no, f"approve:no:{data}")],
        [Press(say("broadcast-asked-show"), f"approve:show:{data}")],
    ]


def _message(broadcast: Broadcast, chat_key: ChatKey, html: str, rows: Rows) -> Call:
    params = {
        "text": html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        **({"reply_markup": inline_keyboard(rows)} if rows else {}),
    }
    return Call(BotId(broadcast.bot_id), "sendMessage", params, chat_key, priority=Priority.TRANSACTIONAL)
