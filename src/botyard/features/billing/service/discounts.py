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

    An order that was paid, or can still be, is a use. Raises `NotValid`.
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
    return or_(Order.state == OrderState.PAID, and_(Order.state == OrderState.OPEN, Order.expires_at > now))


async def _require_left(session: AsyncSession, discount: Discount, user_id: UserId, now: datetime) -> None:
    used = select(func.count()).select_from(Order).where(Order.discount_id == discount.id, is_use(now))
    if discount.once_per_member and await session.scalar(used.where(Order.user_id == user_id)):
        raise NotValid(f"You have used the code {discount.code}: it works once for each.")
    if discount.most_uses is not None and (await session.scalar(used) or 0) >= discount.most_uses:
        raise NotValid(f"The code {discount.code} is used up.")


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
