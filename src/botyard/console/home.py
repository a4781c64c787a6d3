"""The first page: who belongs to the business, how its bots are, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from botyard.clock import Clock
from botyard.console.layout import templates
from botyard.db.session import Database
from botyard.ids import BotId
from botyard.inbox.backlog import count_by_state
from botyard.inbox.models import UpdateState
from botyard.members.entitlements import has_paid_time
from botyard.members.models import BotChat, User
from botyard.outbox.queue import count_pending
from botyard.telegram.bots import Bot
from botyard.telegram.bots import bots as bot_rows

IngressMode = Literal["webhook", "polling"]


@dataclass(frozen=True, slots=True)
class BotState:
    """A bot at this moment. `is_new`: nobody has started it yet."""

    bot: Bot
    updates_waiting: int
    calls_waiting: int
    dead_letters: int
    is_new: bool


class HomePage:
    """`mode` is how updates come in; it is the same for all bots."""

    def __init__(
        self, database: Database, bots: Mapping[BotId, Bot], clock: Clock, mode: IngressMode
    ) -> None:
        self._database = database
        self._bots = bots
        self._clock = clock
        self._mode = mode

    async def show(self, request: Request) -> Response:
        """GET: the page."""
        async with self._database.read() as connection:
            members, subscribers = await count_members(connection, self._clock.now())
            bots = await bot_states(connection, self._bots)
        return templates.show(
            request, "home.html", members=members, subscribers=subscribers, bots=bots, mode=self._mode
        )


async def count_members(connection: AsyncConnection, now: datetime) -> tuple[int, int]:
    """How many members there are, and how many of them have paid time now."""
    counted = await connection.execute(
        select(func.count(), func.count().filter(has_paid_time(now))).select_from(User)
    )
    members, subscribers = counted.one()
    return members, subscribers


async def bot_states(connection: AsyncConnection, bots: Mapping[BotId, Bot]) -> list[BotState]:
    """How each bot is, in the order of the settings."""
    waiting = await count_by_state(connection, UpdateState.PENDING)
    dead = await count_by_state(connection, UpdateState.DEAD)
    calls: dict[BotId, int] = {}
    for (bot_id, _), count in (await count_pending(connection)).items():
        calls[bot_id] = calls.get(bot_id, 0) + count
    started = set(
        await connection.scalars(select(bot_rows.c.id).where(exists().where(BotChat.bot_id == bot_rows.c.id)))
    )
    return [
        BotState(
            bot,
            updates_waiting=waiting.get(bot.id, 0),
            calls_waiting=calls.get(bot.id, 0),
            dead_letters=dead.get(bot.id, 0),
            is_new=bot.id not in started,
        )
        for bot in bots.values()
    ]
