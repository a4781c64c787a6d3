"""The pacer: never above a limit in any sliding window, and no time wasted below it."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.delivery.pacer import CHAT_BURST, Pacer, Rates, SlidingWindow
from botyard.ids import ChatKey


def run_for(pacer: Pacer, seconds: float, chats: int, *, in_group: bool = False) -> list[tuple[float, int]]:
    """Sends to `chats` chats in turn as fast as the pacer lets, and tells when what went where."""
    now, sent = 0.0, []
    ready = [(0.0, number) for number in range(chats)]
    while ready and now < seconds:
        at, number = heapq.heappop(ready)
        now = max(now, at)
        wait = max(pacer.bot_wait(now, message=True), pacer.chat_wait(now, ChatKey(number), message=True))
        if wait > 0:
            heapq.heappush(ready, (now + wait, number))
            continue
        pacer.note(now, ChatKey(number), in_group=in_group)
        sent.append((now, number))
        heapq.heappush(ready, (now, number))
    return [entry for entry in sent if entry[0] < seconds]


def most_in_any(times: list[float], seconds: float) -> int:
    """The most events in any window of so many seconds."""
    return max(sum(1 for other in times if start <= other < start + seconds) for start in times)


@pytest.mark.parametrize("rate", [1, 5, 30, 100])
def test_a_bot_never_exceeds_its_rate_and_nearly_reaches_it(rate: int) -> None:
    sent = run_for(Pacer(Rates(rate, 0, 0)), 20.0, chats=200)
    times = [at for at, _ in sent]
    assert most_in_any(times, 1.0) <= rate
    assert len(times) >= 0.99 * rate * 20


def test_a_chat_gets_a_short_burst_and_then_one_a_second() -> None:
    times = [at for at, _ in run_for(Pacer(Rates(30, 1, 0)), 30.0, chats=1)]
    assert times[:CHAT_BURST] == [0.0] * CHAT_BURST
    assert most_in_any(times, float(CHAT_BURST)) <= CHAT_BURST
    assert len(times) <= 30 + CHAT_BURST
    assert len(times) >= 29


def test_a_group_gets_twenty_a_minute() -> None:
    times = [at for at, _ in run_for(Pacer(Rates(30, 1, 20)), 180.0, chats=1, in_group=True)]
    assert most_in_any(times, 60.0) == 20
    assert len(times) >= 59


def test_zero_lifts_every_limit() -> None:
    pacer = Pacer(Rates(0, 0, 0))
    for _ in range(1000):
        assert pacer.bot_wait(0.0, message=True) == 0.0
        assert pacer.chat_wait(0.0, ChatKey(1), message=True) == 0.0
        pacer.note(0.0, ChatKey(1), in_group=True)


def test_a_pause_holds_only_what_it_names() -> None:
    pacer = Pacer(Rates(30, 1, 20))
    pacer.pause_chat(ChatKey(1), 7.0)
    assert pacer.chat_wait(0.0, ChatKey(1), message=True) == 7.0
    assert pacer.chat_wait(0.0, ChatKey(1), message=False) == 7.0
    assert pacer.chat_wait(0.0, ChatKey(2), message=True) == 0.0
    assert pacer.bot_wait(0.0, message=True) == 0.0
    pacer.pause_bot(3.0)
    assert pacer.bot_wait(1.0, message=False) == 2.0
    pacer.forget_idle(10.0)
    assert pacer.chat_wait(10.0, ChatKey(1), message=True) == 0.0


def test_what_is_no_message_does_not_wait_for_the_rate() -> None:
    pacer = Pacer(Rates(1, 1, 20))
    pacer.note(0.0, ChatKey(1), in_group=False)
    assert pacer.bot_wait(0.1, message=True) > 0
    assert pacer.bot_wait(0.1, message=False) == 0.0


@given(st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=60), st.integers(1, 8))
def test_a_window_holds_for_any_pattern_of_asking(gaps: list[float], most: int) -> None:
    window, now, allowed = SlidingWindow(most, 1.0), 0.0, []
    for gap in gaps:
        now += gap
        if window.wait(now) == 0.0:
            window.note(now)
            allowed.append(now)
    assert not allowed or most_in_any(allowed, 1.0) <= most
