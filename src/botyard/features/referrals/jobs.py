"""Payments of who came by a link: the one who sent it is rewarded, or the reward goes with the money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.referrals import service
from botyard.features.referrals.service import Told
from botyard.jobs.facts import Listener, PaymentRecorded
from botyard.jobs.queue import enqueue
from botyard.members import chats, consent
from botyard.members.consent import Topic
from botyard.members.directory import read_member
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call
from botyard.routing.context import House

PAYMENT_JOB = "referrals.payment"
CHARGE = "charge"
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""Whatever the clock of who took the money says: it may be ahead of ours."""


async def hear(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """Has a payment looked at by a job, which knows the house; it is queued once for each row."""
    fact = msgspec.convert(payload, PaymentRecorded)
    if fact.is_money and fact.amount:
        key = f"{PAYMENT_JOB}:{fact.payment_id}"
        await enqueue(session, PAYMENT_JOB, payload, fact.at, run_at=AT_ONCE, key=key)


async def look(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Gives the reward for a first payment, or takes it back, and tells who gets it."""
    fact = msgspec.convert(payload, PaymentRecorded)
    reward, told = house.settings.referral_reward, None
    if not fact.incoming:
        told = await service.returned(session, house.facts, fact.user_id, now)
    elif fact.kind == CHARGE:
        told = await service.paid(session, house.facts, fact.user_id, fact.payment_id, reward, now)
    if told is not None:
        await _tell(house, session, told, now)


async def _tell(house: House, session: AsyncSession, told: Told, now: datetime) -> None:
    """Writes to the member who sent the link, unless he wants no messages or the bot cannot write to him."""
    chat_key = await chats.private_chat(session, told.referrer, told.bot_id)
    if chat_key is None or told.bot_id not in house.bots:
        return
    if not await consent.willing(session, [chat_key], Topic.SERVICE):
        return
    member = await read_member(session, told.referrer)
    say = partial(house.texts.format, member.profile.language_code if member else None)
    if told.code:
        key = "refer-code-back" if told.is_back else "refer-code"
        text = say(key, code=told.code, percent=told.percent)
    else:
        text = say("refer-days-back" if told.is_back else "refer-days-given", days=told.days)
    params = {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    call = Call(told.bot_id, "sendMessage", params, chat_key)
    await outbox_queue.add(await session.connection(), [call], now)


JOBS = (HouseJob(PAYMENT_JOB, look),)
LISTENERS = (Listener(PaymentRecorded, "referrals", hear),)
