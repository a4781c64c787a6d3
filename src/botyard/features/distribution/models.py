"""The tables of distribution: rules, posts, and their copies in chats."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, JsonBytes, RowNumber, UtcDateTime


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


class PostState(StrEnum):
    """Where a post is on its way."""

    COLLECTING = "collecting"
    """An album of which more parts may come."""
    OFFERED = "offered"
    REFUSED = "refused"
    """No rule matched."""
    CANCELLED = "cancelled"
    SENT = "sent"
    DELETED = "deleted"


class CopyState(StrEnum):
    """What became of a post in one chat."""

    PLANNED = "planned"
    SKIPPED = "skipped"
    """The admin left this chat out."""
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Telegram's answer never came: it may be there, and is not sent again."""
    DELETED = "deleted"


class Post(Base):
    """Something that an admin had distributed, or wanted to: who, what, and how it went."""

    __tablename__ = "distribution_posts"
    __table_args__ = (UniqueConstraint("bot_id", "source_key", "media_group_id"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    source_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"))
    """The chat that it is copied from, and where its author is told how it went."""
    media_group_id: Mapped[str | None] = mapped_column(String(64))
    message_ids: Mapped[list[int]] = mapped_column(JsonBytes)
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[PostState] = mapped_column(EnumText(PostState))
    card_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message that lists its chats, once a button beneath it was pressed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Copy(Base):
    """A post in one chat. It tells all there is to know, also when the outbox has long been pruned."""

    __tablename__ = "distribution_copies"

    post_id: Mapped[int] = mapped_column(ForeignKey("distribution_posts.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    rule_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    """The rule and the words that matched, as they were then."""
    state: Mapped[CopyState] = mapped_column(EnumText(CopyState))
    message_ids: Mapped[list[int]] = mapped_column(JsonBytes)
    error: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
