"""The worker: each update one transaction, each lane in order, no lane waits for another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from sqlalchemy import select, update
from tests.inbox.workshop import HastyClock, Workshop, effects, rows_of, working
from tests.ingress.knocking import postgres_away

from botyard.clock import SystemClock
from botyard.db.leases import leases
from botyard.db.session import Database
from botyard.inbox import backlog
from botyard.inbox.lanes import LANE_FULL
from botyard.inbox.models import UpdateState
from botyard.outbox.models import outbox
from botyard.routing import worker as worker_module
from botyard.routing.context import Context
from botyard.routing.registry import Command, command
from botyard.routing.worker import MOST_TRIES

Fails = Callable[[], bool]


def noting() -> Command:
    """`/note <word>` writes the word down, in the update's own transaction, and replies."""

    @command("note", description="Writes a word down")
    async def note(ctx: Context) -> None:
        ctx.audit("note", ctx.args)
        ctx.reply(ctx.args)

    return note


def failing(fails: Fails = lambda: True) -> Command:
    """`/fail <word>` writes the word down, replies, and raises as long as `fails` says so."""

    @command("fail", description="Fails")
    async def fail(ctx: Context) -> None:
        ctx.audit("fail", ctx.args)
        ctx.reply(ctx.args)
        await ctx.session.flush()
        if fails():
            raise ValueError(f"no good: {ctx.args}")

    return fail


async def replies(database: Database) -> int:
    async with database.read() as connection:
        return len((await connection.execute(select(outbox.c.id))).all())


# order, and independence


async def test_each_lane_in_order_under_two_hundred_updates(database: Database) -> None:
    async with working(database, noting()) as workshop:
        people = range(3001, 3011)
        messages = [
            (number * 10 + place, f"/note {user}:{number}", user)
            for number in range(20)
            for place, user in enumerate(people)
        ]
        await asyncio.gather(*(workshop.put_in(*messages[at : at + 7]) for at in range(0, 200, 7)))
        rows = await workshop.until_done(seconds=30)
        assert {row.outcome for row in rows} == {"command:note:ok"}
        done = await effects(database)
        assert len(done) == len(set(done)) == 200
        for user in people:
            own = [subject for subject in done if subject.startswith(f"{user}:")]
            assert own == [f"{user}:{number}" for number in range(20)]


async def test_a_handler_that_fails_is_tried_again_then_dead_and_its_lane_goes_on(database: Database) -> None:
    async with working(database, noting(), failing(), clock=HastyClock()) as workshop:
        await workshop.put_in((1, "/fail one", 3001), (2, "/note two", 3001), (3, "/note three", 3002))
        rows = {row.update_id: row for row in await workshop.until_done()}
        dead = rows[1]
        assert (dead.state, dead.attempts, dead.outcome) == (UpdateState.DEAD, MOST_TRIES, None)
        assert dead.error == "ValueError: no good: one"
        assert {rows[2].state, rows[3].state} == {UpdateState.DONE}
        assert sorted(await effects(database)) == ["three", "two"]  # of the failed one nothing is left
        assert await replies(database) == 2
        errors = {
            tuple(sample.labels.values()): sample.value
            for family in workshop.metrics.registry.collect()
            for sample in family.samples
            if sample.name == "telegram_errors_total"
        }
        assert errors == {("shop", "retry"): MOST_TRIES - 1, ("shop", "dead"): 1}


