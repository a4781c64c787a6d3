"""Requests to join: approved, or declined with an offer; a request's query has its ten seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import receipts
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House

OFFER_JOB = "access.offered"
ANSWER_JOB = "access.answered"
QUERY_SECONDS = timedelta(seconds=10)
"""A request's query is answered within that, or never (Bot API, ChatJoinRequest.query_id)."""
OFFER_SECONDS = timedelta(minutes=5)
"""So long a bot may write to who asked, until his request is dealt with (ChatJoinRequest.user_chat_id)."""
PATIENCE = timedelta(seconds=60)
QUERY_PATIENCE = timedelta(seconds=4)
"""An offer has to be on its way before the request is declined; so long it is waited for."""
APPROVE, DECLINE, LEAVE = "approve", "decline", "queue"
_METHODS = {APPROVE: "approveChatJoinRequest", DECLINE: "declineChatJoinRequest"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which chat, by which bot's word, and the request's query if it has one."""

    bot_id: BotId
    chat_key: ChatKey
    user_id: UserId
    query_id: str | None

    @property
    def payload(self) -> dict[str, Any]:
        """As a job carries it."""
        return {
            "bot": self.bot_id,
            "chat": self.chat_key,
            "user": self.user_id,
            "query": self.query_id,
        }


def asked_in(payload: Mapping[str, Any]) -> Asked:
    """What a job carries."""
    return Asked(BotId(payload["bot"]), ChatKey(payload["chat"]), UserId(payload["user"]), payload["query"])


async def settle(session: AsyncSession, asked: Asked, result: str, now: datetime) -> None:
    """Queues the answer to a request: `approve`, `decline`, or `queue`, which leaves it to the admins."""
    if asked.query_id is None:
        await _settle_plainly(session, asked, result, now)
        return
    receipt = f"access-query:{asked.chat_key}:{asked.user_id}:{int(now.timestamp() * 1000)}"
    call = Call(
        asked.bot_id,
        "answerChatJoinRequestQuery",
        {"chat_join_request_query_id": asked.query_id, "result": result},
        priority=Priority.ANSWER,
        on_unknown=OnUnknown.REPEAT,
        expires_at=now + QUERY_SECONDS,
        receipt=receipt,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    await receipts.follow(session, ANSWER_JOB, receipt, {**asked.payload, "result": result}, now)


async def _settle_plainly(session: AsyncSession, asked: Asked, result: str, now: datetime) -> None:
    if result not in _METHODS:
        return
    call = Call(
        asked.bot_id,
        _METHODS[result],
        {"user_id": asked.user_id},
        asked.chat_key,
        priority=Priority.ANSWER,
        on_unknown=OnUnknown.REPEAT,
    )
    await outbox_queue.add(await session.connection(), [call], now)


async def _answered(_house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Where the query was answered too late, the request itself is answered."""
    fates = await receipts.ended(session, ANSWER_JOB, payload, now)
    if fates and fates[-1].state is not CallState.SENT:
        await _settle_plainly(session, asked_in(payload), payload["result"], now)


async def decline_after(session: AsyncSession, asked: Asked, receipt: str, now: datetime) -> None:
    """Declines a request once the offer under this receipt has been sent: after that it would not arrive."""
    payload = {**asked.payload, "since": now.isoformat()}
    await receipts.follow(session, OFFER_JOB, receipt, payload, now)


async def _offered(_house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    asked, since = asked_in(payload), datetime.fromisoformat(payload["since"])
    fates = await outbox_queue.fates(await session.connection(), payload["receipt"])
    patience = PATIENCE if asked.query_id is None else QUERY_PATIENCE
    if any(fate.is_open for fate in fates) and timedelta(0) <= now - since < patience:
        await receipts.follow(session, OFFER_JOB, payload["receipt"], payload, now)
        return
    await settle(session, asked, DECLINE, now)


JOBS = (HouseJob(OFFER_JOB, _offered), HouseJob(ANSWER_JOB, _answered))
