"""Subscriptions: payments that repeat by themselves, and in which state they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Order, OrderId, Subscription, SubscriptionState
from botyard.ids import UserId

OVERDUE = timedelta(hours=6)
"""A renewal that is so late is not on its way."""
NOT_PAID_YET = ""
"""The reference of one whose first payment is not known: its state has overtaken it."""
GOING_ON = (SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE)
"""In these states money may still come by itself."""

LATEST_RENEWAL = timedelta(days=1)
"""So long after its period's end a subscription's next payment may take to be known."""


async def note(
    session: AsyncSession,
    order: Order,
    *,
    reference: str,
    state: SubscriptionState,
    period_ends_at: datetime | None,
    now: datetime,
    customer: str | None = None,
) -> Subscription:
    """Writes down how the subscription of an order is; its period only ever grows.

    A state that overtook the first payment stays when that comes.
    """
    found = await of_order(session, OrderId(order.id))
    if found is None:
        found = Subscription(order_id=order.id, user_id=order.user_id, way=order.way, reference=reference)
        session.add(found)
        found.state = state
    elif found.reference != NOT_PAID_YET or reference == NOT_PAID_YET:
        found.state = state
    found.reference, found.changed_at = reference, now
    found.customer = customer or found.customer
    if period_ends_at is not None:
        found.period_ends_at = max(found.period_ends_at or period_ends_at, period_ends_at)
    await session.flush()
    return found


async def of_order(session: AsyncSession, order_id: OrderId) -> Subscription | None:
    """The subscription that came of an order, locked."""
    return await session.scalar(
        select(Subscription).where(Subscription.order_id == order_id).with_for_update()
    )


async def running(session: AsyncSession, user_id: UserId, plan: str, now: datetime) -> Subscription | None:
    """The newest of a member's subscriptions of this plan that money may still come from by itself.

    One whose period has ended without a word of its renewal, or of its failure, has run out.
    """
    ends_at = Subscription.period_ends_at
    goes_on = or_(
        Subscription.state == SubscriptionState.PAST_DUE, ends_at.is_(None), ends_at > now - LATEST_RENEWAL
    )
    return await session.scalar(
        select(Subscription)
        .join(Order, Order.id == Subscription.order_id)
        .where(Subscription.user_id == user_id, Subscription.state.in_(GOING_ON), Order.plan == plan)
        .where(goes_on)
        .order_by(Subscription.id.desc())
        .limit(1)
    )


async def of_member(session: AsyncSession, user_id: UserId) -> Sequence[tuple[Subscription, Order]]:
    """A member's subscriptions that have not ended, with their orders, the newest first."""
    rows = await session.execute(
        select(Subscription, Order)
        .join(Order, Order.id == Subscription.order_id)
        .where(Subscription.user_id == user_id, Subscription.state != SubscriptionState.ENDED)
        .order_by(Subscription.id.desc())
    )
    return [(subscription, order) for subscription, order in rows]
