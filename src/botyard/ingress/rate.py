"""How many updates a second one bot may receive."""

from __future__ import annotations

from botyard.clock import Clock


class RateLimit:
    """A token bucket that holds what comes together in one second."""

    def __init__(self, per_second: float, *, clock: Clock) -> None:
        """`per_second` updates on average, and as many (at least one) at once. 0 lifts the limit."""
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._left = self._most
        self._clock = clock
        self._counted_at = clock.monotonic()

    def admit(self) -> float:
        """0.0 if one more may come in now, and it counts; else the seconds until one may."""
        if self._per_second <= 0:
            return 0.0
        now = self._clock.monotonic()
        self._left = min(self._most, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._left < 1.0:
            return (1.0 - self._left) / self._per_second
        self._left -= 1.0
        return 0.0
