"""`make bench-broadcast`: a broadcast to a million, on both databases.

The audience is frozen by the same steps that the service takes. Then a service of its own sends, is killed,
and goes on; the sending itself is cut short.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter

import anyio
import uvloop
from sqlalchemy import insert, text
from tests.load.contenders import MakeStore, Process, Store, botyard, postgres_store, sqlite_store
from tests.load.fake_bot_api import BOT_ID, FakeBotApi
from tests.support.postgres import running_server

from botyard.clock import SystemClock
from botyard.db import migrate
from botyard.db.session import Database
from botyard.features.broadcasts.message import Message, MessageKind
from botyard.features.broadcasts.service import drafts, driving, life, tallies
from botyard.features.broadcasts.service.drafts import Plan, Wording
from botyard.ids import BotId, UserId
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.outbox.bulk import Pace
from botyard.telegram.bots import bots

MANY = 1_000_000
LOOKS = 20
SEND_SECONDS = 8.0
PATIENCE = 60.0
ADMIN = Actor(UserId(1))


def main() -> int:
    """Runs the benchmark. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=MANY)
    options = parser.parse_args()
    print(f"{options.recipients:,} recipients; load average {os.getloadavg()[0]:.1f}")
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="botyard-bench-", dir="/var/tmp"))
        )
        (folder / "postgres").mkdir()
        server = stack.enter_context(running_server(folder / "postgres"))
        stores: list[MakeStore] = [partial(sqlite_store, folder)]
        if server is not None:
            stores.append(partial(postgres_store, server))
        for make in stores:
            with make() as store:
                uvloop.run(_measure(store, folder, options.recipients))
    return 0


async def _measure(store: Store, folder: Path, recipients: int) -> None:
    url = store.url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+psycopg:")
    migrate.upgrade(url)
    database = Database(url)
    await _fill(database, recipients)
    number = await _frozen(store.name, database, recipients)
    looks = []
    for _ in range(LOOKS):
        began = perf_counter()
        async with database.reading() as session:
            await tallies.by_state(session, number)
        looks.append((perf_counter() - began) * 1000)
    print(f"{store.name}: a look at the progress takes {statistics.median(looks):.1f} ms (median of {LOOKS})")
    await database.aclose()
    await _sent_and_resumed(store, folder)


async def _fill(database: Database, members: int) -> None:
    """So many members who have started the bot."""
    numbers = (
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :members)"
        if database.is_sqlite
        else "WITH numbers AS (SELECT generate_series(1, CAST(:members AS bigint)) AS n)"
    )
    then = "'2026-01-01 00:00:00'" if database.is_sqlite else "timestamptz '2026-01-01 00:00:00Z'"
    tables = {
        "users (id, first_name, language_code, is_premium, role, created_at, seen_at, registered_at)": (
            f"n, 'Name' || n, 'en', false, 0, {then}, {then}, {then}"
        ),
        "chats (id, telegram_id, type, created_at)": f"n, n, 'private', {then}",
        "bot_chats (bot_id, chat_key, status, reachable, changed_at)": f"{BOT_ID}, n, 'member', true, {then}",
    }
    async with database.session() as session:
        row = {"id": BOT_ID, "name": "main", "webhook_secret": "s", "created_at": SystemClock().now()}
        await session.execute(insert(bots).values(row))
        for table, columns in tables.items():
            statement = f"INSERT INTO {table} {numbers} SELECT {columns} FROM numbers"
            await session.execute(text(statement), {"members": members})
    if not database.is_sqlite:
        async with database.session() as session:
            await session.execute(text("ANALYZE users, chats, bot_chats"))


async def _frozen(name: str, database: Database, recipients: int) -> int:
    """A broadcast that has begun, its audience written down; answers its number."""
    clock = SystemClock()
    async with database.session() as session:
        broadcast = await drafts.make(
            session, Plan("Million", Topic.SERVICE), BotId(BOT_ID), ADMIN, clock.now()
        )
        message = Message(MessageKind.TEXT, "Hello {first_name|friend}!")
        await drafts.word(session, broadcast, [Wording(1, message)], ADMIN, clock.now())
        broadcast.tested_at = clock.now()
        assert await life.start(session, broadcast, ADMIN, clock.now())
        number = broadcast.id
    before, began, steps = _peak_mib(), perf_counter(), []
    while True:
        step_began = perf_counter()
        async with database.session() as session:
            broadcast = await drafts.locked(session, number)
            if broadcast.frozen_at:
                break
            await driving.step(session, broadcast, {}, Pace(0, 0), clock.now())
        steps.append(perf_counter() - step_began)
    took = perf_counter() - began
    assert broadcast.size == recipients
    print(
        f"{name}: frozen in {took:.1f} s, in {len(steps)} steps of {max(steps):.2f} s at most; "
        f"memory +{_peak_mib() - before:.0f} MiB"
    )
    return number


async def _sent_and_resumed(store: Store, folder: Path) -> None:
    """A service sends, is killed, and another goes on."""
    api = FakeBotApi()
    await api.start()
    contender = botyard(api.url, store, role="all")
    process = Process(contender, folder)
    await _first_message(api, process)
    before, count, began = process.resident(), api.count, perf_counter()
    await anyio.sleep(SEND_SECONDS)
    rate = (api.count - count) / (perf_counter() - began)
    grown = (process.resident() - before) / 2**20
    print(f"{store.name}: {rate:,.0f} messages/s without limits; memory {grown:+.0f} MiB while sending")
    for how, kill in (("an orderly end", False), ("kill -9", True)):
        process.stop(kill=kill)
        await anyio.sleep(0.5)  # what it had written to its connections is read
        api.count = 0
        process = Process(contender, folder)
        resumed = await _first_message(api, process) - process.started_at
        print(f"{store.name}: after {how} the next message came {resumed:.1f} s after the new start")
    process.stop()
    twice = sum(times > 1 for times in api.delivered.values())
    await api.aclose()
    assert not twice, f"{twice} got it twice"


async def _first_message(api: FakeBotApi, process: Process) -> float:
    deadline = perf_counter() + PATIENCE
    while not api.count:
        if not process.is_running or perf_counter() > deadline:
            raise RuntimeError(f"nothing is sent:\n{process.last_words()}")
        await anyio.sleep(0.01)
    return perf_counter()


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