async def test_each_retry_waits_longer_and_the_others_do_not(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    failures = iter([True, True])
    async with working(database, noting(), failing(lambda: next(failures, False))) as workshop:
        began = monotonic()
        await workshop.put_in((1, "/fail one", 3001), (2, "/note behind", 3001), (3, "/note other", 3002))
        await workshop.until_done(3)
        assert monotonic() - began < 1.0
        rows = {row.update_id: row for row in await workshop.until_done()}
        assert 3.0 <= monotonic() - began < 8.0  # after 1 and 2 seconds
        assert (rows[1].state, rows[1].attempts, rows[1].outcome) == (UpdateState.DONE, 2, "command:fail:ok")
        assert await effects(database) == ["other", "one", "behind"]
    await database.aclose()


async def test_many_failing_lanes_leave_room_for_the_others(sqlite_url: str) -> None:
    """More waits behind failed updates than is ever held in memory: a stranger's message does not wait."""
    database = Database(sqlite_url)
    async with working(database, noting(), failing()) as workshop:
        crowd = [
            (lane * 100 + number, "/fail" if number == 0 else "/note behind", 3000 + lane)
            for lane in range(45)
            for number in range(LANE_FULL + 5)
        ]
        await workshop.put_in(*crowd)

        async def all_failed_once() -> bool:
            return sum(row.attempts > 0 for row in await rows_of(database)) >= 45

        async with asyncio.timeout(30):
            while not await all_failed_once():
                await asyncio.sleep(0.05)
        began = monotonic()
        await workshop.put_in((99_999, "/note stranger", 9001))
        await workshop.until_done(99_999)
        assert monotonic() - began < 2.0
    await database.aclose()


async def test_a_handler_that_hangs_is_stopped_and_the_others_never_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HANDLER_SECONDS", 2.0)  # 30 s: no other door
    hangs = iter([True])

    @command("hang", description="Hangs once")
    async def hang(ctx: Context) -> None:
        if next(hangs, False):
            await asyncio.sleep(60)
        ctx.audit("hang", ctx.args)

    async with working(database, noting(), hang) as workshop:
        people = range(3001, 3021)
        await workshop.put_in(*((user, "/note hello", user) for user in people))
        await workshop.until_done()  # everybody is known now: the next message alone touches no table
        await workshop.put_in((1, "/hang one", 3001), (2, "/note behind", 3001))
        await workshop.put_in(*((user + 1000, "/note again", user) for user in people[1:]))
        rows = {
            row.update_id: row for row in await workshop.until_done(*(user + 1000 for user in people[1:]))
        }
        assert (rows[1].state, rows[1].attempts) == (UpdateState.PENDING, 0)  # it still hangs
        rows = {row.update_id: row for row in await workshop.until_done()}
        assert (rows[1].state, rows[1].attempts) == (UpdateState.DONE, 1)
        assert "TimeoutError" in rows[1].error
        assert (await effects(database))[-2:] == ["one", "behind"]
        assert {row.attempts for row in rows.values() if row.update_id != 1} == {0}


# coming back


async def test_a_replayed_dead_letter_takes_effect_once(database: Database) -> None:
    broken = True
    async with working(database, noting(), failing(lambda: broken), clock=HastyClock()) as workshop:
        await workshop.put_in((1, "/fail one", 3001))
        (row,) = await workshop.until_done()
        assert row.state is UpdateState.DEAD
        broken = False
        for expected in ([1], [], []):
            async with database.begin() as connection:
                assert await backlog.replay(connection, [row.update_id]) == expected
        rows = await workshop.until_done()
        assert (rows[0].state, rows[0].outcome) == (UpdateState.DONE, "command:fail:ok")
        assert await effects(database) == ["one"]
        assert await replies(database) == 1


async def test_an_update_that_kills_its_process_becomes_a_dead_letter(database: Database) -> None:
    """What waited when a process died is a suspect: its tries are counted before they are made."""
    started = 0

    @command("kill", description="Never returns")
    async def kill(ctx: Context) -> None:
        nonlocal started
        started += 1
        ctx.audit("kill", ctx.args)
        await asyncio.sleep(3600)

    async def crash(number: int, *put_in: tuple[int, str, int]) -> None:
        """A process that dies while it handles the update: nothing is given back, nothing is cleaned up."""
        async with working(database, noting(), kill, name=f"life {number}") as workshop:
            await workshop.put_in(*put_in)
            async with asyncio.timeout(5):
                while started <= number:
                    await asyncio.sleep(0.01)
            # As a kill leaves it: the leases stand in its name, and run out.
            workshop.holder.release = workshop.holder.renew  # type: ignore[method-assign]
            for task in asyncio.all_tasks():
                if task.get_name().startswith(("handler", "worker")):
                    task.cancel()
            workshop.working.cancel()
            await asyncio.wait([workshop.working])
        async with database.begin() as connection:
            await connection.execute(update(leases).values(expires_at=0.0))

    await crash(0, (1, "/kill", 3001), (2, "/note behind", 3001))
    for number in range(1, MOST_TRIES + 1):
        await crash(number)
    async with working(database, noting(), kill, name="the last") as workshop:
        rows = {row.update_id: row for row in await workshop.until_done(seconds=10)}
    assert started == 1 + MOST_TRIES, "before the first crash there was no suspicion"
    assert rows[1].state is UpdateState.DEAD
    assert "ProcessKilled" in rows[1].error
    assert rows[2].state is UpdateState.DONE
    assert await effects(database) == ["behind"]


@pytest.mark.postgres
async def test_an_outage_of_the_database_is_no_try(postgres_url: str) -> None:
    """What the worker holds in memory while the server is away is handled when it is back, not buried."""
    database = Database(postgres_url)
    begun, released = asyncio.Event(), asyncio.Event()

    @command("slow", description="Takes its time")
    async def slow(ctx: Context) -> None:
        begun.set()
        await released.wait()
        ctx.audit("slow", ctx.args)

    async with working(database, slow, clock=HastyClock()) as workshop:
        await workshop.put_in((1, "/slow one", 3001))
        await begun.wait()
        with postgres_away(postgres_url):
            released.set()
            await asyncio.sleep(1.0)  # for this clock that is many minutes, and many tries
        (row,) = await workshop.until_done()
        assert row.state is UpdateState.DONE
        assert row.attempts <= 1  # one, if the server came back between the failure and its record
        assert await effects(database) == ["one"]
    await database.aclose()


# ending


async def test_what_is_under_way_is_finished_before_it_stops(database: Database) -> None:
    begun = asyncio.Event()

    @command("slow", description="Takes its time")
    async def slow(ctx: Context) -> None:
        begun.set()
        await asyncio.sleep(0.5)
        ctx.audit("slow", ctx.args)

    async with working(database, noting(), slow) as workshop:
        await workshop.put_in((1, "/slow one", 3001), (2, "/note two", 3001))
        await begun.wait()
        began = monotonic()
        workshop.working.cancel()
        await asyncio.wait([workshop.working], timeout=5)
        assert workshop.working.done()
        assert monotonic() - began < 2.0
        rows = {row.update_id: row.state for row in await rows_of(database)}
        assert rows == {1: UpdateState.DONE, 2: UpdateState.PENDING}
        async with database.read() as connection:  # given back, not left to run out
            held = await connection.execute(select(leases.c.name).where(leases.c.holder != ""))
            assert held.all() == []


async def test_what_does_not_end_in_time_is_left_for_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "DRAIN_SECONDS", 0.2)  # 10 s: no other door
    begun, released = asyncio.Event(), asyncio.Event()

    @command("slow", description="Takes its time")
    async def slow(ctx: Context) -> None:
        ctx.audit("slow", ctx.args)
        begun.set()
        await released.wait()

    async with working(database, slow) as workshop:
        await workshop.put_in((1, "/slow one", 3001))
        await begun.wait()
        workshop.working.cancel()
        await asyncio.wait([workshop.working], timeout=5)
        assert workshop.working.done()
    assert await effects(database) == []
    released.set()
    async with working(database, slow, name="two") as workshop:
        (row,) = await workshop.until_done()
    assert (row.state, row.attempts) == (UpdateState.DONE, 0)
    assert await effects(database) == ["one"]


