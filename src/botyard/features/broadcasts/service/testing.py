"""Trying a broadcast out: all its messages go to the admin who asks, as they will look to him."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.broadcasts.message import ButtonKind, Person
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.service import composing, drafts, preflight
from botyard.features.broadcasts.service.drafts import WrongMoment
from botyard.ids import BotId, UserId
from botyard.members import chats
from botyard.members.audit import Actor
from botyard.members.models import User
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call


class NoChatYet(BotyardError):
    """Who wants a broadcast sent to himself has no private chat with its bot, or has blocked it."""


async def send(
    session: AsyncSession, broadcast: Broadcast, by: Actor, bot_username: str | None, now: datetime
) -> int:
    """Queues its messages for the admin himself, and notes that it was tested; answers how many they are.

    Raises `NoChatYet`, `NotReady` for messages that Telegram would not take, and `WrongMoment` once it goes
    out.
    """
    if not (broadcast.state.is_new or broadcast.state is BroadcastState.PAUSED):
        raise WrongMoment(f"{broadcast.name} is {broadcast.state}.", remedy="It is too late for a test.")
    messages = await show(session, broadcast, by.user_id, bot_username, now)
    broadcast.tested_at = now
    drafts.record(session, broadcast, "test", by, now)
    return messages


async def show(
    session: AsyncSession, broadcast: Broadcast, to: UserId, bot_username: str | None, now: datetime
) -> int:
    """The same for anybody who is to see it, without being a test. Raises `NoChatYet` and `NotReady`."""
    wordings = await drafts.wordings_of(session, broadcast)
    preflight.require_sound(broadcast, wordings)
    bot_id = BotId(broadcast.bot_id)
    user, chat_key = await session.get(User, to), await chats.private_chat(session, to, bot_id)
    if user is None or chat_key is None:
        bot = f"@{bot_username}" if bot_username else "the bot"
        raise NoChatYet(
            f"You have no chat with {bot} yet.", remedy=f"Open {bot}, press Start, and try again."
        )
    person = Person(user.id, user.first_name, user.last_name, user.username)
    shown = [composing.trial(broadcast, each, bot_username) for each in wordings]
    calls = [
        Call(bot_id, each.method, each.params_for(person), chat_key, priority=Priority.REPLY)
        for each in shown
    ]
    await outbox_queue.add(await session.connection(), calls, now)
    return len(calls)


async def answer_to(session: AsyncSession, number: int, variant: int, button: int) -> str | None:
    """What a press is answered with; None where there is no such button, any more or ever."""
    broadcast = await drafts.get(session, number)
    for each in await drafts.wordings_of(session, broadcast):
        for row in composing.numbered(each.message) if each.number == variant else ():
            for place, found in row:
                if place == button and found.kind is ButtonKind.PRESS:
                    return found.target
    return None
