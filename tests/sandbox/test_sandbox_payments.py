"""Invoices, checkouts, Stars, refunds, subscriptions."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

OWNER, PAUL = 1001, 1002
STARS = {
    "title": "Gold", "description": "Three months", "payload": "order-1", "currency": "XTR",
    "prices": [{"label": "Gold", "amount": 100}],
}  # fmt: skip
POUNDS = STARS | {"currency": "GBP", "provider_token": "provider"}


@pytest.fixture
async def shop(house):
    await house.write("/start")
    await house.updates()
    return house


@contextlib.asynccontextmanager
async def answering(house, **consent):
    """A bot that answers every pre-checkout and shipping query; yields what it received."""
    received = []

    async def run():
        while True:
            for update in await house.updates(timeout=5):
                received.append(update)
                if query := update.get("pre_checkout_query"):
                    await house.call("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], **consent)
                if query := update.get("shipping_query"):
                    options = [{"id": "post", "title": "Post", "prices": [{"label": "Post", "amount": 5}]}]
                    answer = {"shipping_query_id": query["id"], "ok": True, "shipping_options": options}
                    await house.call("answerShippingQuery", **answer)

    task = asyncio.create_task(run())
    try:
        yield received
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_paying_with_stars(shop):
    invoice = await shop.call("sendInvoice", chat_id=OWNER, **STARS)
    assert invoice["invoice"]["total_amount"] == 100
    assert invoice["reply_markup"]["inline_keyboard"][0][0]["pay"]
    async with answering(shop, ok=True) as received:
        paid = await shop.post("payments", bot=700, user_id=OWNER, message_id=invoice["message_id"])
        assert paid["ok"]
        async with asyncio.timeout(5):
            while len(received) < 2:
                await asyncio.sleep(0.02)
    query, message = received[0]["pre_checkout_query"], received[1]["message"]
    assert (query["currency"], query["total_amount"], query["invoice_payload"]) == ("XTR", 100, "order-1")
    payment = message["successful_payment"]
    assert payment["telegram_payment_charge_id"] == paid["charge_id"]
    transactions = (await shop.call("getStarTransactions"))["transactions"]
    assert (transactions[0]["id"], transactions[0]["source"]["invoice_payload"]) == (
        paid["charge_id"],
        "order-1",
    )
    assert await shop.call("getMyStarBalance") == {"amount": 100}


async def test_a_refusal_and_silence(shop, monkeypatch):
    invoice = await shop.call("sendInvoice", chat_id=OWNER, **STARS)
    order = {"bot": 700, "user_id": OWNER, "message_id": invoice["message_id"]}
    async with answering(shop, ok=False, error_message="Sold out"):
        assert await shop.post("payments", **order) == {"ok": False, "error": "Sold out"}
    monkeypatch.setattr("botyard.sandbox.checkout.PATIENCE", 0.2)
    silence = await shop.post("payments", **order)
    assert not silence["ok"]
    assert "did not answer" in silence["error"]
    query = next(
        one["pre_checkout_query"] for one in reversed(await shop.updates()) if "pre_checkout_query" in one
    )
    assert "query is too old" in await shop.error(
        "answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True
    )


async def test_shipping(shop):
    invoice = await shop.call("sendInvoice", chat_id=OWNER, **POUNDS, is_flexible=True)
    address = {"country_code": "GB", "state": "", "city": "London", "post_code": "N1"}
    address |= {"street_line1": "1", "street_line2": ""}
    order = {"bot": 700, "user_id": OWNER, "message_id": invoice["message_id"]}
    assert "shipping_address" in await shop.refused("payments", **order)
    async with answering(shop, ok=True) as received:
        assert (await shop.post("payments", **order, order_info={"shipping_address": address}))["ok"]
    query = next(one["pre_checkout_query"] for one in received if "pre_checkout_query" in one)
    assert (query["total_amount"], query["shipping_option_id"]) == (105, "post")


async def test_refunds(shop):
    invoice = await shop.call("sendInvoice", chat_id=OWNER, **STARS)
    async with answering(shop, ok=True):
        paid = await shop.post("payments", bot=700, user_id=OWNER, message_id=invoice["message_id"])
    await shop.updates()
    charge = {"user_id": OWNER, "telegram_payment_charge_id": paid["charge_id"]}
    assert "CHARGE_NOT_FOUND" in await shop.error("refundStarPayment", **(charge | {"user_id": PAUL}))
    await shop.call("refundStarPayment", **charge)
    assert "CHARGE_ALREADY_REFUNDED" in await shop.error("refundStarPayment", **charge)
    refund = (await shop.updates())[-1]["message"]["refunded_payment"]
    assert refund["telegram_payment_charge_id"] == paid["charge_id"]
    newest = (await shop.call("getStarTransactions", offset=1))["transactions"][0]
    assert newest["id"] == paid["charge_id"]
    assert "receiver" in newest
    assert "source" not in newest
    assert await shop.call("getMyStarBalance") == {"amount": 0}


async def test_subscriptions(shop):
    link = await shop.call("createInvoiceLink", **STARS, subscription_period=2592000)
    async with answering(shop, ok=True):
        paid = await shop.post("payments", bot=700, user_id=OWNER, invoice_link=link)
    first = (await shop.call("getUpdates", offset=-1))[-1]["message"]["successful_payment"]
    assert (first["is_recurring"], first["is_first_recurring"]) == (True, True)
    await shop.post("clock", advance=2592000 - 60)
    renewed = await shop.post("subscriptions", charge_id=paid["charge_id"], action="renew")
    again = (await shop.updates())[-1]["message"]["successful_payment"]
    assert again["telegram_payment_charge_id"] == renewed["charge_id"] != paid["charge_id"]
    assert "is_first_recurring" not in again
    assert again["subscription_expiration_date"] == first["subscription_expiration_date"] + 2592000
    await shop.post("subscriptions", charge_id=renewed["charge_id"], action="cancel")
    assert (await shop.updates())[-1]["subscription"]["state"] == "canceled"
    assert await shop.refused("subscriptions", charge_id=renewed["charge_id"], action="renew")
    edit = {"user_id": OWNER, "telegram_payment_charge_id": paid["charge_id"], "is_canceled": True}
    assert await shop.call("editUserStarSubscription", **edit)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": ""}, "title must be non-empty"),
        ({"title": "x" * 33}, "INVOICE_TITLE_TOO_LONG"),
        ({"description": "x" * 256}, "INVOICE_DESCRIPTION_TOO_LONG"),
        ({"payload": ""}, "INVOICE_PAYLOAD_INVALID"),
        ({"payload": "é" * 65}, "INVOICE_PAYLOAD_INVALID"),
        ({"currency": "stars"}, "CURRENCY_INVALID"),
        ({"currency": "GBP"}, "PAYMENT_PROVIDER_INVALID"),
        ({"provider_token": "x"}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 1}] * 2}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 0}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"prices": []}, "there must be at least one price, each with a label"),
        ({"subscription_period": 60}, "SUBSCRIPTION_PERIOD_INVALID"),
        (
            {"subscription_period": 2592000, "prices": [{"label": "a", "amount": 10001}]},
            "STARS_AMOUNT_INVALID",
        ),
    ],
)
async def test_invoices_that_are_refused(shop, change, reason):
    assert await shop.error("createInvoiceLink", **(STARS | change)) == f"Bad Request: {reason}"


async def test_there_must_be_an_invoice(shop):
    assert "no such invoice" in await shop.refused("payments", bot=700, user_id=OWNER, message_id=1)
