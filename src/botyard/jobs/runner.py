"""Running jobs: each in one transaction that also marks it done, on whichever replica is free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.clock import Clock
from botyard.db.hot import HotStatement
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.jobs.models import Job, JobState
from botyard.jobs.queue import JobHandler, enqueue

log = structlog.get_logger(__name__)

MOST_TRIES = 5
LOOK_SECONDS = 0.5
KEEP_DONE = timedelta(days=7)


class DuplicateJob(BotyardError):
    """Two handlers claim the jobs of one name: one of them would never run."""


_DUE = HotStatement("SELECT 1 FROM jobs WHERE state = 'pending' AND run_at <= :now LIMIT 1")


class JobRunner:
    """Runs what is due, and queues what comes round again."""

    def __init__(
        self,
        database: Database,
        handlers: Iterable[JobHandler],
        clock: Clock,
        *,
        after_each: Callable[[], None] = lambda: None,
    ) -> None:
        """`after_each` is called when what a job did is durable. Raises `DuplicateJob`."""
        self._database = database
        self._clock = clock
        self._after_each = after_each
        self._handlers: dict[str, JobHandler] = {}
        own = JobHandler("jobs.forget", self._forget_old, every=timedelta(hours=6))
        for handler in (*handlers, own):
            if handler.name in self._handlers:
                raise DuplicateJob(f"two handlers are for jobs named {handler.name}.", remedy="Rename one.")
            self._handlers[handler.name] = handler
        self._queued: dict[str, datetime] = {}

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                await self._queue_rounds()
                while await self._is_something_due():
                    await self.run_next()
            except (SQLAlchemyError, OSError) as error:
                log.warning("jobs.database", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_something_due(self) -> bool:
        """A look beside the writer: most find nothing, and must not hold up those who have something."""
        now = self._clock.now()
        return bool(await self._database.read_batch(lambda hot: hot.execute(_DUE, now=hot.moment(now))))

    async def run_next(self) -> bool:
        """Runs the job that has been due longest; False when nothing is due."""
        now = self._clock.now()
        problem: Exception | None = None
        async with self._database.session() as session:
            job = await session.scalar(
                select(Job)
                .where(Job.state == JobState.PENDING, Job.run_at <= now)
                .order_by(Job.run_at, Job.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if job is None:
                return False
            try:
                async with session.begin_nested():
                    await self._handlers[job.name].run(session, job.payload)
            except Exception as error:  # noqa: BLE001 - any job may fail in any way, the others go on
                problem = error
            verdict = self._verdict(job, problem, now)
            gave_up = self._handlers[job.name].gave_up if job.name in self._handlers else None
            if verdict["state"] is JobState.DEAD and gave_up is not None:
                await gave_up(session, job.payload, str(verdict["error"]))
            await session.execute(update(Job).where(Job.id == job.id).values(verdict))
        self._after_each()
        if problem is not None:
            log.error(
                "job.failed",
                job=job.name,
                id=job.id,
                attempts=verdict["attempts"],
                dead=verdict["state"] is JobState.DEAD,
                exc_info=problem,
            )
        return True

    def _verdict(self, job: Job, problem: Exception | None, now: datetime) -> dict[str, object]:
        if problem is None:
            return {"state": JobState.DONE, "finished_at": now, "error": None}
        attempts = job.attempts + 1
        return {
            "attempts": attempts,
            "error": f"{type(problem).__name__}: {problem}"[:2000],
            "state": JobState.DEAD if attempts >= MOST_TRIES else JobState.PENDING,
            "run_at": now + timedelta(seconds=2**attempts),
        }

    async def _queue_rounds(self) -> None:
        """Queues each repeating job once per round; the key makes sure that no other replica does too."""
        now = self._clock.now()
        for handler in self._handlers.values():
            if handler.every is None:
                continue
            start = _round_start(now, handler.every)
            if self._queued.get(handler.name) != start:
                async with self._database.session() as session:
                    key = f"{handler.name}@{start.isoformat()}"
                    await enqueue(session, handler.name, {}, now, key=key)
                self._queued[handler.name] = start

    async def _forget_old(self, session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        horizon = self._clock.now() - KEEP_DONE
        await session.execute(delete(Job).where(Job.state == JobState.DONE, Job.finished_at < horizon))


def _round_start(now: datetime, every: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (now - epoch) // every * every
