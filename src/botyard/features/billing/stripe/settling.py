"""Writing down what Stripe's objects say, each thing once: payments, refunds, disputes, subscriptions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.counters import BILLING_PAYMENTS
from botyard.features.billing.doubting import say_to_admins, tell_doubt
from botyard.features.billing.models import (
    Direction,
    DoubtKind,
    Kind,
    Order,
    OrderId,
    Payment,
    Source,
    Subscription,
    SubscriptionState,
    Way,
)
from botyard.features.billing.service import crediting, doubts, ledger, orders, subscriptions
from botyard.features.billing.service.crediting import Charge, Credited, Outcome
from botyard.features.billing.service.entitling import Entry, key_of
from botyard.features.billing.service.ledger import About
from botyard.features.billing.service.orders import NotPayable
from botyard.features.billing.stripe.marks import Mark
from botyard.features.billing.stripe.reading import Come, Part, Return, SubscriptionSeen, Unpaid
from botyard.features.billing.telling import language_of, tell_member, tell_paid, tell_returned
from botyard.features.billing.words import price
from botyard.ids import BotId, UserId
from botyard.members.entitlements import PaymentId
from botyard.money import Money
from botyard.routing.context import House
from botyard.routing.keyboard import Link
from botyard.routing.texts import TextArgument

NO_MONEY = Money(0, "GBP")
"""To look an order up by its mark alone."""


async def settle(house: House, session: AsyncSession, come: Come, now: datetime, *, missed: bool) -> Credited:
    """Writes down money that has come, and tells the member; what is known already changes nothing.

    With `missed`, money that was not known is noted for the owner too: no event has told of it.
    """
    credited = await _credit(house, session, come, now)
    if credited.outcome is Outcome.KNOWN:
        return credited
    house.metrics.counter(BILLING_PAYMENTS).labels(credited.outcome.value).inc()
    if credited.outcome is Outcome.CREDITED:
        await tell_paid(house, session, credited, now)
    else:
        await tell_doubt(house, session, credited, now)
    if missed:
        await _doubt(
            session, DoubtKind.MISSED, come, credited, "No event told of it: found at Stripe afterwards.", now
        )
    return credited


async def _credit(house: House, session: AsyncSession, come: Come, now: datetime) -> Credited:
    charge = Charge(
        paid=come.mark.paid(come.money),
        way=Way.STRIPE,
        charge_id=come.key,
        at=come.at,
        paid_until=come.paid_until,
        repeats=bool(come.subscription),
        is_renewal=come.part is Part.RENEWAL,
        subscription=come.subscription,
        customer=come.customer,
    )
    order = await find_order(session, come.mark, now)
    if order is None or come.part is Part.FIRST:
        return await crediting.credit(session, house.facts, charge, now)
    if come.part is Part.OTHER:
        return await _keep_extra(house, session, come, order, now)
    credited = await crediting.pay(session, house.facts, charge, order, now)
    if credited.outcome is Outcome.CREDITED and not orders.asks_for(order, charge.paid):
        # Stripe says that the period is paid: whoever changed the price there, the member has paid his time
        asked = Money(order.amount, order.currency)
        reason = f"A renewal brought {price(come.money, None)}; the order asks for {price(asked, None)}."
        await _doubt(session, DoubtKind.DIFFERENCE, come, credited, reason, now)
    return credited


async def _keep_extra(
    house: House, session: AsyncSession, come: Come, order: Order, now: datetime
) -> Credited:
    """Money of an invoice that somebody made at Stripe for the subscription: written down, without time."""
    entry = Entry(
        kind=Kind.CHARGE,
        source=Source.STRIPE,
        direction=Direction.IN,
        external_id=come.key,
        money=come.money,
        at=come.at,
    )
    reason = "An invoice of its own, not the subscription's first or next: it buys no time by itself."
    about = About(
        user_id=come.mark.user_id, bot_id=come.mark.bot_id, order_id=OrderId(order.id), reason=reason
    )
    payment = await ledger.record(session, house.facts, entry, about, now)
    if payment is None:
        return Credited(Outcome.KNOWN, None, order)
    credited = Credited(Outcome.UNKNOWN_ORDER, payment, order)
    await _doubt(session, DoubtKind.DIFFERENCE, come, credited, reason, now)
    return credited


async def settle_return(house: House, session: AsyncSession, gone: Return, key: str, now: datetime) -> bool:
    """Writes a refund or a dispute of the payment `key` down; what was undone puts the payment back.

    False if the payment is not in the ledger: it is none of ours.
    """
    charge = await ledger.find(session, Source.STRIPE, key)
    if charge is None:
        return False
    if not gone.moved:
        return True
    kind = Kind.CHARGEBACK if gone.is_dispute else Kind.REFUND
    out = await _record(house, session, gone, charge, kind, now)
    if out is not None:
        status = "disputed" if gone.is_dispute else "refunded"
        house.metrics.counter(BILLING_PAYMENTS).labels(status).inc()
        await doubts.settle_payment(session, PaymentId(charge.id), None, now)
        if gone.stands:
            await _tell_returned(house, session, out, charge, gone, now)
    if not gone.stands:
        back = await _record(house, session, gone, charge, Kind.ADJUSTMENT, now)
        if back is not None:
            house.metrics.counter(BILLING_PAYMENTS).labels("reinstated").inc()
    return True


async def _record(
    house: House, session: AsyncSession, gone: Return, charge: Payment, kind: Kind, now: datetime
) -> Payment | None:
    entry = Entry(
        kind=kind,
        source=Source.STRIPE,
        direction=Direction.IN if kind is Kind.ADJUSTMENT else Direction.OUT,
        external_id=gone.id,
        money=gone.money,
        at=gone.at,
        plan=charge.plan,
        refers_to=key_of(Source.STRIPE, charge.external_id),
    )
    about = About(
        user_id=UserId(charge.user_id),
        bot_id=None if charge.bot_id is None else BotId(charge.bot_id),
        order_id=None if charge.order_id is None else OrderId(charge.order_id),
        reason=gone.reason,
    )
    return await ledger.record(session, house.facts, entry, about, now)


async def _tell_returned(
    house: House, session: AsyncSession, out: Payment, charge: Payment, gone: Return, now: datetime
) -> None:
    order = await session.get(Order, charge.order_id) if charge.order_id else None
    title = order.title if order else (charge.plan or "")
    if gone.is_dispute:
        if out.bot_id is not None:
            user_id, bot_id = UserId(out.user_id), BotId(out.bot_id)
            await tell_member(house, session, user_id, bot_id, "paid-disputed", {"title": title}, now)
            words: dict[str, TextArgument | Money] = {
                "number": str(charge.id),
                "amount": gone.money,
                "member": str(user_id),
                "why": gone.reason,
            }
            await say_to_admins(house, session, bot_id, "dispute-told", words, now)
        return
    await tell_returned(house, session, out, title, now)


async def settle_subscription(
    session: AsyncSession, seen: SubscriptionSeen, known_at: datetime | None, now: datetime
) -> SubscriptionState | None:
    """Writes down how a subscription is. Answers its state if that is new, else None.

    `known_at`: when it was last written down before Stripe was asked. Raises `Overtaken` if somebody has
    written since: he may know better.
    """
    order = await find_order(session, seen.mark, now)
    if order is None or seen.state is None:
        return None
    row = await subscriptions.of_order(session, OrderId(order.id))
    if row is not None and row.reference != seen.id:
        return None  # a second subscription for one order: its money is a doubt, its state is not this one's
    if (row.changed_at if row else None) != known_at:
        raise Overtaken
    if row is not None and row.state is seen.state and row.customer == seen.customer:
        return None
    before = row.state if row else None
    await subscriptions.note(
        session,
        order,
        reference=seen.id,
        state=seen.state,
        period_ends_at=None,
        customer=seen.customer,
        now=now,
    )
    return seen.state if seen.state is not before else None


class Overtaken(Exception):
    """Somebody else has written a subscription down since Stripe was asked: it has to be asked once more."""


async def known_at(session: AsyncSession, subscription_id: str) -> datetime | None:
    """When a subscription was last written down; None if it never was."""
    return await session.scalar(
        select(Subscription.changed_at).where(Subscription.reference == subscription_id)
    )


async def tell_unpaid(house: House, session: AsyncSession, unpaid: Unpaid, now: datetime) -> None:
    """Tells a member that his payment failed; with where he can still pay it, if he can."""
    order = await find_order(session, unpaid.mark, now)
    if order is None:
        return
    house.metrics.counter(BILLING_PAYMENTS).labels("failed").inc()
    key = "pay-renewal-failed" if unpaid.subscription else "pay-failed"
    words = {"title": order.title}
    label = house.texts.format(await language_of(session, unpaid.mark.user_id), "pay-button")
    buttons = [[Link(label, unpaid.url)]] if unpaid.url else []
    mark = unpaid.mark
    await tell_member(house, session, mark.user_id, mark.bot_id, key, words, now, buttons=buttons)


async def find_order(session: AsyncSession, mark: Mark, now: datetime) -> Order | None:
    """The order of a mark; None where its signature is not ours or its order is another member's."""
    try:
        order = await orders.find_genuine(session, mark.paid(NO_MONEY), now)
    except NotPayable:
        return None
    return order if (order.user_id, order.bot_id) == (mark.user_id, mark.bot_id) else None


async def _doubt(
    session: AsyncSession, kind: DoubtKind, come: Come, credited: Credited, reason: str, now: datetime
) -> None:
    await doubts.note(
        session,
        kind,
        Way.STRIPE,
        reason,
        now,
        user_id=come.mark.user_id,
        order_id=None if credited.order is None else OrderId(credited.order.id),
        payment_id=None if credited.payment is None else PaymentId(credited.payment.id),
        amount=come.money.amount,
        currency=come.money.currency,
    )
