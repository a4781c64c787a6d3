"""kill -9 under load: nothing accepted is lost, nothing takes effect twice, each chat keeps its order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.faults.judging import Offered, gather, judge
from tests.faults.loads import all_said, drained, handling_again, introduce, offer
from tests.faults.processes import installation

from botyard.db.session import Database


async def killed_again_and_again(
    database: Database,
    url: str,
    folder: Path,
    figures: Callable[[str], None],
    *,
    seed: int,
    kills: int,
    rate: float,
    seconds: float,
    replicas: int = 1,
) -> None:
    """Offers updates at a rate for `seconds` around each kill, then judges."""
    chance, offered = Random(seed), Offered()
    async with installation(url, folder, chance, replicas=replicas) as house:
        await introduce(house)
        began = time.monotonic()
        for _ in range(kills):
            await all_said(house)
            await offer(house, offered, chance, count=int(rate * seconds), rate=rate)
            kill_after = chance.uniform(0.2, 0.9) * seconds
            await asyncio.sleep(kill_after)
            victim = chance.choice(house.replicas)
            victim.kill()
            await house.restart(victim)
            await handling_again(house)
        drain = await drained(house, database)
        took = time.monotonic() - began
        found = await gather(house.telegram, database)
        unknown = judge(offered, found)
        figures(
            f"{kills} kills, {len(offered.all)} updates offered at {rate:.0f}/s and handled in {took:.0f} s "
            f"(the last {drain:.0f} s without kills), "
            f"{found.attempts - len(offered.all)} deliveries repeated, "
            f"{len(unknown)} replies unknown, {len(unknown & found.replied.keys())} of them applied"
        )


async def test_one_kill(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    await killed_again_and_again(
        counting, database_url, tmp_path, figures, seed=1, kills=1, rate=300, seconds=3
    )


@pytest.mark.faults
@pytest.mark.timeout(1800)
async def test_ten_kills(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    await killed_again_and_again(
        counting, database_url, tmp_path, figures, seed=2, kills=10, rate=1000, seconds=3
    )


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_ten_kills_among_two_replicas(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    await killed_again_and_again(
        counting, database_url, tmp_path, figures, seed=3, kills=10, rate=1000, seconds=3, replicas=2
    )
