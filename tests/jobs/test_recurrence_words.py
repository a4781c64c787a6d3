"""Recurrences in words: what is read, what is refused by name, and how it is said back."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.errors import BotyardError
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import QuietHours, Recurrence
from botyard.jobs.recurrence_words import describe, read_recurrence, write_recurrence

NOW = datetime(2026, 12, 1, 10, 17, 33, 5, tzinfo=UTC)
THIS_MINUTE = datetime(2026, 12, 1, 10, 17, tzinfo=UTC)
PIECES = [
    "every", "cron", "4h", "day", "mon,thu", "at", "09:00", "in", "Europe/London", "quiet", "22:00-07:00",
    "from", "until", "2027-03-01", "jitter", "5m", "0", "*/4", "*", "31", ",", "-", "2027-02-30", "99:99",
    "\x00", "é",
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("every 4h", Recurrence(every=timedelta(hours=4), starts_at=THIS_MINUTE)),
        ("Every 90M", Recurrence(every=timedelta(minutes=90), starts_at=THIS_MINUTE)),
        ("  every\n2d ", Recurrence(every=timedelta(days=2), starts_at=THIS_MINUTE)),
        ("every day at 09:00", Recurrence(cron="0 9 * * *")),
        ("every day at 9:05 in Asia/Tokyo", Recurrence(cron="5 9 * * *", zone="Asia/Tokyo")),
        ("every mon,thu at 18:30", Recurrence(cron="30 18 * * mon,thu")),
        ("every Mon , Thu at 18:30", Recurrence(cron="30 18 * * mon,thu")),
        ("cron 0 */4 * * MON-fri", Recurrence(cron="0 */4 * * mon-fri")),
        (
            "cron 0 */4 * * * jitter 5m quiet 22:00-07:00 in Europe/London",
            Recurrence(
                cron="0 */4 * * *",
                zone="Europe/London",
                jitter=timedelta(minutes=5),
                quiet=QuietHours(time(22), time(7)),
            ),
        ),
        (
            "every 4h until 2027-07-31 from 2027-01-31T09:00 in America/New_York",
            Recurrence(
                every=timedelta(hours=4),
                zone="America/New_York",
                starts_at=datetime(2027, 1, 31, 14, tzinfo=UTC),
                ends_at=datetime(2027, 8, 1, 3, 59, tzinfo=UTC),
            ),
        ),
        (
            "every day at 09:00 from 2027-01-31 until 2027-03-01T09:00",
            Recurrence(
                cron="0 9 * * *",
                starts_at=datetime(2027, 1, 31, tzinfo=UTC),
                ends_at=datetime(2027, 3, 1, 9, tzinfo=UTC),
            ),
        ),
    ],
)
def test_words_are_read(words: str, expected: Recurrence) -> None:
    assert read_recurrence(words, NOW) == expected


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", "Nothing says how often"), ("every", "Nothing says how often"), ("hourly", "'hourly'"),
        ("every day", "'day'"), ("every 4x", "'4x'"), ("every 4h at 9", "'9'"),
        ("every day at 25:00", "'25:00'"), ("every mon,foo at 09:00", "'mon,foo'"),
        ("every 4h please", "'please'"), ("every 4h in", "after 'in'"), ("every 4h in Lonndon", "'Lonndon'"),
        ("every 4h quiet 22:00", "'22:00'"), ("every 4h jitter x", "'x'"),
        ("every 4h quiet 22:00-7", "'7'"), ("every 4h until 2027-02-30", "'2027-02-30'"),
        ("every 4h from tomorrow", "'tomorrow'"), ("every 4h from 20270131", "'20270131'"),
        ("every 4h until 9999-12-31", "'9999-12-31'"), ("every 4h in UTC in UTC", "'in' is there twice"),
        ("cron 0 25 * * *", "'25' cannot be the hour"), ("cron 0 9 * *", "five fields"),
        ("cron 0 9 * * in Europe/London", "'in' cannot be the weekday"), ("every 1m jitter 5m", "jitter"),
        ("every " + "x" * 5000, "'x{40}'"),
    ],
)  # fmt: skip
def test_the_word_that_is_not_understood_is_named(words: str, named: str) -> None:
    with pytest.raises(WrongRecurrence, match=named) as refused:
        read_recurrence(words, NOW)
    assert re.search("Write|Leave", refused.value.remedy)


@pytest.mark.parametrize(
    "words",
    [
        "every 4h from 2026-11-01 until 2026-11-30",
        "every 1d quiet 10:00-11:00",
        "every day at 23:00 quiet 22:00-07:00",
        "every mon at 09:00 from 2027-01-05 until 2027-01-10",
        "cron 0 0 31 2 *",
    ],
)
def test_what_never_happens_is_refused(words: str) -> None:
    with pytest.raises(WrongRecurrence):
        read_recurrence(words, NOW)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("every 4h", "every 4 hours"),
        ("every 1h", "every hour"),
        ("every 24h", "every day"),
        ("every 90m jitter 5m", "every 90 minutes, up to 5 minutes later"),
        ("every 4h quiet 22:00-07:00", "every 4 hours, UTC, not between 22:00 and 07:00"),
        ("every day at 09:00 in Europe/London", "every day at 09:00, Europe/London"),
        (
            "every mon,thu at 18:30 in Europe/London quiet 22:00-07:00",
            "Mon and Thu at 18:30, Europe/London, not between 22:00 and 07:00",
        ),
        ("every sun,mon,wed at 7:05", "Mon, Wed and Sun at 07:05, UTC"),
        ("cron 0 9 * * sat", "Sat at 09:00, UTC"),
        ("cron 0 9 * * 0-6", "every day at 09:00, UTC"),
        ("cron 0 9 1 * *", "cron 0 9 1 * *, UTC"),
        (
            "cron 0 */4 * * * from 2027-07-01 until 2027-08-01 in Europe/London",
            "cron 0 */4 * * *, Europe/London, from 2027-07-01 00:00, until 2027-08-01 23:59",
        ),
    ],
)
def test_it_is_said_back(words: str, line: str) -> None:
    assert describe(read_recurrence(words, NOW), NOW) == line


def test_a_start_goes_without_saying_once_it_is_past() -> None:
    recurrence = read_recurrence("every 4h from 2027-01-31T09:00", NOW)
    assert describe(recurrence, NOW) == "every 4 hours, UTC, from 2027-01-31 09:00"
    assert describe(recurrence, NOW + timedelta(days=90)) == "every 4 hours"


@given(st.lists(st.sampled_from(PIECES), max_size=12) | st.lists(st.text(max_size=8), max_size=6))
def test_any_words_are_read_or_refused(pieces: list[str]) -> None:
    try:
        recurrence = read_recurrence(" ".join(pieces), NOW)
    except BotyardError:
        return
    assert describe(recurrence, NOW)
    assert recurrence.next_after(NOW)


@pytest.mark.parametrize(
    "words",
    [
        "every 4h in UTC from 2026-12-01T10:17",
        "every 90m in Asia/Tokyo quiet 22:00-07:00 from 2027-01-31T09:00 until 2027-03-01 jitter 5m",
        "every day at 09:00 in Europe/London",
        "every mon,thu at 18:30 in Europe/London until 2027-03-01T12:00 jitter 1h",
        "cron 0 */4 * * * in UTC",
        "cron 30 9 1,15 * * in America/New_York from 2027-02-01T00:00",
    ],
)
def test_what_is_written_can_be_changed_and_read_again(words: str) -> None:
    recurrence = read_recurrence(words, NOW)
    assert write_recurrence(recurrence, NOW) == words
    assert read_recurrence(write_recurrence(recurrence, NOW), NOW) == recurrence


def test_a_start_that_is_past_is_left_out_of_a_cron_only() -> None:
    later = NOW + timedelta(days=400)
    assert write_recurrence(read_recurrence("every day at 09:00 from 2027-02-01", NOW), later) == (
        "every day at 09:00 in UTC"
    )
    words = "every 4h in UTC from 2027-02-01T00:00"
    assert write_recurrence(read_recurrence(words, NOW), later) == words
