"""The tables of distribution rules."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, JsonBytes, RowNumber, UtcDateTime


class RuleRow(Base):
    """What a post must contain to go to the rule's chats."""

    __tablename__ = "distribution_rules"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    pattern: Mapped[str] = mapped_column(String(256))
    is_regex: Mapped[bool]
    whole_words: Mapped[bool]
    excluded: Mapped[list[str]] = mapped_column(JsonBytes)
    priority: Mapped[int] = mapped_column(Integer)
    first_only: Mapped[bool]
    enabled: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RuleChat(Base):
    """A chat that a rule sends to; `position` keeps the order in which they were named."""

    __tablename__ = "distribution_rule_chats"

    rule_id: Mapped[int] = mapped_column(ForeignKey("distribution_rules.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)


class RuleBook(Base):
    """One row. `stamp` is another with each change of any rule; without the row nothing was seeded yet."""

    __tablename__ = "distribution_rule_book"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    stamp: Mapped[str] = mapped_column(String(32))
    seeded_at: Mapped[datetime] = mapped_column(UtcDateTime)
