"""Trying a broadcast out: all its messages go to the admin who asks, as they will look to him."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.hot import in_one_trip
from botyard.errors import BotyardError
from botyard.features.broadcasts.message import ButtonKind, Person
from botyard.features.broadcasts.models import STATE_WORDS, Broadcast, BroadcastState
from botyard.features.broadcasts.service import composing, drafts, personal, preflight
from botyard.features.broadcasts.service.drafts import WrongMoment
from botyard.features.broadcasts.service.personal import Addressee
from botyard.ids import BotId, UserId
from botyard.jobs import receipts
from botyard.members import chats, marketing
from botyard.members.audit import Actor
from botyard.members.models import User
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, Priority
from botyard.outbox.queue import Call, Fate

TEST_JOB = "broadcasts.test"
NO_RECORD = "no record of the call"
"""What is said of a call of which the outbox knows nothing, in the words of telegram/reasons.py."""


class NoChatYet(BotyardError):
    """Who wants a broadcast sent to himself has no private chat with its bot, or has blocked it."""


async def send(
    session: AsyncSession, broadcast: Broadcast, by: Actor, bot_username: str | None, now: datetime
) -> int:
    """Queues its messages for the admin himself; answers how many they are.

    It counts as tested once all have arrived: `TEST_JOB` looks for that.

    Raises `NoChatYet`, `NotReady` for messages that Telegram would not take, and `WrongMoment` once it goes
    out.
    """
    if not (broadcast.state.is_new or broadcast.state is BroadcastState.PAUSED):
        raise WrongMoment(
            f"{broadcast.name} {STATE_WORDS[broadcast.state]}.", remedy="It is too late for a test."
        )
    receipt = f"broadcast-test:{broadcast.id}@{now:%Y%m%d%H%M%S%f}"
    messages = await show(session, broadcast, by.user_id, bot_username, now, receipt=receipt)
    broadcast.trying_since = now
    if broadcast.state is BroadcastState.DRAFT:
        broadcast.note = ""  # how the test before it ended
    payload = {
        "broadcast_id": broadcast.id,
        "user_id": by.user_id,
        "messages": messages,
        "at": now.isoformat(),
    }
    await receipts.follow(session, TEST_JOB, receipt, payload, now)
    drafts.record(session, broadcast, "test", by, now)
    return messages


def settle(
    broadcast: Broadcast, fates: Sequence[Fate], messages: int, at: datetime, now: datetime
) -> str | None:
    """Notes how the test of that moment ended; answers the error of one that came to nothing.

    One that was changed, or tested anew, since then is left alone: that test was of something else.
    """
    if broadcast.trying_since != at:
        return None
    broadcast.trying_since = None
    failed = next((each for each in fates if each.state is not CallState.SENT), None)
    if failed is None and len(fates) == messages:
        broadcast.tested_at = now
        return None
    return (failed.error if failed else None) or NO_RECORD


async def show(
    session: AsyncSession,
    broadcast: Broadcast,
    to: UserId,
    bot_username: str | None,
    now: datetime,
    *,
    receipt: str | None = None,
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
    zone, plan = await marketing.zone_of(session, to), drafts.plan_of(broadcast)
    shown = [composing.trial(broadcast, each, bot_username) for each in wordings]
    connection, calls = await session.connection(), []
    for each in shown:
        addressee = Addressee(person, each.language or user.language_code, zone)
        complete = partial(personal.complete, to=[addressee], names=each.names, plan=plan)
        (known,) = await in_one_trip(connection, partial(complete, bot_username=bot_username, now=now))
        params = each.params_for(known)
        calls.append(Call(bot_id, each.method, params, chat_key, priority=Priority.REPLY, receipt=receipt))
    await outbox_queue.add(connection, calls, now)
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
