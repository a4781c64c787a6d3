"""A worker of its own on a real database, with handlers that the test writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from structlog.testing import capture_logs

from botyard.app import LOCALES
from botyard.clock import Clock, SystemClock
from botyard.db.leases import LeaseHolder
from botyard.db.session import Database
from botyard.ids import BotToken
from botyard.inbox.log import Arrival, Inbox
from botyard.inbox.models import UpdateState, updates
from botyard.jobs.facts import Facts
from botyard.members.directory import Directory
from botyard.members.models import AuditEntry
from botyard.observability.metrics import Metrics
from botyard.outbox.bell import OutboxBell
from botyard.outbox.bulk import Pace
from botyard.routing.context import House
from botyard.routing.dialogs import OpenDialogs
from botyard.routing.registry import Command, Registry
from botyard.routing.router import Router
from botyard.routing.texts import Texts
from botyard.routing.worker import Worker
from botyard.settings import load_settings
from botyard.telegram.bots import Bot, enrol
from botyard.telegram.updates import read_envelope

TOKEN = BotToken("7000000001:sandbox-shop-bot")


class HastyClock:
    """The time of day leaps ahead by a minute whenever it is asked for: no retry has to wait."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._leaps = 0

    def now(self) -> datetime:
        self._leaps += 1
        return self._system.now() + timedelta(minutes=self._leaps)

    def monotonic(self) -> float:
        return self._system.monotonic()


@dataclass
class Workshop:
    """A worker at work, and its door."""

    database: Database
    inbox: Inbox
    bot: Bot
    holder: LeaseHolder
    working: asyncio.Task[None]
    metrics: Metrics

    async def put_in(self, *arrivals: tuple[int, str, int]) -> None:
        """Stores messages: update id, text, and the member whose private chat it is."""
        await self.inbox.append(*(self._arrival(*each) for each in arrivals))

    def _arrival(self, update_id: int, text: str, user_id: int) -> Arrival:
        person = {"id": user_id, "is_bot": False, "first_name": "Paul"}
        place = {"id": user_id, "type": "private"}
        message = {"message_id": 1, "date": 1, "chat": place, "from": person, "text": text}
        body = json.dumps({"update_id": update_id, "message": message}).encode()
        return Arrival(self.bot.id, read_envelope(body), body)

    async def until_done(self, *update_ids: int, seconds: float = 10.0) -> list[Row[Any]]:
        """Waits until nothing (of these) is pending; answers all rows."""
        async with asyncio.timeout(seconds):
            while True:
                rows = await rows_of(self.database)
                waiting = {row.update_id for row in rows if row.state is UpdateState.PENDING}
                if not (waiting & set(update_ids) if update_ids else waiting):
                    return rows
                await asyncio.sleep(0.02)


async def rows_of(database: Database) -> list[Row[Any]]:
    async with database.read() as connection:
        return list(await connection.execute(select(updates).order_by(updates.c.seq)))


async def effects(database: Database) -> list[str]:
    """What handlers wrote into the audit log, in order: committed state, whoever wrote it."""
    async with database.read() as connection:
        rows = await connection.execute(select(AuditEntry.subject).order_by(AuditEntry.id))
        return [row.subject for row in rows]


@asynccontextmanager
async def working(
    database: Database, *commands: Command, clock: Clock | None = None, name: str = "one"
) -> AsyncIterator[Workshop]:
    """A worker that serves these commands. Its log is kept quiet: traces of ordered failures cost seconds."""
    clock = clock or SystemClock()
    async with database.begin() as connection:
        (bot,) = await enrol(connection, {"shop": TOKEN}, SystemClock().now())
    metrics, bots = Metrics(), {bot.id: bot}
    house = House(
        database=database,
        registry=Registry(commands=[("test", each) for each in commands]),
        texts=Texts([LOCALES]),
        directory=Directory(database),
        open_dialogs=OpenDialogs(database),
        facts=Facts(()),
        bots=bots,
        metrics=metrics,
        actions={},
        counts_clicks=False,
        pace=Pace(30.0, 1000.0),
        settings=load_settings(environ={}),
        serves=lambda _bot, _name: True,
        base_url="https://bots.example.com",
        console_url=lambda token: token,
    )
    inbox, holder = Inbox(database, clock), LeaseHolder(database, name)
    worker = Worker(house, Router(metrics), inbox, OutboxBell(), bots, holder, clock, metrics)
    with capture_logs():
        task = asyncio.create_task(worker.run())
        try:
            yield Workshop(database, inbox, bot, holder, task, metrics)
        finally:
            task.cancel()
            await asyncio.wait([task])
