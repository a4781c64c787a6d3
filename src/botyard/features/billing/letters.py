"""Telling a member what an admin did to his time: a job, so that the command line can ask for it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing import words
from botyard.features.billing.service import reaching
from botyard.features.billing.service.granting import TELL, Span
from botyard.features.billing.service.reaching import Reached
from botyard.ids import BotId, UserId
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Rows, inline_keyboard


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a member, as HTML, with buttons."""

    html: str
    buttons: Rows = ()


def call_for(to: Reached, letter: Letter, *, expires_at: datetime | None = None) -> Call:
    """The call that writes it to him."""
    params: dict[str, Any] = {
        "text": letter.html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if letter.buttons:
        params["reply_markup"] = inline_keyboard(letter.buttons)
    return Call(
        to.bot_id,
        "sendMessage",
        params,
        chat_key=to.chat_key,
        priority=Priority.TRANSACTIONAL,
        expires_at=expires_at,
    )


async def _tell(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    user_id, asked = UserId(payload["user_id"]), payload["bot_id"]
    first = None if asked is None else BotId(asked)
    to = await reaching.reach(session, user_id, house.bots.keys(), first)
    if to is not None:
        letter = Letter(_words(house, payload, to.language))
        await outbox_queue.add(await session.connection(), [call_for(to, letter)], now)


def _words(house: House, payload: Mapping[str, Any], language: str | None) -> str:
    if payload["what"] == "end":
        return house.texts.format(language, "time-ended-by-hand", title=payload["title"])
    span = Span(payload["days"], payload["months"])
    return house.texts.format(
        language,
        "time-given",
        title=payload["title"],
        length=words.length(span, language),
        until=words.moment(datetime.fromisoformat(payload["until"]), language) if payload["until"] else "",
    )


TELLING = HouseJob(TELL, _tell)
