"""Giving money back at Stripe, once, however often it is tried and whoever else asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing.models import (
    DoubtKind,
    Order,
    Payment,
    RefundId,
    RefundRequest,
    RefundState,
    Source,
    Way,
)
from botyard.features.billing.service import doubts, refunds
from botyard.features.billing.service.refunds import NotRefundable
from botyard.features.billing.stripe.amounts import to_stripe
from botyard.features.billing.stripe.client import StripeOff, StripeRefused, ask, connected
from botyard.features.billing.stripe.reading import Return, return_of
from botyard.features.billing.stripe.settling import settle_return
from botyard.features.billing.telling import language_of, tell_member
from botyard.features.billing.words import price
from botyard.ids import BotId, UserId
from botyard.jobs.queue import ANSWER, enqueue
from botyard.members import audit
from botyard.members.entitlements import PaymentId
from botyard.money import Money
from botyard.routing.context import House

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams, RefundListParams

JOB = "billing.stripe.refund"
TELL_JOB = "billing.stripe.refund-told"
NUMBER = "botyard_refund"
"""The metadata by which a refund of ours is found again: Stripe forgets idempotency keys after a day."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What Stripe made of it: the refund, or why there is none."""

    gone: Return | None = None
    problem: str = ""


async def request_refund(
    session: AsyncSession, payment_id: PaymentId, amount: int | None, by: UserId, reason: str, now: datetime
) -> RefundRequest:
    """Has a payment at Stripe given back: `amount` of its currency's smallest unit, or all that is left.

    Member and admin are told when it is done. A subscription that renews goes on. Raises `NotRefundable`.
    """
    source = await session.scalar(select(Payment.source).where(Payment.id == payment_id))
    if source is not None and source is not Source.STRIPE:
        raise NotRefundable(f"Payment {payment_id} was not made at Stripe.", remedy="Refund it where it was.")
    request = await refunds.ask_back(session, payment_id, amount, by, reason, now)
    audit.record(
        session,
        at=now,
        action="refund.ask",
        subject=f"payment:{payment_id}",
        actor_id=by,
        amount=request.amount,
        currency=request.currency,
        reason=reason,
    )
    await enqueue(session, JOB, {"request": request.id}, now, key=f"{JOB}:{request.id}")
    return request


async def _refund(house: House, payload: Mapping[str, Any]) -> Answered:
    """The errand: makes the refund, or finds the one that an earlier try has made."""
    async with house.database.reading() as session:
        request = await session.get_one(RefundRequest, payload["request"])
        payment = await session.get_one(Payment, request.payment_id)
    intent = payment.external_id
    if not intent.startswith("pi_"):
        return Answered(problem="it was not paid at Stripe by a card or a bank")
    number = str(request.id)
    params: RefundCreateParams = {
        "payment_intent": intent,
        "amount": to_stripe(Money(request.amount, request.currency)),
        "metadata": {NUMBER: number},
    }
    key = f"botyard-refund-{intent}-{number}"
    try:
        async with connected(house.settings) as api:
            wanted: RefundListParams = {"payment_intent": intent, "limit": 100}
            made = await ask(api.v1.refunds.list_async(wanted))
            for each in made.data:
                if each.metadata is not None and each.metadata.to_dict().get(NUMBER) == number:
                    return Answered(return_of(each))
            return Answered(
                return_of(await ask(api.v1.refunds.create_async(params, {"idempotency_key": key})))
            )
    except StripeOff as off:
        return Answered(problem=off.message)
    except StripeRefused as refused:
        return Answered(problem=refused.message)


async def _write(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    answered: Answered = payload[ANSWER]
    request = await session.get_one(RefundRequest, payload["request"])
    payment = await session.get_one(Payment, request.payment_id)
    number = RefundId(request.id)
    if answered.gone is None:
        ended = await refunds.end(session, number, RefundState.REFUSED, answered.problem, now)
    else:
        await settle_return(house, session, answered.gone, payment.external_id, now)
        state = RefundState.DONE if answered.gone.stands else RefundState.REFUSED
        ended = await refunds.end(session, number, state, answered.gone.id, now)
    if ended is not None:
        await _tell(house, session, ended, payment, now)


async def _gave_up(session: AsyncSession, payload: Mapping[str, Any], problem: str, now: datetime) -> None:
    """Nobody knows whether the money went back: a person looks. If it did, its event says so too."""
    ended = await refunds.end(session, RefundId(payload["request"]), RefundState.UNKNOWN, problem[:500], now)
    if ended is None:
        return
    payment = await session.get_one(Payment, ended.payment_id)
    await doubts.note(
        session,
        DoubtKind.DIFFERENCE,
        Way.STRIPE,
        "A refund was asked for, and Stripe never said what became of it.",
        now,
        user_id=UserId(payment.user_id),
        payment_id=PaymentId(payment.id),
        amount=ended.amount,
        currency=ended.currency,
    )
    await enqueue(session, TELL_JOB, {"request": ended.id}, now)


async def _tell_later(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    request = await session.get_one(RefundRequest, payload["request"])
    await _tell(house, session, request, await session.get_one(Payment, request.payment_id), now)


async def _tell(
    house: House, session: AsyncSession, request: RefundRequest, payment: Payment, now: datetime
) -> None:
    """Tells the admin how it ended. The member is told by the row that goes out, whoever wrote it."""
    by = UserId(request.by_id)
    order = await session.get(Order, payment.order_id) if payment.order_id else None
    words = {
        "payment": str(payment.id),
        "amount": price(Money(request.amount, request.currency), await language_of(session, by)),
        "title": order.title if order else "",
        "state": request.state.value,
        "why": request.detail or "",
    }
    first = [] if payment.bot_id is None else [BotId(payment.bot_id)]
    for bot_id in dict.fromkeys([*first, *house.bots]):  # he may know the business by another of its bots
        if await tell_member(house, session, by, bot_id, "refund-ended", words, now):
            return


JOBS = (HouseJob(JOB, _write, gave_up=_gave_up, errand=_refund), HouseJob(TELL_JOB, _tell_later))
