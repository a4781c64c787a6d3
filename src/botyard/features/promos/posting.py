"""Making messages of promos: for the chats they are posted to, and for whoever wants to see one first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.promos.service import BadPromo, Offer, OfferButton
from botyard.features.tracking import service as tracking
from botyard.ids import BotId, ChatKey
from botyard.observability.metrics import CounterName
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.routing.keyboard import Link, Press, inline_keyboard

POSTS = CounterName("marketing_posts", "Promos that arrived: one for each chat.")


@dataclass(frozen=True, slots=True)
class Shop:
    """What posting needs of the service: where links lead through, and whether they do."""

    base_url: str
    counts_clicks: bool


@dataclass(frozen=True, slots=True)
class Message:
    """A call of the Bot API that sends a promo, but for the chat."""

    method: str
    params: dict[str, Any]


async def post(
    session: AsyncSession,
    shop: Shop,
    offer: Offer,
    bot_id: BotId,
    chats: Sequence[ChatKey],
    receipt: str,
    now: datetime,
) -> None:
    """Queues the promo for each of the chats, at most once each; the caller counts. Raises `BadPromo`."""
    if not offer.active:
        raise BadPromo(f"The promo {offer.code} is retired.", remedy="Bring it back first.")
    message = await message_of(session, shop, offer, bot_id, now)
    calls = [
        Call(bot_id, message.method, message.params, key, priority=Priority.BROADCAST, receipt=receipt)
        for key in chats
    ]
    await outbox_queue.add(await session.connection(), calls, now)


async def message_of(
    session: AsyncSession, shop: Shop, offer: Offer, bot_id: BotId, now: datetime
) -> Message:
    """The message, with links through the click counter where clicks are counted. Raises `BadPromo`."""
    rows: list[list[Press | Link]] = []
    for each in offer.buttons:
        url = each.url
        if url and shop.counts_clicks:
            url = await tracking.tracked_url(session, shop.base_url, url, each.label, now)
        rows.append([Link(each.text, url) if url else Press(each.text, each.label)])
    return _message(offer, bot_id, rows)


def preview_of(offer: Offer, bot_id: BotId) -> Message:
    """The message for the one who makes it: nothing that he does with it is counted. Raises `BadPromo`."""
    return _message(offer, bot_id, [[_trial_of(offer, each)] for each in offer.buttons])


def _trial_of(offer: Offer, each: OfferButton) -> Press | Link:
    return Link(each.text, each.url) if each.url else Press(each.text, f"promo:try:{offer.id}:{each.number}")


def _message(offer: Offer, bot_id: BotId, rows: list[list[Press | Link]]) -> Message:
    params: dict[str, Any] = {"parse_mode": "HTML"}
    if rows:
        params["reply_markup"] = inline_keyboard(rows)
    if offer.photo is None:
        return Message("sendMessage", {"text": offer.html, **params})
    if offer.photo_bot_id != bot_id:
        raise BadPromo(
            f"The photo of {offer.code} was sent to another bot.",
            remedy="Edit it with the bot that posts it.",
        )
    return Message("sendPhoto", {"photo": offer.photo, "caption": offer.html, **params})
