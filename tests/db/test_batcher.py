"""Batches: who comes at the same time shares a transaction, and nobody pays for another's mistake."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from botyard.db.batcher import MOST_BYTES, Batcher
from botyard.db.hot import HotConnection, HotStatement
from botyard.db.leases import LeaseHolder
from botyard.db.session import Database

COUNT = HotStatement("SELECT count(*) FROM leases")
MAKE = HotStatement(
    "INSERT INTO leases (name, holder, fence, expires_at) SELECT name, '', 0, 0 FROM {lease} WHERE true",
    lease={"name": "text"},
)


def make(hot: HotConnection, names: Sequence[str]) -> list[str]:
    """Makes rows; a name that is there already breaks the whole statement."""
    if "a bug" in names:
        raise ZeroDivisionError
    hot.execute(MAKE, lease=[{"name": name} for name in names])
    return [f"made {name}" for name in names]


async def names_of(database: Database) -> list[str]:
    rows = await database.read_batch(
        lambda hot: hot.execute(HotStatement("SELECT name FROM leases ORDER BY name"))
    )
    return [name for (name,) in rows]


class Slow:
    """Work that takes its time and notes its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __call__(self, hot: HotConnection, items: Sequence[int]) -> list[int]:
        hot.execute(COUNT)
        self.batches.append(list(items))
        time.sleep(0.02)
        return [item * 2 for item in items]


async def test_what_came_meanwhile_is_one_batch(database: Database) -> None:
    work = Slow()
    batcher: Batcher[int, int] = Batcher(database.writes(), work)
    results = await asyncio.gather(*(batcher.add(number) for number in range(100)))
    assert results == [number * 2 for number in range(100)]
    first = batcher.add(100)
    await asyncio.sleep(0.01)
    later = [batcher.add(number) for number in range(101, 110)]
    await asyncio.gather(first, *later)
    assert work.batches == [list(range(100)), [100], list(range(101, 110))]


async def test_a_batch_is_no_larger_than_it_may_be(database: Database) -> None:
    work = Slow()
    batcher: Batcher[int, int] = Batcher(database.writes(), work, most=4)
    assert await asyncio.gather(*(batcher.add(number) for number in range(10))) == [
        number * 2 for number in range(10)
    ]
    assert work.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("bad", ["there", "a bug"])
async def test_a_bad_item_costs_its_neighbours_nothing(database: Database, bad: str) -> None:
    """Not those of its own batch, and not those of another's that shared the transaction."""
    await LeaseHolder(database, "x").take(["there"])
    queue = database.writes()
    one: Batcher[str, str] = Batcher(queue, make)
    other: Batcher[str, str] = Batcher(queue, make)
    found = await asyncio.gather(
        one.add("a"), one.add(bad), one.add("b"), other.add("c"), return_exceptions=True
    )
    assert [found[0], *found[2:]] == ["made a", "made b", "made c"]
    assert isinstance(found[1], Exception)
    assert await names_of(database) == ["a", "b", "c", "there"]


async def test_nothing_is_tried_again_while_the_database_is_away(database: Database) -> None:
    tries = 0

    def away(_hot: HotConnection, _items: Sequence[int]) -> list[int]:
        nonlocal tries
        tries += 1
        raise OperationalError("", {}, Exception())

    batcher: Batcher[int, int] = Batcher(database.writes(), away)
    found = await asyncio.gather(*(batcher.add(number) for number in range(5)), return_exceptions=True)
    assert [type(each) for each in found] == [OperationalError] * 5
    assert tries == 1


async def test_who_has_no_more_patience_is_told_so(database: Database) -> None:
    work = Slow()
    batcher: Batcher[int, int] = Batcher(database.writes(), work, patience=0.005)
    under_way = batcher.add(1)
    await asyncio.sleep(0)
    waiting = batcher.add(2)
    for future in (under_way, waiting):
        with pytest.raises(TimeoutError):
            await future
    await asyncio.sleep(0.05)
    assert work.batches == [[1]], "who had given up before his turn was not done"


async def test_on_sqlite_all_that_write_share_their_transactions(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    work = Slow()
    threads: list[int] = []

    def note(hot: HotConnection, items: Sequence[int]) -> list[int]:
        threads.append(threading.get_ident())
        return work(hot, items)

    urgent: Batcher[int, int] = Batcher(database.writes(), note)
    patient: Batcher[int, int] = Batcher(database.writes(), note, within=10.0)
    await urgent.add(0)
    waiting = [patient.add(number) for number in range(1, 4)]
    await asyncio.sleep(0.05)
    assert work.batches == [[0]], "it waits for company: one came a moment ago"
    await asyncio.gather(urgent.add(4), *waiting)
    assert sorted(work.batches[1:]) == [[1, 2, 3], [4]]
    assert len(set(threads)) == 1
    await database.aclose()


async def test_where_nobody_came_lately_nobody_is_waited_for(database: Database) -> None:
    patient: Batcher[int, int] = Batcher(database.writes(), Slow(), within=10.0)
    async with asyncio.timeout(5):
        assert await patient.add(1) == 2


async def test_on_sqlite_a_batch_waits_for_one_session_at_most(sqlite_url: str) -> None:
    """However many sessions want the only writer: whoever stores an update goes before them."""
    database = Database(sqlite_url)
    ended: list[str] = []

    async def session(name: str) -> None:
        async with database.session() as unit:
            await unit.execute(text("DELETE FROM leases"))
            await asyncio.sleep(0.02)
        ended.append(name)

    sessions = [asyncio.create_task(session(f"session {number}")) for number in range(10)]
    await asyncio.sleep(0.01)
    batcher: Batcher[int, int] = Batcher(database.writes(), Slow())
    await batcher.add(1)
    ended.append("batch")
    await asyncio.gather(*sessions)
    assert ended.index("batch") <= 2
    assert len(ended) == 11
    await database.aclose()


async def test_who_comes_later_has_patience_of_his_own(sqlite_url: str) -> None:
    """However long the database is busy: nobody waits longer than he said."""
    database = Database(sqlite_url)
    gate = threading.Event()

    def stuck(_hot: HotConnection, items: Sequence[int]) -> Sequence[int]:
        gate.wait(5)
        return items

    batcher: Batcher[int, int] = Batcher(database.writes(), stuck, patience=0.05)
    for number in range(5):
        before = time.monotonic()
        with pytest.raises(TimeoutError):
            await batcher.add(number)
        assert time.monotonic() - before < 1
    gate.set()
    await asyncio.sleep(0.1)
    await database.aclose()


async def test_a_batch_has_a_size(database: Database) -> None:
    work = Slow()
    batcher: Batcher[int, int] = Batcher(database.writes(), work, size=lambda item: item * MOST_BYTES // 4)
    await asyncio.gather(*(batcher.add(each) for each in (1, 2, 3, 9, 0, 1)))
    assert work.batches == [[1, 2, 3], [9], [0, 1]]
