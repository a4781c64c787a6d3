"""What Telegram asks and tells of payments: before one, after it, when it is returned, when it repeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import msgspec
import structlog

from botyard.features.billing.counters import (
    BILLING_PAYMENTS,
    TELEGRAM_PAYMENT_VALUE,
    TELEGRAM_PAYMENTS,
)
from botyard.features.billing.doubting import tell_doubt
from botyard.features.billing.models import DoubtKind, OrderId, Source, SubscriptionState, Way
from botyard.features.billing.returning import tell_taken_back
from botyard.features.billing.service import crediting, doubts, orders, refunding, subscriptions
from botyard.features.billing.service.catalog import STARS
from botyard.features.billing.service.crediting import Charge, Credited, Outcome
from botyard.features.billing.service.orders import NotPayable, Paid
from botyard.features.billing.telling import tell_member, tell_paid
from botyard.features.billing.wire import PaymentUpdate, Query, SuccessfulPayment, read_update
from botyard.features.billing.words import price
from botyard.members import chats
from botyard.money import Money
from botyard.routing.context import Context
from botyard.routing.registry import watcher

log = structlog.get_logger(__name__)

ANSWER_WITHIN = timedelta(seconds=10)
"""Bot API, answerPreCheckoutQuery."""

STATES = {
    "active": SubscriptionState.ACTIVE,
    "canceled": SubscriptionState.CANCELLED,
    "failed": SubscriptionState.PAST_DUE,
}


@dataclass(frozen=True, slots=True)
class _No:
    """Why a payment is refused: a word for the books, and the sentence that the member reads."""

    reason: str
    order_id: OrderId | None = None


@watcher("pre_checkout_query")
async def pre_checkout(ctx: Context) -> bool:
    """Whether the payment may go on: one read, and an answer within ten seconds."""
    query = _read(ctx).pre_checkout_query
    no = await _objection(ctx, query)
    params: dict[str, object] = {"pre_checkout_query_id": ctx.envelope.query_id, "ok": no is None}
    if no is not None:
        params["error_message"] = ctx.text(f"pay-refused-{no.reason.replace('_', '-')}")
        await _note_refusal(ctx, query, no)
    ctx.answer_query("answerPreCheckoutQuery", params, within=ANSWER_WITHIN)
    return True


@watcher("shipping_query")
async def shipping(ctx: Context) -> bool:
    """Nothing that is sold here is shipped, and no invoice of ours asks for an address."""
    params = {"shipping_query_id": ctx.envelope.query_id, "ok": False}
    params["error_message"] = ctx.text("pay-nothing-shipped")
    ctx.answer_query("answerShippingQuery", params, within=ANSWER_WITHIN)
    return True


@watcher("successful_payment")
async def successful_payment(ctx: Context) -> bool:
    """Money has come: it is written down, once, whatever it is for."""
    message = _read(ctx).message
    if message is None or message.successful_payment is None:
        raise msgspec.DecodeError("a payment without its message")
    paid = message.successful_payment
    if not _can_be_booked(paid):
        await _note_nonsense(ctx, paid)
        return True
    stars = paid.currency == STARS
    charge = Charge(
        paid=Paid(paid.invoice_payload, ctx.member.id, ctx.bot.id, paid.currency, paid.total_amount),
        way=Way.STARS if stars else Way.TELEGRAM,
        charge_id=paid.telegram_payment_charge_id,
        at=message.at,
        paid_until=paid.paid_until,
        repeats=paid.is_recurring,
        is_renewal=paid.is_recurring and not paid.is_first_recurring,
    )
    if ctx.chat.is_private:  # who pays by a link may never have written: but he can be written to
        await chats.note_status(await ctx.session.connection(), ctx.bot.id, ctx.chat.key, "member", ctx.now)
    credited = await crediting.credit(ctx.session, ctx.house.facts, charge, ctx.now)
    _count(ctx, paid, credited)
    if credited.outcome is not Outcome.KNOWN:
        ctx.after_commit(lambda: ctx.house.directory.forget(ctx.member.id))
    if credited.outcome is Outcome.CREDITED:
        await tell_paid(ctx.house, ctx.session, credited, ctx.now)
    elif credited.payment is not None and credited.outcome is not Outcome.KNOWN:
        await tell_doubt(ctx.house, ctx.session, credited, ctx.now)
    return True


@watcher("refunded_payment")
async def refunded_payment(ctx: Context) -> bool:
    """Stars were given back, by us or by Telegram: their days go with them."""
    message = _read(ctx).message
    if message is None or message.refunded_payment is None:
        raise msgspec.DecodeError("a refund without its message")
    refunded = message.refunded_payment
    source = Source.STARS if refunded.currency == STARS else Source.TELEGRAM
    refund = refunding.Returned(
        source, refunded.telegram_payment_charge_id, refunded.total_amount, refunded.currency, message.at
    )
    payment = await refunding.take_back(
        ctx.session, ctx.house.facts, refund, ctx.member.id, ctx.bot.id, ctx.now
    )
    if payment is not None:
        ctx.after_commit(lambda: ctx.house.directory.forget(ctx.member.id))
        await tell_taken_back(ctx.house, ctx.session, payment, ctx.now)
    return True


@watcher("subscription")
async def subscription(ctx: Context) -> bool:
    """A subscription was cancelled, goes on, or could not be renewed (Bot API 10.2): its state, no money."""
    change = _read(ctx).subscription
    state = STATES.get(change.state) if change else None
    if change is None or state is None:
        return False
    named = Paid(change.invoice_payload, ctx.member.id, ctx.bot.id, STARS, 0)
    try:
        order = await orders.find_genuine(ctx.session, named, ctx.now)
    except NotPayable as problem:
        log.warning("billing.subscription_of_nothing", bot=ctx.bot.name, reason=problem.refusal.value)
        return True
    found = await subscriptions.of_order(ctx.session, OrderId(order.id))
    reference = found.reference if found else subscriptions.NOT_PAID_YET
    before = found.state if found else None
    await subscriptions.note(
        ctx.session, order, reference=reference, state=state, period_ends_at=None, now=ctx.now
    )
    if state is SubscriptionState.PAST_DUE and before is not state:
        words = {
            "title": order.title,
            "price": price(Money(order.amount, order.currency), ctx.member.profile.language_code),
        }
        user_id, bot_id = ctx.member.id, ctx.bot.id
        await tell_member(ctx.house, ctx.session, user_id, bot_id, "renewal-not-paid", words, ctx.now)
    return True


def _can_be_booked(paid: SuccessfulPayment) -> bool:
    """Whether it is money as Telegram knows it; if not, no ledger can hold it."""
    is_currency = len(paid.currency) == 3 and paid.currency.isascii() and paid.currency.isupper()
    return is_currency and 0 < paid.total_amount <= doubts.LARGEST


async def _note_nonsense(ctx: Context, paid: SuccessfulPayment) -> None:
    """Writes down, for a person to see, a payment that is none."""
    charge = paid.telegram_payment_charge_id[:64]
    reason = f"Told of a payment of {paid.total_amount} {paid.currency[:8]} (charge {charge})"
    if await doubts.is_written(ctx.session, ctx.member.id, reason):
        return
    await doubts.note(
        ctx.session,
        DoubtKind.UNKNOWN_ORDER,
        Way.TELEGRAM,
        reason,
        ctx.now,
        user_id=ctx.member.id,
        amount=paid.total_amount,
    )
    ctx.after_commit(ctx.house.metrics.counter(TELEGRAM_PAYMENTS).labels("refused").inc)


def _read(ctx: Context) -> PaymentUpdate:
    return read_update(ctx.body)


async def _objection(ctx: Context, query: Query | None) -> _No | None:
    """Why this must not be paid; None if it may."""
    if query is None:
        return _No("unknown")
    if ctx.member.banned:
        return _No("banned")
    paid = Paid(query.invoice_payload, ctx.member.id, ctx.bot.id, query.currency, query.total_amount)
    try:
        await orders.check(ctx.session, paid, ctx.now)
    except NotPayable as problem:
        return _No(problem.refusal.value, problem.order_id)
    return None


async def _note_refusal(ctx: Context, query: Query | None, no: _No) -> None:
    stars = query is None or query.currency == STARS
    await doubts.note(
        ctx.session,
        DoubtKind.REFUSED,
        Way.STARS if stars else Way.TELEGRAM,
        no.reason,
        ctx.now,
        user_id=ctx.member.id,
        order_id=no.order_id,
        amount=query.total_amount if query else None,
        currency=query.currency if query else None,
    )
    ctx.after_commit(ctx.house.metrics.counter(TELEGRAM_PAYMENTS).labels("refused").inc)
    log.warning("billing.refused", bot=ctx.bot.name, member=ctx.member.id, reason=no.reason)


def _count(ctx: Context, paid: SuccessfulPayment, credited: Credited) -> None:
    result, metrics = credited.outcome.value, ctx.house.metrics
    ctx.after_commit(metrics.counter(TELEGRAM_PAYMENTS).labels(result).inc)
    ctx.after_commit(metrics.counter(BILLING_PAYMENTS).labels(result).inc)
    if credited.outcome is not Outcome.KNOWN:
        value = metrics.counter(TELEGRAM_PAYMENT_VALUE).labels(paid.currency)
        ctx.after_commit(lambda: value.inc(paid.total_amount))
