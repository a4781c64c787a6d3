"""Paid broadcasts through the real sender: both limits at the receipt, replies in between, who pays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from tests.delivery.delivering import Post, most_in_any, post_office

from botyard.db.session import Database
from botyard.delivery.pacer import Rates
from botyard.outbox.models import CallState, Priority
from botyard.outbox.queue import Call
from botyard.sandbox.journal import CallRecord

PAID_RATE = 150
RATES = Rates(30, 1, 20, PAID_RATE)


@pytest.fixture
async def strict_post(database: Database) -> AsyncIterator[Post]:
    """A Telegram that refuses what exceeds its limits, on each database in turn."""
    async with post_office(database, enforce_limits=True) as opened:
        yield opened


def paid(post: Post, key: int, text: str) -> Call:
    """A message of a paid broadcast."""
    params = {"text": text, "allow_paid_broadcast": True}
    return Call(post.bot.id, "sendMessage", params, chat_key=key, priority=Priority.PAID_BROADCAST)


def times(calls: list[CallRecord]) -> list[datetime]:
    return [call.time for call in calls]


async def test_paid_and_unpaid_bulk_and_replies_each_keep_to_their_limit(strict_post: Post) -> None:
    post = strict_post
    people = await post.people(range(2000, 2740))
    writers = people[-20:]
    await post.queue(
        *(post.message(key, "free", priority=Priority.BROADCAST) for key in people[600:720]),
        *(paid(post, key, "paid") for key in people[:600]),
    )
    asked: list[datetime] = []
    async with post.delivering(RATES):
        await post.received(1)
        for number, key in enumerate(writers):
            asked.append(post.clock.now())
            await post.queue(post.message(key, f"reply {number}"))
            await asyncio.sleep(0.13)
        await post.received(500)
    calls = post.journal(applied=None)
    assert {call.status for call in calls} == {200}, "Telegram had nothing to refuse"
    are_paid = [call for call in calls if call.params.get("allow_paid_broadcast")]
    are_free = [call for call in calls if not call.params.get("allow_paid_broadcast")]
    assert most_in_any(times(calls), 1.0) <= PAID_RATE
    assert most_in_any(times(are_free), 1.0) <= 30
    first = calls[0].time
    in_three_seconds = sum(call.time < first + timedelta(seconds=3) for call in calls)
    assert in_three_seconds >= 0.75 * 3 * PAID_RATE  # on a busy machine; see `make bench-pacing`
    assert len(are_paid) >= 300
    replied = {call.params["text"]: call.time for call in are_free if "reply" in call.params["text"]}
    assert len(replied) == len(writers)
    waits = [(replied[f"reply {number}"] - at).total_seconds() for number, at in enumerate(asked)]
    assert max(waits) < 1.0


async def test_a_paid_broadcast_gives_way_to_all_else(sqlite_post: Post) -> None:
    post = sqlite_post
    people = await post.people(range(2000, 2300))
    await post.queue(*(paid(post, key, "paid") for key in people))
    await post.queue(*(post.message(key, "news", priority=Priority.BROADCAST) for key in people[:20]))
    async with post.delivering(Rates(30, 0, 0, 60)):
        await post.received(80)
    assert post.texts()[:40].count("news") >= 10, "though it was queued after"
    assert {row.state for row in await post.rows()} >= {CallState.SENT, CallState.PENDING}


async def test_the_limits_of_a_paid_broadcast_hold_across_a_restart(strict_post: Post) -> None:
    post = strict_post
    people = await post.people(range(2000, 2600))
    await post.queue(*(paid(post, key, "paid") for key in people))
    for most in (120, 240, 360):
        async with post.delivering(RATES):
            await post.received(most)
    calls = post.journal(applied=None)
    assert {call.status for call in calls} == {200}
    assert most_in_any(times(calls), 1.0) <= PAID_RATE
    chats = [call.params["chat_id"] for call in calls]
    assert len(chats) == len(set(chats)), "nobody got it twice"


@pytest.mark.postgres
async def test_three_replicas_are_together_no_faster_than_one(postgres_url: str) -> None:
    replicas = [Database(postgres_url) for _ in range(3)]
    async with post_office(replicas[0], enforce_limits=True) as post:
        people = await post.people(range(2000, 2700))
        await post.queue(*(paid(post, key, "paid") for key in people))
        working = []
        for database in replicas:
            post.database = database
            working.append(asyncio.create_task(post.delivery(RATES).run()))
        for most in (150, 400, 550):
            await post.received(most)
            if len(working) > 1:  # whoever has the bot goes, and another one goes on
                working[0].cancel()
                await asyncio.wait([working.pop(0)])
        for task in working:
            task.cancel()
        await asyncio.wait(working)
        calls = post.journal(applied=None)
        fences = {row.fence for row in await post.rows()} - {None}
    for database in replicas:
        await database.aclose()
    assert {call.status for call in calls} == {200}
    assert most_in_any(times(calls), 1.0) <= PAID_RATE
    chats = [call.params["chat_id"] for call in calls]
    assert len(chats) == len(set(chats))
    assert len(fences) >= 2, "it has changed hands"
