"""What bots may do in chats, and chats that change their id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Delete, Table, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.statements import upsert
from botyard.db.types import metadata
from botyard.ids import BotId, ChatId, ChatKey
from botyard.members.models import BotChat, Chat

GONE = frozenset({"left", "kicked", "blocked"})


async def note_status(
    connection: AsyncConnection,
    bot_id: BotId,
    chat_key: ChatKey,
    status: str,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """Writes down a bot's status in a chat. In `left`, `kicked` and `blocked` chats it cannot write."""
    values = {
        "bot_id": bot_id,
        "chat_key": chat_key,
        "status": status[:16],  # as wide as the column: Telegram may invent a longer one
        "reachable": status not in GONE,
        "reason": reason,
        "changed_at": now,
    }
    await connection.execute(upsert(connection.dialect, BotChat, key=["bot_id", "chat_key"], values=values))


async def move_chat(connection: AsyncConnection, old: ChatId, new: ChatId) -> None:
    """A group became a supergroup: its row takes the new id, and with it all that refers to the row.

    If updates from the new id came first, the row they made is folded into the old one. To be told twice,
    by an update and by delivery, does no harm.
    """
    keys = {
        row.telegram_id: row.id
        for row in await connection.execute(
            select(Chat.telegram_id, Chat.id).where(Chat.telegram_id.in_([old, new])).with_for_update()
        )
    }
    if old not in keys or old == new:
        return
    if new in keys:
        await _fold(connection, keys[new], into=keys[old])
    await connection.execute(
        update(Chat).where(Chat.id == keys[old]).values(telegram_id=new, type="supergroup")
    )


async def _fold(connection: AsyncConnection, key: ChatKey, *, into: ChatKey) -> None:
    """Hands all that refers to one chat to the other. Where both have a row, the newer chat's counts."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if not any(foreign.column.table.name == Chat.__tablename__ for foreign in column.foreign_keys):
                continue
            if column.primary_key:
                await connection.execute(_delete_doubles(table, column, key, of=into))
            await connection.execute(update(table).where(column == key).values({column.name: into}))
    await connection.execute(delete(Chat).where(Chat.id == key))


def _delete_doubles(table: Table, column: Column[Any], key: ChatKey, *, of: ChatKey) -> Delete:
    newer = table.alias()
    rest_is_equal = [newer.c[each.name] == each for each in table.primary_key if each is not column]
    has_newer = exists().where(newer.c[column.name] == key, *rest_is_equal)
    return delete(table).where(column == of, has_newer)
