"""kill -9 while a broadcast runs and Telegram misbehaves: nobody is skipped, nobody gets it twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import insert, select
from tests.faults.processes import BOT, Installation, installation

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.broadcasts.message import Message, MessageKind
from botyard.features.broadcasts.models import Recipient, RecipientState
from botyard.features.broadcasts.service import drafts, life, tallies
from botyard.features.broadcasts.service.drafts import Plan, Wording
from botyard.ids import BotId, UserId
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.members.models import BotChat, Chat, User

OWNER = Actor(UserId(1001))
TEXT = "Spring sale"
FAULTS = ("retry_after", "server_error", "reset_before", "reset_after", "forbidden", "bad_request", "slow")
PAGE = 5_000


async def broadcast_and_kill(
    database: Database,
    url: str,
    folder: Path,
    figures: Callable[[str], None],
    *,
    seed: int,
    people: int,
    kills: int,
) -> None:
    """Sends to so many people, kills so many times on the way, then compares the book with the journal."""
    chance, members = Random(seed), range(10_001, 10_001 + people)
    async with installation(url, folder, chance) as house:
        await _join(house, database, members)
        journal = _Journal(house, (await house.telegram.control("GET", "journal?since=999999999"))["next"])
        for kind in FAULTS:
            order = {"method": "sendMessage", "probability": 0.05, "retry_after": 1, "seconds": 0.2}
            async with house.telegram.http.post(
                f"{house.telegram.url}/control/faults", json={"kind": kind} | order
            ) as answer:
                assert answer.status < 400, await answer.text()
        number = await _start(database)
        began = time.monotonic()
        for _ in range(kills):
            await _under_way(database, number)
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            await journal.read()  # it is bounded: whoever looks too seldom misses entries
            house.replicas[0].kill()
            await house.restart(house.replicas[0])
        await _finished(database, number, house, journal)
        took = time.monotonic() - began
        await journal.read()
        applied = journal.applied
    states = await _judge(database, number, applied, set(members))
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    figures(f"{people} recipients, {kills} kills, {took:.0f} s: {told}; {sum(applied.values())} applied")


async def _join(house: Installation, database: Database, members: range) -> None:
    """Everybody has begun with the bot long ago, and both Telegram and the business know it."""
    queue = list(members)

    async def introduce() -> None:
        while queue:
            user = queue.pop()
            await house.telegram.control("POST", "users", id=user, first_name="Name", started=["shop"])

    await asyncio.gather(*(introduce() for _ in range(20)))
    now = SystemClock().now()
    person = {"first_name": "Name", "is_premium": False, "role": 0, "created_at": now, "seen_at": now}
    met = {"bot_id": BOT, "status": "member", "reachable": True, "changed_at": now}
    for first in range(members.start, members.stop, PAGE):
        ids = range(first, min(first + PAGE, members.stop))
        async with database.session() as session:
            await session.execute(insert(User), [person | {"id": each} for each in ids])
            chats = [{"telegram_id": each, "type": "private", "created_at": now} for each in ids]
            await session.execute(insert(Chat), chats)
            keys = list(await session.scalars(select(Chat.id).where(Chat.telegram_id.in_(ids))))
            await session.execute(insert(BotChat), [met | {"chat_key": key} for key in keys])


async def _start(database: Database) -> int:
    now = SystemClock().now()
    async with database.session() as session:
        broadcast = await drafts.make(session, Plan("Spring", Topic.SERVICE), BotId(BOT), OWNER, now)
        await drafts.word(session, broadcast, [Wording(1, Message(MessageKind.TEXT, TEXT))], OWNER, now)
        broadcast.tested_at = now
        assert await life.start(session, broadcast, OWNER, now)
        return broadcast.id


async def _under_way(database: Database, number: int) -> None:
    """Returns once something was sent since the last look: a kill while nothing happens proves nothing."""
    before = None
    while True:
        async with database.reading() as session:
            states = await tallies.by_state(session, number)
            if (await drafts.get(session, number)).state.is_over:
                return
        if before is not None and states[RecipientState.SENT] > before:
            return
        before = states[RecipientState.SENT]
        await asyncio.sleep(0.1)


async def _finished(database: Database, number: int, house: Installation, journal: _Journal) -> None:
    deadline = time.monotonic() + 1200
    while True:
        async with database.reading() as session:
            broadcast = await drafts.get(session, number)
            if broadcast.state.is_over:
                return
        assert time.monotonic() < deadline, f"{broadcast.state}: {house.replicas[0].log[-2000:]}"
        await journal.read()
        await asyncio.sleep(0.5)


class _Journal:
    """How often the message was carried out in each chat, by the sandbox's journal."""

    def __init__(self, house: Installation, since: int) -> None:
        self._house = house
        self._since = since
        self.applied: Counter[int] = Counter()

    async def read(self) -> None:
        """Takes in what is new."""
        while True:
            page = await self._house.telegram.control("GET", f"journal?since={self._since}&limit={PAGE}")
            for each in page["entries"]:
                if each["method"] == "sendMessage" and each["params"].get("text") == TEXT and each["applied"]:
                    self.applied[each["params"]["chat_id"]] += 1
            self._since = page["next"]
            if len(page["entries"]) < PAGE:
                return


async def _judge(
    database: Database, number: int, applied: Counter[int], members: set[int]
) -> Counter[RecipientState]:
    """Asserts what a broadcast promises; answers how many recipients are in each state."""
    async with database.reading() as session:
        rows = await session.execute(
            select(Recipient.user_id, Recipient.state).where(Recipient.broadcast_id == number)
        )
        book = {row.user_id: row.state for row in rows}
        told = await tallies.by_state(session, number)
    states = Counter(book.values())
    assert {state: count for state, count in told.items() if count} == states, "the tallies say otherwise"
    assert book.keys() >= members, f"{len(members - book.keys())} are not in the audience"
    assert not states[RecipientState.PENDING] + states[RecipientState.SENDING], "somebody is left behind"
    twice = [chat for chat, times in applied.items() if times > 1]
    assert not twice, f"sent twice: {twice[:5]}"
    sent = {user for user, state in book.items() if state is RecipientState.SENT}
    unknown = {user for user, state in book.items() if state is RecipientState.UNKNOWN}
    assert sent <= applied.keys(), (
        f"sent, says the book, but never applied: {list(sent - applied.keys())[:5]}"
    )
    assert applied.keys() <= sent | unknown, (
        f"applied, but not so: {list(applied.keys() - sent - unknown)[:5]}"
    )
    return states


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # `make faults` has both
async def test_one_kill_in_a_broadcast(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    await broadcast_and_kill(counting, database_url, tmp_path, figures, seed=1, people=600, kills=1)


@pytest.mark.faults
@pytest.mark.timeout(3600)
async def test_twenty_kills_among_100_000_recipients(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    await broadcast_and_kill(counting, database_url, tmp_path, figures, seed=2, people=100_000, kills=20)
