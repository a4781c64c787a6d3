"""Webhooks: the secret, order by lane, retries, Retry-After, answers that carry a call."""

from __future__ import annotations

import asyncio

import pytest

OWNER, PAUL = 1001, 1002


async def until(condition, seconds: float = 10):
    """Waits until an awaitable condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_updates_come_with_the_secret(house, webhook):
    await house.call("setWebhook", url=webhook.url, secret_token="s3cret_-X")
    sent = await house.write("hi")
    assert await webhook.until(1) == [sent]
    assert webhook.received[0].headers["x-telegram-bot-api-secret-token"] == "s3cret_-X"
    assert webhook.received[0].headers["content-type"] == "application/json"
    entry = (await house.get("updates", bot=700))["entries"][-1]
    assert (entry["via"], entry["delivered"], entry["attempts"]) == ("webhook", True, 1)


async def test_what_waited_is_delivered_and_the_rest_waits_again(house, webhook):
    await house.write("before")
    await house.call("setWebhook", url=webhook.url)
    assert (await webhook.until(1))[0]["message"]["text"] == "before"
    await house.call("deleteWebhook")
    await house.write("after")
    assert [one["message"]["text"] for one in await house.call("getUpdates")] == ["after"]


async def test_pending_updates_are_dropped_only_on_demand(house, webhook):
    await house.write("gone")
    await house.call("setWebhook", url=webhook.url, drop_pending_updates=True)
    await house.write("kept")
    assert [one["message"]["text"] for one in await webhook.until(1)] == ["kept"]


async def test_one_chat_is_delivered_in_order_and_others_do_not_wait(house, webhook):
    webhook.answers = [(500, {}, None), (500, {}, None), (200, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    for text in ("first", "second"):
        await house.write(text)
    await webhook.until(2)
    await house.write("other chat", user=PAUL)
    texts = [one["message"]["text"] for one in await webhook.until(3)]
    assert texts == ["first", "first", "other chat"], (
        "retried at once, then a pause that only this chat feels"
    )
    await house.post("clock", advance=2)
    assert [one["message"]["text"] for one in await webhook.until(5)][3:] == ["first", "second"]


async def test_the_retry_schedule(house, webhook):
    webhook.answers = [(503, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    await house.post("clock", speed=0)
    await house.write("hi")
    await webhook.until(2)
    for count, wait in enumerate((2, 4, 8, 16, 32), start=2):
        await house.post("clock", advance=wait - 0.5)
        await asyncio.sleep(0.05)
        assert len(webhook.received) == count, f"too early before {wait} s"
        await house.post("clock", advance=0.5)
        await webhook.until(count + 1)
    await house.post("clock", advance=59)
    await asyncio.sleep(0.05)
    assert len(webhook.received) == 7
    await house.post("clock", advance=61)
    await webhook.until(8)
    info = await house.call("getWebhookInfo")
    assert info["last_error_message"].startswith("Wrong response from the webhook: 503")
    assert info["pending_update_count"] == 1


LIFETIMES = [
    ("message", 24 * 3600),
    ("callback_query", 150),
    ("pre_checkout_query", 150),
    ("shipping_query", 150),
    ("inline_query", 30),
]


@pytest.mark.parametrize(("kind", "lifetime"), LIFETIMES)
async def test_an_update_that_cannot_be_delivered_expires_and_its_lane_goes_on(
    house, webhook, kind, lifetime
):
    webhook.answers = [(500, {}, None)]
    await house.call("setWebhook", url=webhook.url, allowed_updates=[kind, "message"])
    await house.post("clock", speed=0)
    stale, fresh = sample(kind, "1"), sample(kind, "2")
    await house.post("updates", bot="main", update={kind: stale})
    await webhook.until(2)
    await house.post("clock", advance=lifetime - 1)
    await webhook.until(3)  # still tried
    await house.post("updates", bot="main", update={kind: fresh})
    webhook.answers = [(200, {}, None)]
    await house.post("clock", advance=min(121, lifetime / 2))  # longer than the wait for the next try
    updates = await webhook.until(4)
    assert updates[-1][kind] == fresh
    entries = (await house.get("updates"))["entries"]
    assert [each["delivered"] for each in entries] == [False, True]


def sample(kind, number):
    """An update of this kind of Olivia's."""
    sender = {"id": OWNER, "is_bot": False, "first_name": "Olivia"}
    return {
        "message": {
            "message_id": int(number),
            "date": 1,
            "chat": {"id": OWNER, "type": "private"},
            "from": sender,
            "text": number,
        },
        "callback_query": {"id": number, "from": sender, "chat_instance": "1", "data": "x"},
        "pre_checkout_query": {
            "id": number,
            "from": sender,
            "currency": "XTR",
            "total_amount": 1,
            "invoice_payload": "x",
        },
        "shipping_query": {
            "id": number,
            "from": sender,
            "invoice_payload": "x",
            "shipping_address": {
                name: "GB" if name == "country_code" else "x"
                for name in ("country_code", "state", "city", "street_line1", "street_line2", "post_code")
            },
        },
        "inline_query": {"id": number, "from": sender, "query": "x", "offset": ""},
    }[kind]


