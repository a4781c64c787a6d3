"""Cards that follow what they show: one message of the bot, brought up to date while a broadcast moves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts import cards
from botyard.features.broadcasts.cards import Say
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import overview
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import enqueue
from botyard.members import chats
from botyard.members.directory import read_member
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Screen, inline_keyboard

CARD_JOB = "broadcasts.card"
EVERY = timedelta(seconds=2)
SLOWEST = timedelta(seconds=20)
STEPS = 100
"""A run that takes long is shown in about so many steps: more would take from the rate it runs at."""


def receipt_of(broadcast: Broadcast, now: datetime) -> str:
    """The receipt of a new card, by which its message is found."""
    return f"broadcast-card:{broadcast.id}@{now:%Y%m%d%H%M%S%f}"


async def follow(
    session: AsyncSession,
    broadcast: Broadcast,
    chat_key: ChatKey,
    user_id: int,
    now: datetime,
    *,
    message_id: int | None = None,
    receipt: str | None = None,
) -> None:
    """Has a card brought up to date as long as the broadcast moves; twice asked for is once done."""
    payload = {
        "broadcast_id": broadcast.id,
        "bot_id": broadcast.bot_id,
        "chat_key": chat_key,
        "user_id": user_id,
        "message_id": message_id,
        "receipt": receipt,
        "shown": "",
    }
    await _again(session, payload, now, EVERY)


async def refresh(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Shows the card as the broadcast is now, if it looks another way; and comes back while it moves."""
    broadcast = await session.get(Broadcast, payload["broadcast_id"])
    if broadcast is None:
        return
    card = dict(payload)
    if card["message_id"] is None:
        fates = await outbox_queue.fates(await session.connection(), card["receipt"])
        if fates and fates[-1].is_open:
            await _again(session, card, now, EVERY)
            return
        if not fates or not fates[-1].message_ids:
            return  # it never arrived: nobody sees it
        card["message_id"] = fates[-1].message_ids[0]
    async with house.database.reading() as counting:
        seen = await overview.look(session, counting, broadcast, now)
    screen = cards.card(await say_to(house, session, UserId(card["user_id"])), seen)
    if card["shown"] != _digest(screen):
        card["shown"] = _digest(screen)
        await _edit(session, card, screen, now)
    if seen.moves:
        left = seen.progress.left if seen.progress else None
        await _again(session, card, now, min(SLOWEST, max(EVERY, (left or EVERY) / STEPS)))


async def announce(house: House, session: AsyncSession, broadcast: Broadcast, now: datetime) -> None:
    """Sends a card to whoever started a broadcast: it began or stopped by itself."""
    user_id = UserId(broadcast.started_by or broadcast.created_by)
    chat_key = await chats.private_chat(session, user_id, BotId(broadcast.bot_id))
    if chat_key is None:
        return  # it was made on the command line, for example
    async with house.database.reading() as counting:
        seen = await overview.look(session, counting, broadcast, now)
    screen = cards.card(await say_to(house, session, user_id), seen)
    receipt = receipt_of(broadcast, now)
    params = _params(screen)
    call = Call(BotId(broadcast.bot_id), "sendMessage", params, chat_key, receipt=receipt)
    await outbox_queue.add(await session.connection(), [call], now)
    if seen.moves:
        await follow(session, broadcast, chat_key, user_id, now, receipt=receipt)


async def say_to(house: House, session: AsyncSession, user_id: UserId) -> Say:
    """Texts in a member's language."""
    member = await read_member(session, user_id)
    return partial(house.texts.format, member.profile.language_code if member else None)


async def _again(session: AsyncSession, payload: Mapping[str, Any], now: datetime, after: timedelta) -> None:
    """Comes back then. By the key a card is refreshed once in two seconds, however many asked for it."""
    beat = int((now + after).timestamp() // EVERY.total_seconds())
    run_at = datetime.fromtimestamp(beat * EVERY.total_seconds(), UTC)
    which = payload["message_id"] or payload["receipt"]
    key = f"{CARD_JOB}:{payload['broadcast_id']}:{payload['chat_key']}:{which}:{beat}"
    await enqueue(session, CARD_JOB, payload, now, run_at=run_at, key=key)


async def _edit(session: AsyncSession, card: Mapping[str, Any], screen: Screen, now: datetime) -> None:
    params = {"message_id": card["message_id"], **_params(screen)}
    call = Call(BotId(card["bot_id"]), "editMessageText", params, ChatKey(card["chat_key"]))
    await outbox_queue.add(await session.connection(), [call], now)


def _params(screen: Screen) -> dict[str, Any]:
    return {
        "text": screen.html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": inline_keyboard(screen.buttons),
    }


def _digest(screen: Screen) -> str:
    return hashlib.sha256(repr((screen.html, screen.buttons)).encode(errors="replace")).hexdigest()
