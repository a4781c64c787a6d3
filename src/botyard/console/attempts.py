"""Sign-in attempts that failed, by client address: too many within a minute, and the address must wait."""

from __future__ import annotations

from collections import OrderedDict, deque
from math import ceil

from botyard.clock import Clock

MOST = 10
WINDOW_SECONDS = 60.0
REMEMBERED = 10_000
"""Addresses. The one that failed longest ago is forgotten first."""


class Attempts:
    """A sliding window for each address, in this process's memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds until this address may try again; 0 when it may now."""
        failures = self._failures.get(address)
        if failures is None or len(failures) < MOST:
            return 0
        return max(0, ceil(failures[0] + WINDOW_SECONDS - self._clock.monotonic()))

    def note_failure(self, address: str) -> None:
        """Remembers one more failure, and of this address the last ten."""
        self._failures.setdefault(address, deque(maxlen=MOST)).append(self._clock.monotonic())
        self._failures.move_to_end(address)
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
