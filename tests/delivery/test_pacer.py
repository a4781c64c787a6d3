"""The pacer: never above a limit in any sliding window, and no time wasted below it."""

from __future__ import annotations

import heapq
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botyard.delivery.pacer import CHAT_BURST, Pacer, Rates
from botyard.delivery.window import ANSWERS_TO_KNOW, MARGIN, MOST_DELAY, Departure, SlidingWindow
from botyard.ids import ChatKey


def run_for(pacer: Pacer, seconds: float, chats: int, *, in_group: bool = False) -> list[tuple[float, int]]:
    """Sends to `chats` chats in turn as fast as the pacer lets, and tells when what went where."""
    now, sent = 0.0, []
    ready = [(0.0, number) for number in range(chats)]
    while ready and now < seconds:
        at, number = heapq.heappop(ready)
        now = max(now, at)
        wait = max(pacer.bot_wait(now, messages=1), pacer.chat_wait(now, ChatKey(number), messages=1))
        if wait > 0:
            heapq.heappush(ready, (now + wait, number))
            continue
        answer(pacer, pacer.note(now, ChatKey(number), in_group=in_group), now)
        sent.append((now, number))
        heapq.heappush(ready, (now, number))
    return [entry for entry in sent if entry[0] < seconds]


def answer(pacer: Pacer, departure: Departure, at: float) -> None:
    """The message leaves as planned, and is answered then."""
    pacer.leaves(departure, departure.planned)
    pacer.ended(departure, at)


def most_in_any(times: list[float], seconds: float) -> int:
    """The most events in any window of so many seconds."""
    times = sorted(times)
    return max(bisect_left(times, at + seconds) - place for place, at in enumerate(times))


@pytest.mark.parametrize("rate", [1, 5, 30, 1000])
def test_a_bot_never_exceeds_its_rate_and_nearly_reaches_it(rate: int) -> None:
    sent = run_for(Pacer(Rates(rate, 0, 0)), 20.0, chats=rate)
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
        assert pacer.bot_wait(0.0, messages=1) == 0.0
        assert pacer.chat_wait(0.0, ChatKey(1), messages=1) == 0.0
        pacer.note(0.0, ChatKey(1), in_group=True)


def test_a_pause_holds_only_what_it_names() -> None:
    pacer = Pacer(Rates(30, 1, 20))
    pacer.pause_chat(ChatKey(1), 7.0)
    assert pacer.chat_wait(0.0, ChatKey(1), messages=1) == 7.0
    assert pacer.chat_wait(0.0, ChatKey(1), messages=0) == 7.0
    assert pacer.chat_wait(0.0, ChatKey(2), messages=1) == 0.0
    assert pacer.bot_wait(0.0, messages=1) == 0.0
    pacer.pause_bot(3.0)
    assert pacer.bot_wait(1.0, messages=0) == 2.0
    pacer.forget_idle(10.0)
    assert pacer.chat_wait(10.0, ChatKey(1), messages=1) == 0.0


def test_what_is_no_message_does_not_wait_for_the_rate() -> None:
    pacer = Pacer(Rates(1, 1, 20))
    pacer.note(0.0, ChatKey(1), in_group=False)
    assert pacer.bot_wait(0.1, messages=1) > 0
    assert pacer.bot_wait(0.1, messages=0) == 0.0


@given(st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=60), st.integers(1, 8))
def test_a_window_holds_for_any_pattern_of_asking(gaps: list[float], most: int) -> None:
    window, now, allowed = SlidingWindow(most, 1.0), 0.0, []
    for gap in gaps:
        now += gap
        if window.wait(now) == 0.0:
            window.note(Departure(now, left=now, answered=now))
            allowed.append(now)
    assert not allowed or most_in_any(allowed, 1.0) <= most


