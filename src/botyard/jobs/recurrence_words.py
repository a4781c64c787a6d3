"""Recurrences in words: what an administrator writes in a chat, and one line that says it back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from botyard.jobs.cron import Cron, WrongRecurrence
from botyard.jobs.recurrence import QuietHours, Recurrence, zone_named
from botyard.jobs.wall_clock import shown_or_skipped

_EXAMPLE = "Write it like: every mon,thu at 18:30 in Europe/London quiet 22:00-07:00 until 2027-03-01"
_DURATION = re.compile(r"(\d{1,6})([mhd])", re.ASCII | re.IGNORECASE)
_TIME = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_DATE = re.compile(r"2\d{3}-\d\d-\d\d(T\d\d:\d\d)?", re.ASCII)
_OPTIONS = ("in", "quiet", "from", "until", "jitter")
_LAST_MINUTE = time(23, 59)

_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_MONDAY_FIRST = (1, 2, 3, 4, 5, 6, 0)
_UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}


def read_recurrence(words: str, now: datetime) -> Recurrence:
    """The recurrence that the words describe. An interval without `from` counts from this minute.

    First `every 4h`, `every day at 09:00`, `every mon,thu at 18:30` or `cron 0 */4 * * *`; then, in any
    order, `in Europe/London`, `quiet 22:00-07:00`, `from 2027-01-31T09:00`, `until 2027-03-01` (that day
    too) and `jitter 5m`. Raises `WrongRecurrence`, which names the word that is not understood.
    """
    rhythm, tail = _split(re.sub(r"\s*,\s*", ",", words).split())
    options = _options(tail)
    every = None if isinstance(rhythm, str) else rhythm
    zone = zone_named(options.get("in", "UTC"))
    starts_at = _moment(options["from"], zone, time()) if "from" in options else None
    recurrence = Recurrence(
        cron=rhythm if isinstance(rhythm, str) else None,
        every=every,
        zone=zone.key,
        starts_at=now.replace(second=0, microsecond=0) if every and not starts_at else starts_at,
        ends_at=_moment(options["until"], zone, _LAST_MINUTE) if "until" in options else None,
        jitter=_duration(options["jitter"]) if "jitter" in options else timedelta(),
        quiet=_quiet_hours(options["quiet"]) if "quiet" in options else None,
    )
    if recurrence.next_after(now) is None:
        raise WrongRecurrence("This never happens.", remedy="Look at its end and at its quiet hours.")
    return recurrence


def write_recurrence(recurrence: Recurrence, now: datetime) -> str:
    """The words that `read_recurrence` reads, for somebody to change them.

    A cron's start that is past goes without saying; an interval counts from its start.
    """
    zone = ZoneInfo(recurrence.zone)
    said = [_written_rhythm(recurrence), f"in {recurrence.zone}"]
    if recurrence.quiet is not None:
        said.append(f"quiet {recurrence.quiet.begins:%H:%M}-{recurrence.quiet.ends:%H:%M}")
    starts_at, ends_at = recurrence.starts_at, recurrence.ends_at
    if starts_at is not None and (recurrence.every is not None or starts_at > now):
        said.append(f"from {starts_at.astimezone(zone):%Y-%m-%dT%H:%M}")
    if ends_at is not None:
        wall = ends_at.astimezone(zone)
        said.append(
            f"until {wall:%Y-%m-%d}" if wall.time() == _LAST_MINUTE else f"until {wall:%Y-%m-%dT%H:%M}"
        )
    if recurrence.jitter:
        said.append(f"jitter {_written(recurrence.jitter)}")
    return " ".join(said)


def describe(recurrence: Recurrence, now: datetime) -> str:
    """One line of English, such as `Mon and Thu at 18:30, Europe/London, not between 22:00 and 07:00`.

    A start that is past goes without saying, and so does the zone of an interval that shows no time of day.
    """
    zone = ZoneInfo(recurrence.zone)
    details = []
    if recurrence.quiet is not None:
        details.append(f"not between {recurrence.quiet.begins:%H:%M} and {recurrence.quiet.ends:%H:%M}")
    if recurrence.starts_at is not None and recurrence.starts_at > now:
        details.append(f"from {recurrence.starts_at.astimezone(zone):%Y-%m-%d %H:%M}")
    if recurrence.ends_at is not None:
        details.append(f"until {recurrence.ends_at.astimezone(zone):%Y-%m-%d %H:%M}")
    if recurrence.cron is not None or details:
        details.insert(0, recurrence.zone)
    if recurrence.jitter:
        details.append(f"up to {_spoken(recurrence.jitter)} later")
    return ", ".join([_spoken_rhythm(recurrence), *details])


def _split(said: list[str]) -> tuple[str | timedelta, list[str]]:
    """The cron or the interval, and the words after it."""
    match [word.lower() for word in said]:
        case ["cron", *fields]:
            cron = " ".join(fields[:5])
            Cron.parse(cron)  # now, so that a missing field is named, and not the options that took its place
            return cron, said[6:]
        case ["every", days, "at", at, *_]:
            moment = _time_of_day(at)
            return f"{moment.minute} {moment.hour} * * {_weekdays(days)}", said[4:]
        case ["every", interval, *_]:
            return _duration(interval), said[2:]
        case [word] | [word, *_] if word != "every":
            raise _not_understood(said[0])
    raise WrongRecurrence("Nothing says how often.", remedy=_EXAMPLE)


def _options(said: list[str]) -> dict[str, str]:
    """The options by name, each with its value."""
    options: dict[str, str] = {}
    words = iter(said)
    for word in words:
        name = word.lower()
        if name not in _OPTIONS:
            raise _not_understood(word)
        if name in options:
            raise WrongRecurrence(f"'{word}' is there twice.", remedy="Leave one of them out.")
        value = next(words, None)
        if value is None:
            raise WrongRecurrence(f"Something is missing after '{word}'.", remedy=_EXAMPLE)
        options[name] = value
    return options


def _duration(word: str) -> timedelta:
    found = _DURATION.fullmatch(word)
    if not found:
        raise _not_understood(word)
    unit = next(length for name, length in _UNITS.items() if name.startswith(found[2].lower()))
    return int(found[1]) * unit


def _weekdays(word: str) -> str:
    """`mon,thu` as a field of a cron; `day` is every one."""
    known = {name.lower() for name in _WEEKDAYS}
    if word == "day":
        return "*"
    if not known.issuperset(word.split(",")):
        raise _not_understood(word)
    return word


def _time_of_day(word: str) -> time:
    found = _TIME.fullmatch(word)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise _not_understood(word)
    return time(int(found[1]), int(found[2]))


def _quiet_hours(word: str) -> QuietHours:
    begins, dash, ends = word.partition("-")
    if not dash:
        raise _not_understood(word)
    return QuietHours(_time_of_day(begins), _time_of_day(ends))


def _moment(word: str, zone: ZoneInfo, otherwise: time) -> datetime:
    """A date, or a date and a time of day, by the zone's clocks; `otherwise` is the time of a mere date."""
    found = _DATE.fullmatch(word.upper())
    try:
        wall = datetime.fromisoformat(word.upper()) if found else None
    except ValueError:  # there is no such day
        wall = None
    if not found or wall is None:
        raise _not_understood(word)
    return shown_or_skipped(wall if found[1] else datetime.combine(wall, otherwise), zone).astimezone(UTC)


