"""Which members were reminded that their time runs out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, UtcDateTime


class Reminder(Base):
    """A member's time with a pack that ends at `ends_at`: its reminder `before` minutes earlier is done with.

    `bot_id` is the bot that told him; None where nobody had to be told, or no bot could.
    """

    __tablename__ = "renewal_reminders"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    pack: Mapped[str] = mapped_column(String(32), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    before: Mapped[int] = mapped_column(Integer, primary_key=True)
    bot_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bots.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
