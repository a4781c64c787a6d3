"""The tables of the library: guides, and what each member has seen, saved and done."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, RowNumber, UtcDateTime


class Difficulty(StrEnum):
    """How much a guide asks of its reader."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Guide(Base):
    """A guide: a link (`url`) or a text of our own (`body`, in Telegram's HTML), never both."""

    __tablename__ = "guides"
    __table_args__ = (CheckConstraint("(url IS NULL) <> (body IS NULL)", name="url_or_body"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    """Names the guide in files: unlike `id` it is the same in another installation."""
    title: Mapped[str] = mapped_column(String(128))
    description: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(64))
    tags: Mapped[str] = mapped_column(Text)
    """Joined by a comma and a space."""
    difficulty: Mapped[Difficulty] = mapped_column(EnumText(Difficulty))
    language: Mapped[str] = mapped_column(String(16))
    position: Mapped[int] = mapped_column(Integer)
    """Its place in its category, from 1; those that are retired come last."""
    active: Mapped[bool]
    searchable: Mapped[str] = mapped_column(Text)
    """All that a search looks at, in folded case: a database folds only ASCII, or by its locale."""
    last_posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GuideMark(Base):
    """What one member did with one guide."""

    __tablename__ = "guide_marks"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True)
    guide_id: Mapped[int] = mapped_column(ForeignKey("guides.id"), primary_key=True)
    saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    views: Mapped[int] = mapped_column(Integer)
    """How often he opened its card."""
    reads: Mapped[int] = mapped_column(Integer)
    """How often he began to read its text."""
    last_viewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
