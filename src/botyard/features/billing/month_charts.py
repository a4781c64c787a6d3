"""Revenue by month as bars, one picture for each currency: money is never added across them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from botyard.features.billing import words
from botyard.features.billing.service.reports import sums
from botyard.money import Money

HEIGHT = 100
"""The height of the tallest bar."""
LEAST = 2
"""A month in which something came is never without a bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A month: its name, its money in words, and how tall it is, of `HEIGHT`."""

    name: str
    money: str
    height: int
    is_loss: bool
    """Whether more went back than came."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A currency: its name, all months together, and each."""

    currency: str
    name: str
    total: str
    bars: tuple[Bar, ...]


def charts(months: Sequence[tuple[datetime, Sequence[Money]]], language: str) -> list[Chart]:
    """A picture of each currency that money came in, that with the most of its months first."""
    found = []
    for total in sums(money for _, all_money in months for money in all_money):
        amounts = [
            (start, next((each.amount for each in money if each.currency == total.currency), 0))
            for start, money in months
        ]
        most = max(abs(amount) for _, amount in amounts) or 1
        bars = tuple(
            Bar(
                f"{start:%B %Y}",
                words.price(Money(amount, total.currency), language),
                max(LEAST, HEIGHT * abs(amount) // most) if amount else 0,
                amount < 0,
            )
            for start, amount in amounts
        )
        busy = sum(1 for _, amount in amounts if amount)
        name = words.currency_name(total.currency, language)
        found.append((-busy, total.currency, Chart(total.currency, name, words.price(total, language), bars)))
    return [chart for _, _, chart in sorted(found, key=lambda each: each[:2])]
