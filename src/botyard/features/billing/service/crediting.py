"""Money that has come: into the ledger, and to the order that it pays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import (
    Direction,
    DoubtKind,
    Kind,
    Order,
    OrderId,
    OrderState,
    Payment,
    Source,
    SubscriptionState,
    Way,
)
from botyard.features.billing.service import doubts, ledger, orders, subscriptions
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.features.billing.service.orders import NotPayable, Paid
from botyard.jobs.facts import Facts
from botyard.members.entitlements import PaymentId
from botyard.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Money that somebody has paid. `charge_id` is the other side's name of it, and its only key."""

    paid: Paid
    way: Way
    charge_id: str
    at: datetime
    paid_until: datetime | None = None
    """The end of the period that a subscription's payment pays."""
    repeats: bool = False
    """Whether it belongs to a subscription."""
    is_renewal: bool = False
    """Whether it is one of a subscription's payments after the first."""
    subscription: str = ""
    """The other side's name of the subscription; by default the charge's."""
    customer: str | None = None


class Outcome(StrEnum):
    """What became of a charge."""

    CREDITED = "credited"
    KNOWN = "known"
    """It was in the ledger already."""
    UNKNOWN_ORDER = "unknown_order"
    PAID_TWICE = "paid_twice"
    WRONG_AMOUNT = "wrong_amount"


@dataclass(frozen=True, slots=True)
class Credited:
    """What became of a charge: its row of the ledger, and the order that it is for, if there is one."""

    outcome: Outcome
    payment: Payment | None
    order: Order | None


async def credit(session: AsyncSession, facts: Facts, charge: Charge, now: datetime) -> Credited:
    """Writes a charge into the ledger, once, and pays its order with it.

    Money that pays nothing is written down all the same, without time, together with a doubt for a person to
    settle: it is the member's, to be returned or to be used.
    """
    source = Source(charge.way.value)
    known = await ledger.find(session, source, charge.charge_id)
    if known is not None:
        return Credited(Outcome.KNOWN, known, None)
    try:
        order = await orders.find_genuine(session, charge.paid, now, locked=True)
    except NotPayable as problem:
        return await _keep(session, facts, charge, None, Outcome.UNKNOWN_ORDER, str(problem.refusal), now)
    if not orders.asks_for(order, charge.paid):
        asked = Money(order.amount, order.currency)
        return await _keep(session, facts, charge, order, Outcome.WRONG_AMOUNT, f"{asked} was asked for", now)
    if not charge.is_renewal and await is_paid(session, order):
        return await _keep(
            session, facts, charge, order, Outcome.PAID_TWICE, "the order was paid before", now
        )
    return await pay(session, facts, charge, order, now)


async def pay(session: AsyncSession, facts: Facts, charge: Charge, order: Order, now: datetime) -> Credited:
    """Writes a charge that is known to be for this order into the ledger, once, with the time it buys."""
    entry = Entry(
        kind=Kind.RENEWAL if charge.is_renewal else Kind.CHARGE,
        source=Source(charge.way.value),
        direction=Direction.IN,
        external_id=charge.charge_id,
        money=Money(charge.paid.amount, charge.paid.currency),
        at=charge.at,
        plan=order.plan,
        pack=order.pack,
        days=order.days,
        months=order.months,
        paid_until=charge.paid_until,
    )
    about = About(user_id=charge.paid.payer, bot_id=charge.paid.bot_id, order_id=OrderId(order.id))
    payment = await ledger.record(session, facts, entry, about, now)
    if payment is None:
        return Credited(Outcome.KNOWN, None, order)
    order.state, order.paid_at = OrderState.PAID, order.paid_at or charge.at
    if charge.repeats:
        await subscriptions.note(
            session,
            order,
            reference=charge.subscription or charge.charge_id,
            state=SubscriptionState.ACTIVE,
            period_ends_at=charge.paid_until,
            customer=charge.customer,
            now=now,
        )
    return Credited(Outcome.CREDITED, payment, order)


async def is_paid(session: AsyncSession, order: Order) -> bool:
    """Whether a charge has paid it. Not its state: a renewal may have overtaken the first payment."""
    paid = select(Payment.id).where(
        Payment.order_id == order.id, Payment.kind == Kind.CHARGE, Payment.pack.is_not(None)
    )
    return await session.scalar(paid.limit(1)) is not None


async def _keep(
    session: AsyncSession,
    facts: Facts,
    charge: Charge,
    order: Order | None,
    outcome: Outcome,
    reason: str,
    now: datetime,
) -> Credited:
    """Writes down money that pays nothing."""
    entry = Entry(
        kind=Kind.RENEWAL if charge.is_renewal else Kind.CHARGE,
        source=Source(charge.way.value),
        direction=Direction.IN,
        external_id=charge.charge_id,
        money=Money(charge.paid.amount, charge.paid.currency),
        at=charge.at,
    )
    order_id = None if order is None else OrderId(order.id)
    about = About(user_id=charge.paid.payer, bot_id=charge.paid.bot_id, order_id=order_id, reason=reason)
    payment = await ledger.record(session, facts, entry, about, now)
    if payment is None:
        return Credited(Outcome.KNOWN, None, order)
    await doubts.note(
        session,
        DoubtKind(outcome.value),
        charge.way,
        reason,
        now,
        user_id=charge.paid.payer,
        order_id=order_id,
        payment_id=PaymentId(payment.id),
        amount=charge.paid.amount,
        currency=charge.paid.currency,
    )
    return Credited(outcome, payment, order)
