"""Moments in words: by the clocks of a zone, to come, and said back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.moment_words import describe_moment, read_moment

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("2027-03-02 09:00", "2027-03-02T09:00+00:00"),
        ("2027-07-01T09:00 Europe/London", "2027-07-01T08:00+00:00"),
        ("2027-07-01 at 09:00 in Europe/London", "2027-07-01T08:00+00:00"),
        ("tomorrow 18:30", "2027-03-02T18:30+00:00"),
        ("Today at 18:30", "2027-03-01T18:30+00:00"),
        ("18:30", "2027-03-01T18:30+00:00"),
        ("9:00", "2027-03-02T09:00+00:00"),
        ("9:00 America/New_York", "2027-03-01T14:00+00:00"),
        ("in 2h", "2027-03-01T14:00+00:00"),
        ("in 90 minutes", "2027-03-01T13:30+00:00"),
        ("2027-03-28 01:30 Europe/London", "2027-03-28T01:00+00:00"),
        ("2027-03-01 09:00", None),
        ("2029-03-01 09:00", None),
        ("2027-02-30 09:00", None),
        ("25:00", None),
        ("09:00 Mars/Base", None),
        ("soon", None),
        ("in 0h", None),
        ("", None),
    ],
)
def test_a_moment_is_read_or_refused(words: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(WrongRecurrence):
            read_moment(words, NOW)
    else:
        assert read_moment(words, NOW).isoformat(timespec="minutes") == wanted


def test_the_zone_that_goes_without_saying() -> None:
    moment = read_moment("tomorrow 09:00", NOW, "Europe/Berlin")
    assert moment == datetime(2027, 3, 2, 8, tzinfo=UTC)
    assert describe_moment(moment, "Europe/Berlin") == "2027-03-02 09:00, Europe/Berlin"
