"""From the clock on the wall to moments: what a zone shows twice, or never, when its clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def shown(wall: datetime, zone: ZoneInfo, *, again: bool = False) -> datetime | None:
    """When (UTC) the zone's clocks show `wall` (without zone): the first time, or with `again` the last.

    None if the clocks are set forward over it, and so never show it.
    """
    before, after = _offset(wall, zone, fold=0), _offset(wall, zone, fold=1)
    if before < after:  # PEP 495: in a gap, and only there
        return None
    return (wall - (after if again else before)).replace(tzinfo=UTC)


def shown_or_skipped(wall: datetime, zone: ZoneInfo) -> datetime:
    """When (UTC) the zone's clocks first show `wall`; if never, when they are set forward over it."""
    return shown(wall, zone) or _moment_of_change(wall, zone)


def earliest_wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks show at `moment`; or less, where they are about to show the same hour again.

    No clock shows an earlier time later than `moment`.
    """
    wall = moment.astimezone(zone).replace(tzinfo=None)
    return moment.astimezone(UTC).replace(tzinfo=None) + _offset(wall, zone, fold=1)


def _moment_of_change(skipped: datetime, zone: ZoneInfo) -> datetime:
    """The change that skips `skipped`, to the second: zoneinfo does not tell, so halve what is in doubt."""
    old, new = _offset(skipped, zone, fold=0), _offset(skipped, zone, fold=1)
    before, after = ((skipped - offset).replace(tzinfo=UTC) for offset in (new, old))
    while (doubt := (after - before) // timedelta(seconds=1)) > 1:
        middle = before + timedelta(seconds=doubt // 2)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _offset(wall: datetime, zone: ZoneInfo, *, fold: int) -> timedelta:
    return wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()
