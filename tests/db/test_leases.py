"""Leases: one holder at a time, fenced, and free again when he is gone."""

from __future__ import annotations

import asyncio

from botyard.clock import SystemClock
from botyard.db.lease_keeper import LeaseKeeper
from botyard.db.leases import Lease, LeaseHolder, end_all_leases
from botyard.db.session import Database

NAMES = [f"slot:{number:02}" for number in range(8)]


async def test_only_one_holder_gets_a_lease(database: Database) -> None:
    first, second = LeaseHolder(database, "first"), LeaseHolder(database, "second")
    taken = await first.take(NAMES)
    assert {lease.name for lease in taken} == set(NAMES)
    assert await second.take(NAMES) == []
    await first.release(taken[:3])
    assert {lease.name for lease in await second.take(NAMES)} == {lease.name for lease in taken[:3]}


async def test_two_holders_at_once_share_without_overlap(database: Database) -> None:
    holders = [LeaseHolder(database, f"holder {number}") for number in range(4)]
    taken = await asyncio.gather(*(holder.take(NAMES) for holder in holders))
    names = [lease.name for leases in taken for lease in leases]
    assert sorted(names) == NAMES


async def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_fence(database: Database) -> None:
    late = LeaseHolder(database, "late", seconds=0.05)
    (old,) = await late.take(NAMES[:1])
    await asyncio.sleep(0.1)
    (new,) = await LeaseHolder(database, "next").take(NAMES[:1])
    assert new.fence > old.fence
    assert new.after_crash
    assert await late.renew([old]) == []
    assert await late.renew([new]) == [], "it is another's"


async def test_a_lease_given_back_is_not_taken_for_a_crash(database: Database) -> None:
    holder = LeaseHolder(database, "tidy")
    await holder.release(await holder.take(NAMES[:1]))
    (lease,) = await holder.take(NAMES[:1])
    assert not lease.after_crash


async def test_the_only_process_ends_the_leases_of_a_dead_one(database: Database) -> None:
    await LeaseHolder(database, "dead").take(NAMES)
    await end_all_leases(database)
    taken = await LeaseHolder(database, "alive").take(NAMES)
    assert len(taken) == len(NAMES)
    assert all(lease.after_crash for lease in taken)


async def test_keepers_share_evenly_and_even_out_when_one_comes_and_goes(database: Database) -> None:
    held: dict[str, set[str]] = {"a": set(), "b": set()}

    def keeper(name: str) -> LeaseKeeper:
        async def changed(gained: list[Lease], lost: list[Lease]) -> None:
            held[name] |= {lease.name for lease in gained}
            held[name] -= {lease.name for lease in lost}

        return LeaseKeeper(LeaseHolder(database, name), "worker", NAMES, SystemClock(), changed)

    first, second = keeper("a"), keeper("b")
    await first.step()
    assert held["a"] == set(NAMES)
    await second.step()  # all taken: it makes itself known
    await first.step()  # gives half back
    await second.step()
    assert len(held["a"]) == len(held["b"]) == 4
    assert not held["a"] & held["b"]
    await second.stop()
    await first.step()
    assert held["a"] == set(NAMES)
