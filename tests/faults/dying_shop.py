"""A service on SQLite that dies at a commit, again and again, and the sandbox that never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from tests.faults.dying import DYING
from tests.faults.processes import TOKEN, Replica, Telegram


class Dying(Replica):
    """A replica that can be told at which commit to die."""

    @property
    def order(self) -> Path:
        """The file with the order to die."""
        return self.folder / "dying"

    async def back(self) -> None:
        """Starts it again, if it is dead, without an order to die."""
        if not self.is_alive:
            self.order.unlink(missing_ok=True)
            self.start()
            await self.ready()


@asynccontextmanager
async def a_telegram(folder: Path) -> AsyncIterator[Telegram]:
    """The sandbox, once it answers."""
    sandbox = Telegram(folder)
    async with asyncio.timeout(30):
        while True:
            try:
                await sandbox.control("GET", "bots")
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    yield sandbox
    await sandbox.aclose()


@asynccontextmanager
async def a_dying_service(
    telegram: Telegram, sqlite_url: str, folder: Path, **settings: str
) -> AsyncIterator[Dying]:
    """botyard on SQLite, by polling."""
    environment = {
        "BOTYARD_DATABASE_URL": sqlite_url.replace("+aiosqlite", ""),
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "BOTYARD_BOT_API_URL": telegram.url,
        "BOTYARD_DATA_DIR": str(folder / "data"),
        DYING: str(folder / "dying"),
    }
    replica = Dying("shop", folder, environment | settings, module="tests.faults.dying")
    replica.start()
    await replica.ready()
    yield replica
    if replica.is_alive:
        replica.kill()