@settings(max_examples=30)
@given(
    st.lists(st.floats(0.0, 0.04, allow_nan=False), min_size=60, max_size=200),
    st.floats(0.02, 0.2, allow_nan=False),
)
def test_the_limit_holds_where_messages_arrive_however_uneven_the_way_is(
    delays: list[float], way: float
) -> None:
    """Messages arrive between leaving and answer, some late: it is their arrival that Telegram counts."""
    pacer, now, arrivals = Pacer(Rates(10, 0, 0)), 0.0, []
    answers: list[tuple[float, Departure]] = []
    for delay in [0.0, *delays]:
        while True:
            for at, departure in [each for each in answers if each[0] <= now]:
                answer(pacer, departure, at)
                answers.remove((at, departure))
            if (wait := pacer.bot_wait(now, messages=1)) == 0.0:
                break
            now = min([now + wait, *(at for at, _ in answers if at > now)])
        departure = pacer.note(now, None, in_group=False)
        arrivals.append(now + way / 2 + delay)
        answers.append((now + way + delay, departure))
    assert most_in_any(arrivals, 1.0) <= 10


def test_a_slow_answer_costs_little_of_the_rate() -> None:
    pacer = Pacer(Rates(1, 0, 0))
    answer(pacer, pacer.note(0.0, None, in_group=False), 0.05)
    pacer.leaves(pacer.note(2.0, None, in_group=False), 2.0)  # and no answer comes
    assert pacer.bot_wait(2.0 + 1.0 + MOST_DELAY + 0.01, messages=1) == 0.0


def test_a_message_that_has_not_left_yet_keeps_its_place_however_late_it_leaves() -> None:
    """Connecting may take seconds: what waits for that arrives later than any clock of ours could tell."""
    pacer = Pacer(Rates(2, 0, 0))
    waiting = [pacer.note(0.0, None, in_group=False) for _ in range(2)]
    assert pacer.bot_wait(7.0, messages=1) == pytest.approx(1 + MARGIN)
    for departure in waiting:
        pacer.leaves(departure, 7.5)
        pacer.ended(departure, 7.5)
    assert pacer.bot_wait(8.0, messages=1) == pytest.approx(0.5 + MARGIN)


def test_a_message_that_never_left_gives_its_place_back() -> None:
    pacer = Pacer(Rates(1, 1, 0))
    departure = pacer.note(0.0, ChatKey(1), in_group=False)
    assert pacer.bot_wait(0.1, messages=1) > 0
    pacer.ended(departure, 0.2)
    assert pacer.bot_wait(0.2, messages=1) == 0.0
    assert pacer.chat_wait(0.2, ChatKey(1), messages=3) == 0.0


def test_a_way_that_is_known_costs_nothing_of_the_rate() -> None:
    pacer, at, times = Pacer(Rates(4, 0, 0)), 0.0, []
    for _ in range(ANSWERS_TO_KNOW + 100):
        at += pacer.bot_wait(at, messages=1)
        answer(pacer, pacer.note(at, None, in_group=False), at + 0.2)
        times.append(at)
        at += 0.2
    unknown = times[: ANSWERS_TO_KNOW + 1]
    assert unknown[-1] - unknown[0] == pytest.approx(5 * (1.2 + MARGIN))  # a second from the answers on
    assert times[-1] - times[-81] == pytest.approx(20 * (1.0 + MARGIN))  # a second from the leaving on


def test_bulk_is_spread_and_leaves_room_for_a_reply_at_any_time() -> None:
    pacer, now, bulk = Pacer(Rates(10, 0, 0)), 0.0, []
    for step in range(3000):
        now = step * 0.001
        if pacer.bot_wait(now, messages=1, bulk=True) == 0.0:
            answer(pacer, pacer.note(now, None, in_group=False, bulk=True), now)
            bulk.append(now)
        assert pacer.bot_wait(now, messages=1) <= 0.1 + 2 * MARGIN
    assert len(bulk) >= 29
    assert most_in_any(bulk, 0.25) <= 4
