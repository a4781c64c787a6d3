"""What one admin must not do alone: above a size, another admin has to agree."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.ids import BotId, ChatKey, UserId
from botyard.members import roles
from botyard.members.models import BotChat, Chat, Role, RoleRaise, User


class SamePerson(BotyardError):
    """Who asked for something cannot be the one who agrees to it."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another admin, who can be asked: his private chat with the bot, and his language."""

    user_id: UserId
    chat_key: ChatKey
    language: str | None


def needs_second(size: int, above: int | None) -> bool:
    """Whether something of this size needs a second admin; with `above` None nothing does."""
    return above is not None and size > above


def require_other(by: UserId, authors: Collection[UserId]) -> None:
    """Raises `SamePerson` if who agrees is one of those who made it or asked for it."""
    if by in authors:
        raise SamePerson("It is you who wants this.", remedy="Another admin has to agree.")


async def others(
    session: AsyncSession, bot_id: BotId, authors: Collection[UserId], now: datetime
) -> list[Other]:
    """The admins and owners besides these to whom this bot can write, by their ids."""
    raised = await session.scalars(
        select(RoleRaise.user_id).where(
            RoleRaise.role >= Role.ADMIN,
            or_(RoleRaise.bot_id.is_(None), RoleRaise.bot_id == bot_id),
            or_(RoleRaise.expires_at.is_(None), RoleRaise.expires_at > now),
        )
    )
    ids = {*(user.id for user in await roles.staff(session)), *raised} - set(authors)
    rows = await session.execute(
        select(User.id, Chat.id.label("chat_key"), User.language_code)
        .join(Chat, Chat.telegram_id == User.id)
        .join(BotChat, BotChat.chat_key == Chat.id)
        .where(User.id.in_(ids), User.banned_at.is_(None), BotChat.bot_id == bot_id, BotChat.reachable)
        .order_by(User.id)
    )
    return [Other(UserId(row.id), ChatKey(row.chat_key), row.language_code) for row in rows]
