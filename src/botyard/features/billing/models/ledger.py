"""The ledger: every movement of money, and every gift of time. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumNumber, EnumText, RowNumber, UtcDateTime


class Kind(StrEnum):
    """What a row is."""

    CHARGE = "charge"
    RENEWAL = "renewal"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    GRANT = "grant"
    ADJUSTMENT = "adjustment"


class Source(StrEnum):
    """Who says so."""

    STARS = "stars"
    TELEGRAM = "telegram"
    STRIPE = "stripe"
    ADMIN = "admin"
    TRIAL = "trial"
    REFERRAL = "referral"


class Direction(IntEnum):
    """Whether money, or time, comes to the business's side of the book (+1) or leaves it (-1)."""

    IN = 1
    OUT = -1


class Payment(Base):
    """A row of the ledger. Its key is what the other side calls it: never our own order.

    `amount` (smallest units, never negative) goes in the `direction`. A row that gives time says how much
    (`days` or `months`, and until `paid_until` at the least) and of what (`plan`, `pack`). A row that takes
    another one back, or puts it back, names it (`refers_to`); one that goes out, refers to none and has a
    `pack` ends that pack at `at`.
    """

    __tablename__ = "payments"
    __table_args__ = (UniqueConstraint("source", "direction", "external_id"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    kind: Mapped[Kind] = mapped_column(EnumText(Kind))
    source: Mapped[Source] = mapped_column(EnumText(Source))
    direction: Mapped[Direction] = mapped_column(EnumNumber(Direction))
    external_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    bot_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bots.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    refers_to: Mapped[str | None] = mapped_column(String(300))
    """`source:external_id` of the row that came in. No key: on the wire a refund may overtake its charge."""
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    plan: Mapped[str | None] = mapped_column(String(32))
    pack: Mapped[str | None] = mapped_column(String(32))
    days: Mapped[int | None] = mapped_column(Integer)
    months: Mapped[int | None] = mapped_column(Integer)
    paid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it happened, by the clock of who says so."""
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    """The admin who did it."""
    reason: Mapped[str] = mapped_column(Text)
