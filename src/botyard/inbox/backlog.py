"""What waits in the inbox, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.leases import Lease, still_held
from botyard.ids import BotId, UpdateId, UpdateSeq
from botyard.inbox.models import UpdateState, updates


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An update that waits for its handler."""

    seq: UpdateSeq
    bot_id: BotId
    lane: str
    slot: int
    urgent: bool
    body: bytes
    received_at: datetime
    attempts: int
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class Finished:
    """An update whose handler ended well, under which lease, and what it was (`command:start`)."""

    seq: UpdateSeq
    lease: Lease
    outcome: str


async def load_pending(
    connection: AsyncConnection,
    slots: Collection[int],
    *,
    known: Collection[UpdateSeq],
    full_lanes: Collection[str],
    most: int,
) -> list[PendingUpdate]:
    """The next waiting updates of these slots, urgent lanes first, then in the order they were stored.

    Leaves out those that the caller has (`known`) and lanes of which he has enough (`full_lanes`).
    """
    if not slots:
        return []
    columns = updates.c
    statement = (
        select(
            columns.seq,
            columns.bot_id,
            columns.lane,
            columns.slot,
            columns.urgent,
            columns.body,
            columns.received_at,
            columns.attempts,
            columns.not_before,
        )
        .where(columns.state == UpdateState.PENDING, columns.slot.in_(slots))
        .order_by(columns.urgent.desc(), columns.seq)
        .limit(most + len(known))
    )
    if full_lanes:
        statement = statement.where(columns.lane.not_in(full_lanes))
    rows = await connection.execute(statement)
    return [PendingUpdate(*row) for row in rows if row.seq not in known]


async def finish(connection: AsyncConnection, finished: Sequence[Finished], now: datetime) -> set[UpdateSeq]:
    """Marks updates as done and says which: not those done before, nor those whose lease has passed on.

    Only for the ones it returns may the handler's effects be committed, in this same transaction.
    """
    held = await still_held(connection, {entry.lease for entry in finished})
    candidates = [entry.seq for entry in finished if entry.lease in held]
    rows = await connection.execute(
        select(updates.c.seq)
        .where(updates.c.seq.in_(candidates), updates.c.state == UpdateState.PENDING)
        .order_by(updates.c.seq)
        .with_for_update()
    )
    ours: set[UpdateSeq] = {row.seq for row in rows}
    done = sorted((entry.outcome, entry.seq) for entry in finished if entry.seq in ours)
    for outcome, group in groupby(done, key=lambda pair: pair[0]):
        await connection.execute(
            update(updates)
            .where(updates.c.seq.in_([seq for _, seq in group]))
            .values(state=UpdateState.DONE, outcome=outcome, finished_at=now)
        )
    return ours


async def count_interrupted(connection: AsyncConnection, slots: Collection[int]) -> None:
    """After a crash: counts a try for the head of each lane, which may have been what killed the process."""
    heads = (
        select(func.min(updates.c.seq))
        .where(updates.c.state == UpdateState.PENDING, updates.c.slot.in_(slots))
        .group_by(updates.c.lane)
    )
    await connection.execute(
        update(updates).where(updates.c.seq.in_(heads)).values(attempts=updates.c.attempts + 1)
    )


async def postpone(
    connection: AsyncConnection, seq: UpdateSeq, *, attempts: int, until: datetime, error: str
) -> None:
    """Leaves a failed update for another try, not before `until`."""
    await connection.execute(
        update(updates)
        .where(updates.c.seq == seq, updates.c.state == UpdateState.PENDING)
        .values(attempts=attempts, not_before=until, error=error)
    )


async def bury(
    connection: AsyncConnection, seq: UpdateSeq, *, attempts: int, now: datetime, error: str
) -> None:
    """Makes a dead letter of an update: an operator can look at it and replay it."""
    await connection.execute(
        update(updates)
        .where(updates.c.seq == seq, updates.c.state == UpdateState.PENDING)
        .values(state=UpdateState.DEAD, attempts=attempts, finished_at=now, error=error)
    )


async def replay(
    connection: AsyncConnection, ids: Collection[UpdateId], *, bot_id: BotId | None = None
) -> list[UpdateId]:
    """Puts dead letters back; answers the update ids that were dead and now wait again."""
    statement = (
        update(updates)
        .where(updates.c.state == UpdateState.DEAD, updates.c.update_id.in_(ids))
        .values(state=UpdateState.PENDING, attempts=0, not_before=None, finished_at=None, error=None)
        .returning(updates.c.update_id)
    )
    if bot_id is not None:
        statement = statement.where(updates.c.bot_id == bot_id)
    return sorted(row.update_id for row in await connection.execute(statement))


async def count_by_state(connection: AsyncConnection, state: UpdateState) -> dict[BotId, int]:
    """How many updates each bot has in `state` (bots with none are left out)."""
    rows = await connection.execute(
        select(updates.c.bot_id, func.count()).where(updates.c.state == state).group_by(updates.c.bot_id)
    )
    return {BotId(bot_id): count for bot_id, count in rows}
