"""Telegram Stars: the bot's balance, its transactions, refunds and subscriptions (Bot API, "Payments")."""

from __future__ import annotations

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.posting import post_from_account
from botyard.sandbox.rendering import user_json
from botyard.sandbox.state import Json, Payment


@method("getMyStarBalance")
def get_my_star_balance(call: Call) -> Json:
    amounts = (one["amount"] if "source" in one else -one["amount"] for one in call.bot.transactions)
    return {"amount": sum(amounts)}


@method("getStarTransactions")
def get_star_transactions(call: Call) -> Json:
    """In the order of time."""
    offset, limit = call.params.integer("offset"), call.params.integer("limit", 100)
    if not 1 <= limit <= 100 or offset < 0:
        raise bad_request("LIMIT_INVALID" if offset >= 0 else "OFFSET_INVALID")
    return {"transactions": call.bot.transactions[offset : offset + limit]}


@method("refundStarPayment")
def refund_star_payment(call: Call) -> bool:
    payment = _payment(call)
    if payment.refunded:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    payment.refunded = True
    terms, world = payment.invoice.terms, call.world
    receiver = {"type": "user", "transaction_type": "invoice_payment", "user": user_json(payment.user)}
    call.bot.transactions.append(
        {
            "id": payment.charge_id,
            "amount": payment.amount,
            "date": world.clock.timestamp(),
            "receiver": receiver | {"invoice_payload": terms["payload"]},
        }
    )
    refund = {
        "currency": "XTR",
        "total_amount": payment.amount,
        "invoice_payload": terms["payload"],
        "telegram_payment_charge_id": payment.charge_id,
    }
    chat = world.private(call.bot, payment.user)
    post_from_account(world, chat, payment.user, {"refunded_payment": refund}, is_service=True)
    return True


@method("editUserStarSubscription")
def edit_user_star_subscription(call: Call) -> bool:
    payment = _payment(call)
    if payment.subscription_until is None:
        raise bad_request("SUBSCRIPTION_NOT_FOUND")
    payment.subscription_canceled = call.params.flag("is_canceled")
    return True


def _payment(call: Call) -> Payment:
    """The Star payment of a call. Raises `ApiError` if this user never made it to this bot."""
    payment = call.world.payments.get(call.params.text("telegram_payment_charge_id"))
    if payment is None or payment.bot is not call.bot or payment.user.id != call.params.integer("user_id"):
        raise bad_request("CHARGE_NOT_FOUND")
    if payment.invoice.terms["currency"] != "XTR":
        raise bad_request("CHARGE_NOT_FOUND")
    return payment
