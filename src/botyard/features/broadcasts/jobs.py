"""Broadcasts go on by themselves: they start when their time has come, and are driven to their end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.broadcasts import albums, asking, following, trying
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.service import composing, driving, life, sales, testing
from botyard.features.broadcasts.service.composing import Shop
from botyard.features.broadcasts.service.preflight import NotReady
from botyard.ids import BotId
from botyard.jobs.facts import Listener, PaymentRecorded
from botyard.routing.context import House


async def begin(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Starts a broadcast whose time has come; if that was long ago, or it cannot, somebody is asked."""
    broadcast = await _locked(session, payload)
    if broadcast is None or broadcast.state is not BroadcastState.SCHEDULED:
        return
    if broadcast.scheduled_at != datetime.fromisoformat(payload["at"]):
        return  # it was put off since
    why = life.TOO_LATE if life.is_late(broadcast, now) else ""
    if not why:
        try:
            await life.start(session, broadcast, None, now)
        except NotReady as problem:
            why = str(problem)
    if why:
        life.ask(broadcast, why, now)
        await asking.ask_scheduler(house, session, broadcast, now)
    else:
        await following.announce(house, session, broadcast, now)


async def drive(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Takes a broadcast one step further."""
    broadcast = await _locked(session, payload)
    if broadcast is None or broadcast.driver != payload["driver"]:
        return
    bot = house.bots.get(BotId(broadcast.bot_id))
    if broadcast.state is BroadcastState.FREEZING and bot is None:
        await life.pause(session, broadcast, None, now, why=life.OTHER_BOT)
        return
    if broadcast.state.is_under_way and await asking.hold_back(house, session, broadcast, now):
        return
    shop = Shop(house.base_url, house.counts_clicks, bot.username if bot else None)
    is_running = broadcast.state is BroadcastState.RUNNING
    messages = await composing.messages(session, broadcast, shop, now) if is_running else {}
    was_under_way = broadcast.state.is_under_way
    await driving.step(session, broadcast, messages, house.pace, now)
    if was_under_way and broadcast.state is BroadcastState.PAUSED:  # it stood still: somebody has to say yes
        await following.announce(house, session, broadcast, now)


async def stumbled(session: AsyncSession, payload: Mapping[str, Any], problem: str, now: datetime) -> None:
    """A step failed again and again: the broadcast stands still, and says why."""
    broadcast = await _locked(session, payload)
    if broadcast is not None and broadcast.state.is_under_way:
        await life.pause(session, broadcast, None, now, why=f"It could not go on: {problem[:300]}")


async def sold(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Notes which broadcast a payment goes back to."""
    await sales.note(session, msgspec.convert(payload, PaymentRecorded))


async def _locked(session: AsyncSession, payload: Mapping[str, Any]) -> Broadcast | None:
    number = payload["broadcast_id"]
    return await session.get(Broadcast, number, with_for_update=True, populate_existing=True)


JOBS = (
    HouseJob(life.BEGIN_JOB, begin),
    HouseJob(life.DRIVE_JOB, drive, gave_up=stumbled),
    HouseJob(following.CARD_JOB, following.refresh),
    HouseJob(testing.TEST_JOB, trying.settle),
    HouseJob(albums.ALBUM_JOB, albums.settle),
)
LISTENERS = (Listener(PaymentRecorded, "broadcasts", sold),)
