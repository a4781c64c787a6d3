"""Queueing calls on the caller's own transaction, and taking them out again for delivery."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.leases import Lease, leases
from botyard.ids import BotId, ChatKey, OutboxId, UpdateSeq
from botyard.outbox.models import CallState, OnUnknown, Priority, outbox
from botyard.telegram.tidy import tidy

NEWEST = 20_000
"""So many of the newest calls are looked through for those that were sent lately."""


@dataclass(frozen=True, slots=True)
class Call:
    """A Bot API call to make. `chat_key` becomes `chat_id` at the moment of sending."""

    bot_id: BotId
    method: str
    params: Mapping[str, Any]
    chat_key: ChatKey | None = None
    priority: Priority = Priority.REPLY
    on_unknown: OnUnknown = OnUnknown.LEAVE
    not_before: datetime | None = None
    expires_at: datetime | None = None
    update_seq: UpdateSeq | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """What delivery needs to know of a call before its turn comes."""

    id: OutboxId
    chat_key: ChatKey | None
    method: str
    priority: Priority
    not_before: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call that this process, and no other, is about to make."""

    id: OutboxId
    params: bytes
    attempts: int
    on_unknown: OnUnknown
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. `state` PENDING means: once more, not before `not_before`."""

    id: OutboxId
    state: CallState
    attempts: int
    at: datetime
    not_before: datetime | None = None
    message_id: int | None = None
    error_kind: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SentCall:
    """A call that Telegram has answered with success."""

    chat_key: ChatKey | None
    method: str
    at: datetime


async def add(connection: AsyncConnection, calls: Sequence[Call], now: datetime) -> None:
    """Queues calls on the caller's transaction: they exist if and only if his work does."""
    if not calls:
        return
    rows = [
        {
            "bot_id": call.bot_id,
            "chat_key": call.chat_key,
            "method": call.method,
            "params": _encoded(call.params),
            "priority": call.priority,
            "on_unknown": call.on_unknown,
            "state": CallState.PENDING,
            "attempts": 0,
            "not_before": call.not_before,
            "expires_at": call.expires_at,
            "created_at": now,
            "update_seq": call.update_seq,
        }
        for call in calls
    ]
    await connection.execute(insert(outbox), rows)


async def load_waiting(
    connection: AsyncConnection,
    bot_id: BotId,
    now: datetime,
    *,
    priorities: Collection[Priority],
    known: Collection[OutboxId],
    full_chats: Mapping[Priority, Collection[ChatKey]],
    most: int,
) -> list[WaitingCall]:
    """The bot's next calls of these priorities, by priority and age: `most` of them, or all there are.

    Without the `known`, without those of chats that have enough at that priority, and without calls whose
    time has not come. A call that is to be tried again comes early: those behind it have to wait for it.
    """
    columns = outbox.c
    statement = (
        select(
            columns.id,
            columns.chat_key,
            columns.method,
            columns.priority,
            columns.not_before,
            columns.expires_at,
        )
        .where(
            columns.state == CallState.PENDING,
            columns.bot_id == bot_id,
            or_(columns.not_before.is_(None), columns.not_before <= now, columns.attempts > 0),
        )
        .order_by(columns.priority, columns.id)
        .limit(most + len(known))
    )
    if len(priorities) < len(Priority):
        statement = statement.where(columns.priority.in_(priorities))
    for priority, chats in full_chats.items():
        statement = statement.where(
            or_(columns.chat_key.is_(None), columns.priority != priority, columns.chat_key.not_in(chats))
        )
    rows = await connection.execute(statement)
    return [WaitingCall(*row) for row in rows if row.id not in known][:most]


