"""The sender of one bot: picks what may go now, marks it, makes the calls, records what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from botyard.clock import Clock
from botyard.db.leases import Lease
from botyard.db.session import Database
from botyard.delivery.choosing import Chooser, Going
from botyard.delivery.intake import Intake
from botyard.delivery.pacer import Pacer
from botyard.delivery.policy import judge, retry_at
from botyard.delivery.records import Lesson, Records
from botyard.delivery.refusals import Refusals
from botyard.delivery.waiting import Waiting
from botyard.delivery.window import Departure
from botyard.ids import ChatId
from botyard.observability.metrics import Metrics, Stage
from botyard.outbox import lately
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bell import Bell
from botyard.outbox.models import CallState
from botyard.outbox.queue import ClaimedCall, Outcome, WaitingCall
from botyard.telegram.bots import Bot
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import NotSent, RetryAfter, TelegramError
from botyard.telegram.methods import REPEATABLE, counts_as_message, tells

log = structlog.get_logger(__name__)

LONGEST_WINDOW = timedelta(minutes=1)
LEASE_PAUSE = 0.5
"""So many seconds after a lease was found to have run out it is looked at again."""
LAST_CALLS_SECONDS = 5.0
"""How long calls under way may take when the work ends: less than a lease lasts without being renewed."""


class _NotNow(Exception):
    """The call must not be sent after all. Its text says why, in a word."""


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
        *,
        is_ours: Callable[[], bool],
    ) -> None:
        """`is_ours` says whether the lease cannot have run out."""
        self._bot = bot
        self._database = database
        self._client = client
        self._pacer = pacer
        self._bell = bell
        self._clock = clock
        self._metrics = metrics
        self._deliver_seconds = metrics.update_seconds.labels(Stage.DELIVER)
        self._is_ours = is_ours
        self._waiting = Waiting()
        self._intake = Intake(bot.id, database, self._waiting, bell, clock)
        self._chooser = Chooser(self._waiting, self._intake, pacer, clock)
        self._records = Records(bot, database, lease)
        self._refusals = Refusals()
        self._attempts: set[asyncio.Task[None]] = set()
        self._calls_under_way = 0
        self._is_full = False
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
            sent = await lately.sent_since(connection, self._bot.id, now - LONGEST_WINDOW)
        await self._intake.learn({call.chat_key for call in sent})
        for call in sent:
            if counts_as_message(call.method):
                at = monotonic - (now - call.at).total_seconds()
                in_group = self._intake.is_group(call.chat_key)
                paid = call.priority.is_paid
                self._pacer.recall(at, call.chat_key, in_group=in_group, paid=paid, messages=call.messages)

    # choosing

    async def _send_what_may_go(self) -> float:
        """Starts what the limits allow now; answers the seconds until something more may go."""
        await self._expire()
        choice = self._chooser.choose(self._calls_under_way)
        self._is_full = choice.is_full
        if choice.going:
            try:
                claimed = await self._records.claim([each.call.id for each in choice.going])
            except BaseException:
                self._chooser.give_back(choice.going)
                raise
            self._start(choice.going, claimed)
        return choice.pause

    async def _expire(self) -> None:
        """Gives up the calls in front whose deadline has passed."""
        if not self._waiting.deadlines:
            return
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

    # sending

    def _start(self, going: Sequence[Going], claimed: Sequence[ClaimedCall]) -> None:
        by_id = {claim.id: claim for claim in claimed}
        for each in going:
            claim = by_id.get(each.call.id)
            if claim is None:  # somebody else took it, or it is gone
                self._waiting.done(each.call)
                self._chooser.never_left(each)
                continue
            task = asyncio.create_task(self._attempt(each, claim))
            self._calls_under_way += 1
            self._attempts.add(task)
            task.add_done_callback(self._attempts.discard)

    async def _attempt(self, going: Going, claim: ClaimedCall) -> None:
        try:
            wait = going.leaves_at - self._clock.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            started = perf_counter()
            attempted = await self._make_call(going, claim)
            took = perf_counter() - started
        finally:
            self._calls_under_way -= 1  # what is left to do is to write it down
            if self._is_full:
                self._bell.nudge()
        await self._records.write_down(attempted.outcome, attempted.lesson)
        if attempted.lesson and attempted.lesson.moved_to is not None:
            self._intake.moved(attempted.lesson.chat_key, attempted.lesson.moved_to)
        self._tell(going.call, claim, attempted, took)
        if attempted.outcome.state is CallState.PENDING:
            self._waiting.put_back(replace(going.call, not_before=attempted.outcome.not_before))
        else:
            self._waiting.done(going.call)
        if attempted.outcome.state is CallState.PENDING or self._waiting.has_more_for(going.call.chat_key):
            self._bell.nudge()

    async def _make_call(self, going: Going, claim: ClaimedCall) -> _Attempted:
        call, chat_id = going.call, going.place.chat_id if going.place else None
        params = _with_chat(claim.params, chat_id)
        before_sending = partial(self._leaves, going.departure)
        try:
            result = await self._client.call(
                self._bot.token, call.method, params, before_sending=before_sending
            )
        except _NotNow as reason:
            return self._put_off(call, claim, str(reason))
        except TelegramError as error:
            return self._judged(call, claim, chat_id, error)
        except Exception as error:  # one call that can't even be made must not hold up its chat
            log.error("delivery.call_failed", bot=self._bot.name, call=call.id, exc_info=error)
            return self._broken(call, claim, error)
        finally:
            if going.departure:
                self._pacer.ended(going.departure, self._clock.monotonic())
        self._out_of_reach_since = None
        if going.departure and going.departure.left is not None:
            self._refusals.accepted(going.departure.left)
        return _Attempted(
            Outcome(
                call.id,
                CallState.SENT,
                claim.attempts + 1,
                self._clock.now(),
                message_ids=_message_ids(result),
                result=result if tells(call.method) else None,
            )
        )

    def _leaves(self, departure: Departure | None) -> None:
        """The call is written now. Raises `_NotNow` if things have changed since it was chosen."""
        now = self._clock.monotonic()
        if not self._is_ours():  # whoever was frozen meanwhile must not send
            self._pacer.pause_bot(now + LEASE_PAUSE)
            raise _NotNow("lease_ran_out")
        if self._pacer.bot_is_paused(now):
            raise _NotNow("paused")
        if departure:
            self._pacer.leaves(departure, now)

    def _put_off(self, call: WaitingCall, claim: ClaimedCall, reason: str) -> _Attempted:
        """It was not sent, and waits again: for this process, or for the one that has the bot by now."""
        return _Attempted(
            Outcome(call.id, CallState.PENDING, claim.attempts, self._clock.now(), error_kind=reason)
        )

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
            bot_is_refused=self._bot_is_refused(call, error, monotonic),
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

    def _bot_is_refused(self, call: WaitingCall, error: TelegramError, monotonic: float) -> bool:
        if call.chat_key is None or not isinstance(error, RetryAfter):
            return False
        is_refused = self._refusals.refused(call.chat_key, monotonic)
        if is_refused:
            log.warning("delivery.bot_refused", bot=self._bot.name, seconds=error.seconds)
        return is_refused

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
