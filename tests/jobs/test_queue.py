"""Queueing jobs and telling facts: on the caller's transaction, and each only as often as meant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import UserId
from botyard.jobs.facts import Facts, Listener, RoleChanged
from botyard.jobs.models import Job, JobState
from botyard.jobs.queue import enqueue
from botyard.jobs.runner import JobRunner


async def jobs(database: Database) -> list[Job]:
    async with database.reading() as session:
        return list((await session.scalars(select(Job).order_by(Job.id))).all())


async def nothing(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    """Does nothing."""


async def test_a_job_is_queued_with_the_callers_work(database: Database, clock: ManualClock) -> None:
    later = clock.now() + timedelta(hours=1)
    async with database.session() as session:
        await enqueue(session, "now", {"of": [1, "ü", None]}, clock.now())
        await enqueue(session, "later", {}, clock.now(), run_at=later)
    now_job, later_job = await jobs(database)
    assert (now_job.name, now_job.payload, now_job.run_at) == ("now", {"of": [1, "ü", None]}, clock.now())
    assert (now_job.state, now_job.attempts, now_job.created_at) == (JobState.PENDING, 0, clock.now())
    assert (later_job.run_at, later_job.created_at) == (later, clock.now())


async def test_a_job_goes_with_the_work_that_failed(database: Database, clock: ManualClock) -> None:
    async def work_that_fails() -> None:
        async with database.session() as session:
            await enqueue(session, "never", {}, clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work_that_fails()
    assert await jobs(database) == []


async def test_a_key_is_queued_once_also_after_it_ran(database: Database, clock: ManualClock) -> None:
    async def queue(payload: Mapping[str, Any], key: str | None) -> None:
        async with database.session() as session:
            await enqueue(session, "bill", payload, clock.now(), key=key)

    await queue({"first": True}, "march")
    await queue({"first": False}, "march")
    await queue({}, "april")
    runner = JobRunner(database, [], clock)  # nobody knows these jobs: they fail, and stay
    await runner.run_next()
    await queue({"first": False}, "march")
    assert [(job.key, job.payload) for job in await jobs(database)] == [
        ("march", {"first": True}),
        ("april", {}),
    ]
    await queue({}, None)
    await queue({}, None)
    assert len(await jobs(database)) == 4


async def test_a_key_is_queued_once_by_many_at_once(database: Database, clock: ManualClock) -> None:
    async def queue() -> None:
        async with database.session() as session:
            await enqueue(session, "bill", {}, clock.now(), key="march")

    await asyncio.gather(*(queue() for _ in range(10)))
    assert len(await jobs(database)) == 1


# facts


async def test_a_fact_is_one_job_for_each_listener(database: Database, clock: ManualClock) -> None:
    listeners = [Listener(RoleChanged, name, nothing) for name in ("menus", "access")]
    async with database.session() as session:
        await Facts(listeners).tell(session, RoleChanged(UserId(7)), clock.now())
    assert [(job.name, job.payload) for job in await jobs(database)] == [
        ("RoleChanged:menus", {"user_id": 7}),
        ("RoleChanged:access", {"user_id": 7}),
    ]
    assert [listener.handler().name for listener in listeners] == ["RoleChanged:menus", "RoleChanged:access"]


async def test_a_fact_can_be_told_for_later(database: Database, clock: ManualClock) -> None:
    week = clock.now() + timedelta(days=7)
    async with database.session() as session:
        facts = Facts([Listener(RoleChanged, "menus", nothing)])
        await facts.tell(session, RoleChanged(UserId(7)), clock.now(), at=week)
    assert [job.run_at for job in await jobs(database)] == [week]


async def test_a_fact_that_nobody_wants_leaves_nothing(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        await Facts([]).tell(session, RoleChanged(UserId(7)), clock.now())
    assert await jobs(database) == []


async def test_a_listener_that_fails_does_not_keep_the_other_from_hearing(
    database: Database, clock: ManualClock
) -> None:
    heard = []

    async def fail(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        raise ZeroDivisionError

    async def hear(_session: AsyncSession, payload: Mapping[str, Any]) -> None:
        heard.append(payload["user_id"])

    listeners = [Listener(RoleChanged, "broken", fail), Listener(RoleChanged, "whole", hear)]
    async with database.session() as session:
        await Facts(listeners).tell(session, RoleChanged(UserId(7)), clock.now())
    runner = JobRunner(database, [listener.handler() for listener in listeners], clock)
    for _ in range(10):
        while await runner.run_next():
            pass
        clock.advance(60)
    assert heard == [7]
    assert {job.name: job.state for job in await jobs(database)} == {
        "RoleChanged:broken": JobState.DEAD,
        "RoleChanged:whole": JobState.DONE,
    }
