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
from botyard.jobs.queue import ANSWER, JobHandler, enqueue

log = structlog.get_logger(__name__)

MOST_TRIES = 5
LOOK_SECONDS = 0.5
MOST_ERRAND_TRIES = 16
"""With the growing pauses between them about six hours: whoever is asked may be down."""
LONGEST_BACKOFF = timedelta(hours=1)
ERRANDS_AT_ONCE = 8
ERRAND_SECONDS = 40.0
ERRAND_CLAIM = timedelta(seconds=60)
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
        self._errands = [name for name, handler in self._handlers.items() if handler.errand]

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                await self._queue_rounds()
                while await self._is_something_due() and await self.run_next():
                    pass
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
                .where(Job.state == JobState.PENDING, Job.run_at <= now, Job.name.not_in(self._errands))
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
            verdict = await self._end(session, job, problem, now)
        self._after_each()
        _tell(job, problem, verdict)
        return True

    # errands: what is to be done elsewhere takes its time, and must hold up neither the database nor others

    async def run_errands(self) -> None:
        """Does the jobs that have an errand, several at a time, until cancelled."""
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                claimed = None
                try:
                    if len(under_way) < ERRANDS_AT_ONCE and await self._is_something_due():
                        claimed = await self._claim()
                except (SQLAlchemyError, OSError) as error:
                    log.warning("jobs.database", error=type(error).__name__)
                if claimed is None:
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                task = asyncio.create_task(self._run_errand(claimed))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            for task in under_way:
                task.cancel()

    async def run_next_errand(self) -> bool:
        """Does the errand, and the job, that has been due longest; False when none is."""
        claimed = await self._claim()
        if claimed is not None:
            await self._run_errand(claimed)
        return claimed is not None

    async def _claim(self) -> Job | None:
        """The errand that has been due longest. If this process dies it is due again a minute later."""
        now = self._clock.now()
        async with self._database.session() as session:
            job = await session.scalar(
                select(Job)
                .where(Job.state == JobState.PENDING, Job.run_at <= now, Job.name.in_(self._errands))
                .order_by(Job.run_at, Job.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if job is not None:
                job.run_at = now + ERRAND_CLAIM
        return job

    async def _run_errand(self, claimed: Job) -> None:
        handler = self._handlers[claimed.name]
        assert handler.errand is not None
        problem: Exception | None = None
        answer: Any = None
        try:
            async with asyncio.timeout(ERRAND_SECONDS):
                answer = await handler.errand(claimed.payload)
        except Exception as error:  # noqa: BLE001 - any errand may fail in any way, the others go on
            problem = error
        try:
            await self._finish_errand(claimed, answer, problem)
        except (SQLAlchemyError, OSError) as error:  # its claim runs out, and it is done once more
            log.warning("jobs.database", error=type(error).__name__)

    async def _finish_errand(self, claimed: Job, answer: Any, problem: Exception | None) -> None:
        now = self._clock.now()
        async with self._database.session() as session:
            job = await session.get(Job, claimed.id, with_for_update=True)
            if job is None or job.state is not JobState.PENDING or job.run_at != claimed.run_at:
                return  # it took so long that somebody else did it
            if problem is None:
                try:
                    async with session.begin_nested():
                        await self._handlers[job.name].run(session, {**job.payload, ANSWER: answer})
                except Exception as error:  # noqa: BLE001 - any job may fail in any way, the others go on
                    problem = error
            verdict = await self._end(session, job, problem, now)
        self._after_each()
        _tell(job, problem, verdict)

    # how it ended

    async def _end(
        self, session: AsyncSession, job: Job, problem: Exception | None, now: datetime
    ) -> dict[str, object]:
        """Writes down how a job went."""
        verdict = self._verdict(job, problem, now)
        gave_up = self._handlers[job.name].gave_up if job.name in self._handlers else None
        if verdict["state"] is JobState.DEAD and gave_up is not None:
            await gave_up(session, job.payload, str(verdict["error"]))
        await session.execute(update(Job).where(Job.id == job.id).values(verdict))
        return verdict

    def _verdict(self, job: Job, problem: Exception | None, now: datetime) -> dict[str, object]:
        if problem is None:
            return {"state": JobState.DONE, "finished_at": now, "error": None}
        attempts = job.attempts + 1
        most = MOST_ERRAND_TRIES if job.name in self._errands else MOST_TRIES
        return {
            "attempts": attempts,
            "error": f"{type(problem).__name__}: {problem}"[:2000],
            "state": JobState.DEAD if attempts >= most else JobState.PENDING,
            "run_at": now + min(timedelta(seconds=2**attempts), LONGEST_BACKOFF),
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


def _tell(job: Job, problem: Exception | None, verdict: Mapping[str, object]) -> None:
    if problem is not None:
        log.error(
            "job.failed",
            job=job.name,
            id=job.id,
            attempts=verdict["attempts"],
            dead=verdict["state"] is JobState.DEAD,
            exc_info=problem,
        )


def _round_start(now: datetime, every: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (now - epoch) // every * every
