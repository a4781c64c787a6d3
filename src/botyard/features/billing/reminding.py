"""Reminders before a member's time runs out, and the last word when it has: a job of every minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing import words
from botyard.features.billing.letters import Letter, call_for
from botyard.features.billing.service import catalog, granting, reaching, reminding
from botyard.features.billing.service.catalog import NoSuchPlan
from botyard.features.billing.service.reminding import AT_ONCE, LATE, Due
from botyard.jobs.queue import ANSWER, enqueue
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Press

NAME = "billing.reminders"
STEP = "billing.remind"
EVERY = timedelta(minutes=1)
DAY = timedelta(days=1)
SOON = timedelta(hours=12)
"""What is left is no longer called a day."""


async def look(house: House, payload: Mapping[str, Any]) -> list[Due]:
    """Who has to be reminded, some of them at once: a look beside the writer, which holds up nobody."""
    at = datetime.fromisoformat(payload["at"])
    async with house.database.reading() as session:
        return await reminding.due(session, house.settings.reminders, at)


async def remind(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Reminds those whom the look has found; where there are more, a next step at once."""
    found: list[Due] = payload[ANSWER]
    calls = [call for each in found if (call := await _call(house, session, each, now))]
    if calls:
        await outbox_queue.add(await session.connection(), calls, now)
    if len(found) >= AT_ONCE:
        await _begin(house, session, payload, now)


async def _begin(_house: House, session: AsyncSession, _payload: Mapping[str, Any], now: datetime) -> None:
    await enqueue(session, STEP, {"at": now.isoformat()}, now)


async def _call(house: House, session: AsyncSession, each: Due, now: datetime) -> Call | None:
    """The reminder, which nobody sends a second time; None where nobody has to be told, or can be."""
    if not await reminding.is_still_so(session, each, now):
        return None
    is_news = await reminding.is_news(session, each)
    sellers = house.bots.keys() if each.bot_id is None else house.bots.keys() & {each.bot_id}
    to = await reaching.reach(session, each.user_id, sellers) if is_news else None
    if not await reminding.note(session, each, None if to is None else to.bot_id, now) or to is None:
        return None
    letter = await _letter(house, session, each, to.language, now)
    return call_for(to, letter, expires_at=max(each.ends_at, now) if each.before else now + LATE)


async def _letter(
    house: House, session: AsyncSession, each: Due, language: str | None, now: datetime
) -> Letter:
    title = (await granting.titles_of(session, {each.plan})).get(each.plan, each.pack)
    until, left = words.moment(each.ends_at, language), each.ends_at - now
    if left <= timedelta(0):
        chats = len((await catalog.chats_of(session, [each.plan])).get(each.plan, ()))
        html = house.texts.format(language, "reminder-over", title=title, until=until, chats=chats)
    elif left <= SOON:
        html = house.texts.format(language, "reminder-today", title=title, until=until)
    else:
        days = words.days(ceil(left / DAY), language)
        html = house.texts.format(language, "reminder-soon", title=title, until=until, left=days)
    try:
        await catalog.find_offer(session, each.plan, now)
    except NoSuchPlan:
        return Letter(f"{html}\n\n{house.texts.format(language, 'reminder-plans')}")
    renew = Press(house.texts.format(language, "reminder-renew"), f"buy:{each.plan}")
    return Letter(html, [[renew]])


JOBS = (HouseJob(NAME, _begin, every=EVERY), HouseJob(STEP, remind, errand=look))
