"""What happened: a bounded log that readers follow by number, and a live stream of events for the page."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

Entry = TypeVar("Entry")
SLOWEST_READER = 10_000
"""Events that may wait for one reader of the stream; one that is slower loses the newest."""


@dataclass(frozen=True)
class CallRecord:
    """One Bot API call. `applied` (it was carried out) is apart from `status` (0: no answer was sent)."""

    seq: int
    time: datetime
    bot: int
    method: str
    params: dict[str, Any]
    applied: bool
    status: int
    answer: dict[str, Any] | None

    def json(self) -> dict[str, Any]:
        return self.__dict__ | {"time": iso(self.time)}


class Log(Generic[Entry]):
    """The newest entries of something that is numbered from 1 without gaps."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self.next = 1

    def append(self, make: Callable[[int], Entry]) -> Entry:
        entry = make(self.next)
        self._entries.append(entry)
        self.next += 1
        return entry

    def since(self, number: int) -> list[Entry]:
        """All entries from this number on that are still kept."""
        skipped = max(number - (self.next - len(self._entries)), 0)
        return list(islice(self._entries, skipped, None))


class EventHub:
    """Tells every listening page what happened."""

    def __init__(self) -> None:
        self._readers: set[asyncio.Queue[tuple[str, Any] | None]] = set()

    @property
    def listening(self) -> bool:
        return bool(self._readers)

    def publish(self, event: str, data: Any) -> None:
        for reader in self._readers:
            if reader.qsize() < SLOWEST_READER:
                reader.put_nowait((event, data))

    def join(self) -> asyncio.Queue[tuple[str, Any] | None]:
        """A queue of all events from now on; `None` says that no more will come."""
        reader: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        self._readers.add(reader)
        return reader

    def leave(self, reader: asyncio.Queue[tuple[str, Any] | None]) -> None:
        self._readers.discard(reader)

    def close(self) -> None:
        for reader in self._readers:
            reader.put_nowait(None)


def iso(time: datetime) -> str:
    """ISO 8601 in UTC, as the control API writes times."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
