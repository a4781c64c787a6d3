"""Time limits for many tasks with one watch: a timer for each update would cost more than its commit."""

from __future__ import annotations

import asyncio
from types import TracebackType

from botyard.clock import Clock

LOOK_SECONDS = 0.25
"""How often the watch looks round: a limit is kept this exactly."""


class Deadline:
    """The time limit of what one task does in a `with` block. What takes longer gets a `TimeoutError`."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._task: asyncio.Task[object] | None = None
        self._at: float | None = None
        self._why = ""
        self._passed = False

    def __enter__(self) -> None:
        if self._task is None:
            self._task = asyncio.current_task()
        self._at = self._clock.monotonic() + self._seconds
        self._why = f"it took longer than {self._seconds:g} s"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        passed, self._passed, self._at = self._passed, False, None
        if (
            passed
            and self._task is not None
            and self._task.uncancel() == 0
            and isinstance(error, asyncio.CancelledError)
        ):
            raise TimeoutError(self._why) from error

    def shorten(self, seconds: float, why: str) -> None:
        """From now on so many seconds are left at most, for this reason."""
        at = self._clock.monotonic() + seconds
        if self._at is not None and at < self._at:
            self._at, self._why = at, why

    def look(self, now: float) -> None:
        """Ends what has taken too long."""
        if self._at is not None and now >= self._at and not self._passed and self._task is not None:
            self._passed = True
            self._task.cancel()


class Watch:
    """Keeps the deadlines that it hands out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._deadlines: list[Deadline] = []

    def deadline(self, seconds: float) -> Deadline:
        """A new one: its owner has so many seconds each time."""
        made = Deadline(self._clock, seconds)
        self._deadlines.append(made)
        return made

    async def run(self) -> None:
        """Looks round until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = self._clock.monotonic()
            for deadline in self._deadlines:
                deadline.look(now)
