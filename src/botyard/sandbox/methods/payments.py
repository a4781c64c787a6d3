"""Invoices and the answers to those who pay them (Bot API, "Payments")."""

from __future__ import annotations

import re
from itertools import pairwise

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.messages import send
from botyard.sandbox.methods.queries import answer_question
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.rendering import message_json
from botyard.sandbox.state import Invoice, Json

SUBSCRIPTION_PERIOD = 2_592_000
MOST_SUBSCRIPTION_STARS = 10_000
MOST_STARS = 100_000
MOST_TIPS = 4


@method("sendInvoice")
def send_invoice(call: Call) -> Json:
    terms = _checked_terms(call)
    rows = (call.params.object("reply_markup") or {}).get("inline_keyboard") or []
    if rows and not (rows[0] and rows[0][0].get("pay")):
        raise bad_request("REPLY_MARKUP_BUY_EMPTY: the first button of an invoice must be a Pay button")
    invoice = {name: terms[name] for name in ("title", "description", "currency", "total_amount")}
    invoice["start_parameter"] = call.params.text("start_parameter")
    pay = {"text": f"Pay {terms['total_amount']} {terms['currency']}", "pay": True}
    message = send(call, {"invoice": invoice}, default_markup={"inline_keyboard": [[pay]]})
    key = (call.bot.id, message.chat.id, message.message_id)
    call.world.invoices_in_chat[key] = Invoice(call.bot, terms)
    return message_json(message)


@method("createInvoiceLink")
def create_invoice_link(call: Call) -> str:
    terms = _checked_terms(call)
    if "subscription_period" in call.params:
        _check_subscription(call, terms)
        terms["subscription_period"] = SUBSCRIPTION_PERIOD
    slug = call.world.new_token(20)
    call.world.invoices[slug] = Invoice(call.bot, terms, slug)
    return f"https://t.me/${slug}"


def _checked_terms(call: Call) -> Json:
    """What an invoice says. Raises `ApiError` for what Telegram would not take."""
    params = call.params
    title, description = params.text("title").strip(), params.text("description").strip()
    if not 1 <= len(title) <= 32:
        raise bad_request("title must be non-empty" if not title else "INVOICE_TITLE_TOO_LONG")
    if not 1 <= len(description) <= 255:
        raise bad_request(
            "description must be non-empty" if not description else "INVOICE_DESCRIPTION_TOO_LONG"
        )
    if not 1 <= len(params.text("payload").encode()) <= 128:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    currency, total = params.text("currency"), _total(call)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise bad_request("CURRENCY_INVALID")
    if currency == "XTR":
        _check_stars(call, total)
    elif not params.text("provider_token"):
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    _check_tips(call)
    return {
        "title": title,
        "description": description,
        "payload": params.text("payload"),
        "currency": currency,
        "total_amount": total,
        "is_flexible": params.flag("is_flexible") and currency != "XTR",
    }


def _total(call: Call) -> int:
    prices = call.params.items("prices")
    if not prices or any(not price["label"] for price in prices):
        raise bad_request("there must be at least one price, each with a label")
    total = sum(int(price["amount"]) for price in prices)
    if not 0 < total <= 2**53:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    return total


def _check_stars(call: Call, total: int) -> None:
    """Stars: no provider, one price, no tips, no shipping (Bot API, "Payments in Telegram Stars")."""
    params = call.params
    if params.text("provider_token") or len(params.items("prices")) != 1 or params.integer("max_tip_amount"):
        raise bad_request("STARS_INVOICE_INVALID")
    if total > MOST_STARS:
        raise bad_request("STARS_AMOUNT_INVALID")


def _check_tips(call: Call) -> None:
    tips, most = call.params.items("suggested_tip_amounts"), call.params.integer("max_tip_amount")
    rising = all(later > earlier for earlier, later in pairwise(tips))
    if len(tips) > MOST_TIPS or not rising or any(not 0 < tip <= most for tip in tips):
        raise bad_request("INVOICE_SUGGESTED_TIPS_INVALID")


def _check_subscription(call: Call, terms: Json) -> None:
    if terms["currency"] != "XTR" or call.params.integer("subscription_period") != SUBSCRIPTION_PERIOD:
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    if terms["total_amount"] > MOST_SUBSCRIPTION_STARS:
        raise bad_request("STARS_AMOUNT_INVALID")


@method("answerPreCheckoutQuery")
def answer_pre_checkout_query(call: Call) -> bool:
    params = call.params
    if not params.flag("ok") and not params.text("error_message"):
        raise bad_request("error message must be specified: the user has to learn why the payment failed")
    return answer_question(call, params.text("pre_checkout_query_id"))


@method("answerShippingQuery")
def answer_shipping_query(call: Call) -> bool:
    params = call.params
    if params.flag("ok") and not params.items("shipping_options"):
        raise bad_request("shipping options must be specified")
    if not params.flag("ok") and not params.text("error_message"):
        raise bad_request("error message must be specified: the user has to learn why the payment failed")
    return answer_question(call, params.text("shipping_query_id"))
