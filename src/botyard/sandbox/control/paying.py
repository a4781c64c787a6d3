"""People pay: POST payments, POST subscriptions."""

from __future__ import annotations

from botyard.sandbox.checkout import change_subscription, pay, renew
from botyard.sandbox.control.request import ControlRequest
from botyard.sandbox.errors import ControlError
from botyard.sandbox.state import Chat, Invoice, Json

STATES = {"cancel": "canceled", "resume": "active", "fail": "failed"}


async def pay_invoice(request: ControlRequest) -> Json:
    """A user pays an invoice in a chat, or one behind a link."""
    user, bot = request.user(), request.bot()
    chat = request.world.find_chat(bot, user, request.optional("chat_id", int))
    order: Json = {}
    for name, kind in (("order_info", dict), ("shipping_option_id", str), ("tip_amount", int)):
        value = request.optional(name, kind)
        if value is not None:
            order[name] = value
    return await pay(request.world, _invoice(request, chat), user, chat, order)


def _invoice(request: ControlRequest, chat: Chat) -> Invoice:
    world, link = request.world, request.optional("invoice_link", str)
    if link is not None:
        invoice = world.invoices.get(link.rpartition("/")[2].lstrip("$"))
    else:
        key = (request.bot().id, chat.id, request.field("message_id", int))
        invoice = world.invoices_in_chat.get(key) if key[2] in chat.messages else None
    if invoice is None or invoice.bot is not request.bot():
        raise ControlError(
            "There is no such invoice of this bot: name its message_id or invoice_link.", status=404
        )
    return invoice


def change(request: ControlRequest) -> Json:
    """A subscription is renewed, canceled or resumed by the user, or its renewal fails."""
    payment = request.world.payments.get(request.field("charge_id", str))
    if payment is None:
        raise ControlError("There is no payment with this charge_id.", status=404)
    action = request.field("action", str)
    if action == "renew":
        return {"charge_id": renew(request.world, payment).charge_id}
    if action not in STATES:
        raise ControlError(f"action must be one of renew, {', '.join(STATES)}.")
    return {"update": change_subscription(request.world, payment, STATES[action])}
