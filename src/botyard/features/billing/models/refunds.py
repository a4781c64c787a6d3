"""Refunds that were asked for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, RowNumber, UtcDateTime

RefundId = NewType("RefundId", int)


class RefundState(StrEnum):
    """Where a refund is that an admin asked for."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """Nobody could find out what became of it: a person has to look."""


class RefundRequest(Base):
    """Money that an admin wants to give back. Of one payment, one at a time is under way."""

    __tablename__ = "refund_requests"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[RefundState] = mapped_column(EnumText(RefundState))
    detail: Mapped[str | None] = mapped_column(Text)
    """The other side's name of the refund, or why there is none."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
