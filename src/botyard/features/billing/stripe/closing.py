"""Closing the Checkout Session of an order that was cancelled: nobody is to pay it there any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing.models import Order, OrderState, Way
from botyard.features.billing.stripe.client import StripeOff, StripeRefused, ask, connected
from botyard.jobs.queue import enqueue
from botyard.routing.context import House

log = structlog.get_logger(__name__)

CLOSE_JOB = "billing.stripe.close"


async def close_replaced(session: AsyncSession, order: Order, now: datetime) -> None:
    """Has the sessions closed of the orders that this one, with the same code, has taken the place of.

    It only queues the work. Without it both could be paid, and the code be used twice.
    """
    if order.discount_id is None:
        return
    replaced = await session.scalars(
        select(Order.id).where(
            Order.discount_id == order.discount_id,
            Order.user_id == order.user_id,
            Order.way == Way.STRIPE,
            Order.state == OrderState.CANCELLED,
            Order.reference.is_not(None),
            Order.expires_at > now,
        )
    )
    for order_id in replaced:
        await enqueue(session, CLOSE_JOB, {"order": order_id}, now)


async def _close(house: House, payload: Mapping[str, Any]) -> bool:
    """The errand: whether the session is closed now. Stripe refuses to close what was paid or is closed."""
    async with house.database.reading() as session:
        reference = (await session.get_one(Order, payload["order"])).reference
    assert reference is not None, "only orders with a session are closed"
    try:
        async with connected(house.settings) as api:
            await ask(api.v1.checkout.sessions.expire_async(reference))
    except (StripeRefused, StripeOff) as problem:
        log.info("stripe.not_closed", order=payload["order"], problem=str(problem))
        return False
    return True


async def _forget(_house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """The order has run out as the session has: it is not to be closed again."""
    order = await session.get_one(Order, payload["order"], with_for_update=True)
    if order.state is OrderState.CANCELLED:
        order.expires_at = min(order.expires_at, now)


JOBS = (HouseJob(CLOSE_JOB, _forget, errand=_close),)
