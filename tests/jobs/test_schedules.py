"""Schedules: each occurrence once, on however many replicas; what was missed; and how a run ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.ids import BotId, ChatId, ChatKey
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.models import Job, JobState
from botyard.jobs.queue import JobHandler
from botyard.jobs.recurrence import Recurrence
from botyard.jobs.recurrence_words import read_recurrence
from botyard.jobs.runner import MOST_TRIES, JobRunner
from botyard.jobs.scheduler import Scheduler
from botyard.jobs.schedules import BadSchedule, NewSchedule, NoSuchSchedule, RunState, Schedule, ScheduleRun
from botyard.members import chats
from botyard.telegram.bots import bots

SHOP = BotId(1)
KNOWN = {"greet"}
HOUR = timedelta(hours=1)


@pytest.fixture
async def place(database: Database, clock: ManualClock) -> ChatKey:
    """A group to post to, and a bot to do it."""
    async with database.session() as session:
        row = {"id": SHOP, "name": "shop", "webhook_secret": "s", "created_at": clock.now()}
        await session.execute(bots.insert().values(row))
        return (await chats.keys_of(session, [ChatId(-1001)], clock.now()))[0]


@pytest.fixture
async def replica(database_url: str, database: Database) -> AsyncIterator[Database]:
    """A second process's own connections to the same database."""
    opened = Database(database_url)
    yield opened
    await opened.aclose()


async def make(
    database: Database,
    clock: ManualClock,
    place: ChatKey,
    words: str = "every 4h",
    *,
    name: str = "promo",
    catch_up: bool = False,
    action: str = "greet",
) -> int:
    wanted = NewSchedule(
        name, action, {"code": "x"}, SHOP, [place], read_recurrence(words, clock.now()), catch_up
    )
    async with database.session() as session:
        return (await schedules.create(session, wanted, clock.now())).id


async def fire(database: Database, clock: ManualClock) -> int:
    return await Scheduler(database, clock, KNOWN).fire()


async def runs(database: Database) -> list[ScheduleRun]:
    async with database.reading() as session:
        return list((await session.scalars(select(ScheduleRun).order_by(ScheduleRun.id))).all())


async def states(database: Database) -> list[RunState]:
    return [run.state for run in await runs(database)]


async def queued(database: Database) -> int:
    async with database.reading() as session:
        return len((await session.scalars(select(Job).where(Job.state == JobState.PENDING))).all())


async def the(database: Database, name: str = "promo") -> Schedule:
    async with database.session() as session:
        return await schedules.find(session, name)


def runner_of(database: Database, clock: ManualClock, run: Any) -> JobRunner:
    async def gave_up(session: AsyncSession, payload: Mapping[str, Any], problem: str) -> None:
        await schedule_runs.finish_run(session, payload["run_id"], RunState.FAILED, problem, clock.now())

    return JobRunner(database, [JobHandler("schedule:greet", run, gave_up=gave_up)], clock)


# once


