"""Stripe with PostgreSQL beneath: where several really write at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.features.billing.stripe.till import PRICE, Till, open_till
from tests.support.running import OWNER

from botyard.features.billing.models import Order, RefundRequest, SubscriptionState
from botyard.features.billing.service.refunds import NotRefundable
from botyard.features.billing.stripe.refunding import request_refund
from botyard.ids import UserId
from botyard.members.entitlements import PaymentId

pytestmark = pytest.mark.postgres


async def test_a_subscription_whose_events_come_all_at_once(postgres_url: str, tmp_path: Path) -> None:
    async with open_till(postgres_url, tmp_path) as till:
        order = await till.order(renews=True)
        session = await till.checkout(order)
        till.stripe.holds = True
        await till.stripe.pay(session)
        subscription = till.stripe.things[session]["subscription"]
        renewal = await till.stripe.renew(subscription)
        await till.stripe.refund(renewal)
        await till.stripe.cancel(subscription)
        till.stripe.holds = False
        await asyncio.gather(*(till.stripe.send(event) for event in till.stripe.held * 3))
        await till.quiet()
        assert set(till.stripe.answers) == {200}
        assert sorted(await till.kinds(order)) == [("charge", PRICE), ("refund", -PRICE), ("renewal", PRICE)]
        assert (await till.subscription(order)).state is SubscriptionState.CANCELLED
        assert sum("Thank you" in each for each in await till.texts(order)) == 1
        await _refund_by_many(till)
        await _find_in_books(till)


async def _refund_by_many(till: Till) -> None:
    """Eight admins press at once: it goes back once."""
    order, intent = await till.bought()
    pressed = await asyncio.gather(*(_press(till, order) for _ in range(8)), return_exceptions=True)
    await till.quiet()
    assert sum(isinstance(each, RefundRequest) for each in pressed) == 1
    assert sum(isinstance(each, NotRefundable) for each in pressed) == 7
    assert len([each for each in till.stripe.all("re") if each["payment_intent"] == intent]) == 1
    assert await till.kinds(order) == [("charge", PRICE), ("refund", -PRICE)]


async def _press(till: Till, order: Order) -> RefundRequest:
    (row, *_) = await till.rows(order)
    async with till.house.database.session() as session:
        return await request_refund(session, PaymentId(row.id), None, UserId(OWNER), "", datetime.now(UTC))


async def _find_in_books(till: Till) -> None:
    till.stripe.holds = True
    order, intent = await till.bought()
    await till.reconcile()
    assert [row.external_id for row in await till.rows(order)] == [intent]
