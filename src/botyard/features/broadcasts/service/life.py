"""The life of a broadcast: scheduled, started, paused, resumed, cancelled, tried again, deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.hot import HotConnection, in_one_trip
from botyard.features.broadcasts.models import (
    STATE_WORDS,
    Broadcast,
    BroadcastState,
    Recipient,
    RecipientState,
)
from botyard.features.broadcasts.service import drafts, preflight, tallies, touches
from botyard.features.broadcasts.service.drafts import WrongMoment
from botyard.features.broadcasts.service.tallies import Fate, Settled
from botyard.jobs.queue import enqueue
from botyard.members.audit import Actor
from botyard.outbox import bulk

DRIVE_JOB = "broadcasts.drive"
BEGIN_JOB = "broadcasts.begin"
LATE = timedelta(hours=1)
"""A start that is later than this is for a person to look at first."""
STANDSTILL = timedelta(minutes=5)
"""So is a standstill that is longer: a restart takes seconds, to put a backup back takes minutes."""
TOO_LATE = "It should have started over an hour ago."
OTHER_BOT = "Its bot is not among those of this service: put its token back into the settings."
STOOD_STILL = (
    "It stood still for over five minutes. botyard was away, or this is a backup, and more have got it than "
    "it says here. Look at the newest messages before it goes on."
)


def receipt_of(broadcast: Broadcast) -> str:
    """The receipt of its calls in the outbox."""
    return f"broadcast:{broadcast.id}"


async def schedule(
    session: AsyncSession, broadcast: Broadcast, at: datetime, by: Actor | None, now: datetime
) -> None:
    """Has it start at that moment. Raises `WrongMoment`, and `NotReady` for messages unfit or untested.

    Whom it is for is looked at when it starts.
    """
    _must(broadcast, BroadcastState.DRAFT, BroadcastState.SCHEDULED, BroadcastState.ASKING)
    if at <= now:
        raise WrongMoment("This moment is past.", remedy="Name one to come, or start it now.")
    preflight.require_sound(broadcast, await drafts.wordings_of(session, broadcast), tested=True)
    broadcast.state, broadcast.scheduled_at, broadcast.note = BroadcastState.SCHEDULED, at, ""
    broadcast.started_by, broadcast.started_at = by.user_id if by else None, None
    payload = {"broadcast_id": broadcast.id, "at": at.isoformat()}
    await enqueue(session, BEGIN_JOB, payload, now, run_at=at)
    drafts.record(session, broadcast, "schedule", by, now, begins=at.isoformat())


async def unschedule(session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime) -> None:
    """Makes it a draft again. Raises `WrongMoment`."""
    _must(broadcast, BroadcastState.SCHEDULED, BroadcastState.ASKING)
    drafts.to_draft(broadcast)
    drafts.record(session, broadcast, "unschedule", by, now)


def is_late(broadcast: Broadcast, now: datetime) -> bool:
    """Whether its time is so long past that nobody may want it any more."""
    return broadcast.scheduled_at is not None and now - broadcast.scheduled_at > LATE


def ask(broadcast: Broadcast, why: str, now: datetime) -> None:
    """Has it wait for a person's yes."""
    broadcast.state, broadcast.note, broadcast.changed_at = BroadcastState.ASKING, why, now


async def start(session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime) -> bool:
    """Starts it; False if it has begun already: whoever presses twice, or at the same time, starts one run.

    The caller holds its lock. `by` is nobody where its schedule starts it. Raises `NotReady` for what
    stands in the way: whoever starts it, and however, comes through here.
    """
    if not broadcast.state.is_new:
        return False
    await preflight.require_ready(session, broadcast, now)
    broadcast.state, broadcast.note = BroadcastState.FREEZING, ""
    starter = by.user_id if by else broadcast.started_by or broadcast.created_by
    broadcast.started_at, broadcast.started_by = now, starter
    drafts.record(session, broadcast, "start", by, now)
    await drive(session, broadcast, now)
    return True


async def pause(
    session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime, why: str = ""
) -> None:
    """Stops sending at once; what waits in the outbox waits here again. Raises `WrongMoment`."""
    _must(broadcast, BroadcastState.RUNNING, BroadcastState.FREEZING, BroadcastState.ASKING_AGAIN)
    broadcast.state, broadcast.note, broadcast.changed_at = BroadcastState.PAUSED, why, now
    await _take_back(session, broadcast, now)
    drafts.record(session, broadcast, "pause", by, now, why=why)
    await drive(session, broadcast, now)


