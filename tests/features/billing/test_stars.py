"""Stars over time: subscriptions, refunds, and Telegram's book read again after messages were lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.features.billing.shop import (
    KENJI,
    buy,
    doubts,
    invoice,
    is_recorded,
    ledger,
    press_again,
    says,
    time_of,
)
from tests.features.billing.test_paying import charge_message, payload_of
from tests.support.outcomes import given, pressed, sent, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.features.billing.models import Subscription
from botyard.features.billing.reading_stars import READ
from botyard.jobs.models import Job
from botyard.jobs.queue import enqueue

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def subscribe(house: Running, user_id: int) -> str:
    """Subscribes to the club; the id of the first charge."""
    await told(house, user_id, "/start")
    before = len(await _offers(house, user_id))
    await told(house, user_id, "/buy club")

    async def is_there() -> bool:
        return len(await _offers(house, user_id)) > before

    await house.until(is_there)
    shown = (await _offers(house, user_id))[-1]
    link = shown["reply_markup"]["inline_keyboard"][0][0]["url"]
    paid = await house.control("POST", "payments", bot="shop", user_id=user_id, invoice_link=link)
    assert paid["ok"], paid
    await is_recorded(house, paid["charge_id"])
    return str(paid["charge_id"])


async def _offers(house: Running, user_id: int) -> list[dict[str, Any]]:
    return [each for each in await house.replies(user_id) if "500 ⭐ every 30 days" in str(each.get("text"))]


async def subscription(house: Running, user_id: int) -> Subscription:
    async with house.database.reading() as session:
        found = select(Subscription).where(Subscription.user_id == user_id).order_by(Subscription.id.desc())
        return (await session.scalars(found.limit(1))).one()


async def becomes(house: Running, user_id: int, state: str) -> None:
    async def is_so() -> bool:
        return (await subscription(house, user_id)).state == state

    await house.until(is_so)


async def reconcile(house: Running) -> None:
    """Has Telegram's book read now, and waits until it was compared."""
    async with house.database.session() as session:
        await enqueue(session, READ, {}, SystemClock().now())

    async def is_done() -> bool:
        async with house.database.reading() as session:
            waiting = select(Job.id).where(Job.name.like("billing.%stars"), Job.state == "pending")
            return (await session.scalars(waiting.limit(1))).first() is None

    await house.until(is_done)


async def test_a_subscription_is_paid_renewed_stopped_and_resumed(house: Running) -> None:
    charge = await subscribe(house, PAUL)
    first = (await time_of(house, PAUL))[-1]
    renewed = await house.control("POST", "subscriptions", charge_id=charge, action="renew")
    await is_recorded(house, renewed["charge_id"])
    assert [row.kind for row in await ledger(house, PAUL)][-2:] == ["charge", "renewal"]
    had = await time_of(house, PAUL)
    assert had[-1].starts_at == first.ends_at
    await says(house, PAUL, "was renewed")

    number = (await subscription(house, PAUL)).id
    keys = (await told(house, PAUL, "/status")).calls[0][1]["reply_markup"]["inline_keyboard"]
    assert {"text": "Stop renewing Club", "callback_data": f"renewal:stop:{number}"} in [
        key for row in keys for key in row
    ]
    await press_again(house, PAUL, 1, f"renewal:stop:{number}")
    await becomes(house, PAUL, "cancelled")
    assert (await house.calls("editUserStarSubscription"))[-1]["params"]["is_canceled"] is True
    await press_again(house, PAUL, 1, f"renewal:go-on:{number}")
    await becomes(house, PAUL, "active")
    await press_again(house, ANA, 1, f"renewal:stop:{number}")
    assert (await subscription(house, PAUL)).state == "active", "it is not hers"


async def test_telegrams_word_on_a_subscription_changes_its_state_and_no_money(house: Running) -> None:
    charge = await subscribe(house, ANA)
    before = await time_of(house, ANA)
    for action, state in (("cancel", "cancelled"), ("resume", "active"), ("fail", "past_due")):
        await house.control("POST", "subscriptions", charge_id=charge, action=action)
        await becomes(house, ANA, state)
    assert await time_of(house, ANA) == before
    await says(house, ANA, "could not take", "Club")


async def test_a_refund_takes_its_own_days_and_is_made_once(house: Running) -> None:
    first = await buy(house, ANA, "gold-1m")
    await buy(house, ANA, "gold-3m")
    row = next(each for each in await ledger(house, ANA) if each.external_id == first)
    before = await time_of(house, ANA)
    asked = await told(house, OWNER, f"/refund {row.id} she asked for it")
    assert "Ana" in asked.texts[0]
    await pressed(house, OWNER, "Give it back")
    await is_recorded(house, first, rows=2)
    await says(house, ANA, "goes back to you")
    assert len(await house.calls("refundStarPayment")) == 1
    after = await time_of(house, ANA)
    assert len(after) == len(before) - 1
    assert after[-1].ends_at < before[-1].ends_at
    assert "given back already" in (await told(house, OWNER, f"/refund {row.id} again")).texts[0]


