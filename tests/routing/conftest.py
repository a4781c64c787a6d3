"""One running service for all tests of a module: two bots, and a group that both are in."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.running import NEWS, SHOP, Running, running

GROUP = -1001000000001


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The service on SQLite, by webhook, without limits on sending."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(sqlite_template, folder / "botyard.db")
    async with running(
        f"sqlite+aiosqlite:///{folder / 'botyard.db'}",
        folder,
        webhook=True,
        bots={"shop": SHOP, "news": NEWS},
        send_rate=0,
        chat_rate=0,
        group_rate=0,
    ) as house:
        for bot in house.service.bots.values():
            await house.control("POST", f"chats/{GROUP}/members", user_id=bot.id, status="administrator")
        yield house
