"""The worker: takes updates lane by lane and gives each exactly one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from botyard.clock import Clock, wait_for
from botyard.db.batcher import DATABASE_AWAY, Batcher
from botyard.db.engine import WRITER_TAKEN
from botyard.db.hot import HotConnection, in_one_trip
from botyard.db.lease_keeper import LeaseKeeper
from botyard.db.leases import Lease, LeaseHolder
from botyard.ids import BotId, UpdateId, UpdateSeq
from botyard.inbox import backlog
from botyard.inbox.backlog import Finished, PendingUpdate
from botyard.inbox.lanes import Lanes
from botyard.inbox.log import Inbox
from botyard.inbox.slots import SLOTS, slot_lease
from botyard.observability.metrics import Metrics, Stage
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bell import OutboxBell
from botyard.outbox.queue import Call
from botyard.routing import dialogs
from botyard.routing.context import Context, House
from botyard.routing.deadlines import Deadline, Watch
from botyard.routing.dialogs import DialogKey
from botyard.routing.router import Handled, Router
from botyard.telegram.bots import Bot
from botyard.telegram.envelope import Envelope
from botyard.telegram.updates import read_envelope

log = structlog.get_logger(__name__)

HANDLERS = 64
HANDLER_SECONDS = 30.0
WRITER_SECONDS = 1.0
WRITER_HELD = (
    f"it kept SQLite's only writer for more than {WRITER_SECONDS:g} s while all others waited; "
    "slow work belongs in a job"
)
MOST_TRIES = 5
LOAD_AT_ONCE = 500
ENOUGH_KNOWN = 2 * HANDLERS
MOST_KNOWN = 2000
LOOK_SECONDS = 0.25
"""How often a worker looks for updates that another process stored."""
SHARE_SECONDS = 0.005
"""So long a handled update waits for others to share its commit, when others come that often."""
DRAIN_SECONDS = 10.0
HAND_OVER_SECONDS = 2.0
"""Less than a lease lasts: meanwhile no other lease is renewed."""


_UNREAD = Envelope(update_id=UpdateId(0), kind="unread", readable=False)
"""Stands for an update whose stored body this version cannot read: that fails like any other."""


class LeaseLost(Exception):
    """Another process has the lane now, or has handled the update: our effects must not be kept."""


class ProcessKilled(Exception):
    """The update was tried as often as may be and never came to an end."""


@dataclass(frozen=True, slots=True)
class _Done:
    finished: Finished
    calls: Sequence[Call]
    ended_dialog: DialogKey | None


class Worker:
    """Handles the updates of the slots that this process holds."""

    def __init__(
        self,
        house: House,
        router: Router,
        inbox: Inbox,
        bell: OutboxBell,
        bots: Mapping[BotId, Bot],
        holder: LeaseHolder,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._house = house
        self._router = router
        self._inbox = inbox
        self._bell = bell
        self._bots = bots
        self._clock = clock
        self._metrics = metrics
        self._wait_seconds = metrics.update_seconds.labels(Stage.WAIT)
        self._handle_seconds = metrics.update_seconds.labels(Stage.HANDLE)
        self._lanes = self._new_lanes()
        self._slots: set[int] = set()
        self._suspect_until: dict[int, UpdateSeq] = {}
        self._tries: Batcher[UpdateSeq, None] = Batcher(house.database.writes(), backlog.count_tries)
        self._commits: Batcher[_Done, bool] = Batcher(
            house.database.writes(), self._finish_batch, within=SHARE_SECONDS
        )
        names = [slot_lease(slot) for slot in range(SLOTS)]
        self._keeper = LeaseKeeper(holder, "worker", names, clock, self._slots_changed)

    async def run(self) -> None:
        """Works until cancelled, then ends what is under way and gives its slots back."""
        self._lanes, self._slots = self._new_lanes(), set()  # run again after an error, it starts anew
        keeping = asyncio.create_task(self._keeper.run(), name="worker leases")
        loading = asyncio.create_task(self._load_forever(), name="worker loader")
        watch = Watch(self._clock)
        watching = asyncio.create_task(watch.run(), name="worker watch")
        handlers = [
            asyncio.create_task(
                self._handle_forever(watch.deadline(HANDLER_SECONDS), take), name=f"handler {number}"
            )
            for number, take in enumerate([*[self._lanes.take] * HANDLERS, self._lanes.take_careful])
        ]
        try:
            # Not gathered: a gather that is cancelled cancels the handlers before they could finish.
            ended, _ = await asyncio.wait(
                [keeping, loading, watching, *handlers], return_when=asyncio.FIRST_COMPLETED
            )
            for task in ended:
                task.result()
        finally:
            keeping.cancel()
            loading.cancel()
            await self._drain()
            for task in (watching, *handlers):
                task.cancel()
            await asyncio.gather(keeping, loading, watching, *handlers, return_exceptions=True)
            await self._keeper.stop()

    def _new_lanes(self) -> Lanes:
        return Lanes(
            self._clock, low=ENOUGH_KNOWN, ran_low=self._inbox.arrived.set, needs_care=self._needs_care
        )

    def _is_suspect(self, update: PendingUpdate) -> bool:
        """Whether it waited already when a process died here: it may have been what killed it."""
        return update.seq <= self._suspect_until.get(update.slot, 0)

    def _needs_care(self, update: PendingUpdate) -> bool:
        """Suspects that were tried before are tried one by one, so that no other is taken for the killer."""
        return update.attempts > 0 and self._is_suspect(update)

    # loading

    async def _load_forever(self) -> None:
        while True:
            self._inbox.arrived.clear()
            try:
                loaded = await self._load()
            except (SQLAlchemyError, OSError) as error:
                log.warning("worker.cannot_load", error=type(error).__name__)
                loaded = 0
            if loaded < LOAD_AT_ONCE:
                await wait_for(self._inbox.arrived, LOOK_SECONDS)
            await self._until_hungry()

    async def _until_hungry(self) -> None:
        """Who has enough to do need not ask for each new update what it is, unless it is urgent."""
        look_at = self._clock.monotonic() + LOOK_SECONDS
        while len(self._lanes.known) >= ENOUGH_KNOWN and not self._inbox.take_urgent():
            seconds = look_at - self._clock.monotonic()
            if seconds <= 0:
                return
            self._inbox.arrived.clear()
            await wait_for(self._inbox.arrived, seconds)

    async def _load(self) -> int:
        if not self._slots or len(self._lanes.known) >= MOST_KNOWN:
            return 0
        self._lanes.about_to_load()
        slots, known, full = tuple(self._slots), tuple(self._lanes.known), self._lanes.full()
        pending = await self._house.database.read_batch(
            lambda hot: backlog.load_pending(hot, slots, known=known, full_lanes=full, most=LOAD_AT_ONCE)
        )
        for update in pending:
            if update.slot in self._slots:
                self._lanes.add(update)
        return len(pending)

    async def _slots_changed(self, gained: Sequence[Lease], lost: Sequence[Lease]) -> None:
        interrupted = {lease.number for lease in gained if lease.after_crash}
        if interrupted:
            self._suspect_until |= dict.fromkeys(interrupted, await self._newest())
        gone = {lease.number for lease in lost}
        self._slots = (self._slots | {lease.number for lease in gained}) - gone
        self._lanes.drop_slots(gone)
        await self._let_finish(gone)
        if gained:
            self._inbox.arrived.set()

    async def _newest(self) -> UpdateSeq:
        while True:
            try:
                return await self._house.database.read_batch(backlog.newest)
            except (SQLAlchemyError, OSError) as error:
                log.warning("worker.cannot_look", error=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)

    async def _let_finish(self, slots: set[int]) -> None:
        """Waits a little for what is under way there. What takes longer is refused at its commit."""
        deadline = self._clock.monotonic() + HAND_OVER_SECONDS
        while slots and self._lanes.busy_in(slots) and self._clock.monotonic() < deadline:
            await asyncio.sleep(0.02)

    async def _drain(self) -> None:
        self._lanes.drop_slots(self._slots)
        deadline = self._clock.monotonic() + DRAIN_SECONDS
        while self._lanes.known and self._clock.monotonic() < deadline:
            await asyncio.sleep(0.02)

    # handling

    async def _handle_forever(self, deadline: Deadline, take: Callable[[], Awaitable[PendingUpdate]]) -> None:
        WRITER_TAKEN.set(lambda: deadline.shorten(WRITER_SECONDS, WRITER_HELD))
        while True:
            update = await take()
            lease = self._keeper.lease(slot_lease(update.slot))
            if lease is None:
                self._lanes.give_up(update)
                continue
            await self._handle(update, lease, deadline)

    async def _handle(self, update: PendingUpdate, lease: Lease, deadline: Deadline) -> None:
        started = perf_counter()
        envelope = _UNREAD
        bot = self._bots.get(update.bot_id)
        handled = Handled("none")
        try:
            envelope = read_envelope(update.body)
            if bot is None:
                raise LookupError("the bot of this update is not configured any more")
            if update.attempts >= MOST_TRIES:
                raise ProcessKilled("the process died each time this update was handled")
            if self._is_suspect(update):
                await self._tries.add(update.seq)
            with deadline:
                handled = await self._handle_once(update, lease, bot, envelope)
        except LeaseLost:
            handled = Handled("lost")
            self._lanes.give_up(update)
        except asyncio.CancelledError as error:
            if _is_being_cancelled():
                self._lanes.give_up(update)  # the work ends: whoever comes next finds it still pending
                raise
            handled = await self._failed(update, envelope, error)  # what it waited for was cancelled
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the lane must go on
            handled = await self._failed(update, envelope, error)
        else:
            self._lanes.leave(update)
        self._tell(update, bot, envelope, handled, started)

    async def _handle_once(
        self, update: PendingUpdate, lease: Lease, bot: Bot, envelope: Envelope
    ) -> Handled:
        ctx = Context(
            self._house,
            bot,
            envelope,
            body=update.body,
            seq=update.seq,
            received_at=update.received_at,
            now=self._clock.now(),
        )
        try:
            handled = await self._router.route(ctx)
            await self._commit(ctx, Finished(update.seq, lease, str(handled)))
        finally:
            if ctx.opened_session is not None:
                await asyncio.shield(ctx.opened_session.close())
        ctx.committed()
        self._bell.ring({call.bot_id for call in ctx.calls})
        return handled

    async def _commit(self, ctx: Context, finished: Finished) -> None:
        """State, replies and 'done' in one commit; updates that touched no state share one."""
        session = ctx.opened_session
        done = _Done(finished, ctx.calls, ctx.ended_dialog)
        if session is None:
            if not await self._commits.add(done):
                raise LeaseLost
            return
        await session.flush()
        if not await in_one_trip(await session.connection(), lambda hot: self._finish_batch(hot, [done])[0]):
            raise LeaseLost
        await session.commit()

    def _finish_batch(self, hot: HotConnection, batch: Sequence[_Done]) -> list[bool]:
        now = self._clock.now()
        ours = backlog.finish(hot, [done.finished for done in batch], now)
        kept = [done for done in batch if done.finished.seq in ours]
        dialogs.close_batch(hot, [done.ended_dialog for done in kept if done.ended_dialog])
        outbox_queue.add_batch(hot, [call for done in kept for call in done.calls], now)
        return [done.finished.seq in ours for done in batch]

    # failing

    async def _failed(self, update: PendingUpdate, envelope: Envelope, error: BaseException) -> Handled:
        """Leaves the update for another try, or buries it after the last; answers which."""
        attempts = min(update.attempts + (not _is_outage(error)), MOST_TRIES)
        now = self._clock.now()
        reason = _reason(error)
        last = attempts >= MOST_TRIES
        until = now + timedelta(seconds=2 ** max(0, attempts - 1))
        log.error("update.failed", seq=update.seq, kind=envelope.kind, attempts=attempts, exc_info=error)
        try:
            async with self._house.database.begin() as connection:
                if last:
                    await backlog.bury(connection, update.seq, attempts=attempts, now=now, error=reason)
                else:
                    await backlog.postpone(
                        connection, update.seq, attempts=attempts, until=until, error=reason
                    )
        except DATABASE_AWAY:  # that is hardly the update's fault: this try does not count
            self._lanes.put_back(update, attempts=update.attempts, until=now + timedelta(seconds=1))
            return Handled("failed", result="database")
        if last:
            self._lanes.leave(update)
            return Handled("failed", result="dead")
        self._lanes.put_back(update, attempts=attempts, until=until)
        return Handled("failed", result="retry")

    def _tell(
        self, update: PendingUpdate, bot: Bot | None, envelope: Envelope, handled: Handled, started: float
    ) -> None:
        """One line in the log and one observation per stage."""
        seconds = perf_counter() - started
        waited = max(0.0, (self._clock.now() - update.received_at).total_seconds() - seconds)
        name = bot.name if bot else str(update.bot_id)
        self._wait_seconds.observe(waited)
        self._handle_seconds.observe(seconds)
        if handled.what in ("failed", "unreadable", "banned"):
            self._metrics.errors.labels(name, handled.result or handled.what).inc()
        log.info(
            "update",
            bot=name,
            update_id=envelope.update_id,
            lane=update.lane,
            kind=envelope.kind,
            command=handled.name if handled.what == "command" else None,
            outcome=str(handled),
            wait_ms=round(waited * 1000, 1),
            handle_ms=round(seconds * 1000, 1),
        )


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _is_outage(error: BaseException) -> bool:
    """Whether a handler failed for want of the database: no connection was free, or it was cut."""
    return isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _reason(error: BaseException) -> str:
    """What the error says, as far as a column can hold it: no NUL, no half of a surrogate pair."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - it is the handler's own class
        text = "(it cannot say what)"
    return f"{type(error).__name__}: {text}".encode(errors="replace").decode().replace("\0", "")[:2000]
