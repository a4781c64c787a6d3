"""What became of a promo that was posted by hand: told in the message that said it was on its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.promos.posting import POSTS
from botyard.features.promos.service import Offer
from botyard.ids import BotId, ChatKey
from botyard.jobs import receipts
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call
from botyard.routing.arrivals import arrivals_of
from botyard.routing.context import Context, House
from botyard.routing.texts import Html

FOLLOW_JOB = "promos.follow"
TELL_JOB = "promos.tell"


async def follow(ctx: Context, offer: Offer, receipt: str, *, chats: int, unwilling: int) -> str:
    """Has the calls under this receipt followed. Answers the receipt for the message that is to tell it."""
    card = f"{receipt}:card"
    payload = {
        "code": offer.code,
        "chats": chats,
        "unwilling": unwilling,
        "bot": ctx.bot.id,
        "chat": ctx.chat.key,
        "card": card,
        "language": ctx.member.profile.language_code,
    }
    await receipts.follow(ctx.session, FOLLOW_JOB, receipt, payload, ctx.now)
    return card


async def _count(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Waits for the posts; then counts what arrived, and has it told."""
    fates = await receipts.ended(session, FOLLOW_JOB, payload, now)
    if fates is None:
        return
    say = partial(house.texts.format, payload["language"])
    arrivals = await arrivals_of(session, say, fates, payload["chats"])
    lines = [say("promo-arrived", code=payload["code"], arrived=Html(arrivals.count(say)))]
    lines += [f"• {line}" for line in arrivals.named(say)]
    if payload["unwilling"]:
        lines.append(say("promo-unwilling", count=payload["unwilling"]))
    told = {"bot": payload["bot"], "chat": payload["chat"], "html": "\n".join(lines)}
    await receipts.follow(session, TELL_JOB, payload["card"], told, now, after=0)
    house.metrics.counter(POSTS).inc(arrivals.arrived)


async def _tell(_house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Waits for the message to be there; then edits it. One that never came tells nobody anything."""
    fates = await receipts.ended(session, TELL_JOB, payload, now)
    if not fates or not fates[-1].message_ids:
        return
    params = {"message_id": fates[-1].message_ids[0], "text": payload["html"], "parse_mode": "HTML"}
    call = Call(BotId(payload["bot"]), "editMessageText", params, chat_key=ChatKey(payload["chat"]))
    await outbox_queue.add(await session.connection(), [call], now)


JOBS = (HouseJob(FOLLOW_JOB, _count), HouseJob(TELL_JOB, _tell))
