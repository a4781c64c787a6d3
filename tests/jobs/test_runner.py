"""Running jobs: in order of their time, each with its writes or none, again when they fail, and in rounds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.jobs.models import Job, JobState
from botyard.jobs.queue import JobHandler, Run, enqueue
from botyard.jobs.runner import KEEP_DONE, MOST_ERRAND_TRIES, MOST_TRIES, DuplicateJob, JobRunner
from botyard.members.models import Chat


async def queue(
    database: Database, clock: ManualClock, name: str, *, run_at: datetime | None = None, **payload: Any
) -> None:
    async with database.session() as session:
        await enqueue(session, name, payload, clock.now(), run_at=run_at)


async def jobs(database: Database, name: str | None = None) -> list[Job]:
    async with database.reading() as session:
        found = (await session.scalars(select(Job).order_by(Job.id))).all()
    return [job for job in found if name in (None, job.name)]


async def run_all(runner: JobRunner) -> int:
    """Runs what is due; how many that were."""
    count = 0
    while await runner.run_next():
        count += 1
    return count


async def work_briefly(runner: JobRunner, seconds: float = 1.0) -> None:
    """Lets it work as in the service, and cancels it."""
    working = asyncio.create_task(runner.run())
    await asyncio.sleep(seconds)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


class Diary:
    """A handler that notes what it was given."""

    def __init__(self) -> None:
        self.notes: list[Any] = []

    async def write(self, _session: AsyncSession, payload: Mapping[str, Any]) -> None:
        self.notes.append(payload.get("note"))

    def handler(self, name: str = "write", *, every: timedelta | None = None) -> JobHandler:
        return JobHandler(name, self.write, every=every)


def failing(times: int) -> tuple[Run, list[int]]:
    """A job that fails so many times, and the list that its tries are counted in."""
    tries: list[int] = []

    async def run(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        tries.append(len(tries) + 1)
        session.add(Chat(telegram_id=-len(tries), type="group", created_at=datetime(2027, 1, 1, tzinfo=UTC)))
        await session.flush()
        if len(tries) <= times:
            raise RuntimeError(f"try {len(tries)}")

    return run, tries


# running


async def test_jobs_run_when_due_the_longest_due_first(database: Database, clock: ManualClock) -> None:
    diary = Diary()
    runner = JobRunner(database, [diary.handler()], clock)
    start = clock.now()
    for note, seconds in (("third", 3), ("first", 1), ("also first", 1), ("second", 2)):
        await queue(database, clock, "write", run_at=start + timedelta(seconds=seconds), note=note)
    assert await run_all(runner) == 0
    clock.advance(1)
    assert await run_all(runner) == 2
    clock.advance(10)
    assert await run_all(runner) == 2
    assert diary.notes == ["first", "also first", "second", "third"]
    assert {(job.state, job.attempts, job.error) for job in await jobs(database)} == {
        (JobState.DONE, 0, None)
    }


async def test_a_job_is_done_with_its_writes(database: Database, clock: ManualClock) -> None:
    run, _ = failing(0)
    runner = JobRunner(database, [JobHandler("make", run)], clock)
    await queue(database, clock, "make")
    await run_all(runner)
    (job,) = await jobs(database)
    assert (job.state, job.finished_at) == (JobState.DONE, clock.now())
    async with database.reading() as session:
        assert len((await session.scalars(select(Chat))).all()) == 1


async def test_a_failing_job_is_tried_again_later_and_leaves_no_trace(
    database: Database, clock: ManualClock
) -> None:
    run, tries = failing(2)
    runner = JobRunner(database, [JobHandler("make", run)], clock)
    await queue(database, clock, "make")
    waits = []
    while True:
        with capture_logs() as lines:
            await run_all(runner)
        (job,) = await jobs(database)
        if job.state is not JobState.PENDING:
            break
        assert job.error == f"RuntimeError: try {len(tries)}"
        assert job.attempts == len(tries)
        assert [(line["event"], line["attempts"], line["dead"]) for line in lines] == [
            ("job.failed", len(tries), False)
        ]
        waits.append((job.run_at - clock.now()).total_seconds())
        clock.advance(waits[-1] - 0.001)
        assert await run_all(runner) == 0, "not before its time"
        clock.advance(0.001)
    assert waits == [2, 4]
    assert (tries, job.state, job.error) == ([1, 2, 3], JobState.DONE, None)
    async with database.reading() as session:
        assert [chat.telegram_id for chat in await session.scalars(select(Chat))] == [-3], (
            "the last try's alone"
        )


async def test_a_job_that_always_fails_is_given_up_while_the_others_go_on(
    database: Database, clock: ManualClock
) -> None:
    run, tries = failing(1000)
    diary = Diary()
    runner = JobRunner(database, [JobHandler("fail", run), diary.handler()], clock)
    await queue(database, clock, "fail")
    for number in range(MOST_TRIES + 3):
        await queue(database, clock, "write", note=number)
        with capture_logs() as lines:
            await run_all(runner)
        assert diary.notes[-1] == number
        if lines:
            assert lines[0]["dead"] is (len(tries) == MOST_TRIES)
        clock.advance(100)
    (job,) = await jobs(database, "fail")
    assert (len(tries), job.state, job.attempts) == (MOST_TRIES, JobState.DEAD, MOST_TRIES)
    assert job.error == f"RuntimeError: try {MOST_TRIES}"


async def test_a_job_that_breaks_a_constraint_fails_alone(database: Database, clock: ManualClock) -> None:
    async def twice(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        for _ in range(2):
            session.add(Chat(telegram_id=-1, type="group", created_at=clock.now()))
            await session.flush()

    runner = JobRunner(database, [JobHandler("twice", twice)], clock)
    await queue(database, clock, "twice")
    with capture_logs():  # to write the whole traceback takes a second
        await run_all(runner)
    (job,) = await jobs(database)
    assert (job.state, job.attempts) == (JobState.PENDING, 1)
    assert job.error is not None
    assert job.error.startswith(IntegrityError.__name__)
    async with database.reading() as session:
        assert (await session.scalars(select(Chat))).all() == []


async def test_a_job_of_a_feature_that_is_gone_does_not_stop_the_others(
    database: Database, clock: ManualClock
) -> None:
    diary = Diary()
    runner = JobRunner(database, [diary.handler()], clock)
    await queue(database, clock, "of a deleted feature")
    await queue(database, clock, "write", note="on")
    await run_all(runner)
    assert diary.notes == ["on"]
    (job,) = await jobs(database, "of a deleted feature")
    assert (job.state, job.attempts) == (JobState.PENDING, 1)


async def test_two_runners_share_the_work(database: Database, clock: ManualClock) -> None:
    diary = Diary()
    runners = [JobRunner(database, [diary.handler()], clock) for _ in range(2)]
    for number in range(20):
        await queue(database, clock, "write", note=number)
    counts = await asyncio.gather(*(run_all(runner) for runner in runners))
    assert sum(counts) == 20
    assert sorted(diary.notes) == list(range(20))


async def test_a_job_that_one_runner_has_is_passed_over_by_the_other(
    database: Database, clock: ManualClock
) -> None:
    if database.is_sqlite:
        pytest.skip("one writes at a time: the other runner waits")
    started, finish = asyncio.Event(), asyncio.Event()
    diary = Diary()

    async def slow(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        started.set()
        await finish.wait()

    handlers = [JobHandler("slow", slow), diary.handler()]
    await queue(database, clock, "slow")
    await queue(database, clock, "write", note="meanwhile")
    working = asyncio.create_task(JobRunner(database, handlers, clock).run_next())
    await started.wait()
    assert await run_all(JobRunner(database, handlers, clock)) == 1
    assert diary.notes == ["meanwhile"]
    finish.set()
    assert await working
    assert {job.state for job in await jobs(database)} == {JobState.DONE}


def test_two_handlers_for_one_name_are_refused(sqlite_url: str, clock: ManualClock) -> None:
    database = Database(sqlite_url)
    with pytest.raises(DuplicateJob, match="write"):
        JobRunner(database, [Diary().handler(), Diary().handler()], clock)
    with pytest.raises(DuplicateJob, match=r"jobs\.forget"):
        JobRunner(database, [Diary().handler("jobs.forget")], clock)


# rounds


async def test_a_repeating_job_is_queued_once_a_round_by_all_runners_together(
    database: Database, clock: ManualClock
) -> None:
    diary = Diary()
    hourly = diary.handler("hourly", every=timedelta(hours=1))

    async def a_round() -> None:
        await asyncio.gather(*(work_briefly(JobRunner(database, [hourly], clock)) for _ in range(2)))

    await a_round()
    assert len(diary.notes) == 1
    clock.advance(59 * 60)
    await a_round()
    assert len(diary.notes) == 1, "it is 12:59, and 12 o'clock's has run"
    clock.advance(60)
    await a_round()
    assert len(diary.notes) == 2
    assert [job.key for job in await jobs(database, "hourly")] == [
        "hourly@2027-03-01T12:00:00+00:00",
        "hourly@2027-03-01T13:00:00+00:00",
    ]


async def test_a_runner_goes_on_round_after_round(sqlite_url: str, clock: ManualClock) -> None:
    database, diary = Database(sqlite_url), Diary()
    runner = JobRunner(database, [diary.handler("often", every=timedelta(minutes=5))], clock)
    working = asyncio.create_task(runner.run())
    async with asyncio.timeout(10):
        for number in range(1, 4):
            while len(diary.notes) < number:
                await asyncio.sleep(0.01)
            clock.advance(300)
    working.cancel()
    await asyncio.wait([working])
    await database.aclose()


async def test_done_jobs_are_forgotten_after_a_week_others_are_kept(
    database: Database, clock: ManualClock
) -> None:
    run, _ = failing(1000)
    runner = JobRunner(database, [Diary().handler(), JobHandler("fail", run)], clock)
    await queue(database, clock, "write")
    await queue(database, clock, "fail")
    for _ in range(MOST_TRIES):
        await run_all(runner)
        clock.advance(100)
    await queue(database, clock, "write", run_at=clock.now() + timedelta(days=30))
    clock.advance(KEEP_DONE.total_seconds() - 3600)
    await queue(database, clock, "jobs.forget")
    await run_all(runner)
    assert len(await jobs(database, "write")) == 2, "not a week yet"
    clock.advance(3600)
    await queue(database, clock, "jobs.forget")
    await run_all(runner)
    assert [job.state for job in await jobs(database, "write")] == [JobState.PENDING]
    assert [job.state for job in await jobs(database, "fail")] == [JobState.DEAD]


# errands


class Afar:
    """An errand that somebody far away answers, and the job that gets the answer."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.got: list[Any] = []
        self.problem: Exception | None = None
        self.slow = asyncio.Event()
        self.slow.set()

    async def ask(self, payload: Mapping[str, Any]) -> Any:
        self.asked.append(dict(payload))
        await self.slow.wait()
        if self.problem:
            raise self.problem
        return len(self.asked)

    async def take(self, _session: AsyncSession, payload: Mapping[str, Any]) -> None:
        self.got.append(dict(payload))

    def handler(self) -> JobHandler:
        return JobHandler("afar", self.take, errand=self.ask)


