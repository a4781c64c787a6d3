"""What we read of Customers, Subscriptions, PaymentIntents, refunds and signed webhooks, against localstripe.

localstripe is a Stripe server by others (https://github.com/adrienverge/localstripe). Its libraries are not
ours, so it lives in a virtual environment of its own; without it these tests are skipped. It knows no
Checkout, its invoices are those of an older API version, and its PaymentIntents have no `amount_received`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from stripe import StripeClient

from botyard.features.billing.models import SubscriptionState
from botyard.features.billing.stripe import marks, reading, webhook
from botyard.features.billing.stripe.client import StripeRefused, ask, connected
from botyard.ids import BotId
from botyard.money import Money
from botyard.settings import load_settings

COMMAND = os.environ.get("BOTYARD_LOCALSTRIPE", "")
if not COMMAND:
    pytest.skip(
        "no localstripe: python3 -m venv DIR && DIR/bin/pip install localstripe, "
        "then BOTYARD_LOCALSTRIPE=DIR/bin/localstripe",
        allow_module_level=True,
    )
SECRET = "whsec_localstripe"
BOTS = {BotId(7)}
MARK = {marks.ORDER: "1.abcdefghijklmnopqrstuv", marks.USER: "1002", marks.BOT: "7"}


@dataclass
class Local:
    """A running localstripe."""

    api: StripeClient
    url: str
    received: list[tuple[bytes, str]] = field(default_factory=list)
    """Bodies and signatures of the webhooks that came."""
    method: str = ""

    async def raw(self, method: str, path: str, **form: str) -> dict[str, Any]:
        """A request as an older SDK would make it."""
        headers = {"Authorization": "Bearer sk_test_12345"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(method, f"{self.url}{path}", data=form) as response,
        ):
            answer = await response.json()
            assert response.status == 200, answer
            return dict(answer)

    async def paying_customer(self) -> str:
        """A customer whose card works."""
        customer = await ask(self.api.v1.customers.create_async({"name": "Paul", "metadata": {"a": "b"}}))
        method = await self.raw(
            "POST",
            "/v1/payment_methods",
            **{
                "type": "card",
                "card[number]": "4242424242424242",
                "card[exp_month]": "12",
                "card[exp_year]": "2040",
                "card[cvc]": "123",
            },
        )
        await ask(self.api.v1.payment_methods.attach_async(method["id"], {"customer": customer.id}))
        settings = {"invoice_settings[default_payment_method]": str(method["id"])}
        await self.raw("POST", f"/v1/customers/{customer.id}", **settings)
        self.method = str(method["id"])
        return customer.id


@asynccontextmanager
async def _listening(received: list[tuple[bytes, str]]) -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        received.append((await request.read(), request.headers["Stripe-Signature"]))
        return web.Response()

    site = web.Application()
    site.router.add_post("/", take)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Local]:
    """localstripe, with our SDK, and with our ear as its webhook."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path / "log").open("wb")
    server = await asyncio.create_subprocess_exec(
        COMMAND, "--port", str(port), "--from-scratch", stdout=log, stderr=log, cwd=tmp_path
    )
    url = f"http://127.0.0.1:{port}"
    settings = load_settings(environ={}, cwd=tmp_path, stripe_secret_key="sk_test_12345", stripe_api_base=url)
    received: list[tuple[bytes, str]] = []
    try:
        await _until_it_listens(port)
        async with connected(settings) as api, _listening(received) as ear:
            opened = Local(api, url, received)
            async with aiohttp.ClientSession() as http:
                body = {"url": ear, "secret": SECRET}
                async with http.post(f"{url}/_config/webhooks/botyard", json=body) as response:
                    assert response.status == 200
            yield opened
    finally:
        server.terminate()
        await server.wait()
        log.close()


async def _until_it_listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


async def test_a_customer(local: Local) -> None:
    customer = await local.paying_customer()
    found = await ask(local.api.v1.customers.retrieve_async(customer))
    assert found.id == customer
    assert found.metadata is not None
    assert found.metadata.to_dict() == {"a": "b"}


async def test_a_payment_intent_and_its_refund(local: Local) -> None:
    customer = await local.paying_customer()
    intent = await ask(
        local.api.v1.payment_intents.create_async(
            {"amount": 14700, "currency": "gbp", "customer": customer, "metadata": MARK}
        )
    )
    before = await reading.read_payment(local.api, intent.id, BOTS)
    assert isinstance(before, reading.Unpaid)
    params = {"payment_method": local.method}
    await local.raw("POST", f"/v1/payment_intents/{intent.id}", **params)
    await ask(local.api.v1.payment_intents.confirm_async(intent.id))
    come = await reading.read_payment(local.api, intent.id, BOTS)
    assert isinstance(come, reading.Come)
    assert (come.key, come.money, come.mark.user_id) == (intent.id, Money(14700, "GBP"), 1002)
    assert abs((datetime.now(UTC) - come.at).total_seconds()) < 60

    charge = (await ask(local.api.v1.payment_intents.retrieve_async(intent.id))).latest_charge
    made = await local.raw("POST", "/v1/refunds", charge=reading.id_of(charge), amount="4700")
    refund = await ask(local.api.v1.refunds.retrieve_async(made["id"]))
    assert (refund.amount, refund.currency, refund.status) == (4700, "gbp", "succeeded")


async def test_a_subscription(local: Local) -> None:
    customer = await local.paying_customer()
    plan = await local.raw(
        "POST",
        "/v1/plans",
        **{
            "amount": "14700",
            "currency": "gbp",
            "interval": "month",
            "product[name]": "Gold",
            "id": "gold-1m",
        },
    )
    form = {"customer": customer, "items[0][plan]": plan["id"]}
    form |= {f"metadata[{name}]": word for name, word in MARK.items()}
    made = await local.raw("POST", "/v1/subscriptions", **form)
    seen = await reading.read_subscription(local.api, made["id"], BOTS)
    assert seen is not None
    assert (seen.id, seen.customer, seen.state) == (made["id"], customer, SubscriptionState.ACTIVE)
    assert seen.mark == marks.mark_of(MARK, BOTS)

    await ask(local.api.v1.subscriptions.update_async(made["id"], {"cancel_at_period_end": True}))
    seen = await reading.read_subscription(local.api, made["id"], BOTS)
    assert seen is not None
    assert seen.state is SubscriptionState.CANCELLED


async def test_signed_webhooks(local: Local) -> None:
    customer = await local.paying_customer()
    async with asyncio.timeout(10):
        while not local.received:
            await asyncio.sleep(0.05)
    body, signature = local.received[0]
    webhook.verify(body, signature, SECRET, datetime.now(UTC))
    with pytest.raises(webhook.Refused):
        webhook.verify(body + b" ", signature, SECRET, datetime.now(UTC))
    with pytest.raises(webhook.Refused):
        webhook.verify(body, signature, "whsec_other", datetime.now(UTC))
    assert customer.encode() in body


async def test_what_it_does_not_know(local: Local) -> None:
    with pytest.raises(StripeRefused):
        await reading.read_subscription(local.api, "sub_nobody", BOTS)
