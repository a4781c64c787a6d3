"""Sliding windows: so many messages in so many seconds, counted where Telegram counts them."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

MARGIN = 0.005
"""Windows are this many seconds longer than asked: two clocks never agree to the last bit."""
MOST_DELAY = 1.0
"""Later than this after leaving, a message surely has arrived; from then on only Telegram is slow."""
QUICKEST_SECONDS = 30.0
"""How long a quick answer is remembered: after that the way to Telegram may have become longer."""
ANSWERS_TO_KNOW = 20
"""With fewer answers of late, the quickest of them is no measure of the way."""
APART_SECONDS = 0.01
"""Messages that left closer together than this are one answer: in a burst all of them wait for each other."""


@dataclass(slots=True, eq=False)
class Departure:
    """A message on its way. Telegram counts it at some moment between its leaving and its answer."""

    planned: float
    left: float | None = None
    answered: float | None = None
    windows: list[SlidingWindow] = field(default_factory=list)
    """Those in which it has places."""

    @property
    def earliest(self) -> float:
        """The earliest moment at which Telegram may count it."""
        return self.planned if self.left is None else self.left

    def counted_at(self, now: float, usual: float) -> float:
        """The latest moment at which Telegram may have counted it; of one that has not left yet, the next.

        `usual` seconds from leaving to answer are the way itself; what took longer may have been delay on
        the way there, and the next message may be quicker.
        """
        if self.left is None:  # it may be waiting for a connection, however long
            return max(self.planned, now)
        delay = (now if self.answered is None else self.answered) - self.left - usual
        return self.left + min(max(0.0, delay), MOST_DELAY)


class SlidingWindow:
    """At most `most` messages in any `seconds`.

    Places of answered messages are moments that stay, in order; only those under way have to be looked at
    each time. So a window of a thousand costs hardly more than one of three.
    """

    __slots__ = ("_counted", "_most", "_places", "_seconds", "_under_way")

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds + MARGIN
        self._counted: list[float] = []
        self._under_way: dict[Departure, int] = {}
        """Messages of each departure without an answer, in the order of noting."""
        self._places = 0
        """The sum of those."""

    def wait(self, now: float, usual: float = 0.0, *, messages: int = 1) -> float:
        """Seconds until so many more messages are allowed; 0.0 when they are now.

        More than ever fit, as an album may be, wait for an empty window.
        """
        self._forget(now, usual)
        over = len(self._counted) + self._places + min(messages, self._most) - 1 - self._most
        if over < 0:
            return 0.0
        return max(0.0, self._place(over, now, usual) + self._seconds - now)

    def note(self, departure: Departure, *, messages: int = 1) -> None:
        """Messages leave together. What does not fit takes the place of messages of the windows to come.

        One that has been answered already counts from its answer.
        """
        if departure.answered is None:
            self._under_way[departure] = messages
            self._places += messages
            departure.windows.append(self)
        else:
            self._count(departure.answered, messages)

    def answered(self, departure: Departure, counted_at: float) -> None:
        """The message of a departure was counted at that moment, at the latest."""
        self._count(counted_at, self._take_out(departure))

    def never_left(self, departure: Departure) -> None:
        """The message of a departure gives its place back."""
        self._take_out(departure)

    def put_off(self, seconds: float) -> None:
        """The way is shorter by so much than was thought: messages may have been counted later by as much."""
        self._counted = [at + seconds for at in self._counted]

    def idle(self, now: float, usual: float = 0.0) -> bool:
        """Whether nothing in it counts any more."""
        self._forget(now, usual)
        return not self._counted and not self._under_way

    def _take_out(self, departure: Departure) -> int:
        """Its messages; none where the answer took longer than a window."""
        messages = self._under_way.pop(departure, 0)
        self._places -= messages
        return messages

    def _count(self, at: float, messages: int) -> None:
        for place in self._moments(at, messages):
            insort(self._counted, place)

    def _moments(self, at: float, messages: int) -> Iterator[float]:
        return (at + each // self._most * self._seconds for each in range(messages))

    def _place(self, number: int, now: float, usual: float) -> float:
        """When the place of this number, by age, was or will be taken."""
        first_under_way = min((each.earliest for each in self._under_way), default=math.inf)
        if number < len(self._counted) and self._counted[number] <= first_under_way:
            return self._counted[number]
        moments = [
            place
            for departure, messages in self._under_way.items()
            for place in self._moments(departure.counted_at(now, usual), messages)
        ]
        return sorted(self._counted + moments)[number]

    def _forget(self, now: float, usual: float) -> None:
        if self._counted and self._counted[0] + self._seconds <= now:
            del self._counted[: bisect_right(self._counted, now - self._seconds)]
        while self._under_way:
            departure = next(iter(self._under_way))
            messages = self._under_way[departure]
            last = (messages - 1) // self._most * self._seconds
            if departure.counted_at(now, usual) + last + self._seconds > now:
                return
            self._take_out(departure)


class Quickest:
    """The shortest time from leaving to answer of late: that is the way itself, without any delay."""

    def __init__(self) -> None:
        self._since = 0.0
        self._before, self._lately = math.inf, math.inf
        self._answers_before, self._answers_lately = 0, 0
        self._left = -math.inf

    @property
    def seconds(self) -> float:
        """0.0 as long as too little is known."""
        if self._answers_before + self._answers_lately < ANSWERS_TO_KNOW:
            return 0.0
        return min(self._before, self._lately)

    def note(self, now: float, took: float) -> None:
        """An answer came now, after so many seconds."""
        if now - self._since > QUICKEST_SECONDS:
            self._since = now
            self._before, self._lately = self._lately, math.inf
            self._answers_before, self._answers_lately = self._answers_lately, 0
        self._lately = min(self._lately, took)
        if now - took >= self._left + APART_SECONDS:
            self._left = now - took
            self._answers_lately += 1
