"""The sandbox's own time: it can be set, moved forward and sped up while everything else keeps running."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botyard.clock import Clock, SystemClock

LONGEST_NAP = 0.5
"""Seconds after which a sleeper looks at the clock again: the clock beneath may be moved by hand."""


class VirtualClock:
    """A clock on top of another one. Ordinary until someone moves it."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._speed = 1.0
        self._started = base.monotonic()
        self._elapsed = 0.0
        self._origin = base.now()
        self._moved = asyncio.Event()

    @property
    def speed(self) -> float:
        """Virtual seconds in one real second; 0 stands still."""
        return self._speed

    def monotonic(self) -> float:
        return self._elapsed + (self._base.monotonic() - self._started) * self._speed

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self.monotonic())

    def timestamp(self) -> int:
        """The time of day in Unix seconds, as Telegram writes dates."""
        return int(self.now().timestamp())

    def advance(self, seconds: float) -> None:
        """Moves the time forward; everything that waits for it wakes up."""
        self._rebase()
        self._elapsed += seconds
        self._wake()

    def set_now(self, now: datetime) -> None:
        """Sets the time of day. A jump forward also ends waits; a jump back does not lengthen them."""
        jump = (now.astimezone(UTC) - self.now()).total_seconds()
        if jump > 0:
            self.advance(jump)
        else:
            self._origin += timedelta(seconds=jump)

    def set_speed(self, speed: float) -> None:
        self._rebase()
        self._speed = speed
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Returns after so many virtual seconds."""
        deadline = self.monotonic() + seconds
        while (left := deadline - self.monotonic()) > 0:
            nap = min(left / self._speed, LONGEST_NAP) if self._speed else LONGEST_NAP
            try:
                await asyncio.wait_for(self._moved.wait(), nap)
            except TimeoutError:
                continue

    def _rebase(self) -> None:
        self._elapsed = self.monotonic()
        self._started = self._base.monotonic()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


@dataclass(frozen=True, slots=True)
class InStep:
    """The time of day of a virtual clock, for a service that lives in the sandbox's time.

    Durations stay those of the machine: whoever moves the time of day moves no lease and no pause.
    """

    virtual: VirtualClock

    def now(self) -> datetime:
        """The virtual time of day."""
        return self.virtual.now()

    def monotonic(self) -> float:
        """The machine's own seconds."""
        return SystemClock().monotonic()
