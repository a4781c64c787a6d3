"""Which bot serves which command, and the dialogs that are open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumNumber, JsonBytes, UtcDateTime
from botyard.members.models import Role


class CommandRow(Base):
    """A command of the registry as one bot serves it; an operator may switch it off for that bot."""

    __tablename__ = "commands"

    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    feature: Mapped[str] = mapped_column(String(32))
    role: Mapped[Role] = mapped_column(EnumNumber(Role))
    enabled: Mapped[bool]


class DialogRow(Base):
    """A question that a bot asked a member in a chat and whose answer it waits for."""

    __tablename__ = "dialogs"

    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    step: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JsonBytes)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
