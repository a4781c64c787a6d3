"""Histories of payments for tests, and the obvious model of what they give: a member's life, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from botyard.features.billing.models import Direction, Kind, Source
from botyard.features.billing.service.entitling import Entry, Stretch
from botyard.money import Money

DAY = timedelta(days=1)
START = datetime(2027, 1, 31, tzinfo=UTC)
HORIZON = 900
"""So many days are lived through from START: more than any history here gives."""

Life = dict[str, dict[int, str]]
"""By pack: the days, counted from START, on which a member has it, and the payment that gives each."""


def day(number: int) -> datetime:
    """The beginning of a day."""
    return START + number * DAY


def charge(name: str, at: int, pack: str = "gold", amount: int = 1000, **more: Any) -> Entry:
    """Money for 30 days of a pack, or for what `days` or `months` say."""
    length = more if {"days", "months"} & more.keys() else {"days": 30, **more}
    return Entry(
        **{
            "kind": Kind.CHARGE,
            "source": Source.STRIPE,
            "direction": Direction.IN,
            "external_id": name,
            "money": Money(amount, "GBP"),
            "at": day(at),
            "plan": f"{pack}-1m",
            "pack": pack,
            **length,
        }
    )


def grant(name: str, at: int, pack: str = "gold", **more: Any) -> Entry:
    """Free time."""
    return charge(name, at, pack, 0, **{"kind": Kind.GRANT, "source": Source.ADMIN, **more})


def back(of: Entry, name: str, at: int, amount: int | None = None, kind: Kind = Kind.REFUND) -> Entry:
    """Money of a payment that goes back to who paid: all of it, or so much."""
    return Entry(
        kind=kind,
        source=of.source,
        direction=Direction.OUT,
        external_id=name,
        money=Money(of.money.amount if amount is None else amount, of.money.currency),
        at=day(at),
        refers_to=of.key,
    )


def won(of: Entry, name: str, at: int, amount: int | None = None) -> Entry:
    """Money of a payment that was taken back, and has come once more: the chargeback was won."""
    return Entry(
        kind=Kind.CHARGEBACK,
        source=of.source,
        direction=Direction.IN,
        external_id=name,
        money=Money(of.money.amount if amount is None else amount, of.money.currency),
        at=day(at),
        refers_to=of.key,
    )


def revoked(name: str, at: int, pack: str = "gold") -> Entry:
    """The end of a pack, by hand."""
    return Entry(
        kind=Kind.ADJUSTMENT,
        source=Source.ADMIN,
        direction=Direction.OUT,
        external_id=name,
        money=Money(0, "XTR"),
        at=day(at),
        pack=pack,
    )


def lived(history: Iterable[Entry]) -> Life:
    """What a history gives, found by living through it: each morning what came waits its turn."""
    rows = {(row.source, row.direction, row.external_id): row for row in history}.values()
    life: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for pack in sorted({row.pack for row in rows if row.pack}):
        life[pack] = _life_with([row for row in rows if row.pack == pack], list(rows))
    return {pack: days for pack, days in life.items() if days}


def shown(given: Iterable[Stretch]) -> Life:
    """The days of stretches, as the model writes them."""
    life: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for each in given:
        first, last = (each.starts_at - START) // DAY, (each.ends_at - START) // DAY
        for number in range(first, last):
            assert number not in life[each.pack], "two payments give one day"
            life[each.pack][number] = each.entry.external_id
    return dict(life)


def _life_with(rows: list[Entry], everything: list[Entry]) -> dict[int, str]:
    days: dict[int, str] = {}
    waiting: list[Entry] = []
    current, left = "", 0
    for today in range(HORIZON):
        new = [row for row in rows if row.at == day(today)]
        waiting += sorted((row for row in new if row.direction is Direction.IN), key=_by_name)
        if any(row.direction is Direction.OUT and row.refers_to is None for row in new):
            waiting, left = [], 0
        while not left and waiting:
            row = waiting.pop(0)
            current, left = row.external_id, _days_left_of(row, today, everything)
        if left:
            days[today] = current
            left -= 1
    assert not left, "the horizon is too near"
    return days


def _by_name(row: Entry) -> tuple[str, str]:
    return row.source.value, row.external_id


def _days_left_of(row: Entry, today: int, everything: list[Entry]) -> int:
    """How many days a payment gives that begins today: the part of its money that stayed, rounded up."""
    whole = _whole(row, today)
    parts = [_stayed(row.key, everything)]
    if row.refers_to is not None:
        parts.append(_stayed(row.refers_to, everything))
    return min(_rounded(whole, stayed, amount) for stayed, amount in parts)


def _rounded(whole: int, stayed: int, amount: int) -> int:
    return next(count for count in range(whole + 1) if count * amount >= whole * stayed)


def _stayed(key: str, everything: list[Entry]) -> tuple[int, int]:
    """How much of a payment's money stayed, of how much; where nothing was taken, one of one."""
    amount = sum(row.money.amount for row in everything if row.key == key and row.direction is Direction.IN)
    about = [row for row in everything if row.refers_to == key]
    gone = [row.money.amount for row in about if row.direction is Direction.OUT]
    if not gone:
        return 1, 1
    again = [row.money.amount for row in about if row.direction is Direction.IN and row.pack is None]
    return max(0, min(amount, amount - sum(gone) + sum(again))), max(1, amount)


def _whole(row: Entry, today: int) -> int:
    """The days of a payment that begins today, counted off on the calendar."""
    end = day(today)
    for _ in range(row.months or 0):
        end = _one_day_later_until_next_month(end)
    anchor = day(today).day
    while row.months and end.day < anchor and (end + DAY).month == end.month:
        end += DAY  # 31 January to 31 March, by way of 28 February
    end += (row.days or 0) * DAY
    if row.paid_until is not None:
        end = max(end, row.paid_until)
    return (end - day(today)) // DAY


def _one_day_later_until_next_month(moment: datetime) -> datetime:
    """The same day of the next month, or its last."""
    anchor, month = moment.day, moment.month % 12 + 1
    while moment.month != month:
        moment += DAY
    while moment.day < anchor and (moment + DAY).month == month:
        moment += DAY
    return moment
