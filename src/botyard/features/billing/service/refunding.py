"""Money that goes back: its row in the ledger, and what may be returned at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.billing.models import Direction, Kind, OrderId, Payment, Source
from botyard.features.billing.service import doubts, ledger, refunds
from botyard.features.billing.service.entitling import Entry, key_of
from botyard.features.billing.service.ledger import About
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.members.entitlements import PaymentId
from botyard.money import Money


class NotReturnable(BotyardError):
    """This payment cannot be given back: its text says why."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Money that went back to a member for the charge of this id."""

    source: Source
    charge_id: str
    amount: int
    currency: str
    at: datetime
    by: UserId | None = None
    reason: str = ""


async def take_back(
    session: AsyncSession,
    facts: Facts,
    returned: Returned,
    user_id: UserId,
    bot_id: BotId | None,
    now: datetime,
) -> Payment | None:
    """Writes down that a charge of Telegram's was given back, once; None if that is known.

    A refund has the charge's own id (Bot API, StarTransaction): direction tells them apart. Who paid is in
    the charge's row, if that is there already; who wanted it given back, in the wish.
    """
    charge = await ledger.find(session, returned.source, returned.charge_id)
    wish = await refunds.asked_by(session, PaymentId(charge.id)) if charge else None
    entry = Entry(
        kind=Kind.REFUND,
        source=returned.source,
        direction=Direction.OUT,
        external_id=returned.charge_id,
        money=Money(returned.amount, returned.currency),
        at=returned.at,
        plan=charge.plan if charge else None,
        refers_to=key_of(returned.source, returned.charge_id),
    )
    about = About(
        user_id=UserId(charge.user_id) if charge else user_id,
        bot_id=bot_id,
        order_id=OrderId(charge.order_id) if charge and charge.order_id else None,
        by=returned.by or (UserId(wish.by_id) if wish else None),
        reason=returned.reason or (wish.reason if wish else ""),
    )
    row = await ledger.record(session, facts, entry, about, now)
    if row is not None and charge is not None:
        await doubts.settle_payment(session, PaymentId(charge.id), about.by, now)
    return row


async def returnable(session: AsyncSession, payment_id: int) -> Payment:
    """The charge, locked, if nothing of it has been given back yet. Raises `NotReturnable`."""
    payment = await session.get(Payment, payment_id) if 0 < payment_id < 2**63 else None
    if payment is None or payment.direction is not Direction.IN or not payment.amount:
        raise NotReturnable(f"There is no payment no. {payment_id}.", remedy="/payments lists the latest.")
    await ledger.lock(session, UserId(payment.user_id))
    key = key_of(payment.source, payment.external_id)
    gone = await session.scalar(
        select(Payment.id).where(
            Payment.user_id == payment.user_id, Payment.refers_to == key, Payment.direction == Direction.OUT
        )
    )
    if gone is not None:
        raise NotReturnable(f"Payment no. {payment_id} was given back already.")
    return payment
