"""Taking updates in: durable before anybody is told so, and each only once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.clock import Clock
from botyard.db.group_commit import GroupCommit
from botyard.db.session import Database
from botyard.db.statements import insert_new
from botyard.errors import BotyardError
from botyard.ids import BotId
from botyard.inbox.models import UpdateState, updates
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
        self._commits: GroupCommit[Sequence[Arrival], None] = GroupCommit(database, self._write)
        self.arrived = asyncio.Event()

    async def append(self, *arrivals: Arrival) -> None:
        """Returns once all are stored, in this order. One that is there already is passed over.

        Raises `InboxUnavailable` when the database does not take them within two seconds.
        """
        try:
            # Giving up ends only the waiting: the commit is the group's, may still succeed, and is not torn.
            async with asyncio.timeout(STORE_SECONDS):
                await self._commits.add(arrivals)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            raise InboxUnavailable(
                f"the database did not store the update ({type(error).__name__}).",
                remedy="Offer it again; look at the database.",
            ) from error
        self.arrived.set()

    async def _write(self, connection: AsyncConnection, batch: Sequence[Sequence[Arrival]]) -> list[None]:
        now = self._clock.now()
        rows = []
        for arrival in (arrival for group in batch for arrival in group):
            envelope = arrival.envelope
            lane = lane_key(arrival.bot_id, envelope.lane)
            rows.append(
                {
                    "bot_id": arrival.bot_id,
                    "update_id": envelope.update_id,
                    "kind": envelope.kind,
                    "lane": lane,
                    "slot": slot_of(lane),
                    "urgent": envelope.urgent,
                    "body": arrival.body,
                    "received_at": now,
                    "state": UpdateState.PENDING,
                    "attempts": 0,
                }
            )
        if rows:
            await connection.execute(insert_new(connection.dialect, updates), rows)
        return [None] * len(batch)
