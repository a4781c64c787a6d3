"""Posting guides on a schedule: a message of link buttons, each guide in its turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.feature import ScheduledAction
from botyard.features.guides.models import Guide
from botyard.features.guides.service import library, posting
from botyard.features.tracking import service as tracking
from botyard.ids import BotId
from botyard.jobs.schedule_runs import Occasion
from botyard.jobs.schedules import Action, Choice
from botyard.members.consent import Topic
from botyard.observability.metrics import CounterName
from botyard.outbox import queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Link, inline_keyboard

POSTS = CounterName("guides_posts", "Messages with guides that arrived in a chat.")
USUAL = 6
MOST = 20
"""Buttons in one message: with more of them nobody reads on."""


class CannotPost(BotyardError):
    """The post cannot be made as it was asked for."""


async def _read(session: AsyncSession, words: str) -> dict[str, Any]:
    """`[category] [how many]`: one of them, both or none."""
    *name, last = words.split() or [""]
    if last.isascii() and last.isdigit():
        most = int(last[:6])
    else:
        name, most = words.split(), USUAL
    if not 1 <= most <= MOST:
        raise CannotPost(f"A post has 1 to {MOST} guides.", remedy="For example: guides Basics 6")
    category = await posting.category_named(session, " ".join(name)) if name else None
    return {"category": category, "most": most}


def _describe(payload: Mapping[str, Any]) -> str:
    return f"{payload['most']} guides of {payload['category'] or 'all categories'}"


def _write(payload: Mapping[str, Any]) -> str:
    return " ".join(filter(None, ["guides", payload["category"], str(payload["most"])]))


async def _choices(session: AsyncSession) -> list[Choice]:
    names = [each.name for each in await library.categories(session)]
    of_one = [Choice(f"guides {name} {USUAL}", f"{USUAL} guides of {name}") for name in names]
    return [Choice(f"guides {USUAL}", f"{USUAL} guides of all categories"), *of_one]


async def _post(house: House, session: AsyncSession, occasion: Occasion, now: datetime) -> str:
    payload = occasion.payload
    guides = await posting.take_turn(session, payload["category"], payload["most"], now)
    params = await _message(house, session, occasion.bot_id, guides, payload["category"], now)
    calls = [
        Call(
            occasion.bot_id,
            "sendMessage",
            params,
            chat_key=chat,
            priority=Priority.BROADCAST,
            receipt=occasion.receipt,
        )
        for chat in occasion.chats
    ]
    await queue.add(await session.connection(), calls, now)
    return f"{len(guides)} {'guide' if len(guides) == 1 else 'guides'}"


async def _message(
    house: House,
    session: AsyncSession,
    bot_id: BotId,
    guides: Sequence[Guide],
    category: str | None,
    now: datetime,
) -> dict[str, Any]:
    buttons = [[Link(each.title, await _url_of(house, session, bot_id, each, now))] for each in guides]
    key = "guides-post" if category is None else "guides-post-category"
    html = house.texts.format(guides[0].language, key, category=category or "")
    return {"text": html, "parse_mode": "HTML", "reply_markup": inline_keyboard(buttons)}


async def _url_of(house: House, session: AsyncSession, bot_id: BotId, guide: Guide, now: datetime) -> str:
    """A guide with a text of ours opens in the bot."""
    if guide.url is not None:
        if not house.counts_clicks:
            return guide.url
        return await tracking.tracked_url(session, house.base_url, guide.url, f"guide:{guide.id}", now)
    bot = house.bots.get(bot_id)
    if bot is None or bot.username is None:
        raise CannotPost("The bot's username is not known yet.", remedy="Check its token: botyard bots list.")
    return f"https://t.me/{bot.username}?start=guide-{guide.id}"


POST_GUIDES = ScheduledAction(
    Action("guides", "Post guides", "guides [category] [how many]", _read, _describe, _write, _choices),
    Topic.GUIDES,
    _post,
    POSTS,
)
