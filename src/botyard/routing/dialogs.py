"""Open questions: which step waits for a member's next message in a chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.session import Database
from botyard.db.statements import upsert
from botyard.ids import BotId, ChatKey, UserId
from botyard.routing.models import DialogRow

DIALOG_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Dialog:
    """A step that waits for an answer, and what it was told to remember."""

    step: str
    data: dict[str, Any]


async def open_dialog(
    session: AsyncSession,
    bot_id: BotId,
    chat_key: ChatKey,
    user_id: UserId,
    step: str,
    data: dict[str, Any],
    now: datetime,
) -> None:
    """Opens a dialog; one that was open before in this chat with this member ends."""
    values = {
        "bot_id": bot_id,
        "chat_key": chat_key,
        "user_id": user_id,
        "step": step,
        "data": data,
        "expires_at": now + DIALOG_LIFETIME,
    }
    dialect = session.get_bind().dialect
    await session.execute(upsert(dialect, DialogRow, key=["bot_id", "chat_key", "user_id"], values=values))


async def is_open(database: Database, bot_id: BotId, chat_key: ChatKey, user_id: UserId) -> bool:
    """Whether a dialog is open here. A read beside the writer: most messages answer no question."""
    async with database.read() as connection:
        found = await connection.execute(
            select(DialogRow.step).where(
                DialogRow.bot_id == bot_id, DialogRow.chat_key == chat_key, DialogRow.user_id == user_id
            )
        )
        return found.first() is not None


async def take_dialog(
    session: AsyncSession, bot_id: BotId, chat_key: ChatKey, user_id: UserId, now: datetime
) -> Dialog | None:
    """The open dialog, closed by this very call; None where none is open or it has gone stale."""
    closed = await session.execute(
        delete(DialogRow)
        .where(DialogRow.bot_id == bot_id, DialogRow.chat_key == chat_key, DialogRow.user_id == user_id)
        .returning(DialogRow.step, DialogRow.data, DialogRow.expires_at)
    )
    row = closed.one_or_none()
    return Dialog(row.step, row.data) if row and row.expires_at > now else None
