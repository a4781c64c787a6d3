"""The lanes in memory: one update of a lane at a time, urgent lanes first, all lanes side by side."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from itertools import count

from botyard.clock import Clock
from botyard.ids import UpdateSeq
from botyard.inbox.backlog import PendingUpdate

LANE_FULL = 50
"""So many updates of one lane are held in memory; the rest waits in the database and blocks nobody."""


Ready = asyncio.PriorityQueue[tuple[int, int, str]]
"""Lanes whose head may be taken: urgent ones first, then in the order in which they became ready."""


class Lanes:
    """Waiting updates, queue by queue. Not shared between threads."""

    def __init__(
        self,
        clock: Clock,
        *,
        low: int = 0,
        ran_low: Callable[[], None] = lambda: None,
        needs_care: Callable[[PendingUpdate], bool] = lambda _update: False,
    ) -> None:
        """`ran_low` is called when fewer than `low` updates are held after there were more.

        An update that `needs_care` is not taken with the others, but by `take_careful`.
        """
        self._needs_care = needs_care
        self._clock = clock
        self._low = low
        self._ran_low = ran_low
        self._queues: dict[str, deque[PendingUpdate]] = {}
        self._ready: Ready = asyncio.PriorityQueue()
        self._careful: Ready = asyncio.PriorityQueue()
        self._turn = count()
        self._known: set[UpdateSeq] = set()
        self._left_lately: set[UpdateSeq] = set()
        self._given_up_lately: set[str] = set()
        self._busy: set[str] = set()
        self._resting: set[str] = set()
        """Lanes whose head waits for its next try. They hold nothing else: the room is for others."""

    @property
    def known(self) -> Collection[UpdateSeq]:
        """The updates held here, waiting or under way."""
        return self._known

    def full(self) -> list[str]:
        """Lanes that hold as much as they may."""
        return [
            lane for lane, queue in self._queues.items() if lane in self._resting or len(queue) >= LANE_FULL
        ]

    def about_to_load(self) -> None:
        """From here on, updates that leave are remembered: a query under way may still show them waiting."""
        self._left_lately.clear()
        self._given_up_lately.clear()

    def add(self, update: PendingUpdate) -> None:
        """Puts an update at the end of its lane, unless it is or just was here."""
        if update.seq in self._known or update.seq in self._left_lately or update.lane in self._resting:
            return
        if update.lane in self._given_up_lately:
            return
        self._known.add(update.seq)
        queue = self._queues.setdefault(update.lane, deque())
        queue.append(update)
        if len(queue) == 1:
            if self._seconds_until(update.not_before) > 0:
                self._resting.add(update.lane)
            self._line_up(update)

    async def take(self) -> PendingUpdate:
        """The next update whose turn it is. Its lane rests until `leave`, `give_up` or `put_back`."""
        return await self._take(self._ready)

    async def take_careful(self) -> PendingUpdate:
        """The next update that needs care."""
        return await self._take(self._careful)

    async def _take(self, ready: Ready) -> PendingUpdate:
        while True:
            _, _, lane = await ready.get()
            queue = self._queues.get(lane)
            if not queue or lane in self._busy:
                continue  # the lane went away with its slot, or lines up twice after coming back
            head = queue[0]
            wait = self._seconds_until(head.not_before)
            if wait > 0:
                asyncio.get_running_loop().call_later(wait, self._line_up, head)
                continue
            self._resting.discard(lane)
            self._busy.add(lane)
            return head

    def leave(self, update: PendingUpdate) -> None:
        """The update is done with: its lane goes on."""
        self._known.discard(update.seq)
        self._left_lately.add(update.seq)
        if len(self._known) == self._low - 1:
            self._ran_low()
        queue = self._queues[update.lane]
        queue.popleft()
        self._busy.discard(update.lane)
        if queue:
            self._line_up(queue[0])
        else:
            del self._queues[update.lane]

    def give_up(self, update: PendingUpdate) -> None:
        """The update stays unhandled: what waits behind it must not overtake it, so all is loaded anew."""
        for each in self._queues.pop(update.lane):
            self._known.discard(each.seq)
        self._given_up_lately.add(update.lane)
        self._busy.discard(update.lane)

    def put_back(self, update: PendingUpdate, *, attempts: int, until: datetime) -> None:
        """The update failed: it stays at the head of its lane and is tried again at `until`."""
        retry = replace(update, attempts=attempts, not_before=until)
        queue = self._queues[update.lane]
        while len(queue) > 1:
            self._known.discard(queue.pop().seq)  # still in the database, and loaded again in time
        queue[0] = retry
        self._busy.discard(update.lane)
        self._resting.add(update.lane)
        self._line_up(retry)

    def drop_slots(self, slots: Collection[int]) -> None:
        """Forgets what waits in these slots, except updates under way."""
        for lane, queue in list(self._queues.items()):
            if queue[0].slot not in slots:
                continue
            keep = 1 if lane in self._busy else 0
            while len(queue) > keep:
                self._known.discard(queue.pop().seq)
            if not queue:
                del self._queues[lane]
                self._resting.discard(lane)

    def busy_in(self, slots: Collection[int]) -> bool:
        """Whether an update of these slots is under way."""
        return any(self._queues[lane][0].slot in slots for lane in self._busy)

    def _line_up(self, head: PendingUpdate) -> None:
        ready = self._careful if self._needs_care(head) else self._ready
        ready.put_nowait((0 if head.urgent else 1, next(self._turn), head.lane))

    def _seconds_until(self, moment: datetime | None) -> float:
        return 0.0 if moment is None else (moment - self._clock.now()).total_seconds()