async def test_a_job_gets_what_its_errand_brought_back(database: Database, clock: ManualClock) -> None:
    afar = Afar()
    runner = JobRunner(database, [afar.handler()], clock)
    await queue(database, clock, "afar", order=5)
    assert await runner.run_next() is False, "it is none of the plain jobs"
    assert await runner.run_next_errand() is True
    assert (afar.asked, afar.got) == ([{"order": 5}], [{"order": 5, "answer": 1}])
    assert [job.state for job in await jobs(database, "afar")] == [JobState.DONE]
    assert await runner.run_next_errand() is False


async def test_a_slow_errand_holds_up_neither_jobs_nor_the_database(
    database: Database, clock: ManualClock
) -> None:
    afar, diary = Afar(), Diary()
    afar.slow.clear()
    runner = JobRunner(database, [afar.handler(), JobHandler("near", diary.write)], clock)
    await queue(database, clock, "afar")
    working = [asyncio.create_task(runner.run()), asyncio.create_task(runner.run_errands())]
    async with asyncio.timeout(5):
        while not afar.asked:
            await asyncio.sleep(0.01)
        await queue(database, clock, "near", n=1)
        while not diary.notes:
            await asyncio.sleep(0.01)
        afar.slow.set()
        while not afar.got:
            await asyncio.sleep(0.01)
    for each in working:
        each.cancel()
    await asyncio.wait(working)


