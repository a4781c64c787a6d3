"""A user pays: shipping, pre-checkout, payment; and a subscription goes on or ends."""

from __future__ import annotations

import asyncio

from botyard.sandbox.errors import ControlError
from botyard.sandbox.posting import post_from_account
from botyard.sandbox.rendering import user_json
from botyard.sandbox.state import Bot, Chat, Invoice, Json, Payment, Question, User
from botyard.sandbox.world import World

PATIENCE = 10.0
"""Seconds that a bot has to answer a pre-checkout query (Bot API, "Payments")."""
KEPT = 150.0


class Refused(Exception):
    """The bot, or its silence, ended the checkout."""


async def pay(world: World, invoice: Invoice, user: User, chat: Chat, order: Json) -> Json:
    """A whole checkout. Returns `{"ok": true, "charge_id"}` or `{"ok": false, "error"}`.

    `order` may hold `order_info` (with `shipping_address`), `shipping_option_id` and `tip_amount`.
    """
    terms = invoice.terms
    total = terms["total_amount"] + order.get("tip_amount", 0)
    details: Json = {name: order[name] for name in ("order_info", "shipping_option_id") if name in order}
    try:
        if terms["is_flexible"]:
            total += await _shipping_price(world, invoice, user, details)
        query = {"currency": terms["currency"], "total_amount": total, "invoice_payload": terms["payload"]}
        await _ask(world, invoice.bot, user, "pre_checkout_query", query | details)
    except Refused as refusal:
        return {"ok": False, "error": str(refusal)}
    payment = _charge(world, invoice, user, total)
    _tell(world, payment, chat, details, is_first=True)
    return {"ok": True, "charge_id": payment.charge_id}


async def _shipping_price(world: World, invoice: Invoice, user: User, details: Json) -> int:
    address = (details.get("order_info") or {}).get("shipping_address")
    if not address:
        raise ControlError("order_info.shipping_address is missing: the price of this invoice depends on it.")
    query = {"invoice_payload": invoice.terms["payload"], "shipping_address": address}
    answer = await _ask(world, invoice.bot, user, "shipping_query", query)
    options = {option["id"]: option for option in answer["shipping_options"]}
    chosen = options.get(details.get("shipping_option_id", ""), answer["shipping_options"][0])
    details["shipping_option_id"] = chosen["id"]
    return sum(int(price["amount"]) for price in chosen["prices"])


async def _ask(world: World, bot: Bot, user: User, kind: str, body: Json) -> Json:
    """Sends a query and waits for the bot's consent. Raises `Refused` with what the user would read."""
    question = Question(world.new_id(), bot, world.clock.monotonic() + KEPT)
    world.questions[question.id] = question
    update = world.enqueue(bot, kind, {"id": question.id, "from": user_json(user), **body})
    if update is None:
        raise Refused(f"The bot does not receive {kind} updates: see its allowed_updates.")
    try:
        await asyncio.wait_for(question.answered.wait(), PATIENCE)
    except TimeoutError as error:
        raise Refused(f"The bot did not answer the {kind} within {PATIENCE:.0f} seconds.") from error
    finally:
        del world.questions[question.id]
    answer = question.answer or {}
    if not answer.get("ok"):
        raise Refused(answer.get("error_message") or "The bot refused the payment.")
    return answer


def _charge(world: World, invoice: Invoice, user: User, total: int) -> Payment:
    """Takes the money: the payment, and for Stars the bot's transaction."""
    terms, now = invoice.terms, world.clock.timestamp()
    period = terms.get("subscription_period")
    payment = Payment(
        f"st{world.new_token(40)}", invoice.bot, user, invoice, total, now + period if period else None
    )
    world.payments[payment.charge_id] = payment
    if terms["currency"] == "XTR":
        source = {"type": "user", "transaction_type": "invoice_payment", "user": user_json(user)}
        source |= {"invoice_payload": terms["payload"]} | ({"subscription_period": period} if period else {})
        transaction = {"id": payment.charge_id, "amount": total, "date": now, "source": source}
        invoice.bot.transactions.append(transaction)
    return payment


def _tell(world: World, payment: Payment, chat: Chat, details: Json, *, is_first: bool) -> None:
    """The service message with successful_payment."""
    terms = payment.invoice.terms
    stars = terms["currency"] == "XTR"
    paid: Json = {
        "currency": terms["currency"],
        "total_amount": payment.amount,
        "invoice_payload": terms["payload"],
        "telegram_payment_charge_id": payment.charge_id,
        "provider_payment_charge_id": "" if stars else world.new_id(),
    } | details
    if payment.subscription_until:
        paid |= {"subscription_expiration_date": payment.subscription_until, "is_recurring": True}
        paid |= {"is_first_recurring": True} if is_first else {}
    if chat.peer:
        chat.peer.started = True
    post_from_account(world, chat, payment.user, {"successful_payment": paid}, is_service=True)


def renew(world: World, payment: Payment) -> Payment:
    """The next period of a subscription is paid. Raises `ControlError` if it is none or was canceled."""
    if payment.subscription_until is None or payment.subscription_canceled:
        raise ControlError("This payment is no running subscription.", status=409)
    renewed = _charge(world, payment.invoice, payment.user, payment.amount)
    if renewed.subscription_until:
        period = payment.invoice.terms["subscription_period"]
        renewed.subscription_until = max(payment.subscription_until, world.clock.timestamp()) + period
    _tell(world, renewed, world.private(payment.bot, payment.user), {}, is_first=False)
    return renewed


def change_subscription(world: World, payment: Payment, state: str) -> Json | None:
    """The user cancels or resumes, or a renewal fails: a `subscription` update (Bot API 10.2)."""
    if payment.subscription_until is None:
        raise ControlError("This payment is no subscription.", status=409)
    payment.subscription_canceled = state != "active"
    body = {
        "user": user_json(payment.user),
        "invoice_payload": payment.invoice.terms["payload"],
        "state": state,
    }
    return world.enqueue(payment.bot, "subscription", body)
