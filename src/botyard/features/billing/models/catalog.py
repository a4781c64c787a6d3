"""Plans, their prices and chats, and codes that make them cheaper."""

from __future__ import annotations

from datetime import datetime
from typing import NewType

from sqlalchemy import BigInteger, ForeignKey, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, JsonBytes, RowNumber, UtcDateTime

PlanId = NewType("PlanId", int)
DiscountId = NewType("DiscountId", int)


class Plan(Base):
    """Something that is sold: a length of time (`days` or `months`) with what a pack gives.

    Plans of one `pack` are lengths of the same thing: paid for one after the other, they follow each other.
    """

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    pack: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(Text)
    days: Mapped[int | None] = mapped_column(Integer)
    months: Mapped[int | None] = mapped_column(Integer)
    stars_subscription: Mapped[bool]
    """Stars renew it every 30 days (Bot API, createInvoiceLink, subscription_period)."""
    stripe_subscription: Mapped[bool]
    """Stripe renews it each time its length has passed."""
    trial_days: Mapped[int | None] = mapped_column(Integer)
    """So many days are free for who never had the pack."""
    features: Mapped[list[str]] = mapped_column(JsonBytes)
    position: Mapped[int] = mapped_column(Integer)
    sold_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sold_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlanPrice(Base):
    """What a plan costs in one currency, in its smallest unit; XTR in Stars."""

    __tablename__ = "plan_prices"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class PlanChat(Base):
    """A chat that a plan lets into."""

    __tablename__ = "plan_chats"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)


class Discount(Base):
    """A code that makes plans cheaper: by a share (`percent`) or by `amount` of `currency`."""

    __tablename__ = "discounts"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    """In capital letters."""
    percent: Mapped[int | None] = mapped_column(SmallInteger)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    most_uses: Mapped[int | None] = mapped_column(Integer)
    once_per_member: Mapped[bool]
    only_user_id: Mapped[int | None] = mapped_column(BigInteger)
    plans: Mapped[list[str]] = mapped_column(JsonBytes)
    """Codes of the plans or packs that it is for; empty: all."""
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool]
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
