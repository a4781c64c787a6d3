"""Money that pays nothing yet: using it for the plan that it was paid for once more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Direction, Kind, Order, OrderId, Payment, Source
from botyard.features.billing.service import doubts, ledger, refunding
from botyard.features.billing.service.entitling import Entry, key_of
from botyard.features.billing.service.ledger import About
from botyard.features.billing.service.refunding import NotReturnable
from botyard.ids import UserId
from botyard.jobs.facts import Facts
from botyard.members.entitlements import PaymentId
from botyard.money import Money


async def use(
    session: AsyncSession, facts: Facts, payment_id: int, by: UserId, now: datetime
) -> tuple[Payment, Order]:
    """Adds the time that this money would have bought to what the member has: once, and from now on.

    The row that adds it refers to the payment: if that is given back, the time goes with it. Answers the
    new row and the order. Raises `NotReturnable` where the money was used or given back before.
    """
    payment = await refunding.returnable(session, payment_id)
    order = None if payment.order_id is None else await session.get(Order, payment.order_id)
    if order is None or payment.pack is not None:
        raise NotReturnable(f"Payment no. {payment_id} has bought what it was for.")
    entry = Entry(
        kind=Kind.ADJUSTMENT,
        source=Source.ADMIN,
        direction=Direction.IN,
        external_id=f"use:{payment.id}",
        money=Money(0, payment.currency),
        at=now,
        plan=order.plan,
        pack=order.pack,
        days=order.days,
        months=order.months,
        refers_to=key_of(payment.source, payment.external_id),
    )
    about = About(user_id=UserId(payment.user_id), bot_id=None, order_id=OrderId(order.id), by=by)
    added = await ledger.record(session, facts, entry, about, now)
    if added is None:
        raise NotReturnable(f"Payment no. {payment_id} was used already.")
    await doubts.settle_payment(session, PaymentId(payment.id), by, now)
    return added, order


async def is_used(session: AsyncSession, payment_id: int) -> bool:
    """Whether the time that this money buys was added."""
    found = await session.scalar(
        select(Payment.id).where(
            Payment.source == Source.ADMIN,
            Payment.direction == Direction.IN,
            Payment.external_id == f"use:{payment_id}",
        )
    )
    return found is not None
