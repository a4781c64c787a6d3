"""What bots may do in chats, and chats that change their id."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Delete, Table, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from botyard.db.statements import insert_new, upsert
from botyard.db.types import metadata
from botyard.errors import BotyardError
from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.members.member import ChatPlace
from botyard.members.models import BotChat, Chat

LAST_GROUP_ID = -1_000_000_000_000
"""Ids of groups lie above it; those of supergroups and channels below (Bot API, "Dialog identifiers")."""
GONE = frozenset({"left", "kicked", "blocked"})
_ID = re.compile(r"-?[1-9][0-9]{0,17}", re.ASCII)
_USERNAME = re.compile(r"@[A-Za-z0-9_]{3,32}", re.ASCII)


class NoSuchChat(BotyardError):
    """A word names no chat that is known."""


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


async def private_chat(session: AsyncSession, user_id: UserId, bot_id: BotId) -> ChatKey | None:
    """The member's private chat with a bot; None where there is none, or the bot cannot write there."""
    found = await session.scalar(
        select(Chat.id)
        .join(BotChat, BotChat.chat_key == Chat.id)
        .where(Chat.telegram_id == user_id, BotChat.bot_id == bot_id, BotChat.reachable)
    )
    return None if found is None else ChatKey(found)


async def named(session: AsyncSession, names: Sequence[str], now: datetime) -> list[ChatKey]:
    """Our keys of chats that a person named, by Telegram's ids and @usernames, in his order, each once.

    A username must be known from an update; an id need not be. Raises `NoSuchChat`.
    """
    ids = [ChatId(int(name)) for name in names if _ID.fullmatch(name)]
    usernames = [name[1:].lower() for name in names if _USERNAME.fullmatch(name)]
    keys = dict(zip(dict.fromkeys(map(str, ids)), await keys_of(session, ids, now), strict=True))
    rows = await session.execute(
        select(func.lower(Chat.username).label("username"), Chat.id)
        .where(func.lower(Chat.username).in_(usernames))
        .order_by(Chat.id)  # who took the name over from another chat was met later
    )
    keys |= {f"@{row.username}": ChatKey(row.id) for row in rows}
    for name in names:
        if name.lower() not in keys:
            raise NoSuchChat(
                f"No chat {name[:40]} is known.", remedy="Give its id, like -1001234567890, or its @username."
            )
    return list(dict.fromkeys(keys[name.lower()] for name in names))


async def keys_of(session: AsyncSession, ids: Sequence[ChatId], now: datetime) -> list[ChatKey]:
    """Our keys of chats that a person named by Telegram's ids, in his order, each once.

    A chat that no update told of yet gets its row; its type and title come with the first update from it.
    """
    wanted = list(dict.fromkeys(ids))
    dialect = session.get_bind().dialect
    for chat_id in sorted(wanted):  # in one order everywhere, so that two who do this never deadlock
        values = {"telegram_id": chat_id, "type": _guessed_type(chat_id), "created_at": now}
        await session.execute(insert_new(dialect, Chat).values(values))
    rows = await session.execute(select(Chat.telegram_id, Chat.id).where(Chat.telegram_id.in_(wanted)))
    keys = {row.telegram_id: ChatKey(row.id) for row in rows}
    return [keys[chat_id] for chat_id in wanted]


def _guessed_type(chat_id: ChatId) -> str:
    """Telegram's ids of people are positive, those of supergroups and channels begin with -100."""
    if chat_id > 0:
        return "private"
    return "supergroup" if chat_id < LAST_GROUP_ID else "group"


async def places_of(session: AsyncSession, keys: Collection[ChatKey]) -> dict[ChatKey, ChatPlace]:
    """The chats as they are known now, by our key."""
    rows = await session.scalars(select(Chat).where(Chat.id.in_(keys)))
    return {
        ChatKey(row.id): ChatPlace(
            ChatKey(row.id), ChatId(row.telegram_id), row.type, row.title, row.username
        )
        for row in rows
    }


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
