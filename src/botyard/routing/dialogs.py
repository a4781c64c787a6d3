"""Open questions: which step waits for a member's next message in a chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.batcher import Batcher
from botyard.db.hot import HotConnection, HotStatement
from botyard.db.session import Database
from botyard.db.statements import upsert
from botyard.ids import BotId, ChatKey, UserId
from botyard.routing.models import DialogRow

DIALOG_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class DialogKey:
    """Where a dialog is open: with one member, in one chat of one bot."""

    bot_id: BotId
    chat_key: ChatKey
    user_id: UserId


@dataclass(frozen=True, slots=True)
class Dialog:
    """A step that waits for an answer, and what it was told to remember."""

    step: str
    data: dict[str, Any]

    @property
    def album(self) -> str | None:
        """The album whose other parts alone it waits for (`ctx.ask(step, album=...)`); None: for anything."""
        return self.data.get("album")


async def open_dialog(
    session: AsyncSession, key: DialogKey, step: str, data: dict[str, Any], now: datetime
) -> None:
    """Opens a dialog; one that was open before in this chat with this member ends."""
    values = {
        "bot_id": key.bot_id,
        "chat_key": key.chat_key,
        "user_id": key.user_id,
        "step": step,
        "data": data,
        "expires_at": now + DIALOG_LIFETIME,
    }
    dialect = session.get_bind().dialect
    await session.execute(upsert(dialect, DialogRow, key=["bot_id", "chat_key", "user_id"], values=values))


_KEY = {"bot_id": "bigint", "chat_key": "bigint", "user_id": "bigint"}
_OPEN = HotStatement(
    """
    SELECT dialogs.bot_id, dialogs.chat_key, dialogs.user_id FROM dialogs JOIN {asked}
    ON dialogs.bot_id = asked.bot_id AND dialogs.chat_key = asked.chat_key
    AND dialogs.user_id = asked.user_id
    """,
    asked=_KEY,
)
_CLOSE = HotStatement(
    """
    DELETE FROM dialogs WHERE (bot_id, chat_key, user_id) IN (
        SELECT bot_id, chat_key, user_id FROM {closed}
    )
    """,
    closed=_KEY,
)


class OpenDialogs:
    """Which dialogs are open, asked for many messages at once: most of them answer no question."""

    def __init__(self, database: Database) -> None:
        self._reads: Batcher[DialogKey, bool] = Batcher(database.reads(), _are_open)

    async def is_open(self, key: DialogKey) -> bool:
        """Whether a dialog is open there. A read beside the writer."""
        return await self._reads.add(key)


def _are_open(hot: HotConnection, keys: Sequence[DialogKey]) -> list[bool]:
    found = {DialogKey(*row) for row in hot.execute(_OPEN, asked=keys)}
    return [key in found for key in keys]


def close_batch(hot: HotConnection, keys: Sequence[DialogKey]) -> None:
    """Closes the dialogs that are open there."""
    if keys:
        hot.execute(_CLOSE, closed=keys)


async def look_at_dialog(session: AsyncSession, key: DialogKey, now: datetime) -> Dialog | None:
    """The open dialog, which stays open; None where none is open or it has gone stale."""
    row = await session.get(DialogRow, (key.bot_id, key.chat_key, key.user_id), populate_existing=True)
    return Dialog(row.step, row.data) if row and row.expires_at > now else None


async def take_dialog(session: AsyncSession, key: DialogKey, now: datetime) -> Dialog | None:
    """The open dialog, closed by this very call; None where none is open or it has gone stale."""
    closed = await session.execute(
        delete(DialogRow)
        .where(
            DialogRow.bot_id == key.bot_id,
            DialogRow.chat_key == key.chat_key,
            DialogRow.user_id == key.user_id,
        )
        .returning(DialogRow.step, DialogRow.data, DialogRow.expires_at)
    )
    row = closed.one_or_none()
    return Dialog(row.step, row.data) if row and row.expires_at > now else None
