"""Which bot can write to a member, and where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import BotId, ChatKey, UserId
from botyard.members.models import BotChat, Chat, User


@dataclass(frozen=True, slots=True)
class Reached:
    """A member's private chat with a bot that can write there, and his language."""

    bot_id: BotId
    chat_key: ChatKey
    language: str | None


async def reach(
    session: AsyncSession, user_id: UserId, bots: Collection[BotId], first: BotId | None = None
) -> Reached | None:
    """How to write to a member: with the bot `first` if that can, else any of `bots`; None if none can."""
    rows = await session.execute(
        select(BotChat.bot_id, BotChat.chat_key, User.language_code)
        .join(Chat, Chat.id == BotChat.chat_key)
        .join(User, User.id == Chat.telegram_id)
        .where(
            Chat.telegram_id == user_id,
            User.banned_at.is_(None),
            BotChat.bot_id.in_(bots),
            BotChat.reachable,
        )
        .order_by(BotChat.bot_id != first, BotChat.bot_id)
        .limit(1)
    )
    row = rows.first()
    return Reached(BotId(row.bot_id), ChatKey(row.chat_key), row.language_code) if row else None
