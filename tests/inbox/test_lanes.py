"""Lanes: one update of a lane at a time, urgent lanes first, all lanes side by side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from botyard.clock import ManualClock, SystemClock
from botyard.ids import BotId, UpdateSeq
from botyard.inbox.backlog import PendingUpdate
from botyard.inbox.lanes import LANE_FULL, Lanes


def pending(
    seq: int, lane: str, clock: ManualClock | SystemClock, *, slot: int = 0, urgent: bool = False
) -> PendingUpdate:
    return PendingUpdate(UpdateSeq(seq), BotId(1), lane, slot, urgent, b"{}", clock.now(), 0, None)


async def test_a_lane_rests_while_its_update_is_under_way(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    for seq in (1, 2):
        lanes.add(pending(seq, "a", clock))
    lanes.add(pending(3, "b", clock))
    first, other = await lanes.take(), await lanes.take()
    assert (first.seq, other.seq) == (1, 3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lanes.take(), 0.02)
    lanes.leave(first)
    assert (await lanes.take()).seq == 2


async def test_urgent_lanes_go_first(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    for seq in range(1, 6):
        lanes.add(pending(seq, f"c{seq}", clock))
    lanes.add(pending(6, "u1", clock, urgent=True))
    assert (await lanes.take()).seq == 6


async def test_a_failed_update_comes_back_before_those_behind_it() -> None:
    clock = SystemClock()
    lanes = Lanes(clock)
    lanes.add(pending(1, "a", clock))
    lanes.add(pending(2, "a", clock))
    failed = await lanes.take()
    lanes.put_back(failed, attempts=1, until=clock.now() + timedelta(milliseconds=60))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lanes.take(), 0.02)
    again = await asyncio.wait_for(lanes.take(), 1)
    assert (again.seq, again.attempts) == (1, 1)


async def test_an_update_is_never_here_twice(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    lanes.about_to_load()
    lanes.add(pending(1, "a", clock))
    lanes.add(pending(1, "a", clock))
    lanes.leave(await lanes.take())
    lanes.add(pending(1, "a", clock))  # the query that ran meanwhile still showed it
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lanes.take(), 0.02)
    assert not lanes.known


async def test_slots_that_are_lost_take_their_waiting_updates_along(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    lanes.add(pending(1, "a", clock, slot=1))
    lanes.add(pending(2, "a", clock, slot=1))
    lanes.add(pending(3, "b", clock, slot=2))
    under_way = await lanes.take()
    lanes.drop_slots({1, 2})
    assert set(lanes.known) == {1}
    assert lanes.busy_in({1})
    lanes.leave(under_way)
    assert not lanes.busy_in({1})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lanes.take(), 0.02)


async def test_a_full_lane_is_named(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    for seq in range(LANE_FULL):
        lanes.add(pending(seq, "busy", clock))
    lanes.add(pending(1000, "calm", clock))
    assert lanes.full() == ["busy"]


async def test_a_lane_that_waits_for_a_retry_holds_only_its_head(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    for seq in range(1, 10):
        lanes.add(pending(seq, "a", clock))
    head = await lanes.take()
    lanes.put_back(head, attempts=1, until=clock.now() + timedelta(seconds=4))
    assert set(lanes.known) == {1}
    assert lanes.full() == ["a"]
    lanes.add(pending(2, "a", clock))  # from a query that was under way
    assert set(lanes.known) == {1}
    clock.advance(5)
    again = await asyncio.wait_for(lanes.take(), 1)
    assert again.seq == 1
    assert lanes.full() == []
    lanes.about_to_load()
    for seq in range(2, 10):
        lanes.add(pending(seq, "a", clock))
    lanes.leave(again)
    assert (await lanes.take()).seq == 2


async def test_a_lane_whose_head_was_postponed_by_another_process_rests_too(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    later = clock.now() + timedelta(seconds=4)
    lanes.add(replace(pending(1, "a", clock), not_before=later))
    lanes.add(pending(2, "a", clock))
    lanes.add(pending(3, "b", clock))
    assert set(lanes.known) == {1, 3}
    assert (await lanes.take()).seq == 3


async def test_slots_that_go_take_resting_lanes_along(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    lanes.add(pending(1, "a", clock, slot=3))
    lanes.put_back(await lanes.take(), attempts=1, until=clock.now() + timedelta(seconds=4))
    lanes.drop_slots([3])
    assert not lanes.known
    assert lanes.full() == []
    lanes.add(pending(1, "a", clock, slot=3))  # the slot came back
    assert (await lanes.take()).seq == 1


async def test_what_was_given_up_is_not_overtaken_by_a_load_under_way(clock: ManualClock) -> None:
    lanes = Lanes(clock)
    first, second = pending(1, "a", clock), pending(2, "a", clock)
    lanes.add(first)
    lanes.about_to_load()  # its query leaves out the first, which is known, and finds the second
    lanes.give_up(await lanes.take())
    lanes.add(second)
    lanes.about_to_load()
    for update in (first, second):
        lanes.add(update)
    assert (await lanes.take()).seq == 1


async def test_what_needs_care_is_taken_apart_from_the_others(clock: ManualClock) -> None:
    lanes = Lanes(clock, needs_care=lambda update: update.attempts > 0)
    lanes.add(replace(pending(1, "a", clock), attempts=1))
    lanes.add(pending(2, "a", clock))
    lanes.add(pending(3, "b", clock))
    assert (await lanes.take()).seq == 3
    careful = await lanes.take_careful()
    assert careful.seq == 1
    lanes.leave(careful)
    assert (await lanes.take()).seq == 2


async def test_running_low_is_told(clock: ManualClock) -> None:
    told: list[int] = []
    lanes = Lanes(clock, low=2, ran_low=lambda: told.append(len(lanes.known)))
    for seq in range(1, 5):
        lanes.add(pending(seq, f"c{seq}", clock))
    for _ in range(4):
        lanes.leave(await lanes.take())
    assert told == [1]