async def test_an_errand_that_died_under_way_is_run_again_and_its_late_answer_ignored(
    database: Database, clock: ManualClock
) -> None:
    afar = Afar()
    runner = JobRunner(database, [afar.handler()], clock)
    await queue(database, clock, "afar")
    afar.slow.clear()
    first = asyncio.create_task(runner.run_next_errand())
    while not afar.asked:
        await asyncio.sleep(0.01)
    assert await runner.run_next_errand() is False, "it is claimed"
    clock.advance(61)
    afar.slow.set()
    second = asyncio.create_task(runner.run_next_errand())
    await asyncio.gather(first, second)
    assert len(afar.got) == 1
    assert [job.state for job in await jobs(database, "afar")] == [JobState.DONE]


async def test_a_failed_errand_waits_longer_each_time_and_is_given_up_at_last(
    database: Database, clock: ManualClock
) -> None:
    afar = Afar()
    afar.problem = OSError("no route")
    runner = JobRunner(database, [afar.handler()], clock)
    await queue(database, clock, "afar")
    with capture_logs():
        while await runner.run_next_errand():
            clock.advance(3601)
    assert len(afar.asked) == MOST_ERRAND_TRIES
    assert [job.state for job in await jobs(database, "afar")] == [JobState.DEAD]
    assert afar.got == []
