"""Moments in words: when something is to happen once, as an administrator writes it, and said back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import zone_named
from botyard.jobs.wall_clock import shown_or_skipped

FORM = "Write it like: 2027-03-01 09:00 Europe/London, tomorrow 18:30, 18:30, or in 2h."
FURTHEST = timedelta(days=366)

_IN = re.compile(r"in\s+([0-9]{1,5})\s*(m|h|d)[a-z]*", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_AT = re.compile(
    r"(?:(today|tomorrow|[0-9]{4}-[0-9]{2}-[0-9]{2})[\sT]+)?(?:at\s+)?([0-9]{1,2}:[0-9]{2})"
    r"(?:\s+(?:in\s+)?(\S+))?",
    re.IGNORECASE,
)


def read_moment(words: str, now: datetime, zone: str = "UTC") -> datetime:
    """The moment (UTC), by the clocks of the zone that is named in the words, else of `zone`.

    A mere time of day is the next one to come. Raises `WrongRecurrence` for what is no moment to come
    within a year.
    """
    moment = _moment(words.strip(), now, zone)
    if not now < moment <= now + FURTHEST:
        raise WrongRecurrence(f"'{words.strip()[:40]}' is not in the year to come.", remedy=FORM)
    return moment


def describe_moment(moment: datetime, zone: str) -> str:
    """Such as `2027-03-01 09:00, Europe/London`."""
    return f"{moment.astimezone(zone_named(zone)):%Y-%m-%d %H:%M}, {zone}"


def _moment(words: str, now: datetime, otherwise: str) -> datetime:
    if after := _IN.fullmatch(words):
        return now + int(after[1]) * _UNITS[after[2].lower()]
    found = _AT.fullmatch(words)
    if found is None:
        raise _not_understood(words)
    day, at, named = found.groups()
    zone = zone_named(named or otherwise)
    today = now.astimezone(zone).date()
    try:
        hour, minute = map(int, at.split(":"))
        wall = datetime.combine(_day(day, today), time(hour, minute))
    except ValueError:  # there is no such day, or time of day
        raise _not_understood(words) from None
    moment = _shown(wall, zone)
    return moment if day or moment > now else _shown(wall + timedelta(days=1), zone)


def _day(word: str | None, today: date) -> date:
    match (word or "today").lower():
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
        case written:
            return date.fromisoformat(written)


def _shown(wall: datetime, zone: ZoneInfo) -> datetime:
    return shown_or_skipped(wall, zone).astimezone(UTC)


def _not_understood(words: str) -> WrongRecurrence:
    return WrongRecurrence(f"'{words[:40]}' is no moment.", remedy=FORM)
