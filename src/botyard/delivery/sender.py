"""The sender of one bot: picks what may go now, marks it, makes the calls, records what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.clock import Clock, wait_for
from botyard.db.group_commit import GroupCommit
from botyard.db.session import Database
from botyard.delivery.pacer import Pacer
from botyard.delivery.policy import Verdict, judge, retry_at
from botyard.delivery.waiting import Waiting
from botyard.ids import ChatId, ChatKey, OutboxId
from botyard.members import chats
from botyard.members.models import Chat
from botyard.observability.metrics import Metrics, Stage
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState
from botyard.outbox.queue import ClaimedCall, Outcome, WaitingCall
from botyard.telegram.bots import Bot
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import TelegramError
from botyard.telegram.methods import REPEATABLE, counts_as_message

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""Calls of one bot under way at the same time."""
LOAD_AT_ONCE = 500
LOOK_SECONDS = 0.25
"""How often the outbox is looked into for what another process queued."""


@dataclass(frozen=True, slots=True)
class _Attempted:
    """An attempt that has ended: the outcome to write, and what it taught about the chat."""

    outcome: Outcome
    verdict: Verdict | None
    chat_key: ChatKey | None
    chat_id: ChatId | None


class Sender:
    """Delivers for one bot, as long as this process holds the bot's lease."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        client: TelegramClient,
        pacer: Pacer,
        bell: asyncio.Event,
        clock: Clock,
        metrics: Metrics,
        *,
        fence: int,
    ) -> None:
        self._bot = bot
        self._database = database
        self._client = client
        self._pacer = pacer
        self._bell = bell
        self._clock = clock
        self._metrics = metrics
        self._fence = fence
        self._waiting = Waiting()
        self._records: GroupCommit[_Attempted, None] = GroupCommit(database, self._record)
        self._under_way: set[asyncio.Task[None]] = set()
        self._chats: dict[ChatKey, tuple[ChatId, str]] = {}

    async def run(self) -> None:
        """Delivers until cancelled; then waits for the calls under way, so that each has its outcome."""
        try:
            await self._settle_interrupted()
            while True:
                self._bell.clear()
                await self._turn()
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=10.0)

    async def _turn(self) -> None:
        try:
            await self._load()
            pause = await self._send_what_may_go()
        except (SQLAlchemyError, OSError) as error:
            log.warning("delivery.database", bot=self._bot.name, error=type(error).__name__)
            pause = 1.0
        self._pacer.forget_idle(self._clock.monotonic())
        await wait_for(self._bell, min(pause, LOOK_SECONDS))

    async def _settle_interrupted(self) -> None:
        async with self._database.begin() as connection:
            unknown = await outbox_queue.settle_interrupted(
                connection, self._bot.id, REPEATABLE, self._clock.now()
            )
        if unknown:
            log.warning("delivery.unknown_outcomes", bot=self._bot.name, calls=unknown)

    async def _load(self) -> None:
        if len(self._waiting) >= 2 * LOAD_AT_ONCE:
            return
        self._waiting.about_to_load()
        async with self._database.read() as connection:
            loaded = await outbox_queue.load_waiting(
                connection,
                self._bot.id,
                known=self._waiting.known,
                full_chats=self._waiting.full_chats(),
                most=LOAD_AT_ONCE,
            )
            await self._learn_chats(connection, loaded)
        for call in loaded:
            self._waiting.add(call)

    async def _learn_chats(self, connection: AsyncConnection, calls: Sequence[WaitingCall]) -> None:
        keys = {call.chat_key for call in calls if call.chat_key is not None}
        unknown = keys - self._chats.keys()
        if unknown:
            rows = await connection.execute(
                select(Chat.id, Chat.telegram_id, Chat.type).where(Chat.id.in_(unknown))
            )
            self._chats.update({row.id: (row.telegram_id, row.type) for row in rows})

    # choosing

    async def _send_what_may_go(self) -> float:
        """Starts what the limits allow now; answers the seconds until something more may go."""
        chosen, pause = self._choose()
        expired = [call for call in chosen if call.expires_at and call.expires_at <= self._clock.now()]
        if expired:
            async with self._database.begin() as connection:
                await outbox_queue.expire(connection, [call.id for call in expired], self._clock.now())
            for call in expired:
                self._waiting.done(call)
        going = {call.id: call for call in chosen if call not in expired}
        if going:
            async with self._database.begin() as connection:
                claimed = await outbox_queue.claim(connection, going.keys(), fence=self._fence)
            self._start(going, claimed)
        return pause

    def _choose(self) -> tuple[list[WaitingCall], float]:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        chosen: list[WaitingCall] = []
        pause = LOOK_SECONDS
        for call in self._waiting.heads():
            if len(self._under_way) + len(chosen) >= AT_ONCE:
                break
            if self._waiting.is_busy(call.chat_key):
                continue
            wait = self._wait_of(call, now, monotonic)
            if wait > 0:
                pause = min(pause, wait)
                continue
            if counts_as_message(call.method):
                self._pacer.note(monotonic, call.chat_key, in_group=self._in_group(call.chat_key))
            self._waiting.start(call)
            chosen.append(call)
        return chosen, pause

    def _wait_of(self, call: WaitingCall, now: datetime, monotonic: float) -> float:
        message = counts_as_message(call.method)
        own = (call.not_before - now).total_seconds() if call.not_before else 0.0
        bot = self._pacer.bot_wait(monotonic, message=message)
        if call.chat_key is None:
            return max(own, bot)
        return max(own, bot, self._pacer.chat_wait(monotonic, call.chat_key, message=message))

    def _in_group(self, chat: ChatKey | None) -> bool:
        return chat is not None and self._chats.get(chat, (0, "private"))[1] in ("group", "supergroup")

    # sending

    def _start(self, going: dict[OutboxId, WaitingCall], claimed: Sequence[ClaimedCall]) -> None:
        for claim in claimed:
            task = asyncio.create_task(self._attempt(going.pop(claim.id), claim))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        for call in going.values():  # somebody else took it, or it is gone
            self._waiting.done(call)

    async def _attempt(self, call: WaitingCall, claim: ClaimedCall) -> None:
        started = perf_counter()
        attempted = await self._make_call(call, claim)
        try:
            await self._records.add(attempted)
        except (SQLAlchemyError, OSError) as error:
            # It stays 'sending' and is settled as interrupted when the bot is next taken over.
            log.error("delivery.not_recorded", bot=self._bot.name, call=call.id, error=type(error).__name__)
        finally:
            self._waiting.done(call)
            self._bell.set()
        self._tell(call, claim, attempted, perf_counter() - started)

    async def _make_call(self, call: WaitingCall, claim: ClaimedCall) -> _Attempted:
        chat_id = self._chats[call.chat_key][0] if call.chat_key is not None else None
        attempts = claim.attempts + 1
        try:
            result = await self._client.call(self._bot.token, call.method, _with_chat(claim.params, chat_id))
        except TelegramError as error:
            return self._judged(call, claim, attempts, chat_id, error)
        sent = Outcome(call.id, CallState.SENT, attempts, self._clock.now(), message_id=_message_id(result))
        return _Attempted(sent, None, call.chat_key, chat_id)

    def _judged(
        self,
        call: WaitingCall,
        claim: ClaimedCall,
        attempts: int,
        chat_id: ChatId | None,
        error: TelegramError,
    ) -> _Attempted:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        verdict = judge(
            error,
            method=call.method,
            attempts=attempts,
            on_unknown=claim.on_unknown,
            to_chat=call.chat_key is not None,
        )
        if verdict.pause_bot:
            self._pacer.pause_bot(monotonic + verdict.pause_bot)
        if call.chat_key is not None and (verdict.pause_chat or verdict.retry_in):
            # the chat waits with the call, so that nothing overtakes it
            self._pacer.pause_chat(
                call.chat_key, monotonic + max(verdict.pause_chat, verdict.retry_in or 0.0)
            )
        outcome = Outcome(
            call.id,
            verdict.state,
            attempts,
            now,
            not_before=retry_at(verdict, now),
            error_kind=verdict.kind,
            error=error.message[:1000],
        )
        return _Attempted(outcome, verdict, call.chat_key, chat_id)

    # recording

    async def _record(self, connection: AsyncConnection, batch: Sequence[_Attempted]) -> list[None]:
        await outbox_queue.record(connection, [each.outcome for each in batch], fence=self._fence)
        for each in batch:
            if each.verdict is None or each.chat_key is None or each.chat_id is None:
                continue
            if each.verdict.migrate_to is not None:
                await chats.move_chat(connection, each.chat_id, each.verdict.migrate_to)
                self._chats.pop(each.chat_key, None)
            if each.verdict.unreachable:
                await chats.note_status(
                    connection,
                    self._bot.id,
                    each.chat_key,
                    "blocked" if each.chat_id > 0 else "kicked",
                    each.outcome.at,
                    reason=each.outcome.error,
                )
        return [None] * len(batch)

    def _tell(self, call: WaitingCall, claim: ClaimedCall, attempted: _Attempted, seconds: float) -> None:
        outcome = attempted.outcome
        result = outcome.error_kind or "sent"
        self._metrics.messages.labels(self._bot.name, call.method, result).inc()
        waited = (outcome.at - claim.created_at).total_seconds()
        self._metrics.update_seconds.labels(Stage.DELIVER).observe(max(0.0, waited))
        write = log.info if outcome.state is CallState.SENT else log.warning
        write(
            "call",
            bot=self._bot.name,
            method=call.method,
            call=call.id,
            state=outcome.state.value,
            result=result,
            error=outcome.error,
            call_ms=round(seconds * 1000, 1),
            deliver_ms=round(waited * 1000, 1),
        )


def _with_chat(params: bytes, chat_id: ChatId | None) -> bytes:
    """The parameters with the chat's present id: put in front, without decoding the rest."""
    if chat_id is None:
        return params
    rest = params[1:]
    return b'{"chat_id":%d%s%s' % (chat_id, b"" if rest == b"}" else b",", rest)


def _message_id(result: Any) -> int | None:
    return result.get("message_id") if isinstance(result, dict) else None
