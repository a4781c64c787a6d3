"""The tables of click counting: what can be clicked, and who did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, RowNumber, UtcDateTime


class Target(Base):
    """Something whose clicks are counted: a link (`url`), or a button of ours (without)."""

    __tablename__ = "click_targets"
    __table_args__ = (UniqueConstraint("label", "url"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    label: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(Text)
    """Empty for a button."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Click(Base):
    """All clicks of one person on one target. `clicker` tells people apart without saying who they are."""

    __tablename__ = "clicks"

    target_id: Mapped[int] = mapped_column(ForeignKey("click_targets.id"), primary_key=True)
    clicker: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    clicks: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
