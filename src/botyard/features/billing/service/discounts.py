"""Codes that make plans cheaper: whether one is valid here, and by how much."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.billing.models import Discount, DiscountId, Order, OrderState
from botyard.features.billing.service.catalog import Offer
from botyard.ids import UserId
from botyard.money import Money

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


class NotValid(BotyardError):
    """The code is not valid here: its text says why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A valid code, and by how much (the price's smallest unit) it makes the plan cheaper."""

    id: DiscountId
    off: int


async def take(
    session: AsyncSession, code: str, offer: Offer, price: Money, user_id: UserId, now: datetime
) -> Taken:
    """Uses a code for an order that is placed in this transaction: the code is locked until it ends.

    An order that was paid is a use, and so is a member who can still pay one, however many he has. His own
    are none to himself: the new order takes their place, see `cancel_earlier`. Raises `NotValid`.
    """
    discount = await session.scalar(
        select(Discount).where(Discount.code == code.strip().upper()[:32]).with_for_update()
    )
    if discount is None or not discount.active or discount.only_user_id not in (None, user_id):
        raise NotValid(f"There is no code {code[:32]}.", remedy="Look whether it is spelled right.")
    if discount.expires_at is not None and discount.expires_at <= now:
        raise NotValid(f"The code {discount.code} is out of date.")
    if discount.plans and not {offer.code, offer.pack}.intersection(discount.plans):
        raise NotValid(f"The code {discount.code} is not for {offer.title}.")
    await _require_left(session, discount, user_id, now)
    return Taken(DiscountId(discount.id), _off(discount, price))


def is_use(now: datetime) -> ColumnElement[bool]:
    """The condition on a row of `Order` that it uses its code up: it was paid, or can still be."""
    return or_(Order.state == OrderState.PAID, _can_be_paid(now))


async def cancel_earlier(session: AsyncSession, taken: Taken, user_id: UserId, now: datetime) -> None:
    """Cancels the member's orders with a code that was taken, and that he could still pay: a new one follows.

    Who wants to pay in another way is not kept from it by an invoice of his own.
    """
    await session.execute(
        update(Order).where(*_own_open(taken.id, user_id, now)).values(state=OrderState.CANCELLED)
    )


async def _require_left(session: AsyncSession, discount: Discount, user_id: UserId, now: datetime) -> None:
    if not discount.once_per_member and discount.most_uses is None:
        return
    # one of his own that is being paid at this moment is waited for, and then counts
    own = select(Order.id).where(*_own_open(DiscountId(discount.id), user_id, now)).with_for_update()
    await session.execute(own)
    with_it, of_others = Order.discount_id == discount.id, Order.user_id != user_id
    paid = select(func.count()).where(with_it, Order.state == OrderState.PAID)
    if discount.once_per_member and await session.scalar(paid.where(Order.user_id == user_id)):
        raise NotValid(f"You have used the code {discount.code}: it works once for each.")
    if discount.most_uses is None:
        return
    holding = select(func.count(Order.user_id.distinct())).where(with_it, of_others, _can_be_paid(now))
    used = (await session.scalar(paid) or 0) + (await session.scalar(holding) or 0)
    if used >= discount.most_uses:
        raise NotValid(f"The code {discount.code} is used up.")


def _own_open(discount: DiscountId, user_id: UserId, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Order.discount_id == discount, Order.user_id == user_id, _can_be_paid(now)


def _can_be_paid(now: datetime) -> ColumnElement[bool]:
    return and_(Order.state == OrderState.OPEN, Order.expires_at > now)


def _off(discount: Discount, price: Money) -> int:
    """By how much; something is always left to pay. Raises `NotValid` for another currency's amount."""
    if discount.percent is not None:
        off = price.amount * discount.percent // 100
    elif discount.currency == price.currency:
        off = discount.amount or 0
    else:
        raise NotValid(f"The code {discount.code} is for prices in {discount.currency}.")
    return min(off, price.amount - 1)


async def give(
    session: AsyncSession, to: UserId, percent: int, now: datetime, *, prefix: str = "THANKS"
) -> str:
    """A new code for one member alone, good for one order; nobody can guess it."""
    code = f"{prefix}-{''.join(secrets.choice(_LETTERS) for _ in range(8))}"
    session.add(
        Discount(
            code=code,
            percent=percent,
            most_uses=1,
            once_per_member=True,
            only_user_id=to,
            plans=[],
            active=True,
            created_at=now,
        )
    )
    await session.flush()
    return code


async def withdraw(session: AsyncSession, code: str) -> None:
    """Makes a code worth nothing from now on; what was ordered with it stays so."""
    await session.execute(update(Discount).where(Discount.code == code).values(active=False))


async def unused(session: AsyncSession, codes: Collection[str], now: datetime) -> list[str]:
    """Those of these codes, each good for one order, that can still be used."""
    if not codes:
        return []
    used = select(Order.id).where(Order.discount_id == Discount.id, is_use(now)).exists()
    found = await session.scalars(
        select(Discount.code)
        .where(Discount.code.in_(codes), Discount.active, ~used)
        .where(or_(Discount.expires_at.is_(None), Discount.expires_at > now))
        .order_by(Discount.id)
    )
    return list(found)
