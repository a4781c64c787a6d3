"""The sliding window against the plainest one that can be thought of, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botyard.delivery.window import ANSWERS_TO_KNOW, MARGIN, Departure, Quickest, SlidingWindow


@dataclass
class PlainWindow:
    """Looks at every message each time."""

    most: int
    places: list[tuple[Departure, float]] = field(default_factory=list)

    def note(self, departure: Departure, messages: int) -> None:
        self.places += [(departure, each // self.most * (1 + MARGIN)) for each in range(messages)]

    def wait(self, now: float, messages: int) -> float:
        counted = sorted(departure.counted_at(now, 0.0) + later for departure, later in self.places)
        counted = [at for at in counted if at + 1 + MARGIN > now]
        over = len(counted) + min(messages, self.most) - 1 - self.most
        return max(0.0, counted[over] + 1 + MARGIN - now) if over >= 0 else 0.0


STEPS = st.tuples(
    st.sampled_from(["note", "answer", "pass"]),
    st.integers(0, 20),
    st.floats(0.0, 0.4, allow_nan=False),
)


@settings(max_examples=300)
@given(st.integers(1, 6), st.lists(STEPS, max_size=60))
def test_it_waits_as_long_as_one_that_looks_at_every_message(
    most: int, steps: list[tuple[str, int, float]]
) -> None:
    window, plain, now, open_ones = SlidingWindow(most, 1.0), PlainWindow(most), 0.0, []
    for step, number, seconds in steps:
        if step == "note":
            at, messages = now + seconds / 8, number % 8 + 1
            departure = Departure(at, left=at)
            window.note(departure, messages=messages)
            plain.note(departure, messages)
            open_ones.append(departure)
        elif step == "answer" and open_ones:
            departure = open_ones.pop(number % len(open_ones))
            departure.answered = now = max(now, departure.left or 0.0)
            window.answered(departure, departure.counted_at(now, 0.0))
        else:
            now += seconds
        for messages in (1, 3):
            assert window.wait(now, messages=messages) == pytest.approx(plain.wait(now, messages), abs=1e-6)


def test_a_window_that_is_put_off_waits_longer_by_as_much() -> None:
    window = SlidingWindow(2, 1.0)
    for at in (0.0, 0.1):
        window.note(Departure(at, left=at, answered=at))
    window.put_off(0.03)
    assert window.wait(0.2) == pytest.approx(1.0 + MARGIN + 0.03 - 0.2)


def test_a_burst_tells_nothing_of_the_way() -> None:
    """Its messages wait for each other: the quickest of them takes longer than one that leaves alone."""
    quickest = Quickest()
    for number in range(100):
        quickest.note(0.05, 0.05 - number * 1e-5)
    assert quickest.seconds == 0.0
    for number in range(ANSWERS_TO_KNOW):
        quickest.note(1.0 + number / 50, 0.03)
    assert quickest.seconds == 0.03


def test_a_thousand_messages_a_second_cost_a_small_share_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    window, now, under_way, sent = SlidingWindow(1000, 1.0), 0.0, [], 0
    started = perf_counter()
    while now < 3.0:
        now += max(0.001, window.wait(now))
        departure = Departure(now, left=now)
        window.note(departure)
        under_way.append(departure)
        sent += 1
        if len(under_way) > 100:  # answers take a tenth of a second
            first = under_way.pop(0)
            first.answered = now
            window.answered(first, first.planned)
    share = (perf_counter() - started) / now
    with capsys.disabled():
        print(f"\na window of 1000: {share:.1%} of a core")
    assert sent >= 2980
    assert share < 0.2
