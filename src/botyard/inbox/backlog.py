"""What waits in the inbox, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.hot import HotConnection, HotStatement, read_moment
from botyard.db.leases import Lease
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


_LOAD = HotStatement(
    """
    SELECT seq, bot_id, lane, slot, urgent, body, received_at, attempts, not_before FROM updates
    WHERE state = 'pending'
    AND slot IN (SELECT number FROM {slot})
    AND seq NOT IN (SELECT number FROM {known})
    AND lane NOT IN (SELECT name FROM {full_lane})
    ORDER BY urgent DESC, seq LIMIT :most
    """,
    slot={"number": "bigint"},
    known={"number": "bigint"},
    full_lane={"name": "text"},
)


def load_pending(
    hot: HotConnection,
    slots: Collection[int],
    *,
    known: Collection[UpdateSeq],
    full_lanes: Collection[str],
    most: int,
) -> list[PendingUpdate]:
    """The next waiting updates of these slots, urgent lanes first, then in the order they were stored.

    Leaves out those that the caller has (`known`) and lanes of which he has enough (`full_lanes`).
    """
    rows = hot.execute(
        _LOAD,
        slot=[{"number": slot} for slot in slots],
        known=[{"number": seq} for seq in known],
        full_lane=[{"name": lane} for lane in full_lanes],
        most=most,
    )
    return [_pending(*row) for row in rows]


def _pending(
    seq: UpdateSeq,
    bot_id: BotId,
    lane: str,
    slot: int,
    urgent: bool,
    body: bytes,
    received_at: datetime | str,
    attempts: int,
    not_before: datetime | str | None,
) -> PendingUpdate:
    later = None if not_before is None else read_moment(not_before)
    return PendingUpdate(
        seq, bot_id, lane, slot, bool(urgent), body, read_moment(received_at), attempts, later
    )


_FINISH = HotStatement(
    """
    UPDATE updates SET state = 'done', outcome = finished.outcome, finished_at = :now
    FROM {finished} WHERE updates.seq = finished.seq AND updates.state = 'pending'
    AND (finished.lease, finished.fence) IN (
        SELECT name, fence FROM leases
        WHERE (name, fence) IN (SELECT lease, fence FROM {finished}) ORDER BY name {for_share}
    )
    RETURNING updates.seq
    """,
    finished={"seq": "bigint", "outcome": "text", "lease": "text", "fence": "bigint"},
)


def finish(hot: HotConnection, finished: Sequence[Finished], now: datetime) -> set[UpdateSeq]:
    """Marks updates as done and says which: not those done before, nor those whose lease has passed on.

    Only for the ones it returns may the handler's effects be committed, in this same transaction: until its
    end nobody else can take their leases.
    """
    entries = [
        {"seq": each.seq, "outcome": each.outcome, "lease": each.lease.name, "fence": each.lease.fence}
        for each in finished
    ]
    return {UpdateSeq(seq) for (seq,) in hot.execute(_FINISH, finished=entries, now=hot.moment(now))}


_NEWEST = HotStatement("SELECT max(seq) FROM updates")
_COUNT_TRIES = HotStatement(
    """
    UPDATE updates SET attempts = attempts + 1
    WHERE seq IN (SELECT number FROM {tried}) AND state = 'pending'
    """,
    tried={"number": "bigint"},
)


def newest(hot: HotConnection) -> UpdateSeq:
    """The number of the update that was stored last; 0 where there is none."""
    [(seq,)] = hot.execute(_NEWEST)
    return UpdateSeq(seq or 0)


def count_tries(hot: HotConnection, seqs: Sequence[UpdateSeq]) -> list[None]:
    """Counts a try of each before it is made: should it kill the process, that is known afterwards."""
    hot.execute(_COUNT_TRIES, tried=[{"number": seq} for seq in seqs])
    return [None] * len(seqs)


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
