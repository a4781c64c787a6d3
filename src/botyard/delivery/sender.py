"""The sender of one bot: picks what may go now, marks it, makes the calls, records what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from botyard.clock import Clock
from botyard.db.leases import Lease
from botyard.db.session import Database
from botyard.delivery.intake import LOOK_SECONDS, Intake, Place
from botyard.delivery.pacer import Pacer
from botyard.delivery.policy import judge, retry_at
from botyard.delivery.records import Lesson, Records
from botyard.delivery.waiting import Waiting
from botyard.delivery.window import Departure
from botyard.ids import ChatId
from botyard.observability.metrics import Metrics, Stage
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bell import Bell
from botyard.outbox.models import CallState, Priority
from botyard.outbox.queue import ClaimedCall, Outcome, WaitingCall
from botyard.telegram.bots import Bot
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import NotSent, TelegramError
from botyard.telegram.methods import REPEATABLE, counts_as_message

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""Calls of one bot under way at the same time."""
BULK_AT_ONCE = 40
"""So many of them when the next is bulk: slow bulk must not take the last place from a reply."""
LEAD_SECONDS = 0.05
"""A message is marked as being sent so long before the limits allow it: marking it costs none of the rate."""
LONGEST_WINDOW = timedelta(minutes=1)
LAST_CALLS_SECONDS = 5.0
"""How long calls under way may take when the work ends: less than a lease lasts without being renewed."""


@dataclass(frozen=True, slots=True)
class _Going:
    """A call that is about to be made, and its place among the limits."""

    call: WaitingCall
    place: Place | None
    leaves_at: float
    departure: Departure | None


@dataclass(frozen=True, slots=True)
class _Attempted:
    """An attempt that has ended: the outcome to write, and what it taught about the chat."""

    outcome: Outcome
    lesson: Lesson | None = None


