"""When something comes round: by a cron or an interval, in a time zone, outside quiet hours."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from itertools import count, islice
from zoneinfo import ZoneInfo

from botyard.jobs.cron import Cron, WrongRecurrence

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)
MOST_JITTER_OF_A_CRON = timedelta(hours=1)
MOST_MISSED = 1000

_MOST_HELD = 2 * 24 * 60
"""An interval of whole minutes has been at each of its times of day after one day's minutes; twice, for
the days on which the clocks change."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until just before `ends` on the wall clock; over midnight if `ends` is the earlier."""

    begins: time
    ends: time

    def __post_init__(self) -> None:
        if self.begins == self.ends:
            raise WrongRecurrence("Quiet hours must end at another time than they begin.", remedy=_QUIET)

    def cover(self, wall: time) -> bool:
        """Whether it is quiet at this time of day."""
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends


@dataclass(frozen=True)
class Recurrence:
    """When something happens again and again: by `cron` (five fields) or by `every`, one of the two.

    An interval counts real time from `starts_at`, which is its first occurrence. A cron follows the clock
    on the wall of `zone`; `Cron.moments` says what becomes of it when the clocks change. Occurrences in
    quiet hours are left out, not moved. Raises `WrongRecurrence` for what contradicts itself.
    """

    cron: str | None = None
    every: timedelta | None = None
    zone: str = "UTC"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    jitter: timedelta = timedelta()
    quiet: QuietHours | None = None

    def __post_init__(self) -> None:
        self._check_rhythm()
        zone_named(self.zone)
        self._check_span()
        self._check_jitter()

    def upcoming(self, moment: datetime) -> Iterator[datetime]:
        """The occurrences later than `moment`, in UTC and in order.

        Ends with the last one at or before `ends_at`, and when quiet hours cover all that an interval has.
        """
        held = 0
        for occurrence in self._rhythm(moment):
            if self.ends_at is not None and occurrence > self.ends_at:
                return
            if not self._is_quiet(occurrence):
                held = 0
                yield occurrence
            elif (held := held + 1) >= _MOST_HELD:
                return

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence later than `moment`, in UTC; None when there is none."""
        return next(self.upcoming(moment), None)

    def missed(self, since: datetime, until: datetime) -> int:
        """How many occurrences came later than `since` and not later than `until`; at most `MOST_MISSED`."""
        return sum(1 for one in islice(self._between(since, until), MOST_MISSED))

    def jittered(self, occurrence: datetime, seed: int) -> datetime:
        """When to act on the occurrence: up to `jitter` later, by whole seconds.

        The same for the same seed, so that replicas agree. Where that were in quiet hours or past the end,
        it is the occurrence itself.
        """
        digest = hashlib.blake2b(f"{seed}@{occurrence.timestamp()}".encode(), digest_size=8).digest()
        seconds = int.from_bytes(digest) % (self.jitter // timedelta(seconds=1) + 1)
        later = occurrence + timedelta(seconds=seconds)
        too_late = self.ends_at is not None and later > self.ends_at
        return occurrence if too_late or self._is_quiet(later) else later

    @cached_property
    def _cron(self) -> Cron:
        return Cron.parse(self.cron or "")

    def _rhythm(self, moment: datetime) -> Iterator[datetime]:
        """All occurrences later than `moment`, whether quiet or past the end."""
        if self.starts_at is not None and moment < self.starts_at:
            moment = self.starts_at - timedelta.resolution  # the start itself may be one
        if self.every is None or self.starts_at is None:
            return self._cron.moments(moment, ZoneInfo(self.zone))
        every, starts_at = self.every, self.starts_at
        return (starts_at + number * every for number in count((moment - starts_at) // every + 1))

    def _between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        for occurrence in self.upcoming(since):
            if occurrence > until:
                return
            yield occurrence

    def _is_quiet(self, moment: datetime) -> bool:
        return self.quiet is not None and self.quiet.cover(moment.astimezone(ZoneInfo(self.zone)).time())

    def _check_rhythm(self) -> None:
        if (self.cron is None) == (self.every is None):
            raise WrongRecurrence("Something recurs by a cron or by an interval.", remedy="Give one of them.")
        if self.every is None:
            times = self._cron.times  # reads the cron, so that a wrong one is refused here
            if self.quiet is not None and all(map(self.quiet.cover, times)):
                raise WrongRecurrence("All of its times are in the quiet hours.", remedy=_QUIET)
        elif not SHORTEST <= self.every <= LONGEST or self.every % SHORTEST:
            problem = "An interval is a number of whole minutes, up to 366 days."
            raise WrongRecurrence(problem, remedy="Write it like 90m, 4h or 2d.")
        elif self.starts_at is None:
            raise WrongRecurrence("An interval needs a start.", remedy="Give the moment to count from.")

    def _check_span(self) -> None:
        for moment in (self.starts_at, self.ends_at):
            if moment is not None and moment.tzinfo is not UTC:
                raise WrongRecurrence("Start and end are moments in UTC.", remedy="Convert them first.")
        if self.starts_at is not None and self.ends_at is not None and self.ends_at < self.starts_at:
            raise WrongRecurrence("It ends before it starts.", remedy="Choose a later end.")

    def _check_jitter(self) -> None:
        most = MOST_JITTER_OF_A_CRON if self.every is None else self.every / 2
        if not timedelta() <= self.jitter <= most:
            problem = "The jitter must be at most half of an interval, or one hour for a cron."
            raise WrongRecurrence(problem, remedy="Write it like jitter 5m.")


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this name. Raises `WrongRecurrence` if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or a folder like Europe
        problem = f"There is no time zone '{name[:40]}'."
        raise WrongRecurrence(problem, remedy="Write it like Europe/London or UTC.") from None


_QUIET = "Write them like quiet 22:00-07:00, and leave some time in which it may happen."
