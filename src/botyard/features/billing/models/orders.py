"""Orders, the subscriptions that came of them, and what went wrong."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, RowNumber, UtcDateTime

OrderId = NewType("OrderId", int)
DoubtId = NewType("DoubtId", int)


class Way(StrEnum):
    """How an order is paid."""

    STARS = "stars"
    TELEGRAM = "telegram"
    STRIPE = "stripe"


class OrderState(StrEnum):
    """Where an order is. What is open past its `expires_at` can no longer be paid."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


class Order(Base):
    """What a member asked to buy, at the price of that moment: no change of the plan changes it."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    plan: Mapped[str] = mapped_column(String(32))
    pack: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(64))
    days: Mapped[int | None] = mapped_column(Integer)
    months: Mapped[int | None] = mapped_column(Integer)
    way: Mapped[Way] = mapped_column(EnumText(Way))
    renews: Mapped[bool] = mapped_column(Boolean)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    discount_id: Mapped[int | None] = mapped_column(ForeignKey("discounts.id"))
    discount: Mapped[int] = mapped_column(BigInteger)
    """By how much the code made it cheaper."""
    state: Mapped[OrderState] = mapped_column(EnumText(OrderState))
    reference: Mapped[str | None] = mapped_column(String(255))
    """The way's own name for it, such as the id of Stripe's Checkout Session."""
    url: Mapped[str | None] = mapped_column(Text)
    """Where it is paid, if that is not in the chat."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SubscriptionState(StrEnum):
    """How a subscription is. What was cancelled runs on to the end of its paid period."""

    ACTIVE = "active"
    CANCELLED = "cancelled"
    PAST_DUE = "past_due"
    ENDED = "ended"


class Subscription(Base):
    """Payments that repeat by themselves, by Telegram or Stripe; `reference`: Stripe's id, or a charge's."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("order_id"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    way: Mapped[Way] = mapped_column(EnumText(Way))
    reference: Mapped[str] = mapped_column(String(255))
    customer: Mapped[str | None] = mapped_column(String(255))
    """Stripe's id of the member."""
    state: Mapped[SubscriptionState] = mapped_column(EnumText(SubscriptionState))
    period_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DoubtKind(StrEnum):
    """What is wrong with a payment."""

    REFUSED = "refused"
    """It was refused before any money moved."""
    UNKNOWN_ORDER = "unknown_order"
    """Money came for nothing that we sold."""
    PAID_TWICE = "paid_twice"
    """Money came once more for an order that was paid."""
    WRONG_AMOUNT = "wrong_amount"
    """Money came, but not what was asked for."""
    MISSED = "missed"
    """Only the comparison with the other side's books has shown it."""
    DIFFERENCE = "difference"
    """The other side's books say something else than ours."""


class Doubt(Base):
    """Something about money that a person should know: for the owner to read, and to settle."""

    __tablename__ = "payment_doubts"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    kind: Mapped[DoubtKind] = mapped_column(EnumText(DoubtKind))
    way: Mapped[Way] = mapped_column(EnumText(Way))
    reason: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    payment_id: Mapped[int | None] = mapped_column(BigInteger)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[int | None] = mapped_column(BigInteger)


class StripeEvent(Base):
    """An event of Stripe's that has come: each takes effect once, however often it is sent."""

    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(128))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SigningKey(Base):
    """A secret of ours, made once: what the payloads of invoices are signed with."""

    __tablename__ = "signing_keys"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
