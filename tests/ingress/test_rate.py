"""How many updates a second a bot may receive."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.clock import ManualClock
from botyard.ingress.rate import RateLimit


def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 1, tzinfo=UTC))


def test_a_second_s_worth_comes_in_at_once() -> None:
    limit = RateLimit(100, clock=clock())
    assert [limit.admit() for _ in range(100)] == [0.0] * 100
    assert limit.admit() == pytest.approx(0.01)


def test_after_the_wait_one_more_comes_in() -> None:
    time = clock()
    limit = RateLimit(4, clock=time)
    for _ in range(4):
        limit.admit()
    wait = limit.admit()
    assert wait == pytest.approx(0.25)
    time.advance(wait / 2)
    assert limit.admit() == pytest.approx(wait / 2)
    time.advance(wait / 2)
    assert limit.admit() == 0.0
    assert limit.admit() > 0


def test_a_refusal_costs_nothing() -> None:
    time = clock()
    limit = RateLimit(1, clock=time)
    limit.admit()
    for _ in range(1000):
        assert limit.admit() > 0
    time.advance(1.0)
    assert limit.admit() == 0.0


def test_rest_saves_up_no_more_than_one_second() -> None:
    time = clock()
    limit = RateLimit(10, clock=time)
    time.advance(3600)
    assert sum(limit.admit() == 0.0 for _ in range(100)) == 10


def test_less_than_one_a_second() -> None:
    time = clock()
    limit = RateLimit(0.5, clock=time)
    assert limit.admit() == 0.0
    assert limit.admit() == pytest.approx(2.0)
    time.advance(2.0)
    assert limit.admit() == 0.0


def test_zero_lifts_the_limit() -> None:
    limit = RateLimit(0, clock=clock())
    assert not any(limit.admit() for _ in range(10_000))


@given(st.floats(0.5, 50), st.lists(st.floats(0, 2), max_size=200))
def test_never_more_than_the_rate_and_one_burst(rate: float, pauses: list[float]) -> None:
    time = clock()
    limit = RateLimit(rate, clock=time)
    admitted = 0
    for pause in pauses:
        time.advance(pause)
        admitted += limit.admit() == 0.0
    assert admitted <= max(1.0, rate) + rate * sum(pauses) + 1e-6
