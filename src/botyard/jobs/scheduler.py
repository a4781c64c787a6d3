"""The watch over schedules: fires what is due, on whichever replica looks first."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import structlog
from sqlalchemy.exc import SQLAlchemyError

from botyard.clock import Clock
from botyard.db.hot import HotStatement
from botyard.db.session import Database
from botyard.jobs.schedule_runs import FIRED_AT_ONCE, fire_due

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5

_DUE = HotStatement("SELECT 1 FROM schedules WHERE next_at <= :now LIMIT 1")


class Scheduler:
    """Turns schedules into jobs when their time comes."""

    def __init__(self, database: Database, clock: Clock, actions: Collection[str]) -> None:
        """`actions` are the names of what can be done here."""
        self._database = database
        self._clock = clock
        self._actions = actions

    async def run(self) -> None:
        """Watches until cancelled."""
        while True:
            try:
                while await self._is_something_due() and await self.fire() == FIRED_AT_ONCE:
                    pass
            except (SQLAlchemyError, OSError) as error:
                log.warning("schedules.database", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def fire(self) -> int:
        """Fires what is due now; answers how many schedules were."""
        async with self._database.session() as session:
            return await fire_due(session, self._clock.now(), self._actions)

    async def _is_something_due(self) -> bool:
        """A look beside the writer: nearly always there is nothing to do."""
        now = self._clock.now()
        return bool(await self._database.read_batch(lambda hot: hot.execute(_DUE, now=hot.moment(now))))
