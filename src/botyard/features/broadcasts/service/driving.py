"""A broadcast goes on by itself, step by step: each step is one job and one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.message import Prepared
from botyard.features.broadcasts.models import Broadcast, BroadcastState, RecipientState
from botyard.features.broadcasts.service import drafts, feeding, freezing, life, sweeping, tallies
from botyard.outbox.bulk import Pace

EVERY = timedelta(seconds=0.5)
AHEAD = 2.0
"""Seconds of work that lie in the outbox: enough to bridge two steps, little to take back at a pause."""
MOST_AHEAD = 4_000
QUIET_LOOK = timedelta(minutes=1)


async def step(
    session: AsyncSession, broadcast: Broadcast, messages: Mapping[int, Prepared], pace: Pace, now: datetime
) -> None:
    """Does what is due now, and has the next step done if there is one. The caller holds the lock."""
    if broadcast.state.is_under_way and _stood_still(broadcast, now):
        if broadcast.state is BroadcastState.RUNNING:
            await feeding.learn(session, broadcast, now)
        await life.pause(session, broadcast, None, now, why=life.STOOD_STILL)
        return
    broadcast.driven_at = now
    after: timedelta | None
    match broadcast.state:
        case BroadcastState.FREEZING:
            after = await _freeze(session, broadcast, now)
        case BroadcastState.RUNNING:
            after = await _run(session, broadcast, messages, pace, now)
        case _:
            after = await _tidy_up(session, broadcast, now)
    if after is not None:
        await life.drive(session, broadcast, now, after=after)


async def _freeze(session: AsyncSession, broadcast: Broadcast, now: datetime) -> timedelta:
    if await freezing.freeze_step(session, broadcast, now):
        broadcast.state = BroadcastState.RUNNING
    return timedelta()


async def _run(
    session: AsyncSession, broadcast: Broadcast, messages: Mapping[int, Prepared], pace: Pace, now: datetime
) -> timedelta | None:
    await feeding.learn(session, broadcast, now)
    states = await tallies.by_state(session, broadcast.id)
    room = _ahead(broadcast, pace) - states[RecipientState.SENDING]
    if states[RecipientState.PENDING] and room > 0:
        await feeding.feed(session, broadcast, messages, now, most=room)
        states = await tallies.by_state(session, broadcast.id)
    waiting, under_way = states[RecipientState.PENDING], states[RecipientState.SENDING]
    if not waiting and not under_way:
        broadcast.state, broadcast.finished_at = BroadcastState.FINISHED, now
        drafts.record(session, broadcast, "finish", None, now, **_figures(states))
        return None
    if waiting and broadcast.fed_through >= broadcast.size:
        broadcast.fed_through = 0  # they were passed over, as it is quiet where they are
        return EVERY if under_way else QUIET_LOOK
    return EVERY


async def _tidy_up(session: AsyncSession, broadcast: Broadcast, now: datetime) -> timedelta | None:
    """What is left to do about one that does not send: answers come in, a cancelled one's rest is skipped."""
    await feeding.learn(session, broadcast, now)
    is_more = False
    if broadcast.state is BroadcastState.CANCELLED:
        is_more = await sweeping.skip_step(session, broadcast, now)
    if broadcast.deleted_through is not None:
        is_more = await sweeping.delete_step(session, broadcast, now) or is_more
    if is_more:
        return EVERY
    states = await tallies.by_state(session, broadcast.id)
    return EVERY if states[RecipientState.SENDING] else None


def _ahead(broadcast: Broadcast, pace: Pace) -> int:
    """How many calls are to lie in the outbox."""
    rate = pace.paid if broadcast.paid else pace.free
    return min(MOST_AHEAD, max(1, int(rate * AHEAD))) if rate else MOST_AHEAD


def _stood_still(broadcast: Broadcast, now: datetime) -> bool:
    return broadcast.driven_at is not None and now - broadcast.driven_at > life.STANDSTILL


def _figures(states: Mapping[RecipientState, int]) -> dict[str, int]:
    return {state.value: count for state, count in states.items() if count}