class Sender:
    """Delivers for one bot, as long as this process holds the bot's lease."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        client: TelegramClient,
        pacer: Pacer,
        bell: Bell,
        clock: Clock,
        metrics: Metrics,
        lease: Lease,
    ) -> None:
        self._bot = bot
        self._database = database
        self._client = client
        self._pacer = pacer
        self._bell = bell
        self._clock = clock
        self._metrics = metrics
        self._deliver_seconds = metrics.update_seconds.labels(Stage.DELIVER)
        self._lease = lease
        self._waiting = Waiting()
        self._intake = Intake(bot.id, database, self._waiting, bell, clock)
        self._records = Records(bot, database, lease)
        self._attempts: set[asyncio.Task[None]] = set()
        self._calls_under_way = 0
        self._out_of_reach_since: float | None = None

    async def run(self) -> None:
        """Delivers until cancelled; then waits for the calls under way, so that each has its outcome."""
        try:
            await self._settle_interrupted()
            await self._remember_what_was_sent()
            while True:
                pause = await _to_its_end(self._turn())
                await self._bell.wait(pause)
        finally:
            if self._attempts:
                await asyncio.wait(self._attempts, timeout=LAST_CALLS_SECONDS)

    async def _turn(self) -> float:
        try:
            await self._intake.fill()
            pause = await self._send_what_may_go()
        except (SQLAlchemyError, OSError) as error:
            log.warning("delivery.database", bot=self._bot.name, error=type(error).__name__)
            pause = 1.0
        self._pacer.forget_idle(self._clock.monotonic())
        return pause

    async def _settle_interrupted(self) -> None:
        async with self._database.begin() as connection:
            unknown = await outbox_queue.settle_interrupted(
                connection, self._bot.id, REPEATABLE, self._clock.now()
            )
        if unknown:
            log.warning("delivery.unknown_outcomes", bot=self._bot.name, calls=unknown)

    async def _remember_what_was_sent(self) -> None:
        """Whoever had the bot before has used some of its limits: those on groups reach back a minute."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        async with self._database.read() as connection:
            sent = await outbox_queue.sent_since(connection, self._bot.id, now - LONGEST_WINDOW)
        await self._intake.learn({call.chat_key for call in sent})
        for call in sent:
            if counts_as_message(call.method):
                at = monotonic - (now - call.at).total_seconds()
                in_group = self._intake.is_group(call.chat_key)
                self._pacer.recall(at, call.chat_key, in_group=in_group, messages=call.messages)

    # choosing

    async def _send_what_may_go(self) -> float:
        """Starts what the limits allow now; answers the seconds until something more may go."""
        await self._expire()
        going, pause = self._choose()
        if not going:
            return pause
        try:
            ids = [each.call.id for each in going]
            claimed = await self._records.claim(ids)
        except BaseException:
            for each in going:
                self._waiting.put_back(each.call)
            raise
        self._start(going, claimed)
        return pause

    async def _expire(self) -> None:
        """Gives up the calls in front whose deadline has passed."""
        now = self._clock.now()
        late = [call for call in self._waiting.heads() if call.expires_at and call.expires_at <= now]
        if not late:
            return
        async with self._database.begin() as connection:
            await outbox_queue.expire(connection, [call.id for call in late], now)
        for call in late:
            self._waiting.start(call)
            self._waiting.done(call)
            self._metrics.messages.labels(self._bot.name, call.method, CallState.EXPIRED.value).inc()
            log.warning("call", bot=self._bot.name, method=call.method, call=call.id, state="expired")
        self._bell.nudge()

    def _choose(self) -> tuple[list[_Going], float]:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        going: list[_Going] = []
        pause = LOOK_SECONDS
        for call in self._waiting.heads():
            under_way = self._calls_under_way + len(going)
            if under_way >= (BULK_AT_ONCE if call.priority is Priority.BROADCAST else AT_ONCE):
                break
            if self._waiting.is_busy(call.chat_key):
                continue
            messages, is_bulk = _messages(call), call.priority is Priority.BROADCAST
            bot_wait = self._pacer.bot_wait(monotonic, messages=messages, bulk=is_bulk)
            if bot_wait > LEAD_SECONDS and is_bulk:  # so must all the rest
                pause = min(pause, bot_wait - LEAD_SECONDS / 2)
                break
            wait = max(bot_wait, self._own_wait(call, now, monotonic, messages=messages))
            if wait > LEAD_SECONDS:
                pause = min(pause, wait - LEAD_SECONDS / 2)
                continue
            self._waiting.start(call)
            going.append(self._going(call, monotonic + wait))
        return going, pause

    def _own_wait(self, call: WaitingCall, now: datetime, monotonic: float, *, messages: int) -> float:
        """Seconds until the call's own time has come and its chat may get it."""
        own = (call.not_before - now).total_seconds() if call.not_before else 0.0
        if call.chat_key is None:
            return own
        return max(own, self._pacer.chat_wait(monotonic, call.chat_key, messages=messages))

    def _going(self, call: WaitingCall, leaves_at: float) -> _Going:
        place = None if call.chat_key is None else self._intake.place(call.chat_key)
        messages = _messages(call)
        if not messages:
            return _Going(call, place, leaves_at, None)
        in_group, bulk = self._intake.is_group(call.chat_key), call.priority is Priority.BROADCAST
        departure = self._pacer.note(
            leaves_at, call.chat_key, in_group=in_group, bulk=bulk, messages=messages
        )
        return _Going(call, place, leaves_at, departure)

    # sending

    def _start(self, going: Sequence[_Going], claimed: Sequence[ClaimedCall]) -> None:
        by_id = {claim.id: claim for claim in claimed}
        for each in going:
            claim = by_id.get(each.call.id)
            if claim is None:  # somebody else took it, or it is gone
                self._waiting.done(each.call)
                continue
            task = asyncio.create_task(self._attempt(each, claim))
            self._calls_under_way += 1
            self._attempts.add(task)
            task.add_done_callback(self._attempts.discard)

    async def _attempt(self, going: _Going, claim: ClaimedCall) -> None:
        try:
            wait = going.leaves_at - self._clock.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            started = perf_counter()
            attempted = await self._make_call(going, claim)
            took = perf_counter() - started
        finally:
            self._calls_under_way -= 1  # what is left to do is to write it down
            self._bell.nudge()
        await self._records.write_down(attempted.outcome, attempted.lesson)
        if attempted.lesson and attempted.lesson.moved_to is not None:
            self._intake.moved(attempted.lesson.chat_key, attempted.lesson.moved_to)
        self._tell(going.call, claim, attempted, took)
        if attempted.outcome.state is CallState.PENDING:
            self._waiting.put_back(replace(going.call, not_before=attempted.outcome.not_before))
        else:
            self._waiting.done(going.call)
        self._bell.nudge()

    async def _make_call(self, going: _Going, claim: ClaimedCall) -> _Attempted:
        call, chat_id = going.call, going.place.chat_id if going.place else None
        if going.departure:
            self._pacer.leaves(going.departure, self._clock.monotonic())
        try:
            result = await self._client.call(self._bot.token, call.method, _with_chat(claim.params, chat_id))
        except TelegramError as error:
            return self._judged(call, claim, chat_id, error)
        except Exception as error:  # one call that can't even be made must not hold up its chat
            log.error("delivery.call_failed", bot=self._bot.name, call=call.id, exc_info=error)
            return self._broken(call, claim, error)
        finally:
            if going.departure:
                self._pacer.answered(going.departure, self._clock.monotonic())
        self._out_of_reach_since = None
        sent = Outcome(
            call.id, CallState.SENT, claim.attempts + 1, self._clock.now(), message_ids=_message_ids(result)
        )
        return _Attempted(sent)

    def _judged(
        self, call: WaitingCall, claim: ClaimedCall, chat_id: ChatId | None, error: TelegramError
    ) -> _Attempted:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        verdict = judge(
            error,
            method=call.method,
            attempts=claim.attempts + 1,
            on_unknown=claim.on_unknown,
            to_chat=call.chat_key is not None,
            out_of_reach=self._out_of_reach(error, monotonic),
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
            claim.attempts + verdict.counts,
            now,
            not_before=retry_at(verdict, now),
            error_kind=verdict.kind,
            error=error.message[:1000],
        )
        if call.chat_key is None or chat_id is None or not (verdict.unreachable or verdict.migrate_to):
            return _Attempted(outcome)
        lesson = Lesson(call.chat_key, chat_id, moved_to=verdict.migrate_to, unreachable=verdict.unreachable)
        return _Attempted(outcome, lesson)

    def _out_of_reach(self, error: TelegramError, monotonic: float) -> float:
        if not isinstance(error, NotSent):
            self._out_of_reach_since = None
            return 0.0
        if self._out_of_reach_since is None:
            self._out_of_reach_since = monotonic
        return monotonic - self._out_of_reach_since

    def _broken(self, call: WaitingCall, claim: ClaimedCall, error: Exception) -> _Attempted:
        outcome = Outcome(
            call.id,
            CallState.UNKNOWN,
            claim.attempts + 1,
            self._clock.now(),
            error_kind="internal",
            error=f"botyard could not make this call ({type(error).__name__}): see the log",
        )
        return _Attempted(outcome)

    # telling

    def _tell(self, call: WaitingCall, claim: ClaimedCall, attempted: _Attempted, seconds: float) -> None:
        outcome = attempted.outcome
        result = outcome.error_kind or "sent"
        self._metrics.messages.labels(self._bot.name, call.method, result).inc()
        waited = (outcome.at - claim.created_at).total_seconds()
        self._deliver_seconds.observe(max(0.0, waited))
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


def _messages(call: WaitingCall) -> int:
    """How many messages count against the limits: none for a call that puts none into a chat."""
    return call.messages if counts_as_message(call.method) else 0


def _with_chat(params: bytes, chat_id: ChatId | None) -> bytes:
    """The parameters with the chat's present id: put in front, without decoding the rest."""
    if chat_id is None:
        return params
    rest = params[1:]
    return b'{"chat_id":%d%s%s' % (chat_id, b"" if rest == b"}" else b",", rest)


def _message_ids(result: Any) -> tuple[int, ...]:
    made = result if isinstance(result, list) else [result]
    return tuple(each["message_id"] for each in made if isinstance(each, dict) and "message_id" in each)


async def _to_its_end(turn: Coroutine[Any, Any, float]) -> float:
    """Runs a turn to its end even when cancelled meanwhile: what is marked as being sent has to be sent."""
    task = asyncio.create_task(turn)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_CALLS_SECONDS)
        raise
