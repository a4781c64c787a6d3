"""Keeping parts of the process alive: what fails is logged and started again; the others do not notice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from botyard.db.leases import Lease

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 60.0

Work = Callable[[], Awaitable[None]]
"""A part that runs until cancelled, or until it has nothing more to do."""


async def supervise(name: str, work: Work) -> None:
    """Runs `work` until it returns or is cancelled; after an error it is started again, ever more slowly."""
    failures = 0
    while True:
        started = time.monotonic()
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
                raise
            if time.monotonic() - started > LONGEST_PAUSE:
                failures = 0  # it ran well for a while: this is a new trouble
            failures += 1
            seconds = min(LONGEST_PAUSE, 2.0 ** (failures - 1))
            if isinstance(error, SQLAlchemyError | OSError):  # the database is away: no fault of the program
                log.error("part.failed", part=name, again_in=seconds, error=type(error).__name__)
            else:
                log.critical("part.failed", part=name, again_in=seconds, exc_info=error)
            await asyncio.sleep(seconds)
        else:
            return


class LeasedTasks:
    """Runs one task for each lease held, and none without. `changed` is what a `LeaseKeeper` calls."""

    def __init__(self, work_for: Callable[[Lease], Work]) -> None:
        """`work_for` answers what to run while a lease is held."""
        self._work_for = work_for
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def changed(self, gained: Sequence[Lease], lost: Sequence[Lease]) -> None:
        """Ends the tasks of lost leases, waits for them, then starts those of gained ones."""
        ending = [task for lease in lost if (task := self._tasks.pop(lease.name, None)) is not None]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)
        for lease in gained:
            work = supervise(lease.name, self._work_for(lease))
            self._tasks[lease.name] = asyncio.create_task(work, name=lease.name)
