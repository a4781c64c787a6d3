"""Links to invoices: Telegram makes them when asked, and only then can they be sent on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing import invoices
from botyard.features.billing.models import Order, OrderState
from botyard.features.billing.words import price
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import receipts
from botyard.members.directory import read_member
from botyard.money import Money
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown
from botyard.outbox.queue import Call
from botyard.routing.context import Context, House
from botyard.routing.keyboard import Link, inline_keyboard

LINK = "billing.invoice_link"


async def queue_link(ctx: Context, order: Order, description: str, payload: str) -> None:
    """Asks Telegram for the link of a subscription's invoice, and follows it."""
    receipt = f"billing:order:{order.id}"
    params = invoices.subscription(order, description, payload, ctx.house.settings)
    ctx.queue(Call(ctx.bot.id, "createInvoiceLink", params, on_unknown=OnUnknown.REPEAT, receipt=receipt))
    await receipts.follow(
        ctx.session, LINK, receipt, {"order_id": order.id, "chat_key": ctx.chat.key}, ctx.now, after=0.1
    )


async def send_link(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Sends the member the link as soon as there is one, or says that there will be none."""
    fates = await receipts.ended(session, LINK, payload, now)
    if not fates:
        return
    order = await session.get_one(Order, payload["order_id"])
    if order.state is not OrderState.OPEN:
        return
    member = await read_member(session, UserId(order.user_id))
    language = member.profile.language_code if member else None
    (fate,) = fates
    if fate.state is CallState.SENT and isinstance(fate.result, str):
        order.url = fate.result
        cost = price(Money(order.amount, order.currency), language)
        html = house.texts.format(language, "buy-subscription", title=order.title, price=cost)
        pay = Link(house.texts.format(language, "buy-subscribe", price=cost), fate.result)
        params = {"text": html, "parse_mode": "HTML", "reply_markup": inline_keyboard([[pay]])}
    else:
        html = house.texts.format(language, "buy-link-failed", title=order.title)
        params = {"text": html, "parse_mode": "HTML"}
    call = Call(BotId(order.bot_id), "sendMessage", params, chat_key=ChatKey(payload["chat_key"]))
    await outbox_queue.add(await session.connection(), [call], now)
