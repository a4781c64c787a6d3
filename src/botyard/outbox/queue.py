"""Queueing calls on the caller's own transaction, and taking them out again for delivery."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Text, cast, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.hot import HotConnection, HotStatement, as_text, in_one_trip, read_moment
from botyard.db.leases import Lease
from botyard.ids import BotId, ChatKey, OutboxId, UpdateSeq
from botyard.outbox.models import CallState, OnUnknown, Priority, outbox
from botyard.telegram.methods import messages_in
from botyard.telegram.outgoing import problem_in
from botyard.telegram.tidy import encoded

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A Bot API call to make. `chat_key` becomes `chat_id` at the moment of sending.

    Under its `receipt`, which several calls may share, whoever queued it finds out what became of it.
    """

    bot_id: BotId
    method: str
    params: Mapping[str, Any]
    chat_key: ChatKey | None = None
    priority: Priority = Priority.REPLY
    on_unknown: OnUnknown = OnUnknown.LEAVE
    not_before: datetime | None = None
    expires_at: datetime | None = None
    update_seq: UpdateSeq | None = field(default=None, kw_only=True)
    receipt: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """What delivery needs to know of a call before its turn comes."""

    id: OutboxId
    chat_key: ChatKey | None
    method: str
    priority: Priority
    not_before: datetime | None
    expires_at: datetime | None
    messages: int = 1
    """How many messages it puts into the chat: an album counts as what is in it."""


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
    message_ids: tuple[int, ...] = ()
    error_kind: str | None = None
    error: str | None = None
    result: Any = None
    """What Telegram told, of a method that is asked for what it tells."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of a queued call so far. `message_ids` are those of the messages that it made."""

    id: OutboxId
    chat_key: ChatKey | None
    method: str
    state: CallState
    message_ids: tuple[int, ...]
    error_kind: str | None
    error: str | None
    finished_at: datetime | None
    result: Any = None
    """What Telegram told: the address of a new link, a member's status (`telegram.methods.tells`)."""

    @property
    def is_open(self) -> bool:
        """Whether it may still be sent."""
        return self.state in (CallState.PENDING, CallState.SENDING)


_ADD = HotStatement(
    """
    INSERT INTO outbox (bot_id, chat_key, method, params, priority, on_unknown, state, attempts,
        not_before, expires_at, created_at, update_seq, messages, receipt, error, error_kind, finished_at)
    SELECT bot_id, chat_key, method, params, priority, on_unknown, state, 0, not_before, expires_at,
        :now, update_seq, messages, receipt, error, CASE state WHEN 'failed' THEN 'unsendable' END,
        CASE state WHEN 'failed' THEN :now END
    FROM {call} WHERE true
    """,
    call={
        "bot_id": "bigint",
        "chat_key": "bigint",
        "method": "text",
        "params": "bytes",
        "priority": "smallint",
        "on_unknown": "text",
        "not_before": "moment",
        "expires_at": "moment",
        "update_seq": "bigint",
        "messages": "smallint",
        "receipt": "text",
        "state": "text",
        "error": "text",
    },
)


def add_batch(hot: HotConnection, calls: Sequence[Call], now: datetime) -> None:
    """Queues calls on the caller's transaction: they exist if and only if his work does.

    One that Telegram would refuse for its text or its buttons has failed already: it is never sent.
    """
    if calls:
        hot.execute(_ADD, call=[_row(call) for call in calls], now=hot.moment(now))


async def add(connection: AsyncConnection, calls: Sequence[Call], now: datetime) -> None:
    """Queues calls on the caller's transaction, as `add_batch` does."""
    await in_one_trip(connection, lambda hot: add_batch(hot, calls, now))


def _row(call: Call) -> dict[str, Any]:
    problem = problem_in(call.method, call.params, paid=call.priority.is_paid)
    if problem:
        log.error("outbox.unsendable", bot_id=call.bot_id, method=call.method, problem=problem)
    return {
        "bot_id": call.bot_id,
        "chat_key": call.chat_key,
        "method": call.method,
        "params": as_text(encoded(call.params)),
        "priority": call.priority,
        "on_unknown": call.on_unknown,
        "not_before": _in_utc(call.not_before),
        "expires_at": _in_utc(call.expires_at),
        "update_seq": call.update_seq,
        "messages": messages_in(call.method, call.params),
        "receipt": call.receipt,
        "state": CallState.FAILED if problem else CallState.PENDING,
        "error": problem,
    }


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


_LOAD = HotStatement(
    """
    SELECT id, chat_key, method, priority, not_before, expires_at, messages FROM outbox
    WHERE state = 'pending' AND bot_id = :bot_id
    AND (not_before IS NULL OR not_before <= :now OR attempts > 0)
    AND priority IN (SELECT number FROM {priority})
    AND id NOT IN (SELECT number FROM {known})
    AND NOT EXISTS (
        SELECT 1 FROM {full_line} WHERE full_line.chat_key = outbox.chat_key
        AND full_line.priority = outbox.priority
    )
    ORDER BY priority, id LIMIT :most
    """,
    priority={"number": "smallint"},
    known={"number": "bigint"},
    full_line={"chat_key": "bigint", "priority": "smallint"},
)


