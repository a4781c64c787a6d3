"""Albums for broadcasts: their parts come as messages of their own, and nothing says which is the last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.broadcasts import cards, contents, following, making
from botyard.features.broadcasts.making import Place
from botyard.features.broadcasts.message import Message
from botyard.features.broadcasts.service import drafts, overview
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import enqueue
from botyard.members.audit import Actor
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call
from botyard.routing import dialogs
from botyard.routing.context import House
from botyard.routing.dialogs import DialogKey
from botyard.routing.keyboard import Screen, inline_keyboard

STEP = "broadcast-message"
"""The dialog step that waits for a message, and then for the other parts of its album."""
ALBUM_JOB = "broadcasts.album"
SILENCE = timedelta(seconds=1)
"""After so long without another part, an album is whole."""


async def wait(session: AsyncSession, key: DialogKey, album: str, now: datetime) -> None:
    """Has the album put into its broadcast once it is whole."""
    payload = {"bot_id": key.bot_id, "chat_key": key.chat_key, "user_id": key.user_id, "album": album}
    await enqueue(session, ALBUM_JOB, payload, now, run_at=now + SILENCE)


async def settle(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Puts an album into its broadcast, if no part of it has come for a moment; shows the card."""
    key = DialogKey(BotId(payload["bot_id"]), ChatKey(payload["chat_key"]), UserId(payload["user_id"]))
    waiting = await dialogs.look_at_dialog(session, key, now)
    if waiting is None or waiting.step != STEP or waiting.album != payload["album"]:
        return
    quiet_at = datetime.fromisoformat(waiting.data["at"]) + SILENCE
    if now < quiet_at:
        await enqueue(session, ALBUM_JOB, dict(payload), now, run_at=quiet_at)
        return
    await dialogs.take_dialog(session, key, now)
    screen = await _put(house, session, key, waiting.data, now)
    params = {
        "text": screen.html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": inline_keyboard(screen.buttons),
    }
    call = Call(key.bot_id, "sendMessage", params, key.chat_key)
    await outbox_queue.add(await session.connection(), [call], now)


async def _put(
    house: House, session: AsyncSession, key: DialogKey, data: Mapping[str, Any], now: datetime
) -> Screen:
    say = await following.say_to(house, session, key.user_id)
    try:
        broadcast = await drafts.locked(session, data["broadcast_id"])
        message, *others = (msgspec.convert(each, Message) for each in data["parts"])
        for part in others:
            message = contents.with_part(message, part, key.bot_id)
        place, by = Place(**data["place"]), Actor(key.user_id, key.bot_id)
        await making.put(session, broadcast, place, message, by, now)
    except BotyardError as problem:
        return Screen(say("broadcast-problem-with", problem=str(problem)))
    async with house.database.reading() as counting:
        return cards.card(say, await overview.look(session, counting, broadcast, now))
