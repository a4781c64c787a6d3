"""Cron expressions: which times on the wall five fields name, and when these come in a zone.

croniter reads the fields, and nothing else: around a change of the clocks its own search runs a fixed time
twice (`30 1 * * *` in London), and a day that was skipped (Samoa, 2011) gives times that nobody asked for.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from heapq import merge
from itertools import groupby
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from botyard.errors import BotyardError
from botyard.jobs.wall_clock import earliest_wall, shown, shown_or_skipped

_FIELD = re.compile(r"(?:[0-9*,/-]|[a-z]{3})+", re.ASCII)
"""Numbers and names. Not croniter's `r` (another minute in each replica), `h`, `l`, `w`, `?` and `#`."""
_ODD_RANGE = re.compile(r"\b0*(\w+)-0*\1\b|[a-z]-\d|\d-[a-z]", re.ASCII)
"""`9-9` and `mon-1`, which croniter takes for every hour and every day."""
_FIELDS = ("minute", "hour", "day of month", "month", "weekday")
_EXAMPLE = "Write five fields: minute, hour, day of month, month, weekday. Like cron 0 */4 * * mon-fri."
_LEAP_YEAR = 2000


class WrongRecurrence(BotyardError):
    """A recurrence that contradicts itself, never happens, or is not understood."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression that was read. `months`, `days` and `weekdays` (0 is Sunday): None for every one."""

    times: tuple[time, ...]
    months: frozenset[int] | None
    days: frozenset[int] | None
    weekdays: frozenset[int] | None
    every_hour: bool

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Reads five fields. Raises `WrongRecurrence`, also for a date that never comes."""
        fields = text.lower().split()
        if len(fields) != len(_FIELDS):
            raise WrongRecurrence(f"A cron has five fields, this has {len(fields)}.", remedy=_EXAMPLE)
        minutes, hours, days, months, weekdays = map(_values, range(len(fields)), fields)
        cron = cls(
            times=tuple(time(hour, minute) for hour in hours or range(24) for minute in minutes or range(60)),
            months=frozenset(months) if months else None,
            days=frozenset(days) if days else None,
            weekdays=frozenset(weekdays) if weekdays else None,
            every_hour=not hours,
        )
        if not cron._ever_comes():
            raise WrongRecurrence(f"The date of the cron {text} never comes.", remedy="Choose another day.")
        return cron

    def moments(self, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The moments (UTC) later than `after`, each one once, in order and without end.

        A cron for every hour runs whenever the clocks show a time that it names: again in an hour that comes
        twice, not in one that is skipped, so that the runs are as far apart as ever. Any other cron names
        times of the day. Each has one run a day: when the clocks first show it, or when they skip it.
        """
        begin = earliest_wall(after, zone)
        if self.every_hour:
            runs = merge(self._shown(begin, zone, again=False), self._shown(begin, zone, again=True))
        else:
            runs = (shown_or_skipped(wall, zone) for wall in self._walls(begin))
        return (moment for moment, _ in groupby(runs) if moment > after)

    def _shown(self, begin: datetime, zone: ZoneInfo, *, again: bool) -> Iterator[datetime]:
        moments = (shown(wall, zone, again=again) for wall in self._walls(begin))
        return (moment for moment in moments if moment is not None)

    def _walls(self, begin: datetime) -> Iterator[datetime]:
        """What it names, from `begin` on, as if no clock ever changed."""
        first = begin.toordinal()
        for ordinal in range(first, date.max.toordinal()):
            day = date.fromordinal(ordinal)
            if self._names(day):
                skipped = bisect_left(self.times, begin.time()) if ordinal == first else 0
                for named in self.times[skipped:]:
                    yield datetime.combine(day, named)

    def _names(self, day: date) -> bool:
        if self.months is not None and day.month not in self.months:
            return False
        by_day = self.days is not None and day.day in self.days
        by_weekday = self.weekdays is not None and day.isoweekday() % 7 in self.weekdays
        # As every cron has it: a day of the month and a weekday together mean either of them.
        return by_day or by_weekday or (self.days is None and self.weekdays is None)

    def _ever_comes(self) -> bool:
        if self.days is None or self.weekdays is not None:
            return True
        longest = max(calendar.monthrange(_LEAP_YEAR, month)[1] for month in self.months or range(1, 13))
        return min(self.days) <= longest


def _values(index: int, field: str) -> list[int]:
    """The numbers that one field names, in order; empty for all of them."""
    if _FIELD.fullmatch(field) and not _ODD_RANGE.search(field):
        # A number in each other field keeps croniter from reading one field in the light of another.
        alone = ["0", "0", "1", "1", "0"]
        alone[index] = field
        try:
            expanded, _ = croniter.expand(" ".join(alone))
        except CroniterError:
            expanded = []
        if expanded:
            return [value for value in expanded[index] if isinstance(value, int)]
    raise WrongRecurrence(f"'{field[:40]}' cannot be the {_FIELDS[index]} of a cron.", remedy=_EXAMPLE)
