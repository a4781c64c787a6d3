"""Taking updates in: durable before anybody is told so, and each only once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from botyard.clock import Clock
from botyard.db.batcher import Batcher
from botyard.db.hot import HotConnection, HotStatement, as_text
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.ids import BotId
from botyard.inbox.slots import lane_key, slot_of
from botyard.telegram.envelope import Envelope

STORE_SECONDS = 2.0
"""How long a caller waits for the commit before it is told to come again."""


class InboxUnavailable(BotyardError):
    """The update could not be stored: it must be offered again."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update as it came in: what the envelope says, and the bytes themselves."""

    bot_id: BotId
    envelope: Envelope
    body: bytes


class Inbox:
    """The door to the log of updates. `arrived` is set whenever something new may be waiting."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._commits: Batcher[Sequence[Arrival], None] = Batcher(
            database.writes(), self._write, size=_bytes_of, patience=STORE_SECONDS
        )
        self.arrived = asyncio.Event()
        self._urgent = False

    def take_urgent(self) -> bool:
        """Whether an urgent update arrived since this was asked last."""
        urgent, self._urgent = self._urgent, False
        return urgent

    async def append(self, *arrivals: Arrival) -> None:
        """Returns once all are stored, in this order. One that is there already is passed over.

        Raises `InboxUnavailable` when the database does not take them within two seconds.
        """
        try:
            # Giving up ends only the waiting: the commit is the group's, may still succeed, and is not torn.
            await self._commits.add(arrivals)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            raise InboxUnavailable(
                f"the database did not store the update ({type(error).__name__}).",
                remedy="Offer it again; look at the database.",
            ) from error
        self._urgent = self._urgent or any(arrival.envelope.urgent for arrival in arrivals)
        self.arrived.set()

    def _write(self, hot: HotConnection, batch: Sequence[Sequence[Arrival]]) -> list[None]:
        arrivals = [_row(arrival) for group in batch for arrival in group]
        if arrivals:
            hot.execute(_APPEND, arrival=arrivals, now=hot.moment(self._clock.now()))
        return [None] * len(batch)


_APPEND = HotStatement(
    """
    INSERT INTO updates (bot_id, update_id, kind, lane, slot, urgent, body, received_at, state, attempts)
    SELECT bot_id, update_id, kind, lane, slot, urgent, body, :now, 'pending', 0 FROM {arrival}
    WHERE true ON CONFLICT DO NOTHING
    """,
    arrival={
        "bot_id": "bigint",
        "update_id": "bigint",
        "kind": "text",
        "lane": "text",
        "slot": "smallint",
        "urgent": "boolean",
        "body": "bytes",
    },
)


def _bytes_of(arrivals: Sequence[Arrival]) -> int:
    return sum(len(arrival.body) for arrival in arrivals)


def _row(arrival: Arrival) -> dict[str, object]:
    envelope = arrival.envelope
    lane = lane_key(arrival.bot_id, envelope.lane)
    return {
        "bot_id": arrival.bot_id,
        "update_id": envelope.update_id,
        "kind": envelope.kind,
        "lane": lane,
        "slot": slot_of(lane),
        "urgent": envelope.urgent,
        "body": as_text(arrival.body),
    }