async def test_a_refund_whose_answer_was_lost_and_two_clicks_give_back_once(house: Running) -> None:
    charge = await buy(house, ANA, "gold-1m")
    row = next(each for each in await ledger(house, ANA) if each.external_id == charge)
    fault = {"method": "refundStarPayment", "kind": "reset_after", "times": 1}
    await house.control("POST", "faults", **fault)
    before = len(await house.calls("refundStarPayment"))
    await told(house, OWNER, f"/refund {row.id} she asked")
    await sent(house)
    shown = (await house.replies(OWNER))[-1]["message_id"]
    await pressed(house, OWNER, "Give it back", message_id=shown)
    second = await press_again(house, OWNER, shown, f"refund:{row.id}")
    assert second.edits == []
    await is_recorded(house, charge, rows=2)
    await house.control("DELETE", "faults")
    outs = [each for each in await ledger(house, ANA) if each.external_id == charge and each.direction == -1]
    assert len(outs) == 1
    calls = (await house.calls("refundStarPayment"))[before:]
    assert [each["applied"] for each in calls].count(True) == 1


async def test_payments_and_refunds_whose_messages_were_lost_are_found_in_the_book(house: Running) -> None:
    world = house.sandbox.world
    bot = next(each for each in world.bots.values() if each.id == 7000000001)
    sent = await invoice(house, PAUL, "gold-1m")
    payload = await payload_of(house, sent["message_id"])
    user = {"id": PAUL, "is_bot": False, "first_name": "Paul"}
    partner = {
        "type": "user",
        "transaction_type": "invoice_payment",
        "user": user,
        "invoice_payload": payload,
    }
    date = world.clock.timestamp()
    bot.transactions.append({"id": "stLOST", "amount": 3500, "date": date, "source": partner})
    before = await time_of(house, PAUL)
    await reconcile(house)
    assert (await ledger(house, PAUL))[-1].external_id == "stLOST"
    assert len(await time_of(house, PAUL)) == len(before) + 1
    await told(house, OWNER, "/start")
    await says(house, OWNER, "compared with ours", "credited now: 1")
    assert any(each.kind == "missed" for each in await doubts(house, PAUL))

    await given(house, message=charge_message(PAUL, "stLOST", payload))  # the message comes after all
    rows = len(await ledger(house, PAUL))
    await reconcile(house)
    assert len(await ledger(house, PAUL)) == rows, "neither counts it again"

    bot.transactions.append({"id": "stLOST", "amount": 3500, "date": date + 5, "receiver": partner})
    await reconcile(house)
    assert [(row.external_id, row.direction) for row in await ledger(house, PAUL)][-1] == ("stLOST", -1)
    assert len(await time_of(house, PAUL)) == len(before)


async def test_a_row_that_telegram_does_not_know_is_reported_once(house: Running) -> None:
    await given(house, message=charge_message(ANA, "stMADEUP", "x", total_amount=5, currency="XTR"))
    bot = next(each for each in house.sandbox.world.bots.values() if each.id == 7000000001)
    date = house.sandbox.world.clock.timestamp()
    gift: dict[str, Any] = {"type": "user", "transaction_type": "gift_purchase", "user": {"id": 1}}
    partner = {
        "type": "user",
        "transaction_type": "invoice_payment",
        "user": {"id": PAUL, "is_bot": False, "first_name": "Paul"},
        "invoice_payload": "y",
    }
    bot.transactions.insert(0, {"id": "gift", "amount": 1, "date": date - 500, "source": gift})
    bot.transactions.append({"id": "stLATER", "amount": 1, "date": date + 500, "source": partner})
    await reconcile(house)
    await reconcile(house)
    differences = [each for each in await doubts(house, ANA) if each.kind == "difference"]
    assert len(differences) == 1
    assert "is not in Telegram's book" in differences[0].reason


async def test_money_that_could_not_be_given_back_stays_on_the_list(house: Running) -> None:
    sent_invoice = await invoice(house, PAUL, "gold-1m")
    payload = await payload_of(house, sent_invoice["message_id"])
    await given(house, message=charge_message(PAUL, "stFIRST", payload))
    await given(house, message=charge_message(PAUL, "stAGAIN", payload))
    fault = {"method": "refundStarPayment", "kind": "bad_request"}
    await house.control("POST", "faults", **fault, description="Bad Request: BALANCE_TOO_LOW")
    await pressed(house, PAUL, "Give it back")
    await says(house, OWNER, "was not given back", "BALANCE_TOO_LOW")
    await house.control("DELETE", "faults")
    assert [each.settled_at for each in await doubts(house, PAUL) if each.kind == "paid_twice"][-1] is None


async def test_giving_a_subscriptions_payment_back_stops_its_renewal(house: Running) -> None:
    charge = await subscribe(house, KENJI)
    row = next(each for each in await ledger(house, KENJI) if each.external_id == charge)
    asked = await told(house, OWNER, f"/refund {row.id} did not like it")
    assert "for <b>Club</b>" in asked.texts[0]
    assert "is told to stop" in asked.texts[0]
    await pressed(house, OWNER, "Give it back")
    await is_recorded(house, charge, rows=2)
    await becomes(house, KENJI, "cancelled")
    assert house.sandbox.world.payments[charge].subscription_canceled