async def resume(session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime) -> None:
    """Goes on with those who have not got it, unless a second admin has to agree to what it says now.

    Raises `WrongMoment`, and `NotReady` for messages unfit or untested.
    """
    _must(broadcast, BroadcastState.PAUSED)
    await go_on(session, broadcast, by, now)


async def go_on(session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime) -> None:
    """The same for one of which the caller knows that it may. Raises `NotReady`."""
    await _require_fit(session, broadcast)
    state = BroadcastState.RUNNING if broadcast.frozen_at else BroadcastState.FREEZING
    broadcast.state, broadcast.note, broadcast.driven_at = state, "", now
    drafts.record(session, broadcast, "resume", by, now)
    await drive(session, broadcast, now)


async def cancel(session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime) -> None:
    """Ends it: nobody else gets it. What has arrived stays. Raises `WrongMoment`."""
    if broadcast.state.is_over:
        raise WrongMoment(f"{broadcast.name} is over.", remedy="What was sent can be deleted.")
    has_begun = not broadcast.state.is_new
    broadcast.state, broadcast.note, broadcast.changed_at = BroadcastState.CANCELLED, "", now
    broadcast.finished_at = now
    drafts.record(session, broadcast, "cancel", by, now)
    if has_begun:
        await _take_back(session, broadcast, now)
        await drive(session, broadcast, now)


async def retry(session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime) -> int:
    """Sends once more to those for whom it failed; answers how many. What is unknown is not repeated.

    Raises `WrongMoment` while it is under way, and `NotReady` as `resume` does.
    """
    _must(broadcast, BroadcastState.FINISHED, BroadcastState.PAUSED)
    await _require_fit(session, broadcast)
    again = (
        update(Recipient)
        .where(Recipient.broadcast_id == broadcast.id, Recipient.state == RecipientState.FAILED)
        .values(state=RecipientState.PENDING, reason=None, at=now)
        .returning(Recipient.variant)
    )
    variants = list(await session.scalars(again))
    if variants:
        moves = [(variant, RecipientState.FAILED, RecipientState.PENDING) for variant in variants]
        await tallies.move(session, broadcast, moves)
        broadcast.state, broadcast.fed_through, broadcast.driven_at = BroadcastState.RUNNING, 0, now
        broadcast.finished_at = None
        drafts.record(session, broadcast, "retry", by, now, recipients=len(variants))
        await drive(session, broadcast, now)
    return len(variants)


async def delete_sent(session: AsyncSession, broadcast: Broadcast, by: Actor | None, now: datetime) -> None:
    """Deletes what has arrived, as far as Telegram lets bots (48 hours). Raises `WrongMoment`."""
    if broadcast.state.is_new or broadcast.state.is_under_way:
        raise WrongMoment(
            f"{broadcast.name} {STATE_WORDS[broadcast.state]}.", remedy="Cancel or pause it first."
        )
    broadcast.deleted_through = 0
    drafts.record(session, broadcast, "delete", by, now)
    await drive(session, broadcast, now)


async def drive(
    session: AsyncSession, broadcast: Broadcast, now: datetime, *, after: timedelta = timedelta()
) -> None:
    """Has somebody drive it on, after so long. Whoever was to do so before stops."""
    broadcast.driver += 1
    payload = {"broadcast_id": broadcast.id, "driver": broadcast.driver}
    await enqueue(session, DRIVE_JOB, payload, now, run_at=now + after)


async def _take_back(session: AsyncSession, broadcast: Broadcast, now: datetime) -> None:
    """Takes its calls out of the outbox that nobody has begun to make; their recipients wait again."""

    def take_back(hot: HotConnection) -> list[Settled]:
        chats = bulk.withdraw(hot, receipt_of(broadcast))
        back = tallies.settle(hot, broadcast.id, [Fate(chat, RecipientState.PENDING) for chat in chats], now)
        touches.forget(hot, receipt_of(broadcast), [each.user_id for each in back])
        return back

    back = await in_one_trip(await session.connection(), take_back)
    if back:
        broadcast.fed_through = min(broadcast.fed_through, min(each.position for each in back) - 1)


async def _require_fit(session: AsyncSession, broadcast: Broadcast) -> None:
    """Raises `NotReady` for messages unfit or untested: they may have been changed since the start."""
    preflight.require_sound(broadcast, await drafts.wordings_of(session, broadcast), tested=True)


def _must(broadcast: Broadcast, *states: BroadcastState) -> None:
    if broadcast.state not in states:
        raise WrongMoment(
            f"{broadcast.name} {STATE_WORDS[broadcast.state]}.",
            remedy=f"This can be done while it {' or '.join(STATE_WORDS[each] for each in states)}.",
        )
