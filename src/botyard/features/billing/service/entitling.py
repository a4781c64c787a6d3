"""From the ledger to what a member has: one pure function, the same for every order in which rows came."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

from botyard.features.billing.models import Direction, Kind, Source
from botyard.money import Money

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
ALL = Fraction(1)
NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the ledger, as `Payment` describes it."""

    kind: Kind
    source: Source
    direction: Direction
    external_id: str
    money: Money
    at: datetime
    plan: str | None = None
    pack: str | None = None
    days: int | None = None
    months: int | None = None
    paid_until: datetime | None = None
    refers_to: str | None = None

    @property
    def key(self) -> str:
        """What other rows call it: the other side's name of the payment, which a refund shares with it."""
        return key_of(self.source, self.external_id)


def key_of(source: Source, external_id: str) -> str:
    """What rows that refer to this one call it."""
    return f"{source}:{external_id}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time that one row gives: from `starts_at` until just before `ends_at`."""

    entry: Entry
    pack: str
    starts_at: datetime
    ends_at: datetime


def stretches(entries: Iterable[Entry]) -> list[Stretch]:
    """What these rows of one member give him, by pack and time. Rows that are there twice count once.

    Within a pack the rows follow each other: who pays early loses no day. Packs run side by side. A row that
    was taken back is as if it had never been; of one that was taken back in part the same part of its days
    goes, whole days in the member's favour. A pack that was ended by hand ends at that moment; what is paid
    later begins anew.
    """
    known = {(each.source, each.direction, each.external_id): each for each in entries}
    rows = sorted(known.values(), key=_order)
    kept = _kept(rows)
    given: defaultdict[str, list[Stretch]] = defaultdict(list)
    for row in rows:
        if row.pack is None:
            continue
        if row.direction is Direction.OUT:
            if row.refers_to is None:
                given[row.pack] = _cut(given[row.pack], row.at)
            continue
        start = max([row.at, *(each.ends_at for each in given[row.pack])])
        end = _end(row, start, kept.get(row.key, ALL))
        if end > start:
            given[row.pack].append(Stretch(row, row.pack, start, end))
    return [each for pack in sorted(given) for each in given[pack]]


def left_of(entries: Iterable[Entry], key: str) -> Fraction:
    """Which part of a row is left, by these rows of its member: 0 where all of it was taken back, to 1."""
    return _kept(entries).get(key, ALL)


def later(moment: datetime, *, days: int | None = None, months: int | None = None) -> datetime:
    """The moment so much later. A month ends on the same day, or on its last: 31 January, 28 February."""
    if months:
        number = moment.year * 12 + moment.month - 1 + months
        year, month = divmod(number, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        moment = moment.replace(year=year, month=month + 1, day=day)
    return moment + timedelta(days=days or 0)


def _order(row: Entry) -> tuple[datetime, int, str, str]:
    return (row.at, -row.direction, row.source, row.external_id)


def _kept(rows: Iterable[Entry]) -> Mapping[str, Fraction]:
    """Which part of each row that came in is left, by its key, where it is not all of it."""
    rows = list(rows)
    came = {row.key: row for row in rows if row.direction is Direction.IN}
    gone: defaultdict[str, int] = defaultdict(int)
    taken: set[str] = set()
    for row in rows:
        if row.refers_to is None or _gives(row):
            continue
        gone[row.refers_to] -= row.direction * row.money.amount
        if row.direction is Direction.OUT:
            taken.add(row.refers_to)
    kept: dict[str, Fraction] = {}
    for key in taken:
        amount = came[key].money.amount if key in came else 0
        left = Fraction(amount - gone[key], amount) if amount else NOTHING
        kept[key] = min(ALL, max(NOTHING, left))
    for row in rows:  # what was bought with a payment goes with it
        if row.refers_to in kept and _gives(row):
            kept[row.key] = min(kept.get(row.key, ALL), kept[row.refers_to])
    return kept


def _gives(row: Entry) -> bool:
    return row.direction is Direction.IN and row.pack is not None


def _end(row: Entry, start: datetime, kept: Fraction) -> datetime:
    if not kept:
        return start
    end = later(start, days=row.days, months=row.months)
    if row.paid_until is not None:
        end = max(end, row.paid_until)
    if kept < 1:
        days_left = ceil((end - start) // INSTANT * kept / (DAY // INSTANT))
        return min(end, start + days_left * DAY)
    return end


def _cut(given: Iterable[Stretch], at: datetime) -> list[Stretch]:
    """The same, ended at this moment."""
    return [replace(each, ends_at=min(each.ends_at, at)) for each in given if each.starts_at < at]
