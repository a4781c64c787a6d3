"""The bell: it wakes the sender, and tells news from everything else."""

from __future__ import annotations

import asyncio

from botyard.ids import BotId
from botyard.outbox.bell import OutboxBell

SHOP, NEWS = BotId(1), BotId(2)


async def test_a_ring_wakes_the_bot_that_it_is_for() -> None:
    bells = OutboxBell()
    waiting = {bot: asyncio.create_task(bells.of(bot).wait(5.0)) for bot in (SHOP, NEWS)}
    await asyncio.sleep(0)
    bells.ring([SHOP])
    await asyncio.wait(waiting.values(), timeout=0.1)
    assert waiting[SHOP].done()
    assert not waiting[NEWS].done()
    waiting[NEWS].cancel()


async def test_a_ring_before_the_wait_is_not_missed() -> None:
    bell = OutboxBell().of(SHOP)
    bell.ring()
    async with asyncio.timeout(0.1):
        await bell.wait(5.0)


async def test_only_a_ring_is_news_and_only_once() -> None:
    bell = OutboxBell().of(SHOP)
    bell.nudge()
    assert not bell.take_news()
    bell.ring()
    assert bell.take_news()
    assert not bell.take_news()


async def test_without_a_ring_the_wait_ends_by_itself() -> None:
    async with asyncio.timeout(1.0):
        await OutboxBell().of(SHOP).wait(0.01)
