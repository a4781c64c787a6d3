"""The bots that this service runs: their row, their token (never stored) and their webhook secret."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BigInteger, Column, String, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.types import UtcDateTime, metadata
from botyard.ids import BotId, BotToken

bots = Table(
    "bots",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(32), nullable=False, unique=True),
    Column("username", String(64)),
    Column("webhook_secret", String(256), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Bot:
    """One bot as the whole service knows it. `username` is None until Telegram was asked (getMe)."""

    id: BotId
    name: str
    token: BotToken
    webhook_secret: str
    username: str | None = None

    def __repr__(self) -> str:
        return f"Bot({self.name}, {self.id})"


async def enrol(
    connection: AsyncConnection, tokens: Mapping[str, BotToken], now: datetime, *, secret: str | None = None
) -> list[Bot]:
    """The configured bots, each with its row. A new one gets a random webhook secret, or `secret`."""
    rows = {row.id: row for row in await connection.execute(select(bots))}
    enrolled = []
    for name, token in tokens.items():
        row = rows.get(token.bot_id)
        own_secret = secret or (row.webhook_secret if row else secrets.token_urlsafe(32))
        if row is None:
            await _make_way_for(connection, name)
            await connection.execute(
                insert(bots).values(id=token.bot_id, name=name, webhook_secret=own_secret, created_at=now)
            )
        elif (row.name, row.webhook_secret) != (name, own_secret):
            await _make_way_for(connection, name)
            await connection.execute(
                update(bots).where(bots.c.id == token.bot_id).values(name=name, webhook_secret=own_secret)
            )
        enrolled.append(Bot(token.bot_id, name, token, own_secret, row.username if row else None))
    return enrolled


async def record_username(connection: AsyncConnection, bot: Bot, username: str) -> Bot:
    """The bot with the username that Telegram gave."""
    await connection.execute(update(bots).where(bots.c.id == bot.id).values(username=username))
    return replace(bot, username=username)


async def _make_way_for(connection: AsyncConnection, name: str) -> None:
    # A name may pass to another bot (a new token from BotFather): the old bot keeps its row and its past.
    retired = select(bots.c.id).where(bots.c.name == name).scalar_subquery()
    await connection.execute(
        update(bots).where(bots.c.id == retired).values(name=f"{name[:16]}-{secrets.token_hex(4)}")
    )
