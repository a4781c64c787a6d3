"""When something comes round: intervals, quiet hours, jitter, and the laws that hold for any recurrence."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import MOST_MISSED, QuietHours, Recurrence

NIGHT = QuietHours(time(22), time(7))
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
ZONES = [
    "UTC",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
]

moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
times_of_day = st.times().map(lambda at: at.replace(second=0, microsecond=0))
quiet_hours = st.tuples(times_of_day, times_of_day).filter(lambda two: two[0] != two[1])
jitters = st.integers(0, 30).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    """Crons and intervals in any zone, some with quiet hours; each has times outside them."""
    rhythm: dict[str, Any] = (
        {"every": timedelta(minutes=draw(st.integers(1, 5000))), "starts_at": draw(moments)}
        if draw(st.booleans())
        else {
            "cron": draw(
                st.sampled_from(["*/30 * * * *", "7 * * * mon", "15 */3 * * *", "5,45 0-4,12 1-28 * *"])
            )
        }
    )
    quiet = draw(st.none() | quiet_hours.map(lambda two: QuietHours(*two)))
    plain = Recurrence(zone=draw(st.sampled_from(ZONES)), jitter=draw(jitters), **rhythm)
    try:
        return replace(plain, quiet=quiet)
    except WrongRecurrence:  # these quiet hours cover all of its times
        return plain


def test_an_interval_is_real_time_across_a_change_of_the_clocks() -> None:
    start = datetime(2026, 3, 28, 20, tzinfo=UTC)
    every_4h = Recurrence(every=timedelta(hours=4), zone="Europe/London", starts_at=start)
    first = list(islice(every_4h.upcoming(start - timedelta(days=1)), 4))
    assert first == [start + number * timedelta(hours=4) for number in range(4)]
    shown = [moment.astimezone(ZoneInfo("Europe/London")).hour for moment in first]
    assert shown == [20, 0, 5, 9]


def test_the_start_is_the_first_occurrence_and_the_end_may_be_the_last() -> None:
    daily = Recurrence(
        cron="0 9 * * *", starts_at=NEW_YEAR.replace(hour=9), ends_at=datetime(2027, 1, 3, 9, tzinfo=UTC)
    )
    assert [one.day for one in daily.upcoming(NEW_YEAR - timedelta(days=90))] == [1, 2, 3]
    assert daily.next_after(datetime(2027, 1, 3, 8, 59, 59, tzinfo=UTC)) == daily.ends_at
    assert daily.next_after(datetime(2027, 1, 3, 9, tzinfo=UTC)) is None


def test_quiet_hours_leave_out_and_move_nothing() -> None:
    every_4h = Recurrence(every=timedelta(hours=4), zone="Europe/London", starts_at=NEW_YEAR, quiet=NIGHT)
    assert [one.hour for one in islice(every_4h.upcoming(NEW_YEAR), 5)] == [8, 12, 16, 20, 8]


def test_quiet_hours_go_by_the_wall_clock() -> None:
    """The same 06:00 UTC is quiet in London in winter and not in summer."""
    daily = Recurrence(
        every=timedelta(days=1), zone="Europe/London", starts_at=NEW_YEAR.replace(hour=6), quiet=NIGHT
    )
    assert daily.next_after(NEW_YEAR) == datetime(2027, 3, 28, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "covered", "free"),
    [
        (NIGHT, [time(22), time(23, 59), time(0), time(6, 59, 59)], [time(7), time(21, 59)]),
        (QuietHours(time(12), time(13)), [time(12), time(12, 59)], [time(11, 59), time(13), time(0)]),
        (QuietHours(time(20), time(0)), [time(20), time(23, 59)], [time(0), time(19, 59)]),
    ],
)
def test_quiet_hours_begin_sharp_and_end_sharp(
    quiet: QuietHours, covered: list[time], free: list[time]
) -> None:
    assert all(quiet.cover(at) for at in covered)
    assert not any(quiet.cover(at) for at in free)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"cron": "0 9 * * *", "every": timedelta(hours=1), "starts_at": NEW_YEAR},
        {"cron": "0 0 31 2 *"},
        {"cron": "now and then"},
        {"every": timedelta(hours=1)},
        {"every": timedelta(seconds=59), "starts_at": NEW_YEAR},
        {"every": timedelta(seconds=90), "starts_at": NEW_YEAR},
        {"every": timedelta(days=367), "starts_at": NEW_YEAR},
        {"every": timedelta(hours=-1), "starts_at": NEW_YEAR},
        {"every": timedelta(hours=1), "starts_at": NEW_YEAR, "jitter": timedelta(minutes=31)},
        {"cron": "0 9 * * *", "jitter": timedelta(minutes=61)},
        {"cron": "0 9 * * *", "jitter": timedelta(seconds=-1)},
        {"cron": "0 9 * * *", "zone": "Mars/Olympus"},
        {"cron": "0 9 * * *", "zone": "Europe"},
        {"cron": "0 9 * * *", "zone": "../../etc/passwd"},
        {"cron": "0 9 * * *", "zone": ""},
        {"cron": "0 9 * * *", "starts_at": NEW_YEAR.replace(tzinfo=None)},
        {"cron": "0 9 * * *", "ends_at": NEW_YEAR.astimezone(ZoneInfo("Europe/London"))},
        {"cron": "0 9 * * *", "starts_at": NEW_YEAR, "ends_at": NEW_YEAR - timedelta(seconds=1)},
        {"cron": "*/20 22-23,0-6 * * *", "quiet": NIGHT},
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_with_a_remedy(parts: dict[str, Any]) -> None:
    with pytest.raises(WrongRecurrence) as refused:
        Recurrence(**parts)
    assert refused.value.remedy


def test_equal_quiet_hours_are_refused() -> None:
    with pytest.raises(WrongRecurrence):
        QuietHours(time(9), time(9))


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [
        (Recurrence(every=timedelta(days=1), starts_at=NEW_YEAR, quiet=NIGHT), None),
        (Recurrence(every=timedelta(days=366), starts_at=NEW_YEAR, quiet=NIGHT), None),
        (
            Recurrence(every=timedelta(minutes=1), starts_at=NEW_YEAR, quiet=QuietHours(time(0, 1), time(0))),
            datetime(2027, 1, 2, tzinfo=UTC),
        ),
        (
            Recurrence(cron="* * * * *", quiet=QuietHours(time(0, 1), time(0))),
            datetime(2027, 1, 2, tzinfo=UTC),
        ),
        (Recurrence(cron="0 0 29 2 *"), datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_long_search_ends_soon(recurrence: Recurrence, expected: datetime | None) -> None:
    began = perf_counter()
    assert recurrence.next_after(NEW_YEAR) == expected
    assert perf_counter() - began < 0.5  # it takes 20 ms at most; an endless loop takes longer


def test_missed_counts_what_came_and_stops() -> None:
    hourly = Recurrence(cron="0 * * * *")
    assert hourly.missed(NEW_YEAR, NEW_YEAR) == 0
    assert hourly.missed(NEW_YEAR, NEW_YEAR + timedelta(minutes=59)) == 0
    assert hourly.missed(NEW_YEAR, NEW_YEAR + timedelta(hours=5)) == 5
    assert hourly.missed(NEW_YEAR, NEW_YEAR + timedelta(days=3650)) == MOST_MISSED
    assert hourly.missed(NEW_YEAR + timedelta(days=1), NEW_YEAR) == 0


def test_jitter_spreads_seeds_over_all_of_it() -> None:
    daily = Recurrence(cron="0 9 * * *", jitter=timedelta(minutes=5))
    nine = NEW_YEAR.replace(hour=9)
    delays = {daily.jittered(nine, seed) - nine for seed in range(3000)}
    assert (min(delays), max(delays)) == (timedelta(), timedelta(minutes=5))
    assert len(delays) > 290  # of 301 whole seconds
    assert len({daily.jittered(nine + timedelta(days=day), 1).time() for day in range(50)}) > 25


def test_jitter_leads_neither_into_quiet_hours_nor_past_the_end() -> None:
    last = NEW_YEAR.replace(hour=21, minute=59)
    evening = Recurrence(cron="59 21 * * *", jitter=timedelta(minutes=30), quiet=NIGHT)
    ending = Recurrence(cron="59 21 * * *", jitter=timedelta(minutes=30), ends_at=last + timedelta(minutes=1))
    for recurrence in (evening, ending):
        acted = {recurrence.jittered(last, seed) for seed in range(500)}
        assert last in acted
        assert max(acted) <= last + timedelta(minutes=1)


@given(recurrences(), moments, st.integers(0, 2**63))
def test_jitter_is_bounded_and_the_same_for_every_replica(
    recurrence: Recurrence, after: datetime, seed: int
) -> None:
    occurrence = recurrence.next_after(after)
    if occurrence is not None:
        acted = recurrence.jittered(occurrence, seed)
        assert occurrence <= acted <= occurrence + recurrence.jitter
        assert acted == replace(recurrence).jittered(occurrence, seed)


@given(recurrences(), moments)
def test_occurrences_increase_and_none_is_quiet_or_before_the_start(
    recurrence: Recurrence, after: datetime
) -> None:
    found = list(islice(recurrence.upcoming(after), 30))
    assert all(earlier < later for earlier, later in pairwise([after, *found]))
    assert recurrence.starts_at is None or all(one >= recurrence.starts_at for one in found)
    if recurrence.quiet:
        zone = ZoneInfo(recurrence.zone)
        assert not any(recurrence.quiet.cover(one.astimezone(zone).time()) for one in found)


@settings(deadline=None)
@given(recurrences(), moments, st.integers(0, 19), st.floats(0, 0.999))
def test_it_does_not_matter_where_one_starts(
    recurrence: Recurrence, after: datetime, index: int, part: float
) -> None:
    """From any moment in between two occurrences, and from the earlier one, the later is next."""
    found = list(islice(recurrence.upcoming(after), index, index + 2))
    if len(found) == 2:
        earlier, later = found
        for between in (earlier, earlier + part * (later - earlier), later - timedelta.resolution):
            assert recurrence.next_after(between) == later