async def test_presses_of_a_user_wait_for_each_other_but_not_for_the_chat(house, webhook):
    """Messages are in order by chat; presses, and questions about payments, by user."""
    webhook.answers = [(500, {}, None), (500, {}, None), (200, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    await house.post("clock", speed=0)
    await house.post("updates", bot="main", update={"callback_query": sample("callback_query", "1")})
    await webhook.until(2)
    await house.post("updates", bot="main", update={"pre_checkout_query": sample("pre_checkout_query", "2")})
    await house.post("updates", bot="main", update={"message": sample("message", "3")})
    assert "message" in (await webhook.until(3))[2]
    await asyncio.sleep(0.1)
    assert len(webhook.received) == 3
    await house.post("clock", advance=2)
    assert [*(await webhook.until(5))[3], *webhook.received[4].update] == [
        "update_id",
        "callback_query",
        "update_id",
        "pre_checkout_query",
    ]


async def test_retry_after_is_honoured(house, webhook):
    webhook.answers = [(429, {"retry-after": "100"}, None), (200, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    await house.post("clock", speed=0)
    await house.write("hi")
    await webhook.until(1)
    await house.post("clock", advance=99)
    await asyncio.sleep(0.1)
    assert len(webhook.received) == 1
    await house.post("clock", advance=1)
    await webhook.until(2)


async def test_a_webhook_that_is_gone_for_a_day_is_removed(house, webhook):
    webhook.answers = [(410, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    await house.post("clock", speed=0)
    await house.write("hi")
    await webhook.until(2)
    await house.post("clock", advance=23 * 3600 + 1)

    async def removed() -> bool:
        return (await house.call("getWebhookInfo"))["url"] == ""

    await until(removed)
    assert len(await house.call("getUpdates")) == 1


async def test_redirects_and_refused_connections_are_failures(house, webhook):
    webhook.answers = [(302, {"location": webhook.url}, None), (200, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    await house.write("hi")
    await webhook.until(2)
    await house.call("setWebhook", url="http://127.0.0.1:9/nobody")
    await house.write("hi")

    async def failed() -> bool:
        return "last_error_message" in await house.call("getWebhookInfo")

    await until(failed)


async def test_the_answer_may_carry_one_call(house, webhook):
    call = {"method": "sendMessage", "chat_id": OWNER, "text": "from the answer"}
    webhook.answers = [(200, {}, call), (200, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    await house.write("hi")
    await house.until_text("from the answer")
    entry = (await house.get("journal"))["entries"][-1]
    assert (entry["method"], entry["applied"]) == ("sendMessage", True)


async def test_an_answer_cannot_carry_getting_or_webhook_methods(house, webhook):
    webhook.answers = [(200, {}, {"method": "deleteWebhook"}), (200, {}, None)]
    await house.call("setWebhook", url=webhook.url)
    await house.write("hi")
    await webhook.until(1)
    await asyncio.sleep(0.1)
    assert (await house.call("getWebhookInfo"))["url"] == webhook.url


async def test_no_more_connections_than_allowed(house, webhook):
    webhook.delay = 0.1
    await house.call("setWebhook", url=webhook.url, max_connections=2)
    for user in range(2001, 2007):
        await house.post("users", id=user, first_name="A")
        await house.write("hi", user=user)
    await webhook.until(6)
    assert webhook.most_active == 2


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"url": "ftp://example.com"}, "Bad Request: bad webhook"),
        ({"url": "http://[broken"}, "Bad Request: bad webhook"),
        (
            {"url": "https://example.com", "secret_token": "no spaces"},
            "secret token contains unallowed characters",
        ),
        ({"url": "https://example.com", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
async def test_bad_webhooks_are_refused(house, params, description):
    assert description in await house.error("setWebhook", **params)


async def test_webhook_info(house, webhook):
    assert (await house.call("getWebhookInfo")) == {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": 0,
    }
    await house.call("setWebhook", url=webhook.url, allowed_updates=["message"], max_connections=7)
    info = await house.call("getWebhookInfo")
    assert (info["url"], info["allowed_updates"], info["max_connections"]) == (webhook.url, ["message"], 7)


async def test_the_secret_is_not_in_the_journal(house, webhook):
    await house.call("setWebhook", url=f"{webhook.url}/700:test-token", secret_token="hush-hush")
    journal = str(await house.get("journal")) + str(await house.get("bots"))
    assert "hush-hush" not in journal
    assert "700:test-token" not in journal
