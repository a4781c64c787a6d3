"""Batches: what many tasks ask of the database at the same time is done in one transaction (group commit)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from botyard.db.hot import HotConnection, Work

Item = TypeVar("Item")
Result = TypeVar("Result")

WorkOnBatch = Callable[[HotConnection, Sequence[Item]], Sequence[Result]]
Transact = Callable[[Work[Any]], Awaitable[Any]]
Entry = tuple[Item, "asyncio.Future[Result]"]

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout, OSError)
"""Errors of the database, not of what it was asked to do."""


MOST_BYTES = 4 * 2**20
"""A batch that grows beyond this is closed: it is copied several times on its way to the database."""


class TransactionQueue:
    """Does transactions one after another. One holds all that its batchers gathered during the one before.

    So a quiet service commits at once and a busy one in large batches, without any fixed wait.
    """

    def __init__(self, transact: Transact, *, shared: bool) -> None:
        """`shared`: several batchers use it, so that what may wait waits for those that may not."""
        self._transact = transact
        self._shared = shared
        self._waiting: dict[Batcher[Any, Any], None] = {}
        self._is_due = False
        self._company_at = -math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that all this runs in. Remembered: to ask for it costs a system call (Python 3.11)."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def ask(self, batcher: Batcher[Any, Any], within: float) -> None:
        """The batcher has something for the next transaction, which is to begin within so many seconds.

        It begins at once where nobody came lately with whom it could have been shared: the next may be far
        off.
        """
        self._waiting[batcher] = None
        now = self.loop.time()
        is_alone = now - self._company_at > within
        if within <= 0.0 or not self._shared:
            self._company_at = now
        if is_alone or within <= 0.0:
            self._start()
        elif self._timer is None:
            self._timer = self.loop.call_later(within, self._start)

    def _start(self) -> None:
        self._is_due = True
        if self._running is None:
            self._running = self.loop.create_task(self._run(), name="transactions")

    async def _run(self) -> None:
        try:
            while self._is_due:
                self._is_due = False
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
                asking, self._waiting = self._waiting, {}
                await self._do([batch for each in asking if (batch := each.take()).entries])
        finally:
            self._running = None

    async def _do(self, batches: list[_Batch]) -> None:
        if not batches:
            return
        try:
            results = await self._transact(lambda hot: [batch.do(hot) for batch in batches])
        except Exception as error:  # noqa: BLE001 - each waiting task raises it, none is lost
            smaller = [] if isinstance(error, DATABASE_AWAY) else _smaller(batches)
            for part in smaller:  # one bad item must cost its neighbours nothing
                await self._do(part)
            if not smaller:
                for batch in batches:
                    _fail(batch.entries, error)
        else:
            for batch, answers in zip(batches, results, strict=True):
                batch.tell(answers)


class _Batch:
    """What one batcher has for a transaction."""

    __slots__ = ("_patience", "_work", "entries")

    def __init__(
        self,
        work: WorkOnBatch[Any, Any],
        entries: Sequence[Entry[Any, Any]],
        patience: asyncio.TimerHandle | None = None,
    ) -> None:
        self._work = work
        self.entries = entries
        self._patience = patience

    def do(self, hot: HotConnection) -> Sequence[Any]:
        return self._work(hot, [item for item, _ in self.entries])

    def tell(self, results: Sequence[Any]) -> None:
        if self._patience is not None:
            self._patience.cancel()  # it would hold the items for as long as it runs
        for (_, done), result in zip(self.entries, results, strict=True):
            if not done.done():
                done.set_result(result)

    def singles(self) -> list[list[_Batch]]:
        return [[_Batch(self._work, [entry])] for entry in self.entries]


def _smaller(batches: list[_Batch]) -> list[list[_Batch]]:
    """The same in more transactions; empty where it can't be divided any more."""
    if len(batches) > 1:
        return [[batch] for batch in batches]
    return batches[0].singles() if len(batches[0].entries) > 1 else []


class Batcher(Generic[Item, Result]):
    """Gathers what one room asks of the database, and hands it over batch by batch."""

    def __init__(
        self,
        queue: TransactionQueue,
        work: WorkOnBatch[Item, Result],
        *,
        most: int = 500,
        size: Callable[[Item], int] = lambda _item: 0,
        within: float = 0.0,
        patience: float | None = None,
    ) -> None:
        """`queue` is a database's `writes()` or `reads()`; `work` answers a result for each of its items.

        It gets up to `most` of them, and of their `size` in bytes about `MOST_BYTES`. On SQLite it runs in
        the database's thread, so it must not touch what the event loop uses. What may wait `within` seconds
        shares the transaction of what comes meanwhile. Who has waited for `patience` seconds gets a
        `TimeoutError`; his item may be done all the same.
        """
        self.work = work
        self._queue = queue
        self._most = most
        self._size = size
        self._within = within
        self._patience = patience
        self._waiting: list[Entry[Item, Result]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, item: Item) -> asyncio.Future[Result]:
        """The item's result, once its transaction is over: durable, if it writes. Raises what that raised."""
        loop = self._queue.loop
        done: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, done))
        if len(self._waiting) == 1:
            self._be_patient()
        self._queue.ask(self, self._within)
        return done

    def take(self) -> _Batch:
        """The next batch. Who gave up before his turn was told so, and offers it again."""
        gathered, timer = self._waiting, self._timer
        count = self._how_many()
        self._waiting = gathered[count:]
        if self._waiting:
            self._be_patient()
            self._queue.ask(self, 0.0)
        return _Batch(self.work, [entry for entry in gathered[:count] if not entry[1].done()], timer)

    def _how_many(self) -> int:
        room = MOST_BYTES
        for number, (item, _) in enumerate(self._waiting[: self._most]):
            room -= self._size(item)
            if room < 0:
                return number + 1
        return self._most

    def _be_patient(self) -> None:
        """One timer for all that gather from now on: a timer for each would cost more than its item."""
        if self._patience is not None:
            self._timer = self._queue.loop.call_later(self._patience, _give_up, self._waiting)


def _fail(entries: Iterable[Entry[Any, Any]], error: Exception) -> None:
    for _, done in entries:
        if not done.done():
            done.set_exception(error)


def _give_up(waiting: list[Entry[Any, Any]]) -> None:
    """Tells all of them so. The next to come is the first again, with a timer of its own."""
    _fail(waiting, TimeoutError())
    waiting.clear()
