"""Crons on the days when clocks change: against cases from the calendar, and against a slow reference."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botyard.jobs.cron import Cron, WrongRecurrence

MINUTE = timedelta(minutes=1)
CHANGES = [
    ("Europe/London", "2026-03-29"), ("Europe/London", "2026-10-25"),
    ("America/New_York", "2026-03-08"), ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"), ("Australia/Lord_Howe", "2026-10-04"),  # by half an hour
    ("America/Sao_Paulo", "2018-02-18"), ("America/Sao_Paulo", "2018-11-04"),  # at midnight
    ("America/St_Johns", "2010-03-14"), ("America/St_Johns", "2010-11-07"),  # at a minute past midnight
    ("America/Havana", "2026-03-08"), ("America/Havana", "2026-11-01"),
    ("Africa/Casablanca", "2026-02-15"), ("Africa/Casablanca", "2026-03-22"),  # for Ramadan
    ("Europe/Dublin", "2026-10-25"), ("Antarctica/Troll", "2026-03-29"),  # by two hours
    ("Antarctica/Casey", "2010-03-05"), ("Pacific/Apia", "2011-12-30"),  # by three hours; a whole day
    ("Asia/Kolkata", "2026-06-01"), ("UTC", "2026-06-01"),
]  # fmt: skip


@dataclass(frozen=True)
class Fields:
    """A cron as sets: what the reference understands, and the text of which botyard makes its own sense."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    weekdays: frozenset[int] | None

    @property
    def text(self) -> str:
        hours = "*" if len(self.hours) == 24 else _listed(self.hours)
        return f"{_listed(self.minutes)} {hours} {_listed(self.days)} * {_listed(self.weekdays)}"

    def match(self, wall: datetime) -> bool:
        by_day = self.days is not None and wall.day in self.days
        by_weekday = self.weekdays is not None and wall.isoweekday() % 7 in self.weekdays
        any_day = self.days is None and self.weekdays is None
        return wall.minute in self.minutes and wall.hour in self.hours and (by_day or by_weekday or any_day)


def _listed(values: frozenset[int] | None) -> str:
    return "*" if values is None else ",".join(map(str, sorted(values)))


def _some(least: int, most: int, size: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(least, most), min_size=1, max_size=size)


fields = st.builds(
    Fields,
    minutes=_some(0, 59, 4),
    hours=st.just(frozenset(range(24))) | _some(0, 4, 3) | _some(0, 23, 12) | st.just(frozenset({0, 23})),
    days=st.none() | _some(1, 31, 15),
    weekdays=st.none() | _some(0, 6, 3),
)


