"""Giving Stars back (Bot API, refundStarPayment): asked for once, followed, written down when done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.doubting import say_to_admins
from botyard.features.billing.models import Order, Payment, RefundId, RefundState, Source
from botyard.features.billing.service import ledger, refunding, refunds
from botyard.features.billing.service.refunding import NotReturnable, Returned
from botyard.features.billing.telling import tell_returned
from botyard.ids import BotId, UserId
from botyard.jobs import receipts
from botyard.members.entitlements import PaymentId
from botyard.money import Money
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.texts import TextArgument

REFUND = "billing.refund"
DONE_BEFORE = "CHARGE_ALREADY_REFUNDED"
"""Telegram's answer to a second refund of one charge: the first one went through."""


async def give_back(
    session: AsyncSession, payment_id: int, by: UserId, reason: str, now: datetime
) -> Payment:
    """Asks Telegram to give the Stars of a charge back, all of them; answers the charge.

    However often it is asked, one call is made. If nobody knows whether it was applied it is made again:
    Telegram gives nothing back twice, and says so. Raises `NotReturnable` and `NotRefundable`.
    """
    payment = await refunding.returnable(session, payment_id)
    if payment.source is not Source.STARS or payment.bot_id is None:
        raise NotReturnable("Only Stars are given back from here.")
    request = await refunds.ask_back(session, PaymentId(payment.id), None, by, reason, now)
    receipt = f"billing:refund:{request.id}"
    params = {"user_id": payment.user_id, "telegram_payment_charge_id": payment.external_id}
    call = Call(
        BotId(payment.bot_id),
        "refundStarPayment",
        params,
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
        receipt=receipt,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    about = {"payment_id": payment.id, "request_id": request.id}
    await receipts.follow(session, REFUND, receipt, about, now)
    return payment


async def write_down(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Writes a refund down as soon as Telegram has made it, or tells the admins that it has not."""
    fates = await receipts.ended(session, REFUND, payload, now)
    if not fates:
        return
    charge = await session.get_one(Payment, payload["payment_id"])
    last = fates[-1]
    request_id = RefundId(payload["request_id"])
    if last.state is not CallState.SENT and DONE_BEFORE not in (last.error or ""):
        why = last.error or last.state.value
        await refunds.end(session, request_id, RefundState.REFUSED, why, now)
        assert charge.bot_id is not None
        words: dict[str, TextArgument | Money] = {
            "number": str(charge.id),
            "amount": Money(charge.amount, charge.currency),
            "why": why,
        }
        await say_to_admins(house, session, BotId(charge.bot_id), "refund-failed", words, now)
        return
    returned = Returned(
        charge.source,
        charge.external_id,
        charge.amount,
        charge.currency,
        last.finished_at or now,
    )
    await refunds.end(session, request_id, RefundState.DONE, charge.external_id, now)
    bot_id = None if charge.bot_id is None else BotId(charge.bot_id)
    refund = await refunding.take_back(session, house.facts, returned, UserId(charge.user_id), bot_id, now)
    if refund is not None:
        await tell_taken_back(house, session, refund, now)


async def tell_taken_back(house: House, session: AsyncSession, refund: Payment, now: datetime) -> None:
    """Tells the member that his money went back, whoever did it."""
    order = None if refund.order_id is None else await session.get(Order, refund.order_id)
    charge = await ledger.find(session, refund.source, refund.external_id)
    title = order.title if order else (charge.plan if charge else None) or ""
    await tell_returned(house, session, refund, title, now)
