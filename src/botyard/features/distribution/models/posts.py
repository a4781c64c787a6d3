"""The tables of posts: what an admin wrote, and what became of its copy in each chat."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, JsonBytes, RowNumber, UtcDateTime


class PostState(StrEnum):
    """How far a post is."""

    COLLECTING = "collecting"
    """More parts of it may come, or it was edited a moment ago: nobody has looked where it goes."""
    ASKING = "asking"
    NOWHERE = "nowhere"
    """It matches no rule."""
    SENT = "sent"
    """Its copies are on their way or there. It never leaves this state."""
    CANCELLED = "cancelled"


class CopyState(StrEnum):
    """What is known of a post's copy in a chat."""

    OFF = "off"
    """The admin left this chat out."""
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It may have arrived. It is not sent again."""
    EDITING = "editing"
    EDITED = "edited"
    NOT_EDITED = "not_edited"
    DELETING = "deleting"
    DELETED = "deleted"
    NOT_DELETED = "not_deleted"

    @property
    def is_open(self) -> bool:
        """Whether a call about it is under way."""
        return self in (CopyState.SENDING, CopyState.EDITING, CopyState.DELETING)

    @property
    def is_there(self) -> bool:
        """Whether it stands in the chat, as far as anybody knows, and nothing is being done about it."""
        return self in (CopyState.SENT, CopyState.EDITED, CopyState.NOT_EDITED, CopyState.NOT_DELETED)


class Post(Base):
    """A post. `chat_key` is where it was written, and where its author is told about it."""

    __tablename__ = "distribution_posts"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"))
    author_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    state: Mapped[PostState] = mapped_column(EnumText(PostState))
    album: Mapped[str | None] = mapped_column(String(64))
    """Telegram's name of the album (`media_group_id`) that the parts are."""
    topic: Mapped[str] = mapped_column(Text)
    """Words that count for the rules besides the post's own."""
    is_typed: Mapped[bool]
    """Whether the text is a command's: it is sent as a text, as a copy would show the command."""
    edition: Mapped[int] = mapped_column(Integer)
    """How many edits have been ordered for the copies."""
    deletion: Mapped[int] = mapped_column(Integer)
    """How often it was ordered to delete the copies."""
    follower: Mapped[int] = mapped_column(Integer)
    """The number of the one job that may follow the copies; an older one ends."""
    card_id: Mapped[int | None] = mapped_column(BigInteger)
    """The bot's message about the post."""
    shown: Mapped[str | None] = mapped_column(String(64))
    """A digest of what that message shows."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by: Mapped[int | None] = mapped_column(BigInteger)


class PostPart(Base):
    """A message of a post: an album has several. What it holds is what copies are to say."""

    __tablename__ = "distribution_parts"

    post_id: Mapped[int] = mapped_column(ForeignKey("distribution_posts.id"), primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    file_id: Mapped[str | None] = mapped_column(Text)
    edition: Mapped[int] = mapped_column(Integer)
    """The edit of the post that changed this part last."""
    has_new_media: Mapped[bool]


class Copy(Base):
    """A post's copy in a chat, with all that the rule said when the post was planned."""

    __tablename__ = "distribution_copies"

    post_id: Mapped[int] = mapped_column(ForeignKey("distribution_posts.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    rule_id: Mapped[int] = mapped_column(BigInteger)
    pattern: Mapped[str] = mapped_column(Text)
    words: Mapped[list[str]] = mapped_column(JsonBytes)
    """The words of the post that matched."""
    template: Mapped[str | None] = mapped_column(Text)
    buttons: Mapped[list[list[dict[str, str]]]] = mapped_column(JsonBytes)
    state: Mapped[CopyState] = mapped_column(EnumText(CopyState))
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    """Telegram's id of the chat when the copy arrived: `message_ids` are of that chat, and no later one."""
    message_ids: Mapped[list[int]] = mapped_column(JsonBytes)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    edition: Mapped[int] = mapped_column(Integer)
    deletion: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    """Telegram's word on what went wrong last."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when it has been in this state."""


class Habit(Base):
    """How an admin wants his posts to be handled."""

    __tablename__ = "distribution_habits"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True)
    sends_at_once: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
