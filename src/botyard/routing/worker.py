"""The worker: takes updates lane by lane and gives each exactly one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.clock import Clock, wait_for
from botyard.db.group_commit import GroupCommit
from botyard.db.lease_keeper import LeaseKeeper
from botyard.db.leases import Lease, LeaseHolder
from botyard.ids import BotId, UpdateId
from botyard.inbox import backlog
from botyard.inbox.backlog import Finished, PendingUpdate
from botyard.inbox.lanes import Lanes
from botyard.inbox.log import Inbox
from botyard.inbox.slots import SLOTS, slot_lease
from botyard.observability.metrics import Metrics, Stage
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bell import OutboxBell
from botyard.outbox.queue import Call
from botyard.routing.context import Context, House
from botyard.routing.router import Handled, Router
from botyard.telegram.bots import Bot
from botyard.telegram.envelope import Envelope, read_envelope

log = structlog.get_logger(__name__)

HANDLERS = 32
HANDLER_SECONDS = 30.0
MOST_TRIES = 5
LOAD_AT_ONCE = 500
LOOK_SECONDS = 0.25
"""How often a worker looks for updates that another process stored."""
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
        self._lanes = Lanes(clock)
        self._slots: set[int] = set()
        self._commits: GroupCommit[_Done, bool] = GroupCommit(house.database, self._finish_batch)
        names = [slot_lease(slot) for slot in range(SLOTS)]
        self._keeper = LeaseKeeper(holder, "worker", names, clock, self._slots_changed)

    async def run(self) -> None:
        """Works until cancelled, then ends what is under way and gives its slots back."""
        self._lanes, self._slots = Lanes(self._clock), set()  # run again after an error, it starts anew
        keeping = asyncio.create_task(self._keeper.run(), name="worker leases")
        loading = asyncio.create_task(self._load_forever(), name="worker loader")
        handlers = [
            asyncio.create_task(self._handle_forever(), name=f"handler {number}")
            for number in range(HANDLERS)
        ]
        try:
            # Not gathered: a gather that is cancelled cancels the handlers before they could finish.
            ended, _ = await asyncio.wait([keeping, loading, *handlers], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            keeping.cancel()
            loading.cancel()
            await self._drain()
            for handler in handlers:
                handler.cancel()
            await asyncio.gather(keeping, loading, *handlers, return_exceptions=True)
            await self._keeper.stop()

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

    async def _load(self) -> int:
        if not self._slots or len(self._lanes.known) >= 4 * LOAD_AT_ONCE:
            return 0
        self._lanes.about_to_load()
        async with self._house.database.read() as connection:
            pending = await backlog.load_pending(
                connection,
                self._slots,
                known=self._lanes.known,
                full_lanes=self._lanes.full(),
                most=LOAD_AT_ONCE,
            )
        for update in pending:
            if update.slot in self._slots:
                self._lanes.add(update)
        return len(pending)

    async def _slots_changed(self, gained: Sequence[Lease], lost: Sequence[Lease]) -> None:
        interrupted = {lease.number for lease in gained if lease.after_crash}
        if interrupted:
            async with self._house.database.begin() as connection:
                await backlog.count_interrupted(connection, interrupted)
        gone = {lease.number for lease in lost}
        self._slots = (self._slots | {lease.number for lease in gained}) - gone
        self._lanes.drop_slots(gone)
        await self._let_finish(gone)
        if gained:
            self._inbox.arrived.set()

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

    async def _handle_forever(self) -> None:
        while True:
            update = await self._lanes.take()
            lease = self._keeper.lease(slot_lease(update.slot))
            if lease is None:
                self._lanes.leave(update)
                continue
            await self._handle(update, lease)

    async def _handle(self, update: PendingUpdate, lease: Lease) -> None:
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
            async with asyncio.timeout(HANDLER_SECONDS):
                handled = await self._handle_once(update, lease, bot, envelope)
        except LeaseLost:
            handled = Handled("lost")
            self._lanes.leave(update)
        except asyncio.CancelledError:
            self._lanes.leave(update)  # the work ends: whoever comes next finds it still pending
            raise
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
        if session is None:
            if not await self._commits.add(_Done(finished, ctx.calls)):
                raise LeaseLost
            return
        await session.flush()
        connection = await session.connection()
        if not await backlog.finish(connection, [finished], self._clock.now()):
            raise LeaseLost
        await outbox_queue.add(connection, ctx.calls, self._clock.now())
        await session.commit()

    async def _finish_batch(self, connection: AsyncConnection, batch: Sequence[_Done]) -> list[bool]:
        now = self._clock.now()
        ours = await backlog.finish(connection, [done.finished for done in batch], now)
        calls = [call for done in batch if done.finished.seq in ours for call in done.calls]
        await outbox_queue.add(connection, calls, now)
        return [done.finished.seq in ours for done in batch]

    # failing

    async def _failed(self, update: PendingUpdate, envelope: Envelope, error: Exception) -> Handled:
        """Leaves the update for another try, or buries it after the last; answers which."""
        attempts = update.attempts + 1
        now = self._clock.now()
        reason = f"{type(error).__name__}: {error}"[:2000]
        last = attempts >= MOST_TRIES
        until = now + timedelta(seconds=2 ** (attempts - 1))
        log.error("update.failed", seq=update.seq, kind=envelope.kind, attempts=attempts, exc_info=error)
        try:
            async with self._house.database.begin() as connection:
                if last:
                    await backlog.bury(connection, update.seq, attempts=attempts, now=now, error=reason)
                else:
                    await backlog.postpone(
                        connection, update.seq, attempts=attempts, until=until, error=reason
                    )
        except (SQLAlchemyError, OSError):
            # The database is away, and that is hardly the update's fault: this try does not count.
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
        self._metrics.update_seconds.labels(Stage.WAIT).observe(waited)
        self._metrics.update_seconds.labels(Stage.HANDLE).observe(seconds)
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
