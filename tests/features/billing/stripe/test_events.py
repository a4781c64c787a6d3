"""Stripe's webhook: what it refuses, and that events may come twice, late, never, and in any order."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from stripe import WebhookSignature
from tests.features.billing.stripe.till import PRICE, Till
from tests.support.fake_stripe import SECRET

from botyard.features.billing.models import Doubt, DoubtKind, Order, StripeEvent, SubscriptionState
from botyard.features.billing.service import orders
from botyard.features.billing.stripe import reconciling
from botyard.features.billing.stripe.marks import Mark
from botyard.features.billing.stripe.reading import SubscriptionSeen
from botyard.features.billing.stripe.settling import Overtaken, settle_subscription
from botyard.ids import BotId, UserId

pytestmark = pytest.mark.asyncio(loop_scope="module")

Thing = dict[str, Any]


async def _events(till: Till) -> int:
    async with till.house.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(StripeEvent)) or 0


def _event(kind: str = "checkout.session.completed") -> Thing:
    shown = {"id": "cs_test_nobody", "object": "checkout.session", "payment_status": "paid"}
    name = f"evt_{random.randrange(16**16):x}"
    return {
        "id": name,
        "object": "event",
        "type": kind,
        "created": int(time.time()),
        "data": {"object": shown},
    }


def _signed(body: str, *, secret: str = SECRET, age: int = 0) -> str:
    return WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age)


async def test_forged_signatures_are_refused_and_nothing_is_kept(till: Till) -> None:
    before = await _events(till)
    body = json.dumps(_event())
    good = _signed(body)
    for signature in (
        None,
        "",
        "t=,v1=",
        "nonsense",
        "v1=abc",
        f"t={int(time.time())}",
        f"t={int(time.time())},v0={'0' * 64}",
        f"t={int(time.time())},v1={'0' * 64}",
        "t=99999999999999999999999999,v1=aa",
        f"t={int(time.time())},v1=\u00e9",
        _signed(body, secret="whsec_other"),
        _signed(body + " "),
        good.replace("t=", "t=1"),
        _signed(body, age=310),
        _signed(body, age=-310),
    ):
        assert await till.stripe.post(body.encode(), signature) == 400, signature
    assert await _events(till) == before
    assert await till.stripe.post(body.encode(), good) == 200
    assert await _events(till) == before + 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        '{"type": 5}',
        '{"type": "invoice.paid"}',
        '{"type":"invoice.paid","id":7}',
    ],
)
async def test_signed_bodies_that_are_no_events(till: Till, body: str) -> None:
    assert await till.stripe.post(body.encode(), _signed(body)) == 400


async def test_bytes_that_are_no_text(till: Till) -> None:
    assert await till.stripe.post(b"\xff\xfe{}", f"t={int(time.time())},v1=00") == 400


async def test_too_large_a_body(till: Till) -> None:
    body = json.dumps(_event()) + " " * 2**20
    assert await till.stripe.post(body.encode(), _signed(body)) == 413


async def test_types_that_do_not_matter_are_taken_and_not_kept(till: Till) -> None:
    before = await _events(till)
    assert await till.stripe.send(_event("payout.paid")) == 200
    thin = {"id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"}
    assert await till.stripe.send(thin) == 200
    assert await _events(till) == before


async def test_other_methods(till: Till) -> None:
    async with till.house.http.get(till.stripe.webhook_url) as response:
        assert response.status == 405


async def test_an_event_about_what_stripe_does_not_know_hurts_nobody(till: Till) -> None:
    assert await till.stripe.send(_event()) == 200
    order, _ = await till.bought()
    assert await till.kinds(order) == [("charge", PRICE)]


async def test_every_event_ten_times(till: Till) -> None:
    till.stripe.holds = True
    order, _ = await till.bought(renews=True)
    await till.stripe.release(lambda held: held * 10)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE)]
    assert sum("Thank you" in each for each in await till.texts(order)) == 1


async def test_an_event_of_the_same_content_and_another_id(till: Till) -> None:
    till.stripe.holds = True
    order, _ = await till.bought()
    twins = [each | {"id": f"{each['id']}x"} for each in till.stripe.held]
    await till.stripe.release(lambda held: held + twins)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE)]


async def _life(till: Till) -> tuple[Order, list[Thing]]:
    """A subscription's whole life, of which no event has come yet."""
    order = await till.order(renews=True)
    session = await till.checkout(order)
    till.stripe.holds = True
    await till.stripe.pay(session)
    subscription = till.stripe.things[session]["subscription"]
    renewal = await till.stripe.renew(subscription)
    invoice = await till.stripe.fail_renewal(subscription)
    await till.stripe.pay_invoice(invoice)
    await till.stripe.refund(renewal)
    await till.stripe.cancel(subscription)
    till.stripe.holds = False
    held, till.stripe.held = till.stripe.held, []
    return order, held


def _shuffled(seed: int) -> Callable[[list[Thing]], list[Thing]]:
    def shuffle(events: list[Thing]) -> list[Thing]:
        doubled = events + random.Random(seed).sample(events, 4)
        return random.Random(seed).sample(doubled, len(doubled))

    return shuffle


@pytest.mark.parametrize("seed", range(6))
async def test_in_any_order_and_doubled_it_comes_to_the_same(till: Till, seed: int) -> None:
    order, events = await _life(till)
    for event in _shuffled(seed)(events):
        assert await till.stripe.send(event) == 200
    await till.quiet()
    assert sorted(await till.kinds(order)) == [
        ("charge", PRICE),
        ("refund", -PRICE),
        ("renewal", PRICE),
        ("renewal", PRICE),
    ]
    assert (await till.subscription(order)).state is SubscriptionState.CANCELLED
    first, third = await till.stretches(order)  # the second period was given back
    assert third.starts_at - first.starts_at == timedelta(days=60)
    for each in (first, third):
        assert timedelta(days=30) <= each.ends_at - each.starts_at <= timedelta(days=31)
    assert await till.doubts(order) == []


