"""What became of every update, from the sandbox's journals and the database's tables alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from tests.faults.processes import Telegram
from tests.faults.service import counts

from botyard.db.session import Database
from botyard.inbox.models import UpdateState, updates
from botyard.outbox.models import CallState, outbox

Number = tuple[int, int]
"""A chat, and the number that was said there: each is said once."""


@dataclass
class Offered:
    """What is to be said: the numbers of each chat, and which of them write a row."""

    by_chat: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    counted: set[Number] = field(default_factory=set)

    def message(self, chat: int, command: str, *words: object) -> dict[str, Any]:
        """The next message in a chat, as the sandbox's control API takes it."""
        number = len(self.by_chat[chat]) + 1
        self.by_chat[chat].append(number)
        if command != "echo":
            self.counted.add((chat, number))
        text = " ".join(str(part) for part in (f"/{command}", number, *words))
        return {"user_id": chat, "text": text}

    @property
    def all(self) -> set[Number]:
        return {(chat, number) for chat, numbers in self.by_chat.items() for number in numbers}


@dataclass(frozen=True)
class Row:
    """An update in the inbox with the calls that it led to."""

    state: UpdateState
    attempts: int
    error: str | None
    calls: tuple[CallState, ...]


@dataclass
class Evidence:
    """Everything that was written down."""

    offered_at: dict[Number, datetime]
    """When each was said, in the order of saying."""
    update_ids: dict[Number, int]
    accepted: set[Number]
    attempts: int
    inbox: dict[Number, list[Row]]
    rows: list[Number]
    replies: list[tuple[Number, datetime]]

    @property
    def replied(self) -> Counter[Number]:
        return Counter(number for number, _ in self.replies)

    def in_state(self, state: CallState) -> set[Number]:
        """The numbers whose reply is in this state of the outbox."""
        return {number for number, found in self.inbox.items() for row in found if state in row.calls}

    def latencies(self) -> dict[Number, float]:
        """Seconds from the update's making to its reply's being applied."""
        return {number: (at - self.offered_at[number]).total_seconds() for number, at in self.replies}


async def gather(telegram: Telegram, database: Database) -> Evidence:
    """Reads the journals and the tables."""
    entries = [
        each for each in await telegram.entries("updates") if "text" in each["update"].get("message", {})
    ]
    numbers = {each["update"]["update_id"]: _said(each["update"]["message"]) for each in entries}
    calls = [each for each in await telegram.entries("journal") if each["method"] == "sendMessage"]
    inbox: dict[Number, list[Row]] = defaultdict(list)
    async with database.read() as connection:
        queued: defaultdict[int, list[CallState]] = defaultdict(list)
        for call in await connection.execute(select(outbox.c.update_seq, outbox.c.state)):
            queued[call.update_seq].append(call.state)
        columns = updates.c
        for row in await connection.execute(
            select(columns.seq, columns.update_id, columns.state, columns.attempts, columns.error)
        ):
            found = Row(row.state, row.attempts, row.error, tuple(queued[row.seq]))
            inbox[numbers[row.update_id]].append(found)
        counted = await connection.execute(select(counts.c.chat, counts.c.number).order_by(counts.c.id))
        rows = [(row.chat, row.number) for row in counted]
    return Evidence(
        offered_at={numbers[each["update"]["update_id"]]: _at(each["time"]) for each in entries},
        update_ids={number: update_id for update_id, number in numbers.items()},
        accepted={numbers[each["update"]["update_id"]] for each in entries if each["delivered"]},
        attempts=sum(each["attempts"] for each in entries),
        inbox=inbox,
        rows=rows,
        replies=[
            ((each["params"]["chat_id"], int(each["params"]["text"])), _at(each["time"]))
            for each in calls
            if each["applied"]
        ],
    )


def judge(offered: Offered, found: Evidence, *, dead: frozenset[Number] = frozenset()) -> set[Number]:
    """Asserts the promises for every update but the `dead` letters; answers the replies that nobody knows of.

    Nothing lost, nothing twice, order kept in each chat. A reply may be missing only where the outbox says
    that it does not know: the process died between marking the call and writing down its outcome.
    """
    expected = offered.all - dead
    assert found.offered_at.keys() == offered.all, "the sandbox made other updates than it was told"
    assert offered.all == found.accepted, f"{len(offered.all - found.accepted)} were never accepted"
    assert found.inbox.keys() == offered.all, f"{len(offered.all - found.inbox.keys())} accepted and lost"
    assert all(len(rows) == 1 for rows in found.inbox.values()), "an update is in the inbox twice"
    not_done = {
        number: rows[0] for number, rows in found.inbox.items() if rows[0].state is not UpdateState.DONE
    }
    assert not_done.keys() == dead, (
        f"not done: {[each for each in not_done.items() if each[0] not in dead][:5]}"
    )

    wrong_rows = Counter(found.rows)
    wrong_rows.subtract(offered.counted - dead)
    assert not +wrong_rows, f"rows twice: {+wrong_rows}"
    assert not -wrong_rows, f"rows lost: {-wrong_rows}"

    for number in expected:
        assert len(found.inbox[number][0].calls) == 1, f"{number} has not one reply in the outbox"
    sent, unknown = found.in_state(CallState.SENT), found.in_state(CallState.UNKNOWN)
    assert sent | unknown == expected, f"neither sent nor unknown: {list(expected - sent - unknown)[:5]}"
    twice = [number for number, times in found.replied.items() if times > 1]
    assert not twice, f"replied twice: {twice[:5]}"
    assert sent <= found.replied.keys(), (
        f"sent, says the outbox, but never applied: {sent - found.replied.keys()}"
    )
    assert found.replied.keys() <= expected

    _require_order(found, "rows", found.rows)
    _require_order(found, "replies", [number for number, _ in found.replies])
    return unknown


def _require_order(found: Evidence, what: str, seen: list[Number]) -> None:
    """Asserts that in each chat these came in the order in which they were said."""
    turn = {number: place for place, number in enumerate(found.offered_at)}
    latest: dict[int, Number] = {}
    for number in seen:
        before = latest.get(number[0])
        assert before is None or turn[before] < turn[number], f"{what}: {number} came after {before}"
        latest[number[0]] = number


async def waiting(database: Database) -> tuple[int, int]:
    """How many updates and how many calls are not at their end."""
    async with database.read() as connection:
        pending = await connection.scalar(
            select(func.count()).select_from(updates).where(updates.c.state == UpdateState.PENDING)
        )
        going = await connection.scalar(
            select(func.count())
            .select_from(outbox)
            .where(outbox.c.state.in_([CallState.PENDING, CallState.SENDING]))
        )
    return pending or 0, going or 0


def _said(message: dict[str, Any]) -> Number:
    return message["chat"]["id"], int(message["text"].split()[1])


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
