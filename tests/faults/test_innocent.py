"""Many updates that kill their process: those of others, which only waited meanwhile, are no dead letters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest
from tests.faults.judging import Offered, gather, judge, waiting
from tests.faults.loads import CHATS, DRAIN, introduce, say
from tests.faults.processes import installation

from botyard.db.session import Database
from botyard.routing.worker import MOST_TRIES

HANDLERS = 4
"""Fewer than in real life: each killer kills as often as it is tried."""


@pytest.mark.faults
@pytest.mark.timeout(900)
async def test_who_only_waited_while_others_killed_is_served(
    counting: Database, database_url: str, tmp_path: Path
) -> None:
    """More killers than handlers: each start ends before the turn of those behind them comes."""
    offered = Offered()
    killers, innocents = CHATS[: HANDLERS + 1], CHATS[HANDLERS + 1 : HANDLERS + 21]
    async with installation(database_url, tmp_path, Random(7), role="web", handlers=HANDLERS) as house:
        await introduce(house)
        for chat in killers:
            await say(house, offered.message(chat, "poison", "kill"))
        for chat in innocents:
            await say(house, offered.message(chat, "count"))
        while (await house.telegram.control("GET", "bots"))[0]["pending_update_count"]:
            await asyncio.sleep(0.05)
        replica = house.replicas[0]
        replica.kill()
        replica.role = "all"
        async with asyncio.timeout(DRAIN):
            while await waiting(counting) != (0, 0):
                if not replica.is_alive:
                    replica.start()
                await asyncio.sleep(0.05)
        assert replica.starts > MOST_TRIES
        found = await gather(house.telegram, counting)
        judge(offered, found, dead=frozenset((chat, 1) for chat in killers))
