"""One handler that takes ten seconds in one chat: the others do not notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import quantiles

import pytest
from tests.faults.judging import Offered, gather, judge
from tests.faults.loads import CHATS, drained, introduce, offer, say
from tests.faults.processes import installation

from botyard.db.session import Database
from botyard.routing.worker import WRITER_SECONDS

SLOW_CHAT = 5999
SECONDS = 10.0
RATE = 500.0
MOST_P99 = 0.25


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_a_slow_chat_slows_no_other(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    chance, offered = Random(4), Offered()
    async with installation(database_url, tmp_path, chance) as house:
        await introduce(house, [*CHATS, SLOW_CHAT])
        await offer(house, offered, chance, count=1000, rate=100)  # everybody is known before it counts
        await drained(house, counting)
        before = offered.all
        await say(house, offered.message(SLOW_CHAT, "slow", SECONDS))
        await say(house, offered.message(SLOW_CHAT, "count"))
        await offer(house, offered, chance, count=int(RATE * SECONDS), rate=RATE)
        await drained(house, counting)
        found = await gather(house.telegram, counting)
        judge(offered, found)
        took = found.latencies()
        others = [
            seconds
            for (chat, number), seconds in took.items()
            if (chat, number) not in before and chat != SLOW_CHAT
        ]
        p50, p99 = quantiles(others, n=100)[49], quantiles(others, n=100)[98]
        figures(f"{len(others)} updates at {RATE:.0f}/s: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
        assert took[SLOW_CHAT, 1] >= SECONDS
        assert took[SLOW_CHAT, 2] >= SECONDS, "the slow chat's next update did not wait for its turn"
        assert p99 < MOST_P99


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_a_slow_chat_that_has_written_slows_no_other(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    """What it wrote is not committed yet: on SQLite it does not keep the only writer to itself for long.

    There it is refused, and ends as a dead letter that says why.
    """
    chance, offered = Random(5), Offered()
    async with installation(database_url, tmp_path, chance) as house:
        await introduce(house, [*CHATS, SLOW_CHAT])
        await say(house, offered.message(SLOW_CHAT, "dawdle", SECONDS))
        await offer(house, offered, chance, count=250, rate=50)
        await drained(house, counting)
        found = await gather(house.telegram, counting)
        judge(offered, found, dead=frozenset({(SLOW_CHAT, 1)} if counting.is_sqlite else ()))
        others = [seconds for (chat, _), seconds in found.latencies().items() if chat != SLOW_CHAT]
        figures(f"the others waited at most {max(others):.1f} s")
        assert max(others) < 2 * WRITER_SECONDS
