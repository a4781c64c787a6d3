"""Stopping and resuming the renewal of a subscription in Stars (Bot API, editUserStarSubscription)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import (
    Direction,
    Order,
    OrderId,
    Payment,
    Source,
    SubscriptionState,
)
from botyard.features.billing.service import subscriptions
from botyard.ids import BotId, ChatKey
from botyard.jobs import receipts
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House

CHANGE = "billing.renewal"


async def change(
    session: AsyncSession,
    order: Order,
    state: SubscriptionState,
    chat_key: ChatKey,
    now: datetime,
) -> None:
    """Asks Telegram to cancel the renewal, or to let it go on, and follows what it says.

    Which of a subscription's charges names it is not documented: all are tried, the latest first.
    """
    charges = await session.scalars(
        select(Payment.external_id)
        .where(
            Payment.order_id == order.id,
            Payment.source == Source.STARS,
            Payment.direction == Direction.IN,
        )
        .order_by(Payment.at.desc())
    )
    about = {"order_id": order.id, "state": state.value, "charges": list(charges), "chat_key": chat_key}
    await _ask(session, about, now)


async def follow(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Writes down that it is so; tries the next charge if this one was not the right one."""
    fates = await receipts.ended(session, CHANGE, payload, now)
    if not fates:
        return
    order = await session.get_one(Order, payload["order_id"])
    if fates[-1].state is not CallState.SENT:
        rest = payload["charges"][1:]
        if rest:
            await _ask(session, {**payload, "charges": rest}, now)
            return
        html = house.texts.format(None, "renewal-failed", title=order.title)
        params = {"text": html, "parse_mode": "HTML"}
        call = Call(BotId(order.bot_id), "sendMessage", params, chat_key=ChatKey(payload["chat_key"]))
        await outbox_queue.add(await session.connection(), [call], now)
        return
    found = await subscriptions.of_order(session, OrderId(order.id))
    if found is not None:
        found.state, found.changed_at = SubscriptionState(payload["state"]), now


async def _ask(session: AsyncSession, about: Mapping[str, Any], now: datetime) -> None:
    order = await session.get_one(Order, about["order_id"])
    if not about["charges"]:
        return
    charge = about["charges"][0]
    receipt = f"billing:renewal:{order.id}:{now.timestamp():.3f}"
    params = {
        "user_id": order.user_id,
        "telegram_payment_charge_id": charge,
        "is_canceled": about["state"] == SubscriptionState.CANCELLED,
    }
    call = Call(
        BotId(order.bot_id),
        "editUserStarSubscription",
        params,
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
        receipt=receipt,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    await receipts.follow(session, CHANGE, receipt, about, now)
