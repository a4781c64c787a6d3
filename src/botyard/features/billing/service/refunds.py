"""Refunds that an admin asks for: what may be given back, one at a time for each payment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.billing.models import (
    Direction,
    Kind,
    Payment,
    RefundId,
    RefundRequest,
    RefundState,
    Source,
)
from botyard.features.billing.service import ledger
from botyard.features.billing.service.entitling import key_of
from botyard.ids import UserId
from botyard.members.entitlements import PaymentId
from botyard.members.two_person import require_other
from botyard.money import Money


class NotRefundable(BotyardError):
    """This much of this payment cannot be given back: the text says why."""


async def ask_back(
    session: AsyncSession,
    payment_id: PaymentId,
    amount: int | None,
    by: UserId,
    reason: str,
    now: datetime,
) -> RefundRequest:
    """Writes down that an admin wants to give a payment back: all that is left of it, or this `amount`.

    Whoever asks while another refund of the payment is under way is refused: two who press at once give
    back once. Raises `NotRefundable`.
    """
    payment = await session.get(Payment, payment_id)
    if payment is None:
        raise NotRefundable(f"There is no payment {payment_id}.", remedy="Look at its number again.")
    await ledger.lock(session, UserId(payment.user_id))
    if payment.direction is Direction.OUT or payment.kind not in (Kind.CHARGE, Kind.RENEWAL):
        raise NotRefundable(f"Payment {payment_id} brought no money.", remedy="Choose a charge or a renewal.")
    if await _is_under_way(session, payment_id):
        raise NotRefundable(
            f"A refund of payment {payment_id} is under way.", remedy="Wait until you are told how it went."
        )
    left = await left_of(session, payment)
    wanted = left.amount if amount is None else amount
    if not 0 < wanted <= left.amount:
        raise NotRefundable(
            f"Of payment {payment_id} {left} can be given back.",
            remedy="Give back a part of that." if left.amount else "It was given back before.",
        )
    return await _write(session, payment, wanted, RefundState.ASKED, by, reason, now)


async def asked_by(session: AsyncSession, payment_id: PaymentId) -> RefundRequest | None:
    """The latest wish to give a payment back that was carried out, or is being."""
    return await session.scalar(
        select(RefundRequest)
        .where(
            RefundRequest.payment_id == payment_id,
            RefundRequest.state.in_((RefundState.ASKED, RefundState.DONE)),
        )
        .order_by(RefundRequest.id.desc())
        .limit(1)
    )


async def hold(
    session: AsyncSession, payment: Payment, by: UserId, reason: str, now: datetime
) -> RefundRequest:
    """Writes down that an admin wants to give a payment back, and that another one has to agree."""
    return await _write(session, payment, payment.amount, RefundState.WAITING, by, reason, now)


async def decide(
    session: AsyncSession, request_id: RefundId, by: UserId, now: datetime, *, agrees: bool
) -> RefundRequest:
    """A second admin's word, once. Raises `NotRefundable` when it is given, and `SamePerson` if it is his.

    Who asked may take it back himself, but not agree.
    """
    request = await session.get(RefundRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None or request.state is not RefundState.WAITING:
        raise NotRefundable("This was decided already.")
    if agrees:
        require_other(by, {UserId(request.by_id)})
    request.state = RefundState.AGREED if agrees else RefundState.DECLINED
    request.detail, request.ended_at = f"by {by}", now
    await session.flush()
    return request


async def left_of(session: AsyncSession, payment: Payment) -> Money:
    """What has not been given back, or taken back, of a payment."""
    key = key_of(Source(payment.source), payment.external_id)
    moved = await session.scalar(
        select(func.coalesce(func.sum(Payment.amount * -Payment.direction), 0)).where(
            Payment.user_id == payment.user_id,
            Payment.refers_to == key,
            Payment.kind.in_((Kind.REFUND, Kind.CHARGEBACK, Kind.ADJUSTMENT)),
        )
    )
    return Money(max(0, payment.amount - int(moved or 0)), payment.currency)


async def end(
    session: AsyncSession, request_id: RefundId, state: RefundState, detail: str, now: datetime
) -> RefundRequest | None:
    """Writes down how a refund ended; None if that is known."""
    request = await session.get(RefundRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None or request.state is not RefundState.ASKED:
        return None
    request.state, request.detail, request.ended_at = state, detail, now
    await session.flush()
    return request


async def _write(
    session: AsyncSession,
    payment: Payment,
    amount: int,
    state: RefundState,
    by: UserId,
    reason: str,
    now: datetime,
) -> RefundRequest:
    request = RefundRequest(
        payment_id=payment.id,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        by_id=by,
        state=state,
        created_at=now,
    )
    session.add(request)
    await session.flush()
    return request


async def _is_under_way(session: AsyncSession, payment_id: PaymentId) -> bool:
    asked = select(RefundRequest.id).where(
        RefundRequest.payment_id == payment_id, RefundRequest.state == RefundState.ASKED
    )
    return await session.scalar(asked.limit(1)) is not None
