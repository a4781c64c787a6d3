"""Trying a broadcast: its messages for one person, as they will look, and nothing that he presses counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.message import Person, Prepared
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import composing, drafts
from botyard.features.broadcasts.service.composing import Shop
from botyard.features.broadcasts.service.drafts import WrongMoment
from botyard.ids import BotId, ChatKey
from botyard.members.audit import Actor
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call

OWN, TRIAL = "broadcast:", "broadcast:try:"
"""How the data of buttons begins, in earnest and in a trial."""


async def try_out(
    session: AsyncSession,
    broadcast: Broadcast,
    shop: Shop,
    person: Person,
    chat_key: ChatKey,
    by: Actor | None,
    now: datetime,
) -> int:
    """Queues all its messages for one person's chat; answers how many. Raises `WrongMoment` without any."""
    shop = replace(shop, counts_clicks=False)
    prepared = await composing.messages(session, broadcast, shop, now)
    if not prepared:
        raise WrongMoment(f"{broadcast.name} has no message.", remedy="Write one first.")
    calls = [
        Call(BotId(broadcast.bot_id), each.method, _trial(each, person), chat_key)
        for each in prepared.values()
    ]
    await outbox_queue.add(await session.connection(), calls, now)
    broadcast.tested_at = now
    drafts.record(session, broadcast, "test", by, now, messages=len(calls))
    return len(calls)


def _trial(prepared: Prepared, person: Person) -> dict[str, Any]:
    """The parameters, with buttons that say so when they are pressed. Nobody pays for a trial."""
    params = prepared.params_for(person)
    params.pop("allow_paid_broadcast", None)
    keyboard = params.get("reply_markup", {}).get("inline_keyboard")
    if keyboard:
        params["reply_markup"] = {
            "inline_keyboard": [[_trial_button(each) for each in row] for row in keyboard]
        }
    return params


def _trial_button(button: dict[str, Any]) -> dict[str, Any]:
    data = button.get("callback_data")
    return button if data is None else {**button, "callback_data": data.replace(OWN, TRIAL, 1)}