def _not_understood(word: str) -> WrongRecurrence:
    return WrongRecurrence(f"'{word[:40]}' is not understood.", remedy=_EXAMPLE)


def _written_rhythm(recurrence: Recurrence) -> str:
    if recurrence.every is not None:
        return f"every {_written(recurrence.every)}"
    cron = Cron.parse(recurrence.cron or "")
    if len(cron.times) > 1 or cron.days is not None or cron.months is not None:
        return f"cron {recurrence.cron}"
    names = [_WEEKDAYS[day].lower() for day in _MONDAY_FIRST if day in (cron.weekdays or range(7))]
    days = ",".join(names) if len(names) < len(_WEEKDAYS) else "day"
    return f"every {days} at {cron.times[0]:%H:%M}"


def _written(length: timedelta) -> str:
    """The length in the largest unit that says it in a whole number: `4h`, `90m`."""
    name, unit = next((name, unit) for name, unit in _UNITS.items() if not length % unit)
    return f"{length // unit}{name[0]}"


def _spoken_rhythm(recurrence: Recurrence) -> str:
    if recurrence.every is not None:
        return f"every {_spoken(recurrence.every).removeprefix('1 ')}"
    cron = Cron.parse(recurrence.cron or "")
    if len(cron.times) > 1 or cron.days is not None or cron.months is not None:
        return f"cron {recurrence.cron}"
    names = [_WEEKDAYS[day] for day in _MONDAY_FIRST if day in (cron.weekdays or range(7))]
    days = "every day"
    if len(names) < len(_WEEKDAYS):
        days = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{days} at {cron.times[0]:%H:%M}"


def _spoken(length: timedelta) -> str:
    """The length in the largest unit that says it in a whole number."""
    name, unit = next((name, unit) for name, unit in _UNITS.items() if not length % unit)
    number = length // unit
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
