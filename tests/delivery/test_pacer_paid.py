"""A bot that pays for broadcasts: a limit on all its messages, and the usual one on those not paid for."""

from __future__ import annotations

from bisect import bisect_left

import pytest

from botyard.delivery.pacer import BULK_SLACK, Pacer, Rates
from botyard.delivery.window import MARGIN, Departure

WAY = 0.05
"""Seconds from leaving to answer."""


class Bot:
    """Sends as fast as the pacer lets, and remembers when."""

    def __init__(self, rates: Rates) -> None:
        self.pacer = Pacer(rates)
        self.sent: dict[str, list[float]] = {"reply": [], "bulk": [], "paid": []}
        self._under_way: list[Departure] = []

    def answers(self, now: float) -> None:
        while self._under_way and self._under_way[0].planned + WAY <= now:
            self.pacer.ended(departure := self._under_way.pop(0), departure.planned + WAY)

    def wait(self, now: float, kind: str) -> float:
        return self.pacer.bot_wait(now, messages=1, bulk=kind != "reply", paid=kind == "paid")

    def send(self, now: float, kind: str) -> bool:
        """Sends one, if it may."""
        if self.wait(now, kind) > 0:
            return False
        departure = self.pacer.note(now, None, in_group=False, bulk=kind != "reply", paid=kind == "paid")
        self.pacer.leaves(departure, now)
        self._under_way.append(departure)
        self.sent[kind].append(now)
        return True


def most_in_any(times: list[float], seconds: float) -> int:
    """The most events in any window of so many seconds."""
    times = sorted(times)
    return max((bisect_left(times, at + seconds) - place for place, at in enumerate(times)), default=0)


@pytest.mark.parametrize("paid_rate", [100, 1000])
def test_paid_bulk_nearly_reaches_its_rate_beside_replies_and_bulk(paid_rate: int) -> None:
    bot, waits, asked_at = Bot(Rates(30, 0, 0, paid_rate)), [], 0.0
    for step in range(10 * 4000):
        now = step / 4000
        bot.answers(now)
        if now - asked_at >= 0.2:  # a reply now and then, and bulk that is not paid for as much as may be
            waits.append(bot.wait(now, "reply"))
            if bot.send(now, "reply"):
                asked_at = now
        bot.send(now, "bulk")
        bot.send(now, "paid")
    everything = [at for times in bot.sent.values() for at in times]
    assert most_in_any(everything, 1.0) <= paid_rate
    assert most_in_any(bot.sent["reply"] + bot.sent["bulk"], 1.0) <= 30
    assert len(everything) >= 0.99 * paid_rate * 10
    assert len(bot.sent["reply"]) + len(bot.sent["bulk"]) >= 0.99 * 30 * 10
    assert max(waits) <= 0.15


def test_without_replies_paid_bulk_has_the_whole_rate_in_even_steps() -> None:
    bot = Bot(Rates(30, 0, 0, 1000))
    for step in range(3 * 10_000):
        bot.answers(now := step / 10_000)
        bot.send(now, "paid")
    assert len(bot.sent["paid"]) >= 0.99 * 3000
    assert most_in_any(bot.sent["paid"], 1.0) <= 1000
    assert most_in_any(bot.sent["paid"], 0.1) <= 1000 * (0.1 + BULK_SLACK)


def test_what_is_not_paid_for_keeps_its_own_limit_while_nothing_else_is_sent() -> None:
    bot = Bot(Rates(30, 0, 0, 1000))
    for step in range(4000):
        bot.send(step / 1000, "reply")
    assert most_in_any(bot.sent["reply"], 1.0) == 30
    assert bot.wait(4.0, "reply") > 0
    assert bot.wait(4.0, "paid") == 0.0


def test_what_is_planned_for_later_does_not_hold_up_paid_bulk_before_it() -> None:
    pacer = Pacer(Rates(30, 0, 0, 100))
    for number in range(20):
        pacer.note(number / 100, None, in_group=False, bulk=True, paid=True)
    pacer.note(0.3, None, in_group=False, bulk=True)
    pacer.note(0.3, None, in_group=False)
    wait = pacer.bot_wait(0.2, messages=1, bulk=True, paid=True)
    assert wait == pytest.approx(0.02), "their places, and not the time until they leave"


def test_a_lifted_limit_is_no_limit_on_anything_but_paid_bulk() -> None:
    bot = Bot(Rates(0, 0, 0, 10))
    assert all(bot.send(0.0, "reply") for _ in range(100))
    for step in range(100):
        bot.answers(step / 100)
        bot.send(step / 100, "paid")
    assert len(bot.sent["paid"]) == 10
    assert 0.0 < bot.wait(1.0, "paid") <= WAY + MARGIN


def test_a_paid_limit_below_the_usual_one_does_not_lower_it() -> None:
    bot = Bot(Rates(30, 0, 0, 10))
    assert all(bot.send(0.0, "reply") for _ in range(30))
