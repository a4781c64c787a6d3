"""What became of a test: it counts once it has arrived, and who asked for it is told if it has not."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts import following
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.service import testing
from botyard.ids import BotId, UserId
from botyard.jobs import receipts
from botyard.members import chats
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.texts import Html
from botyard.telegram.reasons import reason


async def settle(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Waits for the messages of a test, and notes how it ended."""
    fates = await receipts.ended(session, testing.TEST_JOB, payload, now)
    if fates is None:
        return
    number = payload["broadcast_id"]
    broadcast = await session.get(Broadcast, number, with_for_update=True, populate_existing=True)
    if broadcast is None:
        return
    at = datetime.fromisoformat(payload["at"])
    error = testing.settle(broadcast, fates, payload["messages"], at, now)
    if error is None:
        return
    if broadcast.state is BroadcastState.DRAFT:  # elsewhere the note has more to say
        why = html.unescape(reason(partial(house.texts.format, None), error))
        broadcast.note = f"The test did not arrive: {why}."
    await _tell(house, session, broadcast, UserId(payload["user_id"]), error, now)


async def _tell(
    house: House, session: AsyncSession, broadcast: Broadcast, to: UserId, error: str, now: datetime
) -> None:
    chat_key = await chats.private_chat(session, to, BotId(broadcast.bot_id))
    if chat_key is None:
        return
    say = await following.say_to(house, session, to)
    text = say("broadcast-test-failed", name=broadcast.name, why=Html(reason(say, error)))
    params = {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    call = Call(BotId(broadcast.bot_id), "sendMessage", params, chat_key, priority=Priority.REPLY)
    await outbox_queue.add(await session.connection(), [call], now)
