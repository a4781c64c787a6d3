"""kill -9 while a broadcast runs and Telegram misbehaves: nobody is skipped, nobody gets it twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select
from tests.faults.loads import all_said, drained, introduce
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
        since = (await house.telegram.control("GET", "journal?since=999999999"))["next"]
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
            house.replicas[0].kill()
            await house.restart(house.replicas[0])
        await _finished(database, number, house)
        took = time.monotonic() - began
        applied = await _applied(house, since)
    states = await _judge(database, number, applied, set(members))
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    figures(f"{people} recipients, {kills} kills, {took:.0f} s: {told}; {sum(applied.values())} applied")


async def _join(house: Installation, database: Database, members: range) -> None:
    """Everybody starts the bot, as people do."""
    await introduce(house, members)
    texts = [{"user_id": each, "text": "/start"} for each in members]
    for first in range(0, len(texts), PAGE):
        await house.telegram.control(
            "POST", "traffic", bot="shop", rate=1000, messages=texts[first : first + PAGE]
        )
        await all_said(house)
    await drained(house, database)


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


async def _finished(database: Database, number: int, house: Installation) -> None:
    deadline = time.monotonic() + 1200
    while True:
        async with database.reading() as session:
            broadcast = await drafts.get(session, number)
            if broadcast.state.is_over:
                return
        assert time.monotonic() < deadline, f"{broadcast.state}: {house.replicas[0].log[-2000:]}"
        await asyncio.sleep(0.2)


async def _applied(house: Installation, since: int) -> Counter[int]:
    """How often the message was carried out in each chat, by the sandbox's journal."""
    found: Counter[int] = Counter()
    while True:
        page = await house.telegram.control("GET", f"journal?since={since}&limit={PAGE}")
        for each in page["entries"]:
            if each["method"] == "sendMessage" and each["params"].get("text") == TEXT and each["applied"]:
                found[each["params"]["chat_id"]] += 1
        since = page["next"]
        if len(page["entries"]) < PAGE:
            return found


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
