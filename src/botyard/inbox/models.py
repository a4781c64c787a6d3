"""The inbox's table: every update that was ever answered 200."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from botyard.db.types import EnumText, RowNumber, UtcDateTime, metadata


class UpdateState(StrEnum):
    """Where an update is: waiting for its handler, handled, given up, or thrown away by an operator."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


updates = Table(
    "updates",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("bot_id", BigInteger, ForeignKey("bots.id"), nullable=False),
    Column("update_id", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("slot", SmallInteger, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", EnumText(UpdateState), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("not_before", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("outcome", String(64)),
    Column("error", Text),
    UniqueConstraint("bot_id", "update_id"),
)