# two of them


@asynccontextmanager
async def two_on(url: str, *commands: Command) -> AsyncIterator[tuple[Workshop, Workshop]]:
    one, two = Database(url), Database(url)
    async with working(one, *commands, name="one") as first, working(two, *commands, name="two") as second:
        yield first, second
    await one.aclose()
    await two.aclose()


@pytest.mark.postgres
async def test_two_workers_share_and_each_update_takes_effect_once(postgres_url: str) -> None:
    seen: list[str] = []

    @command("who", description="Says which process it was")
    async def who(ctx: Context) -> None:
        engine = "one" if ctx.house.database is databases[0] else "two"
        ctx.audit("who", f"{engine}:{ctx.args}")
        seen.append(engine)

    async with two_on(postgres_url, who) as (first, second):
        databases = (first.database, second.database)

        async def shares() -> Counter[str]:
            async with first.database.read() as connection:
                rows = await connection.execute(
                    select(leases.c.holder).where(leases.c.name.startswith("slot:"))
                )
                return Counter(row.holder for row in rows)

        async with asyncio.timeout(15):
            while await shares() != {"one": 32, "two": 32}:
                await asyncio.sleep(0.1)
        for start in range(0, 300, 30):
            both = (first, second) if start % 60 else (second, first)
            messages = [(n, f"/who {n}", 3000 + n % 50) for n in range(start, start + 30)]
            await asyncio.gather(*(workshop.put_in(*messages) for workshop in both))  # each knocks twice
        rows = await first.until_done(seconds=20)
        assert len(rows) == 300
        done = await effects(first.database)
        assert sorted(int(subject.partition(":")[2]) for subject in done) == list(range(300))
        counted = Counter(subject.partition(":")[0] for subject in done)
        assert min(counted["one"], counted["two"]) > 50
        for user in range(50):  # a lane is one process's, and in order
            own = [subject.partition(":")[2] for subject in done if int(subject.split(":")[1]) % 50 == user]
            assert own == [str(n) for n in range(user, 300, 50)]


