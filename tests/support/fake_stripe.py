"""A Stripe of our own: its HTTP API, as far as botyard uses it, and its signed webhooks, over real HTTP.

The shapes are those of API version 2026-10-28. What buyers and admins do at Stripe are methods (`pay`,
`renew`, `refund`, `dispute`); webhooks can be held back, dropped, doubled, put in another order; a request
can be applied without an answer. Idempotency keys are honoured as Stripe does.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from stripe import WebhookSignature

KEY = "sk_test_fake"
SECRET = "whsec_fake"
MONTH = 30 * 86400

Params = dict[str, Any]
Thing = dict[str, Any]


class Refusal(Exception):
    """An answer of 4xx."""

    def __init__(self, message: str, *, code: str = "", param: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        kind = "idempotency_error" if code == "idempotency" else "invalid_request_error"
        self.body = {
            "error": {"type": kind, "message": message, "code": code or None, "param": param or None}
        }


class FakeStripe:
    """One account in test mode."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.things: dict[str, Thing] = {}
        self.events: list[Thing] = []
        self.requests: list[tuple[str, str, Params, str]] = []
        """Method, path, parameters and idempotency key of each request."""
        self.headers: list[dict[str, str]] = []
        self.webhook_url = ""
        self.holds = False
        """Whether events are kept (`held`) rather than sent."""
        self.held: list[Thing] = []
        self.answers: list[int] = []
        """What the webhook answered."""
        self.unanswered: dict[str, int] = {}
        """By path: so many requests are applied, and then their connection is cut."""
        self.broken: dict[str, int] = {}
        """By path: so many requests are answered 500."""
        self.hangs = False
        """Whether requests wait until this is False."""
        self._ids = random.Random(7)
        self._idempotent: dict[str, tuple[str, int, Thing]] = {}
        self._http: aiohttp.ClientSession | None = None

    # what happens at Stripe

    async def pay(self, session_id: str) -> str:
        """The buyer pays a Checkout Session with a card. Answers the PaymentIntent."""
        session = self._open(session_id)
        if session["mode"] == "subscription":
            return await self._subscribe(session)
        intent = self._intent(session["amount_total"], session["currency"], session["_intent_metadata"])
        self._charge(intent)
        session.update(
            status="complete", payment_status="paid", payment_intent=intent["id"], customer=intent["customer"]
        )
        await self._emit("payment_intent.succeeded", intent)
        await self._emit("checkout.session.completed", session)
        return str(intent["id"])

    async def pay_slowly(self, session_id: str) -> str:
        """The buyer pays with a method that takes days."""
        session = self._open(session_id)
        intent = self._intent(session["amount_total"], session["currency"], session["_intent_metadata"])
        intent["status"] = "processing"
        session.update(status="complete", payment_status="unpaid", payment_intent=intent["id"])
        await self._emit("checkout.session.completed", session)
        return str(intent["id"])

    async def money_arrives(self, session_id: str) -> None:
        """The slow payment has come."""
        session = self.things[session_id]
        self._charge(self.things[session["payment_intent"]])
        session["payment_status"] = "paid"
        await self._emit("checkout.session.async_payment_succeeded", session)

    async def money_fails(self, session_id: str) -> None:
        """The slow payment does not come."""
        session = self.things[session_id]
        self.things[session["payment_intent"]]["status"] = "requires_payment_method"
        await self._emit("checkout.session.async_payment_failed", session)

    async def renew(self, subscription_id: str) -> str:
        """The next period begins, and is paid at that moment to come. Answers the PaymentIntent."""
        subscription = self.things[subscription_id]
        invoice = self._invoice(subscription, "subscription_cycle")
        await self._pay_invoice(invoice)
        return self._intent_of(invoice)

    async def fail_renewal(self, subscription_id: str) -> str:
        """The next period begins, and the card says no. Answers the invoice."""
        subscription = self.things[subscription_id]
        invoice = self._invoice(subscription, "subscription_cycle")
        subscription["status"] = "past_due"
        await self._emit("invoice.payment_failed", invoice)
        await self._emit("customer.subscription.updated", subscription)
        return str(invoice["id"])

    async def pay_invoice(self, invoice_id: str) -> str:
        """An open invoice is paid after all. Answers the PaymentIntent."""
        invoice = self.things[invoice_id]
        subscription = self.things[invoice["parent"]["subscription_details"]["subscription"]]
        subscription["status"] = "active"
        await self._pay_invoice(invoice)
        await self._emit("customer.subscription.updated", subscription)
        return self._intent_of(invoice)

    async def bill_extra(self, subscription_id: str, amount: int) -> str:
        """An admin changes the subscription at Stripe, which makes an invoice. Answers the PaymentIntent."""
        invoice = self._invoice(self.things[subscription_id], "subscription_update", amount=amount)
        await self._pay_invoice(invoice)
        return self._intent_of(invoice)

    async def cancel(self, subscription_id: str, *, at_once: bool = False) -> None:
        """The buyer cancels: it runs to the end of its period, or ends."""
        subscription = self.things[subscription_id]
        if at_once:
            subscription.update(status="canceled", ended_at=self._moment())
        else:
            subscription["cancel_at_period_end"] = True
        await self._emit(f"customer.subscription.{'deleted' if at_once else 'updated'}", subscription)

    async def refund(self, intent_id: str, amount: int | None = None) -> str:
        """Somebody refunds in the dashboard. Answers the refund."""
        refund = self._refund({"payment_intent": intent_id, "amount": amount, "metadata": {}})
        await self._told_refund(refund)
        return str(refund["id"])

    async def fail_refund(self, refund_id: str) -> None:
        """The buyer's bank sends a refund back."""
        refund = self.things[refund_id]
        refund.update(status="failed", failure_reason="lost_or_stolen_card")
        await self._emit("refund.failed", refund)

    async def dispute(self, intent_id: str, *, status: str = "needs_response") -> str:
        """The buyer's bank takes the money back. Answers the dispute."""
        intent = self.things[intent_id]
        dispute = self._add(
            "dp",
            "dispute",
            amount=intent["amount"],
            currency=intent["currency"],
            charge=intent["latest_charge"],
            payment_intent=intent_id,
            status=status,
            reason="fraudulent",
            metadata={},
        )
        if not status.startswith("warning"):
            self._move("adjustment", dispute, -dispute["amount"])
        await self._emit("charge.dispute.created", dispute)
        return str(dispute["id"])

    async def close_dispute(self, dispute_id: str, status: str) -> None:
        """It ends `won` or `lost`."""
        dispute = self.things[dispute_id]
        dispute["status"] = status
        if status == "won":
            self._move("adjustment", dispute, dispute["amount"])
        await self._emit("charge.dispute.closed", dispute)

    # webhooks

    async def send(self, event: Thing, *, secret: str = SECRET, signed_at: float | None = None) -> int:
        """Sends an event; the answer's status."""
        body = json.dumps(event, indent=2)
        header = WebhookSignature.generate_signature_header(body, secret, int(signed_at or self.now()))
        return await self.post(body.encode(), header)

    async def post(self, body: bytes, signature: str | None) -> int:
        """Sends any body with any signature; the answer's status."""
        assert self._http is not None
        headers = {"content-type": "application/json"}
        if signature is not None:
            headers["stripe-signature"] = signature
        async with self._http.post(self.webhook_url, data=body, headers=headers) as response:
            await response.read()
            self.answers.append(response.status)
            return response.status

    async def release(self, order: Callable[[list[Thing]], list[Thing]] = list) -> None:
        """Sends what was held back, in this order."""
        self.holds, held, self.held = False, self.held, []
        for event in order(held):
            await self.send(event)

    # things

    def only(self, prefix: str) -> Thing:
        """The one thing whose id begins so."""
        (found,) = self.all(prefix)
        return found

    def all(self, prefix: str) -> list[Thing]:
        """All things whose id begins so, oldest first."""
        return [each for name, each in self.things.items() if name.startswith(f"{prefix}_")]

    def made(self, path: str) -> list[tuple[str, str, Params, str]]:
        """The requests to make something at this path."""
        return [each for each in self.requests if each[:2] == ("POST", path)]

    def _moment(self) -> int:
        return int(self.now())

    def _add(self, prefix: str, kind: str, **fields: Any) -> Thing:
        name = f"{prefix}_{self._ids.randrange(16**16):016x}"
        thing = {"id": name, "object": kind, "created": self._moment(), "livemode": False, **fields}
        self.things[name] = thing
        return thing

    def _open(self, session_id: str) -> Thing:
        session = self.things[session_id]
        assert session["status"] == "open", session["status"]
        assert session["expires_at"] > self.now()
        return session

    def _intent(self, amount: int, currency: str, metadata: Params, customer: str | None = None) -> Thing:
        return self._add(
            "pi",
            "payment_intent",
            amount=amount,
            amount_received=0,
            currency=currency,
            metadata=metadata,
            customer=customer,
            status="requires_payment_method",
            latest_charge=None,
        )

    def _charge(self, intent: Thing) -> Thing:
        charge = self._add(
            "ch",
            "charge",
            amount=intent["amount"],
            amount_refunded=0,
            currency=intent["currency"],
            payment_intent=intent["id"],
            metadata=intent["metadata"],
            paid=True,
            status="succeeded",
        )
        intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
        self._move("charge", charge, charge["amount"])
        return charge

    def _move(self, kind: str, source: Thing, amount: int) -> None:
        self._add("txn", "balance_transaction", type=kind, source=source["id"], amount=amount, fee=0)

    async def _subscribe(self, session: Thing) -> str:
        customer = session["customer"] or self._add("cus", "customer", metadata={})["id"]
        price = session["_recurring"]
        subscription = self._add(
            "sub",
            "subscription",
            status="active",
            customer=customer,
            metadata=session["_subscription_metadata"],
            cancel_at_period_end=False,
            cancel_at=None,
            ended_at=None,
            _amount=session["amount_total"],
            _currency=session["currency"],
            _seconds=(MONTH if price["interval"] == "month" else 86400) * int(price["interval_count"]),
            _ends=self._moment(),
            items={"object": "list", "data": [], "has_more": False},
        )
        invoice = self._invoice(subscription, "subscription_create")
        session.update(
            status="complete",
            payment_status="paid",
            subscription=subscription["id"],
            invoice=invoice["id"],
            customer=customer,
        )
        await self._emit("customer.subscription.created", subscription)
        await self._pay_invoice(invoice)
        await self._emit("checkout.session.completed", session)
        return self._intent_of(invoice)

    def _invoice(self, subscription: Thing, reason: str, amount: int | None = None) -> Thing:
        start = subscription["_ends"]
        if reason != "subscription_update":
            subscription["_ends"] = start + subscription["_seconds"]
        item = {
            "id": f"si_{subscription['id']}",
            "object": "subscription_item",
            "current_period_start": start,
        }
        subscription["items"]["data"] = [item | {"current_period_end": subscription["_ends"]}]
        line = {"id": "il_1", "object": "line_item", "period": {"start": start, "end": subscription["_ends"]}}
        return self._add(
            "in",
            "invoice",
            amount_due=subscription["_amount"] if amount is None else amount,
            amount_paid=0,
            currency=subscription["_currency"],
            billing_reason=reason,
            customer=subscription["customer"],
            status="open",
            hosted_invoice_url="https://invoice.stripe.test/1",
            parent={
                "type": "subscription_details",
                "subscription_details": {
                    "subscription": subscription["id"],
                    "metadata": dict(subscription["metadata"]),
                },
            },
            lines={"object": "list", "data": [line], "has_more": False},
            status_transitions={"paid_at": None},
        )

    async def _pay_invoice(self, invoice: Thing) -> None:
        paid_at = max(self._moment(), invoice["lines"]["data"][0]["period"]["start"])
        intent = self._intent(invoice["amount_due"], invoice["currency"], {}, invoice["customer"])
        self._charge(intent)
        self._add(
            "inpay",
            "invoice_payment",
            invoice=invoice["id"],
            status="paid",
            amount_paid=invoice["amount_due"],
            payment={"type": "payment_intent", "payment_intent": intent["id"]},
        )
        invoice.update(
            status="paid",
            amount_paid=invoice["amount_due"],
            status_transitions={"paid_at": paid_at},
        )
        await self._emit("invoice.paid", invoice)

    def _payments(self, invoice_id: str) -> list[Thing]:
        return [each for each in self.all("inpay") if each["invoice"] == invoice_id]

    def _intent_of(self, invoice: Thing) -> str:
        return str(self._payments(invoice["id"])[0]["payment"]["payment_intent"])

    def _refund(self, params: Params) -> Thing:
        intent = self.things.get(params["payment_intent"])
        if intent is None or not intent["latest_charge"]:
            raise Refusal("No such payment_intent", code="resource_missing", param="payment_intent")
        charge = self.things[intent["latest_charge"]]
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(params["amount"] or left) if params.get("amount") is not None else left
        if left == 0:
            raise Refusal("Charge has already been refunded.", code="charge_already_refunded")
        if not 0 < amount <= left:
            raise Refusal("Refund amount is greater than unrefunded amount.", param="amount")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = self._add(
            "re",
            "refund",
            amount=amount,
            currency=intent["currency"],
            payment_intent=intent["id"],
            charge=charge["id"],
            status="succeeded",
            reason=None,
            metadata=params.get("metadata") or {},
        )
        self._move("refund", refund, -amount)
        return refund

    async def _told_refund(self, refund: Thing) -> None:
        await self._emit("refund.created", refund)
        await self._emit("charge.refunded", self.things[refund["charge"]])

    async def _emit(self, kind: str, thing: Thing) -> None:
        event = self._add("evt", "event", type=kind, data={"object": json.loads(json.dumps(_shown(thing)))})
        self.events.append(event)
        if self.holds or not self.webhook_url:
            self.held.append(event)
            return
        await self.send(event)

    # the API

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path, method = request.path, request.method
        source = await request.text() if method == "POST" else request.query_string
        params, key = decoded(source), request.headers.get("Idempotency-Key", "")
        self.requests.append((method, path, params, key))
        self.headers.append(dict(request.headers))
        while self.hangs:
            await asyncio.sleep(0.02)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            error = {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_****"}
            return web.json_response({"error": error}, status=401)
        if self._counted(self.broken, path):
            return web.json_response({"error": {"type": "api_error", "message": "oops"}}, status=500)
        status, body = await self._answer(method, path, params, key)
        if self._counted(self.unanswered, path):
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(body, status=status, headers={"request-id": "req_1"})

    def _counted(self, faults: dict[str, int], path: str) -> bool:
        if faults.get(path, 0) <= 0:
            return False
        faults[path] -= 1
        return True

    async def _answer(self, method: str, path: str, params: Params, key: str) -> tuple[int, Thing]:
        if method == "POST" and key in self._idempotent:
            asked, status, body = self._idempotent[key]
            if asked != json.dumps([path, params], sort_keys=True):
                refusal = Refusal("Keys for idempotent requests can only be used once.", code="idempotency")
                return refusal.status, refusal.body
            return status, body
        told: list[Thing] = []
        try:
            status, body = 200, self._act(method, path, params, told)
        except Refusal as refusal:
            return refusal.status, refusal.body
        body = json.loads(json.dumps(body))
        if method == "POST" and key:
            self._idempotent[key] = (json.dumps([path, params], sort_keys=True), status, body)
        for refund in told:
            await self._told_refund(refund)
        return status, body

    def _act(self, method: str, path: str, params: Params, told: list[Thing]) -> Thing:
        if method == "POST" and path.endswith("/expire"):
            return self._expire(path.split("/")[-2])
        if method == "POST":
            made = {
                "/v1/checkout/sessions": self._make_session,
                "/v1/billing_portal/sessions": self._make_portal,
                "/v1/refunds": self._refund,
            }[path](params)
            if made["object"] == "refund":
                told.append(made)
            return _shown(made)
        if path in _LISTS:
            return self._list(path, params)
        name = path.rpartition("/")[2]
        if name not in self.things or not path.startswith(f"/v1/{_PLACES[self.things[name]['object']]}/"):
            raise Refusal(f"No such object: '{name}'", code="resource_missing", param="id", status=404)
        return self._expanded(_shown(self.things[name]), params.get("expand", []))

    def _expanded(self, thing: Thing, fields: list[str]) -> Thing:
        for field in fields:
            if field == "payments":
                found = [_shown(each) for each in self._payments(thing["id"])]
                thing = thing | {"payments": {"object": "list", "data": found, "has_more": False}}
            elif thing.get(field):
                thing = thing | {field: _shown(self.things[thing[field]])}
        return thing

    def _list(self, path: str, params: Params) -> Thing:
        created = params.get("created", {})
        found = [
            each
            for each in reversed(self.all(_LISTS[path]))
            if int(created.get("gte", 0)) <= each["created"] <= int(created.get("lte", 2**40))
        ]
        if types := params.get("types"):
            found = [each for each in found if each["type"] in types]
        if intent := params.get("payment_intent"):
            found = [each for each in found if each["payment_intent"] == intent]
        if payment := params.get("payment"):
            wanted = payment["payment_intent"]
            found = [each for each in found if each["payment"]["payment_intent"] == wanted]
        if after := params.get("starting_after"):
            names = [each["id"] for each in found]
            found = found[names.index(after) + 1 :]
        limit = int(params.get("limit", 10))
        fields = [each.removeprefix("data.") for each in params.get("expand", [])]
        data = [self._expanded(_shown(each), fields) for each in found[:limit]]
        return {"object": "list", "url": path, "data": data, "has_more": len(found) > limit}

    def _make_session(self, params: Params) -> Thing:
        (line,) = params["line_items"]
        price, mode, expires_at = line["price_data"], params["mode"], int(params["expires_at"])
        if not self.now() + 1800 <= expires_at <= self.now() + 86400:
            raise Refusal("expires_at must be between 30 minutes and 24 hours away.", param="expires_at")
        if ("recurring" in price) != (mode == "subscription"):
            raise Refusal("The price does not fit the mode.", param="line_items[0]")
        if price["currency"] != price["currency"].lower() or int(price["unit_amount"]) < 1:
            raise Refusal("Invalid price.", param="line_items[0][price_data]")
        if params.get("customer") and params["customer"] not in self.things:
            raise Refusal("No such customer", code="resource_missing", param="customer")
        session = self._add(
            "cs_test",
            "checkout.session",
            mode=mode,
            status="open",
            payment_status="unpaid",
            client_reference_id=params.get("client_reference_id"),
            metadata=params.get("metadata", {}),
            amount_total=int(price["unit_amount"]) * int(line["quantity"]),
            currency=price["currency"],
            customer=params.get("customer"),
            payment_intent=None,
            subscription=None,
            invoice=None,
            expires_at=expires_at,
            success_url=params["success_url"],
            cancel_url=params["cancel_url"],
            _intent_metadata=params.get("payment_intent_data", {}).get("metadata", {}),
            _subscription_metadata=params.get("subscription_data", {}).get("metadata", {}),
            _recurring=price.get("recurring"),
        )
        session["url"] = f"https://checkout.stripe.test/{session['id']}"
        return session

    def _expire(self, session_id: str) -> Thing:
        session = self.things[session_id]
        if session["status"] != "open":
            raise Refusal('Only Checkout Sessions with a status in ["open"] can be expired.')
        session["status"] = "expired"
        return _shown(session)

    def _make_portal(self, params: Params) -> Thing:
        if params["customer"] not in self.things:
            raise Refusal("No such customer", code="resource_missing", param="customer")
        return self._add("bps", "billing_portal.session", url="https://billing.stripe.test/p/1", **params)


_LISTS = {
    "/v1/events": "evt",
    "/v1/refunds": "re",
    "/v1/invoice_payments": "inpay",
    "/v1/balance_transactions": "txn",
}
_PLACES = {
    "checkout.session": "checkout/sessions",
    "payment_intent": "payment_intents",
    "invoice": "invoices",
    "subscription": "subscriptions",
    "refund": "refunds",
    "dispute": "disputes",
    "customer": "customers",
    "event": "events",
}


def _shown(thing: Thing) -> Thing:
    """The thing as Stripe shows it."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def decoded(text: str) -> Params:
    """Stripe's form encoding: `a[b][0][c]=1` as nested dicts and lists."""
    root: Params = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        steps = re.findall(r"[^\[\]]+", name)
        place = root
        for step in steps[:-1]:
            place = place.setdefault(step, {})
        place[steps[-1]] = value
    return _with_lists(root)


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdecimal() for name in value):
        return [_with_lists(value[name]) for name in sorted(value, key=int)]
    return {name: _with_lists(each) for name, each in value.items()}


@asynccontextmanager
async def fake_stripe(now: Callable[[], float] = time.time) -> AsyncIterator[tuple[FakeStripe, str]]:
    """A running fake and its address."""
    fake = FakeStripe(now)
    site = web.Application()
    site.router.add_route("*", "/{path:.*}", fake._handle)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as fake._http:
        try:
            yield fake, f"http://127.0.0.1:{port}"
        finally:
            await asyncio.wait_for(runner.cleanup(), 5)
