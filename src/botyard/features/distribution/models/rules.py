"""The tables of rules: what a post must contain, and the chats that it goes to then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, JsonBytes, RowNumber, UtcDateTime


class Rule(Base):
    """A rule of distribution. `rule_content.RuleContent` says what each column means."""

    __tablename__ = "distribution_rules"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    pattern: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    """The pattern without upper case, for searches: SQLite's own lower() knows ASCII only."""
    is_regex: Mapped[bool]
    whole_words: Mapped[bool]
    excluded: Mapped[list[str]] = mapped_column(JsonBytes)
    priority: Mapped[int] = mapped_column(Integer)
    first_only: Mapped[bool]
    caption_template: Mapped[str | None] = mapped_column(Text)
    buttons: Mapped[list[list[dict[str, str]]]] = mapped_column(JsonBytes)
    enabled: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RuleChat(Base):
    """A chat that a rule leads to; `position` keeps the order in which they were named."""

    __tablename__ = "distribution_rule_chats"

    rule_id: Mapped[int] = mapped_column(ForeignKey("distribution_rules.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)


class RuleBook(Base):
    """All rules as one thing. A single row, which the migration makes."""

    __tablename__ = "distribution_rule_book"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(String(32))
    """A random word that every change of a rule replaces: who has compiled the rules looks at it."""
    seeded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the first rules were made of the settings. That happens once, even if they are deleted later."""
