"""Time limits for many tasks, kept by one watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from botyard.clock import SystemClock
from botyard.routing import deadlines
from botyard.routing.deadlines import Watch


@pytest_asyncio.fixture
async def watch(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    monkeypatch.setattr(deadlines, "LOOK_SECONDS", 0.01)
    watch = Watch(SystemClock())
    running = asyncio.create_task(watch.run())
    yield watch
    running.cancel()


async def test_what_takes_too_long_is_ended(watch: Watch) -> None:
    deadline = watch.deadline(0.05)
    for _ in range(2):  # the same task goes on afterwards, and has its limit again
        with pytest.raises(TimeoutError, match=r"longer than 0\.05 s"), deadline:
            await asyncio.sleep(10)
    with deadline:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_it_can_be_shortened_and_says_why(watch: Watch) -> None:
    async def work() -> None:
        deadline = watch.deadline(10)
        with deadline:
            deadline.shorten(0.02, "the door closes")
            deadline.shorten(5, "later")
            await asyncio.sleep(10)

    with pytest.raises(TimeoutError, match="the door closes"):
        await work()


async def test_outside_its_block_nothing_is_shortened(watch: Watch) -> None:
    deadline = watch.deadline(10)
    deadline.shorten(0, "nothing")
    with deadline:
        await asyncio.sleep(0.05)


async def test_who_is_cancelled_by_others_is_cancelled(watch: Watch) -> None:
    async def work() -> None:
        with watch.deadline(10):
            await asyncio.sleep(10)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_its_own_stays_its_own(watch: Watch) -> None:
    async def work() -> None:
        with watch.deadline(0.02):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise ZeroDivisionError from None

    with pytest.raises(ZeroDivisionError):
        await work()
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
