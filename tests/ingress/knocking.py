"""Knocking at the webhook as Telegram does, and looking into the database behind it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import psycopg
from sqlalchemy import Row, make_url, select
from tests.support.running import PAUL, Running

from botyard import app
from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.ids import BotId
from botyard.inbox.models import UpdateState, updates
from botyard.settings import load_settings

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(frozen=True)
class Answer:
    """What the webhook answered."""

    status: int
    text: str
    headers: Mapping[str, str]


def message(update_id: int, text: str = "/status", *, user_id: int = PAUL, **fields: Any) -> dict[str, Any]:
    """A private message as an Update."""
    person = {"id": user_id, "is_bot": False, "first_name": "Paul"}
    body = {"message_id": 1, "date": 1790000000, "chat": {"id": user_id, "type": "private"}, "from": person}
    return {"update_id": update_id, "message": {**body, "text": text, **fields}}


def secret_of(house: Running, bot: str = "shop") -> str:
    """The secret that this bot's webhook was registered with."""
    return next(each.webhook_secret for each in house.service.bots.values() if each.name == bot)


async def knock(
    house: Running,
    update: bytes | Mapping[str, Any],
    *,
    bot: str = "shop",
    headers: Mapping[str, str] | None = None,
    url: str | None = None,
    http: aiohttp.ClientSession | None = None,
) -> Answer:
    """Posts an update to a bot's webhook; without `headers`, with the right secret."""
    body = update if isinstance(update, bytes) else json.dumps(update).encode()
    if headers is None:
        headers = {SECRET_HEADER: secret_of(house, bot)}
    address = f"{url or house.url}/telegram/{bot}/webhook"
    async with (http or house.http).post(address, data=body, headers=headers) as response:
        return Answer(response.status, await response.text(), response.headers)


async def stored(database: Database) -> list[Row[Any]]:
    """All rows of the inbox, in its own order."""
    async with database.read() as connection:
        return list(await connection.execute(select(updates).order_by(updates.c.seq)))


async def all_handled(database: Database) -> bool:
    """Whether nothing waits any more."""
    return all(row.state is not UpdateState.PENDING for row in await stored(database))


def stored_ids_now(url: str) -> set[int]:
    """The update ids that another process would find at this moment. Never waits for a lock."""
    query = "SELECT update_id FROM updates"
    if make_url(url).get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(make_url(url).database), timeout=0)
        try:
            return {row[0] for row in connection.execute(query)}
        finally:
            connection.close()
    with _postgres(url) as other:
        other.execute("SET lock_timeout = '200ms'")
        return {row[0] for row in other.execute(query)}


@asynccontextmanager
async def nothing_can_be_written(url: str) -> AsyncIterator[None]:
    """Somebody else holds the lock that a write to the inbox needs."""
    if make_url(url).get_backend_name() == "sqlite":
        lock = sqlite3.connect(
            str(make_url(url).database), isolation_level=None, timeout=10, check_same_thread=False
        )
        await asyncio.to_thread(lock.execute, "BEGIN IMMEDIATE")
        try:
            yield
        finally:
            lock.rollback()
            lock.close()
        return
    with _postgres(url) as other, other.transaction(force_rollback=True):
        await asyncio.to_thread(other.execute, "LOCK TABLE updates IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def postgres_away(url: str) -> Iterator[None]:
    """The server throws everybody out and lets nobody in."""
    name = make_url(url).database
    with _postgres(url, database="postgres") as administrator:
        administrator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            administrator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextmanager
def _postgres(url: str, *, database: str | None = None) -> Iterator[psycopg.Connection]:
    address = make_url(url).set(drivername="postgresql")
    if database is not None:
        address = address.set(database=database)
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection


@asynccontextmanager
async def another_service(
    house: Running, url: str, *, bots: Mapping[str, str], public_url: str | None = None, wait: bool = True
) -> AsyncIterator[app.Service]:
    """A second service beside the first: the same Telegram, a database of its own or the same one."""
    database = Database(url)
    settings = load_settings(
        environ={},
        database_url=url.replace("+aiosqlite", "").replace("+psycopg", ""),
        bots=dict(bots),
        bot_api_url=house.sandbox_url,
        public_url=public_url,
    )
    service = await app.build(settings, database, SystemClock())
    working = asyncio.create_task(service.run())

    async def registered() -> bool:
        return all(bot.username for bot in service.bots.values())

    try:
        if wait:
            await house.until(registered)
        yield service
    finally:
        working.cancel()
        await asyncio.wait([working])
        await database.aclose()


def bot_in_sandbox(house: Running, name: str = "shop") -> Any:
    """The bot as Telegram has it."""
    own = next(bot for bot in house.service.bots.values() if bot.name == name)
    return house.sandbox.world.bots[BotId(own.id)]


async def order_fault(house: Running, **fault: Any) -> None:
    """Has the sandbox answer Bot API calls with an error."""
    async with house.http.post(f"{house.sandbox_url}/control/faults", json=fault) as response:
        assert response.status == 200, await response.text()
