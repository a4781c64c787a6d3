"""Buying with Stripe, from the button to the receipt: once, by card, slowly, again and again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.features.billing.shop import says
from tests.features.billing.stripe.till import MONTH, PRICE, Till
from tests.support.outcomes import count_of
from tests.support.running import ANA, PAUL

from botyard.features.billing.models import DoubtKind, OrderState, SubscriptionState
from botyard.features.billing.service.entitling import later
from botyard.features.billing.stripe.checkout import open_portal
from botyard.ids import UserId

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_purchase(till: Till) -> None:
    order = await till.order()
    before = datetime.now(UTC)
    session = await till.checkout(order)
    assert await till.button("Pay") == f"https://checkout.stripe.test/{session}"
    assert "£147.00" in (await till.texts(order))[0]
    assert await till.end(order) is None

    intent = await till.stripe.pay(session)
    await till.quiet()
    (row,) = await till.rows(order)
    assert (row.external_id, row.amount, row.currency, row.kind.value) == (intent, PRICE, "GBP", "charge")
    assert (await till.read(order)).state is OrderState.PAID
    end = await till.end(order)
    assert end is not None
    assert later(before, months=1) - timedelta(seconds=5) < end < later(datetime.now(UTC), months=1)
    receipts = [each for each in await till.texts(order) if "Thank you" in each]
    assert len(receipts) == 1
    assert "Gold &amp; silver" in receipts[0] or "Gold & silver" in receipts[0]
    assert f"{end:%H:%M} UTC" in receipts[0]
    assert await count_of(till.house, 'billing_payments_total{status="credited"}') >= 1


async def test_the_checkout_says_what_is_bought_and_carries_its_order(till: Till) -> None:
    order = await till.order()
    await till.checkout(order)
    _, _, params, key = till.stripe.made("/v1/checkout/sessions")[-1]
    assert params["line_items"][0]["price_data"] == {
        "currency": "gbp",
        "unit_amount": str(PRICE),
        "product_data": {"name": order.title},
    }
    assert params["client_reference_id"] == str(order.id)
    assert params["metadata"]["botyard_user"] == str(PAUL)
    assert params["success_url"].startswith("https://t.me/")
    assert int(params["expires_at"]) <= order.expires_at.timestamp()
    assert re.fullmatch(rf"botyard-order-{order.id}\.[\w-]{{22}}", key)


async def test_no_telemetry_and_no_machine_is_told(till: Till) -> None:
    await till.checkout(await till.order())
    told = {name.lower(): value for name, value in till.stripe.headers[-1].items()}
    assert "x-stripe-client-telemetry" not in told
    assert "platform" not in told["x-stripe-client-user-agent"]
    assert "telemetry" not in told["x-stripe-client-user-agent"]


async def test_asked_twice_it_is_the_same_checkout(till: Till) -> None:
    order = await till.order()
    first = await till.checkout(order)
    assert await till.checkout(order) == first
    sessions = [each for each in till.stripe.all("cs") if each["client_reference_id"] == str(order.id)]
    assert len(sessions) == 1


async def test_a_checkout_whose_answers_are_lost_is_made_once(till: Till) -> None:
    order = await till.order()
    till.stripe.unanswered["/v1/checkout/sessions"] = 2  # the SDK's own repetition too
    await till.checkout(order)
    sessions = [each for each in till.stripe.all("cs") if each["client_reference_id"] == str(order.id)]
    assert len(sessions) == 1
    assert till.stripe.unanswered["/v1/checkout/sessions"] == 0


async def test_stripe_is_down_for_a_moment(till: Till) -> None:
    order = await till.order()
    till.stripe.broken["/v1/checkout/sessions"] = 2
    session = await till.checkout(order)
    till.stripe.broken[f"/v1/checkout/sessions/{session}"] = 2
    await till.stripe.pay(session)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE)]


async def test_an_order_that_was_paid_gets_no_button(till: Till) -> None:
    order, _ = await till.bought()
    await till.ask_for_checkout(order)
    await till.quiet()

    async def is_told() -> bool:
        return "can no longer be paid" in str((await till.house.replies(PAUL))[-1]["text"])

    await till.house.until(is_told)


async def test_money_that_takes_days(till: Till) -> None:
    order = await till.order()
    session = await till.checkout(order)
    await till.stripe.pay_slowly(session)
    await till.quiet()
    assert await till.kinds(order) == []
    assert await till.end(order) is None

    await till.stripe.money_arrives(session)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE)]
    assert await till.end(order) is not None


async def test_time_begins_when_the_money_comes_though_the_first_event_is_late(till: Till) -> None:
    order = await till.order()
    session = await till.checkout(order)
    till.stripe.holds = True
    intent = await till.stripe.pay_slowly(session)
    await till.stripe.money_arrives(session)
    charge = till.stripe.things[till.stripe.things[intent]["latest_charge"]]
    charge["created"] -= 4 * 86400  # the bank was asked four days ago
    completed, arrived = till.stripe.held
    till.stripe.held, till.stripe.holds = [], False
    await till.stripe.send(completed)
    await till.quiet()
    await till.stripe.send(arrived)
    await till.quiet()
    (row,) = await till.rows(order)
    assert row.at.timestamp() == arrived["created"]


async def test_money_that_never_comes(till: Till) -> None:
    order = await till.order()
    session = await till.checkout(order)
    await till.stripe.pay_slowly(session)
    await till.stripe.money_fails(session)
    await till.quiet()
    assert await till.kinds(order) == []
    assert sum("did not go through" in each for each in await till.texts(order)) == 1


async def test_subscription_from_the_first_payment_to_the_end(till: Till) -> None:
    order = await till.order(renews=True)
    session = await till.checkout(order)
    first = await till.stripe.pay(session)
    await till.quiet()
    assert [(row.external_id, row.kind.value) for row in await till.rows(order)] == [(first, "charge")]
    subscription = await till.subscription(order)
    assert subscription.state is SubscriptionState.ACTIVE
    end = await till.end(order)
    assert end is not None

    second = await till.stripe.renew(subscription.reference)
    await till.quiet()
    assert [(row.external_id, row.kind.value) for row in await till.rows(order)][1:] == [(second, "renewal")]
    longer = await till.end(order)
    assert longer is not None
    assert timedelta(days=28) <= longer - end <= MONTH
    assert sum("was renewed" in each for each in await till.texts(order)) == 1

    await till.stripe.cancel(subscription.reference)
    await till.quiet()
    assert (await till.subscription(order)).state is SubscriptionState.CANCELLED
    assert await till.end(order) == longer  # it runs on to the end of what was paid
    await till.stripe.cancel(subscription.reference, at_once=True)
    await till.quiet()
    assert (await till.subscription(order)).state is SubscriptionState.ENDED
    assert await till.end(order) == longer


async def test_a_card_that_says_no_and_is_paid_after_all(till: Till) -> None:
    order, _ = await till.bought(renews=True)
    subscription = (await till.subscription(order)).reference
    end = await till.end(order)
    invoice = await till.stripe.fail_renewal(subscription)
    await till.quiet()
    assert (await till.subscription(order)).state is SubscriptionState.PAST_DUE
    assert await till.end(order) == end
    assert len(await till.rows(order)) == 1
    assert sum("could not renew" in each for each in await till.texts(order)) == 1

    await till.stripe.pay_invoice(invoice)
    await till.quiet()
    assert (await till.subscription(order)).state is SubscriptionState.ACTIVE
    assert [each for each, _ in await till.kinds(order)] == ["charge", "renewal"]


async def test_a_second_session_paid_for_one_order_is_a_credit(till: Till) -> None:
    order = await till.order()
    first = await till.checkout(order)
    end_of = till.stripe.things[first]
    twin = dict(end_of) | {"id": "cs_test_twin" + order.plan}
    till.stripe.things[twin["id"]] = twin
    await till.stripe.pay(first)
    await till.quiet()
    end = await till.end(order)
    await till.stripe.pay(twin["id"])
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE), ("charge", PRICE)]
    assert await till.end(order) == end
    assert [each.kind for each in await till.doubts(order)] == [DoubtKind.PAID_TWICE]
    await says(till.house, PAUL, "We received", "paid before")


async def test_another_amount_than_was_asked_for(till: Till) -> None:
    order = await till.order()
    session = await till.checkout(order)
    till.stripe.things[session]["amount_total"] = 100
    await till.stripe.pay(session)
    await till.quiet()
    assert await till.kinds(order) == [("charge", 100)]
    assert await till.end(order) is None
    assert [each.kind for each in await till.doubts(order)] == [DoubtKind.WRONG_AMOUNT]


async def test_an_invoice_that_an_admin_made_at_stripe_buys_no_time(till: Till) -> None:
    order, _ = await till.bought(renews=True)
    end = await till.end(order)
    await till.stripe.bill_extra((await till.subscription(order)).reference, 500)
    await till.quiet()
    assert await till.kinds(order) == [("charge", PRICE), ("charge", 500)]
    assert await till.end(order) == end
    assert [each.kind for each in await till.doubts(order)] == [DoubtKind.DIFFERENCE]


async def test_what_else_the_account_sells_is_passed_over(till: Till) -> None:
    order = await till.order()
    session = await till.checkout(order)
    for mark in ("metadata", "_intent_metadata"):
        till.stripe.things[session][mark] = {"order": "shop-7"}
    await till.stripe.pay(session)
    await till.quiet()
    assert await till.kinds(order) == []
    assert await till.doubts(order) == []


async def test_the_portal(till: Till) -> None:
    order, _ = await till.bought(renews=True)
    chat = await till.chat(PAUL)
    async with till.house.database.session() as session:
        assert await open_portal(session, UserId(PAUL), order.bot_id, chat, datetime.now(UTC))
    assert await till.button("Manage my subscription") == "https://billing.stripe.test/p/1"
    customer = (await till.subscription(order)).customer
    assert till.stripe.made("/v1/billing_portal/sessions")[-1][2]["customer"] == customer
    async with till.house.database.session() as session:
        assert not await open_portal(session, UserId(77), order.bot_id, chat, datetime.now(UTC))


async def test_from_the_command_to_the_receipt(till: Till) -> None:
    """All of it as a member sees it: /buy, the button, Stripe's page, the receipt, /status."""
    plan = (await till.order(ANA)).plan  # makes the plan
    await till.house.say(ANA, f"/buy {plan}")

    async def has_button() -> bool:
        await till.quiet()
        return any(
            plan in str(each.get("text")) and "Pay on Stripe" in str(each["text"])
            for each in await till.house.replies(ANA)
        )

    await till.house.until(has_button)
    session = (await till.button("Pay", ANA)).rpartition("/")[2]
    assert till.stripe.things[session]["metadata"]["botyard_user"] == str(ANA)
    await till.stripe.pay(session)
    await till.quiet()

    async def has_receipt() -> bool:
        texts = [str(each.get("text")) for each in await till.house.replies(ANA)]
        return any("Thank you" in each and plan in each for each in texts)

    await till.house.until(has_receipt)
    assert plan in await till.house.ask(ANA, "/status")


async def test_while_stripe_is_down_the_member_is_told_and_gets_his_button_afterwards(till: Till) -> None:
    order = await till.order()
    till.stripe.broken["/v1/checkout/sessions"] = 2  # the call, and the SDK's own repetition
    await till.ask_for_checkout(order)
    await says(till.house, PAUL, "Stripe does not answer just now")
    assert (await till.read(order)).url is None
    await till.quiet()
    assert (await till.read(order)).url is not None