def load_waiting(
    hot: HotConnection,
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
    rows = hot.execute(
        _LOAD,
        bot_id=bot_id,
        now=hot.moment(now),
        priority=[{"number": priority} for priority in priorities],
        known=[{"number": each} for each in known],
        full_line=[
            {"chat_key": chat, "priority": priority}
            for priority, chats in full_chats.items()
            for chat in chats
        ],
        most=most,
    )
    return [
        WaitingCall(
            each, chat, method, Priority(priority), _moment(not_before), _moment(expires_at), messages
        )
        for each, chat, method, priority, not_before, expires_at, messages in rows
    ]


def _moment(value: datetime | str | None) -> datetime | None:
    return None if value is None else read_moment(value)


_CLAIM = HotStatement(
    """
    UPDATE outbox SET state = 'sending', fence = :fence
    WHERE id IN (SELECT number FROM {call})
    AND (state = 'pending' OR state = 'sending' AND fence = :fence)
    AND EXISTS (SELECT 1 FROM leases WHERE name = :lease AND leases.fence = :fence)
    RETURNING id, params, attempts, on_unknown, created_at
    """,
    call={"number": "bigint"},
)


def claim(hot: HotConnection, ids: Collection[OutboxId], lease: Lease) -> list[ClaimedCall]:
    """Marks calls as being sent, so that a crash leaves a trace; answers those that may now be sent.

    None if somebody else has taken the lease: whoever was frozen meanwhile must not send. A claim whose
    commit failed may be made again: its calls count as waiting, as the same lease claimed them.
    """
    calls = [{"number": each} for each in ids]
    rows = hot.execute(_CLAIM, call=calls, fence=lease.fence, lease=lease.name)
    claimed = [
        ClaimedCall(each, params, attempts, OnUnknown(on_unknown), read_moment(created_at))
        for each, params, attempts, on_unknown, created_at in rows
    ]
    return sorted(claimed, key=lambda call: call.id)


_RECORD = HotStatement(
    """
    UPDATE outbox SET state = outcome.state, attempts = outcome.attempts, not_before = outcome.not_before,
        finished_at = outcome.finished_at, message_id = outcome.message_id,
        message_ids = outcome.message_ids, error_kind = outcome.error_kind, error = outcome.error,
        result = outcome.result
    FROM {outcome} WHERE outbox.id = outcome.id AND outbox.state = 'sending' AND outbox.fence = :fence
    """,
    outcome={
        "id": "bigint",
        "state": "text",
        "attempts": "smallint",
        "not_before": "moment",
        "finished_at": "moment",
        "message_id": "bigint",
        "message_ids": "text",
        "error_kind": "text",
        "error": "text",
        "result": "bytes",
    },
)


def record(hot: HotConnection, outcomes: Sequence[Outcome], *, fence: int) -> None:
    """Writes down what became of attempts claimed under `fence`; a later holder's are not touched."""
    rows = [
        {
            "id": outcome.id,
            "state": outcome.state,
            "attempts": outcome.attempts,
            "not_before": _in_utc(outcome.not_before),
            "finished_at": None if outcome.state is CallState.PENDING else _in_utc(outcome.at),
            "message_id": outcome.message_ids[0] if outcome.message_ids else None,
            "message_ids": " ".join(map(str, outcome.message_ids)) if len(outcome.message_ids) > 1 else None,
            "error_kind": outcome.error_kind,
            "error": outcome.error,
            "result": None if outcome.result is None else as_text(encoded(outcome.result)),
        }
        for outcome in outcomes
    ]
    hot.execute(_RECORD, outcome=rows, fence=fence)


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


async def fates(connection: AsyncConnection, receipt: str) -> list[Fate]:
    """What has become of the calls that were queued under this receipt, in the order of queueing."""
    rows = await connection.execute(
        select(
            outbox.c.id,
            outbox.c.chat_key,
            outbox.c.method,
            outbox.c.state,
            func.coalesce(outbox.c.message_ids, cast(outbox.c.message_id, Text)).label("message_ids"),
            outbox.c.error_kind,
            outbox.c.error,
            outbox.c.finished_at,
            outbox.c.result,
        )
        .where(outbox.c.receipt == receipt)
        .order_by(outbox.c.id)
    )
    return [
        Fate(
            row.id,
            row.chat_key,
            row.method,
            row.state,
            tuple(int(each) for each in (row.message_ids or "").split()),
            row.error_kind,
            row.error,
            row.finished_at,
            None if row.result is None else msgspec.json.decode(row.result),
        )
        for row in rows
    ]


async def count_pending(connection: AsyncConnection) -> dict[tuple[BotId, Priority], int]:
    """How many calls wait, by bot and priority."""
    rows = await connection.execute(
        select(outbox.c.bot_id, outbox.c.priority, func.count())
        .where(outbox.c.state == CallState.PENDING)
        .group_by(outbox.c.bot_id, outbox.c.priority)
    )
    return {(BotId(bot_id), priority): count for bot_id, priority, count in rows}