async def test_an_occurrence_fires_once_and_the_next_is_planned(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    assert await fire(database, clock) == 0, "the first occurrence is the start, which is now and not later"
    clock.advance(4 * 3600)
    assert [await fire(database, clock) for _ in range(3)] == [1, 0, 0]
    (run,) = await runs(database)
    assert (run.state, run.occurrence, run.finished_at) == (RunState.QUEUED, clock.now(), None)
    assert (await the(database)).next_at == clock.now() + 4 * HOUR


async def test_two_replicas_at_once_never_fire_twice(
    database: Database, replica: Database, clock: ManualClock, place: ChatKey
) -> None:
    for number in range(20):
        await make(database, clock, place, "every 1h", name=f"s{number}")
    for round_ in range(1, 6):
        clock.advance(3600)
        await asyncio.gather(*(fire(each, clock) for each in (database, replica) * 3))
        while await fire(database, clock):  # those that the others held a lock on
            pass
        assert len(await runs(database)) == 20 * round_
        assert await queued(database) == 20 * round_


async def test_a_replica_that_dies_before_its_commit_has_fired_nothing(
    database: Database, replica: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    clock.advance(4 * 3600)
    with suppress(ConnectionAbortedError):
        async with replica.session() as session:
            assert await schedule_runs.fire_due(session, clock.now(), KNOWN) == 1
            raise ConnectionAbortedError
    assert (await runs(database), await queued(database)) == ([], 0)
    assert await fire(database, clock) == 1
    assert (await states(database), await queued(database)) == ([RunState.QUEUED], 1)


async def test_a_clock_that_is_set_back_repeats_nothing_and_stops_nobody(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place, "cron 0 * * * *")
    await make(database, clock, place, "cron 0 * * * *", name="other")
    clock.advance(3600)
    assert await fire(database, clock) == 2
    behind = ManualClock(clock.now() - timedelta(minutes=10))
    async with database.session() as session:  # planned by a clock that is ten minutes behind
        schedule = await schedules.find(session, "promo")
        schedules.pause(schedule)
        schedules.resume(schedule, behind.now())
    assert (await the(database)).occurrence == clock.now(), "the same occurrence once more"
    assert await fire(database, clock) == 1
    assert len(await runs(database)) == 2
    clock.advance(3600)
    assert await fire(database, clock) == 2
    assert len(await runs(database)) == 4


async def test_a_clock_that_leaps_forward_misses_once_and_goes_on(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    clock.advance(100 * 24 * 3600)
    assert await fire(database, clock) == 1
    assert await states(database) == [RunState.MISSED]
    assert (await the(database)).next_at == clock.now() + 4 * HOUR


@given(steps=st.lists(st.integers(1, 30_000), min_size=1, max_size=40))
def test_what_is_planned_is_always_later_and_never_what_was(steps: list[int]) -> None:
    """The rule alone, without a database, for looks at any distance from each other."""
    start = now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    rhythm = Recurrence(every=4 * HOUR, starts_at=start, jitter=timedelta(minutes=30))
    schedule = Schedule(
        id=1, zone="UTC", every_seconds=4 * 3600, starts_at=start, jitter_seconds=1800, enabled=False
    )
    schedules.resume(schedule, start)
    fired: list[datetime] = []
    for step in steps:
        now += timedelta(seconds=step)
        assert schedule.next_at is not None
        assert schedule.occurrence is not None
        if schedule.next_at <= now:
            fired.append(schedule.occurrence)
            schedules.pause(schedule)
            schedules.resume(schedule, now)
            assert schedule.occurrence > now
            assert schedule.next_at == rhythm.jittered(schedule.occurrence, 1)
    assert fired == sorted(set(fired))


# missed


async def test_what_was_missed_is_noted_and_it_goes_on(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    clock.advance(9 * 3600)
    assert await fire(database, clock) == 1
    (run,) = await runs(database)
    assert (run.state, run.detail) == (RunState.MISSED, "botyard was not running then: 2 missed")
    assert await queued(database) == 0
    assert (await the(database)).next_at == clock.now() + 3 * HOUR


async def test_catching_up_runs_once_however_many_were_missed(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place, catch_up=True)
    clock.advance(41 * 3600)
    assert [await fire(database, clock) for _ in range(3)] == [1, 0, 0]
    assert (await states(database), await queued(database)) == ([RunState.QUEUED], 1)


@pytest.mark.parametrize("minutes", [4, 6])
async def test_a_little_late_is_not_missed(
    database: Database, clock: ManualClock, place: ChatKey, minutes: int
) -> None:
    await make(database, clock, place)
    clock.advance(4 * 3600 + 60 * minutes)
    await fire(database, clock)
    assert await states(database) == [RunState.QUEUED if minutes == 4 else RunState.MISSED]


async def test_what_was_missed_is_not_made_up_for_in_quiet_hours(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place, "every 4h quiet 22:00-07:00", catch_up=True)
    clock.advance(11 * 3600)  # 23:00
    await fire(database, clock)
    assert await states(database) == [RunState.MISSED]
    assert (await the(database)).next_at == datetime(2027, 3, 2, 8, tzinfo=UTC)


async def test_quiet_hours_pass_without_a_run(database: Database, clock: ManualClock, place: ChatKey) -> None:
    await make(database, clock, place, "every 4h quiet 22:00-07:00")
    at = []
    for _ in range(96):
        clock.advance(15 * 60)
        if await fire(database, clock):
            at.append(clock.now().hour)
    assert at == [16, 20, 8, 12]


async def test_nothing_comes_after_the_end_not_even_to_catch_up(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place, "every 4h until 2027-03-01", catch_up=True)
    clock.advance(24 * 3600)
    assert await fire(database, clock) == 1
    assert await states(database) == [RunState.MISSED]
    assert ((await the(database)).next_at, await fire(database, clock)) == (None, 0)


# by hand


async def test_paused_it_waits_and_resumed_it_goes_on_without_making_up(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place, catch_up=True)
    async with database.session() as session:
        schedules.pause(await schedules.find(session, "promo"))
    clock.advance(9 * 3600)
    assert await fire(database, clock) == 0
    async with database.session() as session:
        schedules.resume(await schedules.find(session, "promo"), clock.now())
    assert await fire(database, clock) == 0
    clock.advance(3 * 3600)
    assert await fire(database, clock) == 1
    assert await states(database) == [RunState.QUEUED]


async def test_to_resume_what_is_due_does_not_skip_it(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    clock.advance(4 * 3600)
    async with database.session() as session:
        schedules.resume(await schedules.find(session, "promo"), clock.now())
    assert await fire(database, clock) == 1


async def test_run_now_twice_in_one_moment_runs_once(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    async with database.session() as session:
        schedule = await schedules.find(session, "promo")
        planned = schedule.next_at
        assert await schedule_runs.run_now(session, schedule, clock.now())
        assert not await schedule_runs.run_now(session, schedule, clock.now())
    assert (await states(database), await queued(database)) == ([RunState.QUEUED], 1)
    assert (await the(database)).next_at == planned, "the rhythm goes on as it was"


async def test_run_now_by_two_replicas_in_one_moment_runs_once(
    database: Database, replica: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)

    async def press(where: Database) -> bool:
        async with where.session() as session:
            return await schedule_runs.run_now(session, await schedules.find(session, "promo"), clock.now())

    assert sorted(await asyncio.gather(press(database), press(replica))) == [False, True]
    assert await queued(database) == 1


async def test_what_cannot_be_kept_leaves_nothing_behind(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    rhythm = read_recurrence("every 4h", clock.now())
    over = Recurrence(every=4 * HOUR, starts_at=clock.now(), ends_at=clock.now() + HOUR)
    wrong = [
        (NewSchedule("promo", "greet", {}, SHOP, [place], rhythm), "already"),
        (NewSchedule("b", "greet", {}, SHOP, [], rhythm), "needs a chat"),
        (NewSchedule("c", "greet", {}, SHOP, [place], over), "never happens"),
    ]
    for wanted, problem in wrong:
        async with database.session() as session:  # it commits: a handler answers, and does not fail
            with pytest.raises(BadSchedule, match=problem):
                await schedules.create(session, wanted, clock.now())
    async with database.session() as session:
        assert [each.name for each in await schedules.listed(session)] == ["promo"]
        with pytest.raises(NoSuchSchedule):
            await schedules.find(session, "b")


# what becomes of a run


async def test_an_action_that_no_longer_exists_fails_in_the_history(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place, action="gone")
    await make(database, clock, place, name="well")
    clock.advance(4 * 3600)
    assert await fire(database, clock) == 2
    assert sorted(await states(database)) == [RunState.FAILED, RunState.QUEUED]
    assert "'gone'" in next(run.detail for run in await runs(database) if run.state is RunState.FAILED)
    assert await queued(database) == 1


async def test_a_zone_that_is_gone_pauses_its_schedule_and_no_other(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    number = await make(database, clock, place)
    await make(database, clock, place, name="well")
    async with database.session() as session:
        await session.execute(update(Schedule).where(Schedule.id == number).values(zone="Gone/Nowhere"))
    clock.advance(4 * 3600)
    assert await fire(database, clock) == 2
    failed = next(run for run in await runs(database) if run.state is RunState.FAILED)
    assert "Gone/Nowhere" in failed.detail
    assert (await the(database)).enabled is False
    clock.advance(4 * 3600)
    assert await fire(database, clock) == 1


async def test_deleted_while_a_run_is_queued_it_does_nothing(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    seen: list[object] = []

    async def run(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        seen.append(await schedule_runs.occasion_of(session, payload["run_id"]))

    await make(database, clock, place)
    clock.advance(4 * 3600)
    await fire(database, clock)
    async with database.session() as session:
        await schedules.remove(session, await schedules.find(session, "promo"))
    assert await runner_of(database, clock, run).run_next()
    assert (seen, await runs(database), await queued(database)) == ([None], [], 0)


@pytest.mark.postgres
async def test_who_deletes_waits_for_the_run(postgres_url: str, clock: ManualClock) -> None:
    database = Database(postgres_url)
    async with database.session() as session:
        row = {"id": SHOP, "name": "shop", "webhook_secret": "s", "created_at": clock.now()}
        await session.execute(bots.insert().values(row))
        place = (await chats.keys_of(session, [ChatId(-1001)], clock.now()))[0]
    await make(database, clock, place)
    clock.advance(4 * 3600)
    await fire(database, clock)
    order: list[str] = []
    begun = asyncio.Event()

    async def run(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        assert await schedule_runs.occasion_of(session, payload["run_id"])
        begun.set()
        await asyncio.sleep(0.2)
        await schedule_runs.finish_run(session, payload["run_id"], RunState.DONE, "", clock.now())
        order.append("run")

    async def delete() -> None:
        await begun.wait()
        async with database.session() as session:
            await schedules.remove(session, await schedules.find(session, "promo"))
            order.append("deleted")

    await asyncio.gather(runner_of(database, clock, run).run_next(), delete())
    assert (order, await runs(database)) == (["run", "deleted"], [])
    await database.aclose()


async def test_a_run_that_raises_is_failed_after_its_last_try(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    async def run(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        await schedule_runs.finish_run(session, payload["run_id"], RunState.DONE, "half done", clock.now())
        raise BotyardError("no way.")

    await make(database, clock, place)
    clock.advance(4 * 3600)
    await fire(database, clock)
    runner = runner_of(database, clock, run)
    for _ in range(MOST_TRIES):
        assert await states(database) == [RunState.QUEUED]
        assert await runner.run_next()
        clock.advance(60)
    (failed,) = await runs(database)
    assert (failed.state, failed.detail) == (RunState.FAILED, "BotyardError: no way.")
    assert failed.finished_at is not None


async def test_an_occasion_has_all_that_an_action_needs(
    database: Database, clock: ManualClock, place: ChatKey
) -> None:
    await make(database, clock, place)
    clock.advance(4 * 3600)
    await fire(database, clock)
    (run,) = await runs(database)
    async with database.session() as session:
        occasion = await schedule_runs.occasion_of(session, schedules.RunId(run.id))
    assert occasion is not None
    assert (occasion.chats, occasion.payload, occasion.bot_id) == ((place,), {"code": "x"}, SHOP)
    assert (occasion.occurrence, occasion.receipt) == (clock.now(), f"schedule:{run.id}")


async def test_old_runs_are_forgotten(database: Database, clock: ManualClock, place: ChatKey) -> None:
    await make(database, clock, place)
    for seconds in (4 * 3600, 4 * 3600):
        clock.advance(seconds)
        await fire(database, clock)
    clock.advance(schedule_runs.KEEP_RUNS.total_seconds() - 3600)
    async with database.session() as session:
        await schedule_runs.forget_old_runs(session, clock.now())
    assert len(await runs(database)) == 1


async def test_the_scheduler_fires_by_itself(
    database: Database, clock: ManualClock, place: ChatKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botyard.jobs.scheduler.LOOK_SECONDS", 0.02)
    await make(database, clock, place)
    watching = asyncio.create_task(Scheduler(database, clock, KNOWN).run())
    try:
        for count in (1, 2):
            clock.advance(4 * 3600)
            async with asyncio.timeout(5):
                while len(await runs(database)) < count:
                    await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        assert await queued(database) == 2
    finally:
        watching.cancel()