@pytest.mark.postgres
async def test_when_one_of_two_stops_the_other_takes_all(postgres_url: str) -> None:
    async with two_on(postgres_url, noting()) as (first, second):
        second.working.cancel()
        await asyncio.wait([second.working])
        await first.put_in(*((n, f"/note {n}", 3000 + n) for n in range(100)))
        await first.until_done(seconds=15)
        assert sorted(map(int, await effects(first.database))) == list(range(100))


async def test_on_sqlite_a_handler_keeps_the_only_writer_for_a_second_at_most(sqlite_url: str) -> None:
    """Whoever writes waits for it meanwhile; it is tried again, and ends as a dead letter that says why."""
    database = Database(sqlite_url)

    @command("dawdle", description="Writes, then waits")
    async def dawdle(ctx: Context) -> None:
        ctx.audit("dawdle", ctx.args)
        await ctx.session.flush()
        await asyncio.sleep(20)

    async with working(database, noting(), dawdle) as workshop, asyncio.timeout(20):
        await workshop.put_in((1, "/note hello", 3001))
        await workshop.until_done()
        before = SystemClock().monotonic()
        await workshop.put_in((2, "/dawdle", 3002))
        await asyncio.sleep(0.2)
        await workshop.put_in((3, "/note other", 3001))
        while (await effects(database)) != ["hello", "other"]:
            await asyncio.sleep(0.02)
        assert SystemClock().monotonic() - before < 3
        row = (await rows_of(database))[1]
        assert row.attempts >= 1
        assert "only writer" in row.error
    await database.aclose()


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        RuntimeError("half \ud800 pair"),
        RuntimeError("a NUL \0 in it"),
        Unspeakable(),
        asyncio.InvalidStateError(),
    ],
    ids=["cancelled", "surrogate", "nul", "unspeakable", "other"],
)
async def test_whatever_a_handler_raises_is_a_dead_letter_in_the_end(
    database: Database, error: BaseException
) -> None:
    @command("fail", description="Raises it")
    async def fail(_ctx: Context) -> None:
        raise error

    async with working(database, noting(), fail, clock=HastyClock()) as workshop:
        await workshop.put_in(*((number, "/fail", 3000 + number) for number in range(1, 80)))
        await workshop.put_in((100, "/note on", 3001), (101, "/note elsewhere", 3500))
        rows = await workshop.until_done(seconds=30)
    assert [row.state for row in rows] == [UpdateState.DEAD] * 79 + [UpdateState.DONE] * 2
    assert type(error).__name__ in rows[0].error
    assert sorted(await effects(database)) == ["elsewhere", "on"]