def reference(named: Fields, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Looks at the clock each minute. It remembers the latest time that it has seen on the wall."""
    begin -= timedelta(days=2)
    latest = begin.astimezone(zone).replace(tzinfo=None) - MINUTE
    for moment in (begin + number * MINUTE for number in range((end - begin) // MINUTE)):
        wall = moment.astimezone(zone).replace(tzinfo=None)
        if len(named.hours) == 24:
            runs = named.match(wall)
        else:
            passed = (latest + number * MINUTE for number in range(1, (wall - latest) // MINUTE + 1))
            runs = any(named.match(one) for one in passed)
        latest = max(latest, wall)
        if runs and moment > begin + timedelta(days=2):
            yield moment


@settings(deadline=None, max_examples=80)
@given(fields, st.sampled_from(CHANGES), st.integers(0, 3 * 1440))
def test_agrees_with_looking_at_the_clock_each_minute(
    named: Fields, change: tuple[str, str], minutes_before: int
) -> None:
    zone = ZoneInfo(change[0])
    begin = (
        datetime.fromisoformat(change[1]).replace(tzinfo=UTC) - minutes_before * MINUTE + timedelta(days=1)
    )
    end = begin + timedelta(days=4)
    expected = list(reference(named, zone, begin, end))
    try:
        cron = Cron.parse(named.text)
    except WrongRecurrence:
        assert not expected
        return
    assert list(takewhile(lambda one: one < end, cron.moments(begin, zone))) == expected


@pytest.mark.parametrize("start_hour", range(0, 72, 5))
@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_a_time_of_day_comes_once_a_day(zone: str, day: str, start_hour: int) -> None:
    """Wherever it is asked from, also in the middle of an hour that comes twice."""
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(hours=start_hour - 36, minutes=31)
    moment, walls = begin, []
    for _ in range(40):
        moment = next(Cron.parse("30 0-3,22,23 * * *").moments(moment, ZoneInfo(zone)))
        walls.append(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
    assert Counter(walls).most_common(1)[0][1] == 1


def _shown(text: str, zone: str, after: str, number: int) -> list[str]:
    """The next few times on the wall, each with the UTC offset that tells one hour from the same again."""
    moments = Cron.parse(text).moments(datetime.fromisoformat(after).replace(tzinfo=UTC), ZoneInfo(zone))
    return [moment.astimezone(ZoneInfo(zone)).strftime("%d %H:%M%z") for moment in islice(moments, number)]


@pytest.mark.parametrize(
    ("text", "zone", "after", "expected"),
    [
        # skipped: once, at the first moment after the gap
        ("30 1 * * *", "Europe/London", "2026-03-28T12:00", ["29 02:00+0100", "30 01:30+0100"]),
        ("15,45 1 * * *", "Europe/London", "2026-03-28T12:00", ["29 02:00+0100", "30 01:15+0100"]),
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00", ["08 03:00-0400", "09 02:30-0400"]),
        ("0 2,3 * * *", "America/New_York", "2026-03-07T12:00", ["08 03:00-0400", "09 02:00-0400"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", ["04 02:30+1100", "05 02:15+1100"]),
        ("30 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00", ["04 01:00-0200", "05 00:30-0200"]),
        ("30 2 * * *", "Africa/Casablanca", "2026-03-21T12:00", ["22 03:00+0100", "23 02:30+0100"]),
        # twice on the wall: the first time only
        ("30 1 * * *", "Europe/London", "2026-10-24T12:00", ["25 01:30+0100", "26 01:30+0000"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["01 01:30-0400", "02 01:30-0500"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00", ["05 01:45+1100", "06 01:45+1030"]),
        ("30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00", ["17 23:30-0200", "18 23:30-0300"]),
        ("30 2 * * *", "Africa/Casablanca", "2026-02-14T12:00", ["15 02:30+0100", "16 02:30+0000"]),
        # a day that never was: once as the next begins
        ("0 9 * * *", "Pacific/Apia", "2011-12-29T20:00", ["31 00:00+1400", "31 09:00+1400"]),
        ("0 9 30 12 *", "Pacific/Apia", "2011-12-01T12:00", ["31 00:00+1400", "30 09:00+1400"]),
    ],
)  # fmt: skip
def test_a_time_of_day_when_the_clocks_change(text: str, zone: str, after: str, expected: list[str]) -> None:
    assert _shown(text, zone, after, len(expected)) == expected


@pytest.mark.parametrize(("zone", "day", "hours"), [
    ("Europe/London", "2026-03-29", 23), ("Europe/London", "2026-10-25", 25),
    ("America/New_York", "2026-03-08", 23), ("America/New_York", "2026-11-01", 25),
    ("America/Sao_Paulo", "2018-02-17", 25), ("America/Sao_Paulo", "2018-11-04", 23),
    ("Pacific/Apia", "2011-12-30", 0), ("Europe/London", "2026-06-01", 24),
])  # fmt: skip
def test_every_half_hour_is_every_real_half_hour(zone: str, day: str, hours: int) -> None:
    noon_before = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC) - timedelta(days=2)
    found = list(islice(Cron.parse("*/30 * * * *").moments(noon_before, ZoneInfo(zone)), 200))
    assert found == [noon_before + number * timedelta(minutes=30) for number in range(1, 201)]
    assert sum(one.astimezone(ZoneInfo(zone)).date().isoformat() == day for one in found) == 2 * hours


def test_the_half_hour_of_lord_howe() -> None:
    assert _shown("0 * * * *", "Australia/Lord_Howe", "2026-10-03T14:10", 3) == [
        "04 01:00+1030", "04 03:00+1100", "04 04:00+1100",
    ]  # fmt: skip
    assert _shown("45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00", 3) == [
        "05 01:45+1100", "05 01:45+1030", "05 02:45+1030",
    ]  # fmt: skip


def test_an_hour_that_comes_again_over_midnight() -> None:
    """In 2010 Newfoundland went from a minute past midnight back to Saturday."""
    assert _shown("30 * * * sat", "America/St_Johns", "2010-11-07T01:30", 3) == [
        "06 23:30-0230", "06 23:30-0330", "13 00:30-0330",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("0 9 * * MON-FRI", "2027-01-01T12:00", ["04 09:00", "05 09:00"]),
        ("0 9 * * fri-mon", "2027-01-04T12:00", ["08 09:00", "09 09:00", "10 09:00", "11 09:00"]),
        ("0 9 * * 7", "2027-01-01T12:00", ["03 09:00"]),
        ("0 9 1 * mon", "2027-01-26T12:00", ["01 09:00", "08 09:00"]),
        ("0 9 31 feb mon", "2027-01-26T12:00", ["01 09:00", "08 09:00"]),
        ("5/20 22-1 * * *", "2027-01-01T22:30", ["01 22:45", "01 23:05", "01 23:25"]),
        ("0 0 29 2 *", "2096-03-01T00:00", ["29 00:00"]),
    ],
)
def test_fields(text: str, after: str, expected: list[str]) -> None:
    assert [one.removesuffix("+0000") for one in _shown(text, "UTC", after, len(expected))] == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "* * * *", "* * * * * *", "@daily", "0 0 31 2 *", "0 0 30,31 2 *", "0 0 31 4,6,9,11 *",
        "60 * * * *",
        "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 13 *", "0 0 * * 8", "*/0 * * * *",
        "-1 * * * *", "1- * * * *",
        "1,,2 * * * *", "* * * * tues", "r * * * *", "h * * * *", "0 0 l * *", "0 0 15w * *", "0 0 ? * *",
        "0 0 * * mon#1", "0 0 * * l5", "0 9-9 * * *", "0 9-09 * * *", "0 0 * * mon-mon", "0 0 * * mon-1",
        "٣ * * * *", "0 0 1 jan-1 *", "mon * * * *",
    ],
)  # fmt: skip
def test_what_is_no_cron_or_never_comes_is_refused(text: str) -> None:
    with pytest.raises(WrongRecurrence) as refused:
        Cron.parse(text)
    assert refused.value.remedy


def test_the_error_names_the_field() -> None:
    with pytest.raises(WrongRecurrence, match="'25' cannot be the hour"):
        Cron.parse("0 25 * * *")


@given(st.text("0123456789*,-/ a", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        cron = Cron.parse(text)
    except WrongRecurrence:
        return
    assert next(cron.moments(datetime(2027, 1, 1, tzinfo=UTC), ZoneInfo("UTC")))