async def test_who_asked_stripe_before_another_wrote_asks_again(till: Till) -> None:
    """Two look at one subscription: what the slower one saw is not written over what is newer."""
    order, _ = await till.bought(renews=True)
    subscription = await till.subscription(order)
    async with till.house.database.reading() as session:
        signed = await orders.payload_of(session, order)
    mark = Mark(signed, UserId(order.user_id), BotId(order.bot_id))
    assert subscription.customer is not None
    stale = SubscriptionSeen(
        id=subscription.reference,
        mark=mark,
        state=SubscriptionState.PAST_DUE,
        customer=subscription.customer,
    )
    before = subscription.changed_at - timedelta(seconds=1)
    async with till.house.database.session() as session:
        with pytest.raises(Overtaken):
            await settle_subscription(session, stale, before, datetime.now(UTC))
    assert (await till.subscription(order)).state is SubscriptionState.ACTIVE
    async with till.house.database.session() as session:
        written = await settle_subscription(session, stale, subscription.changed_at, datetime.now(UTC))
    assert written is SubscriptionState.PAST_DUE


async def test_every_order_of_payment_refund_and_dispute(till: Till) -> None:
    """What overtakes its own charge finds it."""
    for permutation in itertools.permutations(range(3)):
        order = await till.order()
        session = await till.checkout(order)
        till.stripe.holds = True
        intent = await till.stripe.pay(session)
        await till.stripe.refund(intent, 4700)
        dispute = await till.stripe.dispute(intent)
        await till.stripe.close_dispute(dispute, "won")
        wanted = ("checkout.session.completed", "refund.created", "charge.dispute.closed")
        held = {each["type"]: each for each in till.stripe.held}
        till.stripe.held, till.stripe.holds = [], False
        for index in permutation:
            await till.stripe.send(held[wanted[index]])
            if index % 2:
                await till.quiet()
        await till.quiet()
        assert sorted(await till.kinds(order)) == [
            ("adjustment", PRICE),
            ("charge", PRICE),
            ("chargeback", -PRICE),
            ("refund", -4700),
        ]
        assert await till.end(order) is not None


async def test_one_event_alone_is_enough(till: Till) -> None:
    """Either of the two that tell of a subscription's first payment; the other never comes."""
    for kind in ("invoice.paid", "checkout.session.completed"):
        till.stripe.holds = True
        order, _ = await till.bought(renews=True)
        (event,) = [each for each in till.stripe.held if each["type"] == kind]
        till.stripe.held, till.stripe.holds = [], False
        await till.stripe.send(event)
        await till.quiet()
        assert await till.kinds(order) == [("charge", PRICE)]
        assert (await till.subscription(order)).state is SubscriptionState.ACTIVE


async def test_what_no_event_told_of_is_found_in_the_books(till: Till) -> None:
    till.stripe.holds = True
    once, intent = await till.bought()
    monthly, _ = await till.bought(renews=True)
    refunded, other = await till.bought()
    await till.stripe.refund(other)
    assert await till.kinds(once) == []
    till.stripe.held, till.stripe.holds = [], False  # all are lost

    await till.reconcile()
    await till.reconcile()
    assert [(row.external_id, row.kind.value) for row in await till.rows(once)] == [(intent, "charge")]
    assert await till.kinds(monthly) == [("charge", PRICE)]
    assert (await till.subscription(monthly)).state is SubscriptionState.ACTIVE
    assert await till.kinds(refunded) == [("charge", PRICE), ("refund", -PRICE)]
    for order in (once, monthly, refunded):
        assert [each.kind for each in await till.doubts(order)] == [DoubtKind.MISSED]
    assert sum("Thank you" in each for each in await till.texts(once)) == 1


async def test_even_without_any_event_the_balance_shows_it(till: Till) -> None:
    till.stripe.holds = True
    order, intent = await till.bought()
    monthly, first = await till.bought(renews=True)
    disputed, lost = await till.bought()
    await till.stripe.dispute(lost)
    till.stripe.held, till.stripe.holds = [], False
    for event in till.stripe.events:
        till.stripe.things.pop(event["id"], None)
    await till.reconcile()
    assert [row.external_id for row in await till.rows(order)] == [intent]
    assert [row.external_id for row in await till.rows(monthly)] == [first]
    assert await till.kinds(disputed) == [("charge", PRICE), ("chargeback", -PRICE)]


async def test_books_of_many_pages(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "PAGE", 2)
    till.stripe.holds = True
    bought = [await till.bought() for _ in range(3)]
    till.stripe.held, till.stripe.holds = [], False
    await till.reconcile()
    for order, intent in bought:
        assert [row.external_id for row in await till.rows(order)] == [intent]


async def test_a_difference_between_the_books_is_noted_once(till: Till) -> None:
    order, intent = await till.bought()
    charge = till.stripe.things[till.stripe.things[intent]["latest_charge"]]
    charge["amount"] = 99
    await till.reconcile()
    await till.reconcile()
    (row,) = await till.rows(order)
    async with till.house.database.reading() as session:
        found = await session.scalars(select(Doubt).where(Doubt.payment_id == row.id))
        assert [(each.kind, each.amount) for each in found] == [(DoubtKind.DIFFERENCE, 99)]
    charge["amount"] = PRICE
