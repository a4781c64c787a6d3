"""Telling a member what became of his money: one message to his private chat, whichever way he paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Kind, Payment
from botyard.features.billing.service.crediting import Credited, Outcome
from botyard.features.billing.words import moment, price
from botyard.ids import BotId, UserId
from botyard.members import chats, entitlements
from botyard.members.models import User
from botyard.money import Money
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Rows, inline_keyboard
from botyard.routing.texts import TextArgument


async def tell_paid(house: House, session: AsyncSession, credited: Credited, now: datetime) -> bool:
    """Sends the receipt of a payment that was credited just now; False where nothing is to be told.

    The message is sent again if nobody knows whether it arrived: two receipts are better than none. A member
    without a private chat with the bot gets none. Money that pays nothing is `doubting.tell_doubt`'s.
    """
    payment, order = credited.payment, credited.order
    if credited.outcome is not Outcome.CREDITED or payment is None or order is None:
        return False
    bot_id = payment.bot_id or order.bot_id
    user_id = UserId(payment.user_id)
    language = await language_of(session, user_id)
    end = await entitlements.last_end(session, user_id, order.pack, now)
    words: dict[str, TextArgument] = {
        "title": order.title,
        "amount": price(Money(payment.amount, payment.currency), language),
        "kind": "renewal" if payment.kind is Kind.RENEWAL else "charge",
        "until": moment(end, language) if end else "",
    }
    return await tell_member(
        house, session, user_id, BotId(bot_id), "paid" if end else "paid-past", words, now
    )


async def tell_returned(
    house: House, session: AsyncSession, refund: Payment, title: str, now: datetime
) -> bool:
    """Tells a member that money goes back to him (`refund`: a row that goes out), and what he has left."""
    if refund.bot_id is None:
        return False
    user_id = UserId(refund.user_id)
    language = await language_of(session, user_id)
    words: dict[str, TextArgument] = {
        "title": title,
        "known": "yes" if title else "no",
        "amount": price(Money(refund.amount, refund.currency), language),
        "way": refund.source.value,
    }
    return await tell_member(house, session, user_id, BotId(refund.bot_id), "paid-back", words, now)


async def tell_member(
    house: House,
    session: AsyncSession,
    user_id: UserId,
    bot_id: BotId,
    key: str,
    words: Mapping[str, TextArgument],
    now: datetime,
    *,
    buttons: Rows = (),
) -> bool:
    """Queues a text of ours to a member's private chat with a bot, in his language; False if he has none."""
    chat_key = await chats.private_chat(session, user_id, bot_id)
    if chat_key is None:
        return False
    html = house.texts.format(await language_of(session, user_id), key, **words)
    params: dict[str, Any] = {"text": html, "parse_mode": "HTML"}
    if buttons:
        params["reply_markup"] = inline_keyboard(buttons)
    call = Call(
        bot_id,
        "sendMessage",
        params,
        chat_key=chat_key,
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    return True


async def language_of(session: AsyncSession, user_id: UserId) -> str | None:
    """The language of a member's Telegram, such as `de` or `pt-br`; None where it is not known."""
    return await session.scalar(select(User.language_code).where(User.id == user_id))
