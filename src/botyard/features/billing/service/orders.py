"""Orders: what was asked for, at which price; and whether what is about to be paid is that."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.errors import BotyardError
from botyard.features.billing.models import Order, OrderId, OrderState, Plan, SigningKey, Way
from botyard.features.billing.service import discounts
from botyard.features.billing.service.catalog import Offer, is_sold
from botyard.ids import BotId, UserId
from botyard.money import Money

ORDER_LIFE = timedelta(hours=24)
"""So long an order can be paid, at its price."""
KEY = "payload"
_PAYLOAD = re.compile(r"([1-9][0-9]{0,17})\.([A-Za-z0-9_-]{22})", re.ASCII)


class Refusal(StrEnum):
    """Why an order cannot be paid."""

    FORGED = "forged"
    UNKNOWN = "unknown"
    OTHER_PAYER = "other_payer"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    EXPIRED = "expired"
    PAID = "paid"
    CANCELLED = "cancelled"
    NOT_SOLD = "not_sold"


class NotPayable(BotyardError):
    """What is about to be paid is not what was ordered. `order_id` is known where the payload is genuine."""

    def __init__(self, refusal: Refusal, order_id: OrderId | None = None) -> None:
        super().__init__(f"The order cannot be paid: {refusal}.", remedy="Send /plans and order again.")
        self.refusal = refusal
        self.order_id = order_id


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, and with which bot."""

    user_id: UserId
    bot_id: BotId


@dataclass(frozen=True, slots=True)
class Paid:
    """What somebody pays, or is about to: the payload of an invoice, and the money."""

    payload: str
    payer: UserId
    bot_id: BotId
    currency: str
    amount: int
    """Any number: a forger's may be one that no `Money` can be."""


def renews(offer: Offer, way: Way) -> bool:
    """Whether a plan that is bought in this way renews by itself."""
    return offer.stars_subscription if way is Way.STARS else way is Way.STRIPE and offer.stripe_subscription


async def place(
    session: AsyncSession, buyer: Buyer, offer: Offer, way: Way, price: Money, code: str, now: datetime
) -> Order:
    """A new order for a plan at one of its prices, cheaper by a discount `code` unless that is empty.

    With a code it takes the place of the member's earlier orders with that code: they are cancelled.
    Raises `discounts.NotValid`.
    """
    discount = None
    if code:
        discount = await discounts.take(session, code, offer, price, buyer.user_id, now)
        await discounts.cancel_earlier(session, discount, buyer.user_id, now)
    off = discount.off if discount else 0
    order = Order(
        user_id=buyer.user_id,
        bot_id=buyer.bot_id,
        plan_id=offer.id,
        plan=offer.code,
        pack=offer.pack,
        title=offer.title,
        days=offer.days,
        months=offer.months,
        way=way,
        renews=renews(offer, way),
        amount=price.amount - off,
        currency=price.currency,
        discount_id=discount.id if discount else None,
        discount=off,
        state=OrderState.OPEN,
        created_at=now,
        expires_at=now + ORDER_LIFE,
    )
    session.add(order)
    await session.flush()
    return order


async def payload_of(session: AsyncSession, order: Order) -> str:
    """What the order's invoice carries: its number, signed: 41 bytes at most, of 128 that are allowed."""
    secret = await session.scalar(select(SigningKey.secret).where(SigningKey.name == KEY))
    assert secret is not None, "made at every start"
    return f"{order.id}.{_signature(secret, order)}"


async def check(session: AsyncSession, paid: Paid, now: datetime) -> Order:
    """The order that may be paid so. One read by its key. Raises `NotPayable`."""
    order, is_sold_now = await _read(session, paid, now)
    refusal = _refusal(order, paid, now, is_sold=is_sold_now)
    if refusal is not None:
        raise NotPayable(refusal, OrderId(order.id))
    return order


async def find_genuine(session: AsyncSession, paid: Paid, now: datetime, *, locked: bool = False) -> Order:
    """The order that a payload names, whatever is wrong with it otherwise. Raises `NotPayable`.

    `locked`: until the transaction ends nobody else pays it.
    """
    order, _ = await _read(session, paid, now)
    if locked:
        await session.refresh(order, with_for_update=True)
    return order


def asks_for(order: Order, paid: Paid) -> bool:
    """Whether this is the money that the order asks for."""
    return (paid.currency, paid.amount) == (order.currency, order.amount)


async def make_key(session: AsyncSession, now: datetime) -> None:
    """Makes the key that payloads are signed with, once for all time: invoices live long."""
    values = {"name": KEY, "secret": secrets.token_bytes(32), "created_at": now}
    await session.execute(insert_new(session.get_bind().dialect, SigningKey).values(values))


async def _read(session: AsyncSession, paid: Paid, now: datetime) -> tuple[Order, bool]:
    named = _PAYLOAD.fullmatch(paid.payload)
    if named is None:
        raise NotPayable(Refusal.FORGED)
    rows = await session.execute(
        select(Order, SigningKey.secret, is_sold(now).label("is_sold"))
        .join(Plan, Plan.id == Order.plan_id)
        .join(SigningKey, SigningKey.name == KEY)
        .where(Order.id == int(named[1]))
        .execution_options(populate_existing=True)
    )
    row = rows.one_or_none()
    if row is None:
        raise NotPayable(Refusal.UNKNOWN)
    order, secret, is_sold_now = row
    if not hmac.compare_digest(_signature(secret, order), named[2]):
        raise NotPayable(Refusal.FORGED)
    return order, bool(is_sold_now)


def _refusal(order: Order, paid: Paid, now: datetime, *, is_sold: bool) -> Refusal | None:
    if (order.user_id, order.bot_id) != (paid.payer, paid.bot_id):
        return Refusal.OTHER_PAYER
    if paid.currency != order.currency:
        return Refusal.WRONG_CURRENCY
    if paid.amount != order.amount:
        return Refusal.WRONG_AMOUNT
    if order.state is not OrderState.OPEN:
        return Refusal(order.state.value)
    if order.expires_at <= now:
        return Refusal.EXPIRED
    return None if is_sold else Refusal.NOT_SOLD


def _signature(secret: bytes, order: Order) -> str:
    """128 bits over all that must not be another."""
    signed = f"{order.id}:{order.bot_id}:{order.user_id}:{order.amount}:{order.currency}"
    digest = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")
