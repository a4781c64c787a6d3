"""Telegram's limits, measured where they count: at the receipt, by Telegram's own clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.delivery.delivering import NO_LIMITS, USUAL, Post, most_in_any, post_office
from tests.support.running import PAUL

from botyard.db.session import Database
from botyard.delivery.pacer import CHAT_BURST, Rates
from botyard.outbox.models import Priority
from botyard.sandbox.faults import FaultKind


@pytest.mark.parametrize("is_uneven", [False, True], ids=["steady way", "uneven way"])
async def test_a_bot_sends_thirty_a_second_never_more_and_hardly_less(
    sqlite_url: str, is_uneven: bool
) -> None:
    database = Database(sqlite_url)
    async with post_office(database, enforce_limits=True) as post:
        people = await post.people(range(2000, 2150))
        await post.queue(*(post.message(key, "news", priority=Priority.BROADCAST) for key in people))
        if is_uneven:
            post.sandbox.faults.add(FaultKind.SLOW, seconds=0.08, probability=0.25)
        async with post.delivering(USUAL):
            await post.received(31)
            await asyncio.sleep(3.2)
    await database.aclose()
    times = post.times()
    assert {call.status for call in post.journal(applied=None)} == {200}, "Telegram had nothing to refuse"
    assert most_in_any(times, 1.0) == 30
    in_four_seconds = sum(time < times[0] + timedelta(seconds=4) for time in times)
    assert in_four_seconds >= (0.9 if is_uneven else 0.97) * 120


async def test_a_chat_gets_a_short_burst_and_then_one_a_second(sqlite_post: Post) -> None:
    post, paul = sqlite_post, await sqlite_post.person(PAUL)
    await post.queue(*(post.message(paul, str(number)) for number in range(CHAT_BURST + 2)))
    async with post.delivering(USUAL):
        await post.settled()
    times = post.times()
    assert (times[CHAT_BURST - 1] - times[0]).total_seconds() < 0.5
    assert most_in_any(times, float(CHAT_BURST)) == CHAT_BURST
    assert (times[-1] - times[0]).total_seconds() < CHAT_BURST + 0.5


async def test_a_group_gets_twenty_and_then_waits_for_the_minute_to_pass(sqlite_post: Post) -> None:
    post = sqlite_post
    group, paul = await post.group(-5001), await post.person(PAUL)
    await post.queue(*(post.message(group, str(number)) for number in range(25)))
    await post.queue(*(post.message(paul, str(number)) for number in range(25)))
    async with post.delivering(Rates(0, 0, 20)):
        await post.received(45)
        await asyncio.sleep(0.7)
    assert post.texts(-5001) == [str(number) for number in range(20)]
    assert len(post.texts(PAUL)) == 25


async def test_the_limits_of_a_group_hold_across_a_restart(sqlite_post: Post) -> None:
    post = sqlite_post
    group, paul = await post.group(-5001), await post.person(PAUL)
    await post.queue(*(post.message(group, str(number)) for number in range(25)))
    async with post.delivering(Rates(0, 0, 20)):
        await post.received(15)
    assert 15 <= len(post.texts(-5001)) <= 20
    async with post.delivering(Rates(0, 0, 20)):
        await post.queue(post.message(paul, "hello"))
        await post.received(21)
        await asyncio.sleep(0.3)
    assert len(post.texts(-5001)) == 20


async def test_without_limits_it_is_fast(sqlite_post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    post, people = sqlite_post, await sqlite_post.people(range(2000, 2100))
    await post.queue(*(post.message(key, str(number)) for number in range(10) for key in people))
    async with post.delivering(NO_LIMITS):
        await post.settled()
    times = post.times()
    rate = len(times) / (times[-1] - times[0]).total_seconds()
    with capsys.disabled():
        print(f"\ndelivery without limits: {rate:.0f} messages/s")
    assert rate >= 150
    for user_id in range(2000, 2100):
        assert post.texts(user_id) == [str(number) for number in range(10)]
