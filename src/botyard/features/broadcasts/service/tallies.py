"""Recipients from state to state, in batches; and how many are in which, kept in the same transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.hot import HotConnection, HotStatement, in_one_trip
from botyard.features.broadcasts.models import Broadcast, RecipientState, Tally
from botyard.ids import ChatKey

Move = tuple[int, RecipientState, RecipientState]
"""A recipient of this variant went from one state to another."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a recipient who is being sent to."""

    chat_key: ChatKey
    state: RecipientState
    message_ids: tuple[int, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A recipient of whom it is written down what became of him."""

    position: int
    user_id: int
    state: RecipientState


_ADD = HotStatement(
    """
    INSERT INTO broadcast_tallies (broadcast_id, variant, state, recipients)
    SELECT :broadcast, variant, state, recipients FROM {change} WHERE true
    ON CONFLICT (broadcast_id, variant, state) DO UPDATE
    SET recipients = broadcast_tallies.recipients + excluded.recipients
    """,
    change={"variant": "smallint", "state": "text", "recipients": "bigint"},
)

# The broadcast's number is in each row: given once, SQLite would look through the whole audience for each.
_SETTLE = HotStatement(
    """
    UPDATE broadcast_recipients
    SET state = fate.state, message_ids = fate.message_ids, reason = fate.reason, at = :now
    FROM {fate}
    WHERE broadcast_recipients.broadcast_id = fate.broadcast
    AND broadcast_recipients.chat_key = fate.chat_key
    AND broadcast_recipients.state = 'sending'
    RETURNING broadcast_recipients.position, broadcast_recipients.user_id, broadcast_recipients.variant,
        broadcast_recipients.state
    """,
    fate={
        "broadcast": "bigint",
        "chat_key": "bigint",
        "state": "text",
        "message_ids": "text",
        "reason": "text",
    },
)


def add(hot: HotConnection, broadcast_id: int, changes: Counter[tuple[int, RecipientState]]) -> None:
    """Adds to the counts of variants and states; they exist if and only if the moves do."""
    rows = [
        {"variant": variant, "state": state, "recipients": count}
        for (variant, state), count in sorted(changes.items())
        if count
    ]
    if rows:
        hot.execute(_ADD, broadcast=broadcast_id, change=rows)


def changes_of(moves: Iterable[Move]) -> Counter[tuple[int, RecipientState]]:
    """What moves do to the counts."""
    changes: Counter[tuple[int, RecipientState]] = Counter()
    for variant, before, after in moves:
        changes[variant, before] -= 1
        changes[variant, after] += 1
    return changes


async def move(session: AsyncSession, broadcast: Broadcast, moves: Sequence[Move]) -> None:
    """Counts moves whose rows the caller has changed himself."""
    connection = await session.connection()
    await in_one_trip(connection, lambda hot: add(hot, broadcast.id, changes_of(moves)))


def settle(hot: HotConnection, broadcast_id: int, fates: Sequence[Fate], now: datetime) -> list[Settled]:
    """Writes down what became of recipients who were being sent to; answers who these are."""
    if not fates:
        return []
    rows = [
        {
            "broadcast": broadcast_id,
            "chat_key": fate.chat_key,
            "state": fate.state,
            "message_ids": " ".join(map(str, fate.message_ids)) or None,
            "reason": fate.reason,
        }
        for fate in fates
    ]
    settled = hot.execute(_SETTLE, fate=rows, now=hot.moment(now))
    moves = [(variant, RecipientState.SENDING, RecipientState(state)) for *_, variant, state in settled]
    add(hot, broadcast_id, changes_of(moves))
    return [Settled(position, user_id, RecipientState(state)) for position, user_id, _, state in settled]


async def counts(session: AsyncSession, broadcast_id: int) -> dict[tuple[int, RecipientState], int]:
    """How many recipients of each variant are in each state: a handful of rows, whatever the audience."""
    rows = await session.execute(
        select(Tally.variant, Tally.state, Tally.recipients).where(Tally.broadcast_id == broadcast_id)
    )
    return {(row.variant, row.state): row.recipients for row in rows}


async def by_state(session: AsyncSession, broadcast_id: int) -> dict[RecipientState, int]:
    """How many recipients are in each state: all states, which add up to the audience."""
    found = dict.fromkeys(RecipientState, 0)
    for (_, state), recipients in (await counts(session, broadcast_id)).items():
        found[state] += recipients
    return found
