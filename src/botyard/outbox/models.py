"""The outbox's table: every call to Telegram that a committed transaction asked for."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, SmallInteger, String, Table, Text

from botyard.db.types import EnumNumber, EnumText, RowNumber, UtcDateTime, metadata


class CallState(StrEnum):
    """Where a call is. `unknown`: it may have been applied, Telegram's answer never came."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


class Priority(IntEnum):
    """Who goes first: smaller is sooner."""

    ANSWER = 0
    REPLY = 1
    TRANSACTIONAL = 2
    BROADCAST = 3
    PAID_BROADCAST = 4
    """Its calls carry `allow_paid_broadcast`, and have a rate of their own."""

    @property
    def is_bulk(self) -> bool:
        """Whether it is spread over the second, so that the others find a place at any time."""
        return self >= Priority.BROADCAST

    @property
    def is_paid(self) -> bool:
        """Whether Telegram is paid for it."""
        return self is Priority.PAID_BROADCAST


class OnUnknown(StrEnum):
    """What a message kind wants when nobody knows whether Telegram applied it."""

    LEAVE = "leave"
    """At most once: it stays `unknown`, for a person to see."""
    REPEAT = "repeat"
    """At least once: it is sent again."""


outbox = Table(
    "outbox",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("bot_id", BigInteger, ForeignKey("bots.id"), nullable=False),
    Column("chat_key", BigInteger, ForeignKey("chats.id")),
    Column("method", String(64), nullable=False),
    Column("params", LargeBinary, nullable=False),
    Column("priority", EnumNumber(Priority), nullable=False),
    Column("on_unknown", EnumText(OnUnknown), nullable=False),
    Column("state", EnumText(CallState), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("not_before", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("update_seq", BigInteger),
    Column("fence", BigInteger),
    Column("message_id", BigInteger),
    Column("message_ids", Text),
    Column("messages", SmallInteger, nullable=False, server_default="1"),
    Column("receipt", String(64)),
    Column("result", LargeBinary),
    Column("error_kind", String(32)),
    Column("error", Text),
)
