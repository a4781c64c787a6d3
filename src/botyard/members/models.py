"""Members, their roles, the chats they meet in, one-time links and the audit log."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumNumber, EnumText, JsonBytes, RowNumber, UtcDateTime


class Role(IntEnum):
    """What a member may do; a higher role may do all that a lower one may."""

    PUBLIC = 0
    SUBSCRIBER = 1
    ADMIN = 2
    OWNER = 3


class LinkPurpose(StrEnum):
    """What a one-time link is good for."""

    CLAIM = "claim"
    CONSOLE = "console"


class User(Base):
    """A person, by Telegram's id. `role` holds for the whole business; `RoleRaise` adds to it."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_name: Mapped[str] = mapped_column(String(256))
    last_name: Mapped[str | None] = mapped_column(String(256))
    username: Mapped[str | None] = mapped_column(String(64))
    language_code: Mapped[str | None] = mapped_column(String(35))
    is_premium: Mapped[bool]
    role: Mapped[Role] = mapped_column(EnumNumber(Role))
    banned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ban_reason: Mapped[str | None] = mapped_column(Text)
    registered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RoleRaise(Base):
    """A role above the member's own: for one bot only (`bot_id`), until a date (`expires_at`), or both."""

    __tablename__ = "role_raises"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    bot_id: Mapped[int | None] = mapped_column(ForeignKey("bots.id"))
    role: Mapped[Role] = mapped_column(EnumNumber(Role))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    granted_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Chat(Base):
    """A chat by our own key, so that a group's new id after its upgrade is one UPDATE here."""

    __tablename__ = "chats"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    type: Mapped[str] = mapped_column(String(16))
    title: Mapped[str | None] = mapped_column(String(256))
    username: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BotChat(Base):
    """What one bot may do in one chat: its status there, and whether it can write."""

    __tablename__ = "bot_chats"

    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    reachable: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OneTimeLink(Base):
    """A link that works once. Only the hash of its token is kept."""

    __tablename__ = "one_time_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[LinkPurpose] = mapped_column(EnumText(LinkPurpose))
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """Who did what to whom, when. Rows are only ever added."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    bot_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128))
    detail: Mapped[dict[str, Any]] = mapped_column(JsonBytes)