async def claim(connection: AsyncConnection, ids: Collection[OutboxId], lease: Lease) -> list[ClaimedCall]:
    """Marks calls as being sent, so that a crash leaves a trace; answers those that may now be sent.

    None if somebody else has taken the lease: whoever was frozen meanwhile must not send. A claim whose
    commit failed may be made again: its calls count as waiting, as the same lease claimed them.
    """
    columns = outbox.c
    own = and_(columns.state == CallState.SENDING, columns.fence == lease.fence)
    still_ours = exists().where(leases.c.name == lease.name, leases.c.fence == lease.fence)
    rows = await connection.execute(
        update(outbox)
        .where(columns.id.in_(ids), or_(columns.state == CallState.PENDING, own), still_ours)
        .values(state=CallState.SENDING, fence=lease.fence)
        .returning(columns.id, columns.params, columns.attempts, columns.on_unknown, columns.created_at)
    )
    return sorted((ClaimedCall(*row) for row in rows), key=lambda claimed: claimed.id)


async def record(connection: AsyncConnection, outcomes: Sequence[Outcome], *, fence: int) -> None:
    """Writes down what became of attempts claimed under `fence`; a later holder's are not touched."""
    if not outcomes:
        return
    statement = update(outbox).where(
        outbox.c.id == bindparam("call_id"), outbox.c.state == CallState.SENDING, outbox.c.fence == fence
    )
    rows = [
        {
            "call_id": outcome.id,
            "state": outcome.state,
            "attempts": outcome.attempts,
            "not_before": outcome.not_before,
            "finished_at": None if outcome.state is CallState.PENDING else outcome.at,
            "message_id": outcome.message_id,
            "error_kind": outcome.error_kind,
            "error": outcome.error,
        }
        for outcome in outcomes
    ]
    await connection.execute(statement, rows)


async def expire(connection: AsyncConnection, ids: Collection[OutboxId], now: datetime) -> None:
    """Gives up calls whose deadline has passed before their turn came."""
    await connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids), outbox.c.state == CallState.PENDING)
        .values(state=CallState.EXPIRED, finished_at=now)
    )


async def settle_interrupted(
    connection: AsyncConnection, bot_id: BotId, repeatable: Collection[str], now: datetime
) -> int:
    """After a crash or a change of hands: settles the calls that were being sent.

    Those that may be repeated wait again; the others become `unknown`. Answers how many are unknown.
    """
    interrupted = (outbox.c.bot_id == bot_id) & (outbox.c.state == CallState.SENDING)
    may_repeat = or_(outbox.c.on_unknown == OnUnknown.REPEAT, outbox.c.method.in_(repeatable))
    await connection.execute(
        update(outbox)
        .where(interrupted, may_repeat)
        .values(state=CallState.PENDING, attempts=outbox.c.attempts + 1)
    )
    unknown = await connection.execute(
        update(outbox)
        .where(interrupted)
        .values(
            state=CallState.UNKNOWN,
            finished_at=now,
            error_kind="interrupted",
            error="botyard stopped while this call was under way",
        )
    )
    return unknown.rowcount


async def sent_since(connection: AsyncConnection, bot_id: BotId, since: datetime) -> list[SentCall]:
    """What the bot has sent from then on, oldest first, as far as it is among the newest calls."""
    newest = select(func.max(outbox.c.id)).scalar_subquery()
    rows = await connection.execute(
        select(outbox.c.chat_key, outbox.c.method, outbox.c.finished_at)
        .where(
            outbox.c.id > newest - NEWEST,
            outbox.c.bot_id == bot_id,
            outbox.c.state == CallState.SENT,
            outbox.c.finished_at >= since,
        )
        .order_by(outbox.c.finished_at)
    )
    return [SentCall(*row) for row in rows]


async def count_pending(connection: AsyncConnection) -> dict[tuple[BotId, Priority], int]:
    """How many calls wait, by bot and priority."""
    rows = await connection.execute(
        select(outbox.c.bot_id, outbox.c.priority, func.count())
        .where(outbox.c.state == CallState.PENDING)
        .group_by(outbox.c.bot_id, outbox.c.priority)
    )
    return {(BotId(bot_id), priority): count for bot_id, priority, count in rows}


def _encoded(params: Mapping[str, Any]) -> bytes:
    """The parameters as JSON. Half of a surrogate pair, which no UTF-8 can hold, becomes U+FFFD."""
    try:
        return msgspec.json.encode(params)
    except UnicodeEncodeError:
        return tidy(json.dumps(msgspec.to_builtins(params)).encode())
