"""The inbox: durable, each update once, in its own order, done exactly once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from botyard.clock import ManualClock
from botyard.db.hot import in_one_trip
from botyard.db.leases import Lease, LeaseHolder
from botyard.db.session import Database
from botyard.ids import BotId, BotToken, UpdateId, UpdateSeq
from botyard.inbox import backlog
from botyard.inbox.backlog import Finished
from botyard.inbox.log import Arrival, Inbox, InboxUnavailable
from botyard.inbox.models import UpdateState, updates
from botyard.inbox.slots import SLOTS, lane_key, slot_lease, slot_of
from botyard.telegram.bots import enrol
from botyard.telegram.updates import read_envelope

SHOP, NEWS = BotId(1), BotId(2)
ALL_SLOTS = range(SLOTS)


@pytest.fixture
async def inbox(database: Database, clock: ManualClock) -> Inbox:
    """An inbox for two bots."""
    tokens = {"shop": BotToken("1:sandbox-shop"), "news": BotToken("2:sandbox-news")}
    async with database.begin() as connection:
        await enrol(connection, tokens, clock.now())
    return Inbox(database, clock)


def arrival(update_id: int, *, chat: int = 5, bot: BotId = SHOP) -> Arrival:
    """A message in a chat."""
    body = json.dumps(
        {"update_id": update_id, "message": {"message_id": 1, "chat": {"id": chat, "type": "group"}}}
    )
    return Arrival(bot, read_envelope(body.encode()), body.encode())


def press(update_id: int, user: int) -> Arrival:
    """A button pressed: urgent."""
    query = {"id": "q", "from": {"id": user}, "data": "x"}
    body = json.dumps({"update_id": update_id, "callback_query": query}).encode()
    return Arrival(SHOP, read_envelope(body), body)


async def rows(database: Database) -> list[Any]:
    async with database.read() as connection:
        return list(await connection.execute(select(updates).order_by(updates.c.seq)))


async def pending(
    database: Database,
    *,
    slots: Sequence[int] = ALL_SLOTS,
    known: Sequence[UpdateSeq] = (),
    full_lanes: Sequence[str] = (),
    most: int = 100,
) -> list[int]:
    loaded = await database.read_batch(
        lambda hot: backlog.load_pending(hot, slots, known=known, full_lanes=full_lanes, most=most)
    )
    return [json.loads(each.body)["update_id"] for each in loaded]


# appending


async def test_many_at_once_are_stored_in_their_order(database: Database, inbox: Inbox) -> None:
    await asyncio.gather(*(inbox.append(arrival(number)) for number in range(1000)))
    assert [row.update_id for row in await rows(database)] == list(range(1000))


async def test_one_alone_does_not_wait_for_company(inbox: Inbox) -> None:
    async with asyncio.timeout(1):
        for number in range(10):
            await inbox.append(arrival(number))


async def test_the_same_update_fifty_times_is_one_row(database: Database, inbox: Inbox) -> None:
    await asyncio.gather(*(inbox.append(arrival(7)) for _ in range(50)))
    await inbox.append(arrival(7), arrival(7), arrival(8))
    assert [row.update_id for row in await rows(database)] == [7, 8]


async def test_ids_of_two_bots_are_unrelated(database: Database, inbox: Inbox) -> None:
    await asyncio.gather(inbox.append(arrival(7)), inbox.append(arrival(7, bot=NEWS)))
    assert {(row.bot_id, row.update_id) for row in await rows(database)} == {(SHOP, 7), (NEWS, 7)}


async def test_the_order_is_that_of_arrival_also_when_ids_jump_down(database: Database, inbox: Inbox) -> None:
    """After a silent week Telegram begins at a random id, which may be smaller (Bot API, Update)."""
    ids = [900, 901, 3, 4, 2**63 - 1, 0]
    await inbox.append(*(arrival(update_id) for update_id in ids[:3]))
    await inbox.append(*(arrival(update_id) for update_id in ids[3:]))
    assert [row.update_id for row in await rows(database)] == ids
    assert await pending(database) == ids


async def test_a_row_is_never_numbered_twice(database: Database, inbox: Inbox) -> None:
    """The number is the order of a lane: those of forgotten rows must not come again."""
    await inbox.append(arrival(1), arrival(2))
    last = (await rows(database))[-1].seq
    async with database.begin() as connection:
        await connection.execute(text("DELETE FROM updates"))
    await inbox.append(arrival(3))
    assert (await rows(database))[0].seq > last


async def test_one_that_the_database_refuses_costs_no_neighbour(database: Database, inbox: Inbox) -> None:
    stranger = BotId(999)  # no such bot: the foreign key refuses it
    results = await asyncio.gather(
        *(inbox.append(arrival(number)) for number in range(20)),
        inbox.append(arrival(100, bot=stranger)),
        *(inbox.append(arrival(number)) for number in range(20, 40)),
        return_exceptions=True,
    )
    assert [type(result) for result in results if result is not None] == [InboxUnavailable]
    assert isinstance(results[20], InboxUnavailable)
    assert isinstance(results[20].__cause__, IntegrityError)
    assert [row.update_id for row in await rows(database)] == list(range(40))


async def test_giving_up_waiting_tears_nothing(database: Database, inbox: Inbox) -> None:
    """A caller that is cancelled while the group commits: its neighbours are stored and told so."""
    callers = [asyncio.create_task(inbox.append(arrival(number))) for number in range(30)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for caller in callers[::3]:
        caller.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert all(result is None for number, result in enumerate(results) if number % 3)
    stored = {row.update_id for row in await rows(database)}
    assert stored >= {number for number in range(30) if number % 3}
    await inbox.append(arrival(0))
    assert 0 in {row.update_id for row in await rows(database)}


# loading


async def test_urgent_lanes_first_then_the_oldest(database: Database, inbox: Inbox) -> None:
    await inbox.append(arrival(1), press(2, 8), arrival(3), press(4, 9), arrival(5, chat=6))
    assert await pending(database) == [2, 4, 1, 3, 5]
    assert await pending(database, most=3) == [2, 4, 1]


async def test_what_the_caller_has_is_left_out(database: Database, inbox: Inbox) -> None:
    await inbox.append(*(arrival(number) for number in range(1, 7)))
    seqs = [row.seq for row in await rows(database)]
    assert await pending(database, known=seqs[:2], most=2) == [3, 4]
    assert await pending(database, known=seqs) == []


async def test_full_lanes_do_not_hide_the_others(database: Database, inbox: Inbox) -> None:
    await inbox.append(*(arrival(number) for number in range(1, 20)), arrival(50, chat=6))
    assert await pending(database, full_lanes=[lane_key(SHOP, "c5")], most=5) == [50]


async def test_only_the_slots_that_are_held(database: Database, inbox: Inbox) -> None:
    await inbox.append(*(arrival(number, chat=number) for number in range(1, 40)))
    mine = slot_of(lane_key(SHOP, "c7"))
    expected = [number for number in range(1, 40) if slot_of(lane_key(SHOP, f"c{number}")) == mine]
    assert await pending(database, slots=[mine]) == expected
    assert 7 in expected
    assert await pending(database, slots=[]) == []


# finishing


async def leases_of(database: Database, holder: str) -> dict[int, Lease]:
    taken = await LeaseHolder(database, holder).take([slot_lease(slot) for slot in ALL_SLOTS])
    return {int(lease.name.rpartition(":")[2]): lease for lease in taken}


async def finish(database: Database, clock: ManualClock, *finished: Finished) -> set[UpdateSeq]:
    return await database.write_batch(lambda hot: backlog.finish(hot, finished, clock.now()))


async def test_an_update_is_finished_once(database: Database, inbox: Inbox, clock: ManualClock) -> None:
    await inbox.append(arrival(1), arrival(2), arrival(3, chat=6))
    leases = await leases_of(database, "one")
    stored = await rows(database)
    done = [Finished(row.seq, leases[row.slot], f"command:{row.update_id}") for row in stored]
    assert await finish(database, clock, *done[:2]) == {stored[0].seq, stored[1].seq}
    assert await finish(database, clock, *done) == {stored[2].seq}
    assert await finish(database, clock, *done) == set()
    after = await rows(database)
    assert [(row.state, row.outcome) for row in after] == [
        (UpdateState.DONE, f"command:{number}") for number in (1, 2, 3)
    ]
    assert {row.finished_at for row in after} == {clock.now()}


async def test_two_who_finish_at_once_are_not_both_told_yes(
    database: Database, inbox: Inbox, clock: ManualClock
) -> None:
    await inbox.append(*(arrival(number, chat=number) for number in range(30)))
    leases = await leases_of(database, "one")
    stored = await rows(database)
    done = [Finished(row.seq, leases[row.slot], "ok") for row in stored]
    answers = await asyncio.gather(*(finish(database, clock, *done) for _ in range(4)))
    assert sorted(seq for answer in answers for seq in answer) == [row.seq for row in stored]


async def test_with_a_lost_lease_nothing_is_finished(
    database: Database, inbox: Inbox, clock: ManualClock
) -> None:
    await inbox.append(arrival(1))
    (row,) = await rows(database)
    first = LeaseHolder(database, "one", seconds=-1)  # run out as soon as it is taken
    (old,) = await first.take([slot_lease(row.slot)])
    new = (await leases_of(database, "two"))[row.slot]
    assert new.fence == old.fence + 1
    assert new.after_crash
    assert await finish(database, clock, Finished(row.seq, old, "late")) == set()
    assert (await rows(database))[0].state is UpdateState.PENDING
    assert await finish(database, clock, Finished(row.seq, new, "ok")) == {row.seq}


async def test_a_rolled_back_finish_is_none(database: Database, inbox: Inbox, clock: ManualClock) -> None:
    await inbox.append(arrival(1))
    (row,) = await rows(database)
    leases = await leases_of(database, "one")

    async def finish_and_fail() -> None:
        async with database.begin() as connection:
            done = [Finished(row.seq, leases[row.slot], "ok")]
            assert await in_one_trip(connection, lambda hot: backlog.finish(hot, done, clock.now()))
            raise RuntimeError("the handler's own write failed")

    with pytest.raises(RuntimeError):
        await finish_and_fail()
    assert (await rows(database))[0].state is UpdateState.PENDING


# failing, and coming back


async def test_postponed_buried_replayed(database: Database, inbox: Inbox, clock: ManualClock) -> None:
    await inbox.append(arrival(1), arrival(2), arrival(1, bot=NEWS))
    first, _, other = await rows(database)
    until = clock.now() + timedelta(seconds=4)
    async with database.begin() as connection:
        await backlog.postpone(connection, first.seq, attempts=2, until=until, error="ValueError: no")
    row = (await rows(database))[0]
    assert (row.state, row.attempts, row.not_before, row.error) == (
        UpdateState.PENDING,
        2,
        until,
        "ValueError: no",
    )

    async with database.begin() as connection:
        for each in (first, other):
            await backlog.bury(connection, each.seq, attempts=5, now=clock.now(), error="ValueError: no")
    row = (await rows(database))[0]
    assert (row.state, row.attempts, row.finished_at) == (UpdateState.DEAD, 5, clock.now())
    assert await pending(database) == [2]
    async with database.read() as connection:
        assert await backlog.count_by_state(connection, UpdateState.DEAD) == {SHOP: 1, NEWS: 1}
        assert await backlog.count_by_state(connection, UpdateState.PENDING) == {SHOP: 1}

    async def replay(*ids: int, bot_id: BotId | None = None) -> list[UpdateId]:
        async with database.begin() as connection:
            return await backlog.replay(connection, [UpdateId(each) for each in ids], bot_id=bot_id)

    assert await replay(1, 2, 3, bot_id=SHOP) == [1]
    assert await replay(1, bot_id=SHOP) == []
    row = (await rows(database))[0]
    assert (row.state, row.attempts, row.not_before, row.error) == (UpdateState.PENDING, 0, None, None)
    assert (await rows(database))[2].state is UpdateState.DEAD
    assert await pending(database) == [1, 2]  # in its old place


async def test_what_is_done_is_neither_postponed_nor_buried_nor_replayed(
    database: Database, inbox: Inbox, clock: ManualClock
) -> None:
    """A late verdict on an update whose commit did succeed must not undo it."""
    await inbox.append(arrival(1))
    (row,) = await rows(database)
    leases = await leases_of(database, "one")
    await finish(database, clock, Finished(row.seq, leases[row.slot], "ok"))
    async with database.begin() as connection:
        await backlog.postpone(connection, row.seq, attempts=1, until=clock.now(), error="x")
        await backlog.bury(connection, row.seq, attempts=5, now=clock.now(), error="x")
        assert await backlog.replay(connection, [UpdateId(1)]) == []
    row = (await rows(database))[0]
    assert (row.state, row.attempts, row.error) == (UpdateState.DONE, 0, None)


async def test_tries_are_counted_of_what_still_waits(
    database: Database, inbox: Inbox, clock: ManualClock
) -> None:
    assert await database.read_batch(backlog.newest) == 0
    await inbox.append(arrival(1), arrival(2), arrival(3))
    first, second, third = await rows(database)
    assert await database.read_batch(backlog.newest) == third.seq
    leases = await leases_of(database, "one")
    await finish(database, clock, Finished(first.seq, leases[first.slot], "ok"))
    await database.write_batch(lambda hot: backlog.count_tries(hot, [first.seq, second.seq]))
    assert [row.attempts for row in await rows(database)] == [0, 1, 0]
