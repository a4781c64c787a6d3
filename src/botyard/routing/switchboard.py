"""Which commands each bot serves: all of the registry, except those that an operator switched off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.session import Database
from botyard.db.statements import insert_new
from botyard.errors import BotyardError
from botyard.ids import BotId
from botyard.routing.models import CommandRow
from botyard.routing.registry import Registry
from botyard.telegram.bots import Bot

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0


class NoSuchCommand(BotyardError):
    """The bot has no command of this name."""


class Switchboard:
    """The switches in memory, read again now and then: the command line may have moved one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._off: frozenset[tuple[int, str]] = frozenset()

    def serves(self, bot_id: BotId, name: str) -> bool:
        """Whether this bot answers to this command."""
        return (bot_id, name) not in self._off

    async def read(self) -> None:
        """Reads the switches."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(CommandRow.bot_id, CommandRow.name).where(CommandRow.enabled.is_(False))
            )
            self._off = frozenset((row.bot_id, row.name) for row in rows)

    async def run(self) -> None:
        """Keeps up with the switches until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.read()
            except (SQLAlchemyError, OSError) as error:
                log.warning("switchboard.database", error=type(error).__name__)


async def enrol_commands(session: AsyncSession, bots: Iterable[Bot], registry: Registry) -> None:
    """Writes down the registry's commands for each bot; switches that were moved stay as they are."""
    for bot in bots:
        for name, found in registry.commands.items():
            row = await session.get(CommandRow, (bot.id, name))
            if row is None:
                values = {"bot_id": bot.id, "name": name, "enabled": True}
                values |= {"feature": registry.feature_of[name], "role": found.role}
                await session.execute(insert_new(session.get_bind().dialect, CommandRow).values(values))
            elif (row.feature, row.role) != (registry.feature_of[name], found.role):
                row.feature, row.role = registry.feature_of[name], found.role


async def switch(session: AsyncSession, bot_id: BotId, name: str, *, enabled: bool) -> None:
    """Switches a command of one bot on or off. Raises `NoSuchCommand`."""
    row = await session.get(CommandRow, (bot_id, name.removeprefix("/")))
    if row is None:
        raise NoSuchCommand(
            f"the bot has no command /{name.removeprefix('/')}.", remedy="Aliases go with their command."
        )
    row.enabled = enabled
