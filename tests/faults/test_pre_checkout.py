"""Telegram waits ten seconds for a word on a payment: it comes in time, however much else there is to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select
from tests.features.billing.shop import invoice, stock
from tests.features.billing.test_paying import payload_of
from tests.support.running import PAUL, Running, running

from botyard.clock import SystemClock
from botyard.ids import BotId, ChatKey
from botyard.inbox import backlog
from botyard.inbox.log import Arrival, Inbox
from botyard.inbox.models import UpdateState
from botyard.members.models import Chat
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.telegram.updates import read_envelope

SHOP = BotId(7000000001)
MOST_P99 = 3.0
FIRST_READER, FIRST_WRITER = 2_000_000, 3_000_000
WRITERS = 2_000


async def broadcast_to(house: Running, readers: int) -> None:
    """Puts a broadcast into the outbox."""
    now = SystemClock().now()
    people = range(FIRST_READER, FIRST_READER + readers)
    async with house.database.begin() as connection:
        rows = [{"telegram_id": each, "type": "private", "created_at": now} for each in people]
        await connection.execute(insert(Chat), rows)
        keys = await connection.scalars(select(Chat.id).where(Chat.telegram_id >= FIRST_READER))
        calls = [
            Call(SHOP, "sendMessage", {"text": "news"}, chat_key=ChatKey(key), priority=Priority.BROADCAST)
            for key in keys
        ]
        for start in range(0, len(calls), 1000):
            await outbox_queue.add(connection, calls[start : start + 1000], now)


def update_of(number: int) -> bytes:
    """An update in which one of many people writes."""
    person = FIRST_WRITER + number % WRITERS
    sender = {"id": person, "is_bot": False, "first_name": "Writer"}
    message = {
        "message_id": number + 1,
        "date": 1_800_000_000,
        "chat": {"id": person, "type": "private", "first_name": "Writer"},
        "from": sender,
        "text": "/help",
    }
    return msgspec.json.encode({"update_id": 10_000_000 + number, "message": message})


async def flood(house: Running, updates: int) -> None:
    """Puts so many updates into the inbox."""
    inbox = Inbox(house.database, SystemClock())
    bodies = [update_of(number) for number in range(updates)]
    arrivals = [Arrival(SHOP, read_envelope(body), body) for body in bodies]
    for start in range(0, updates, 2000):
        await inbox.append(*arrivals[start : start + 2000])


async def ask(house: Running, payload: str, count: int, every: float) -> dict[str, float]:
    """Telegram asks so often whether Paul may pay; when each question was asked (monotonic seconds)."""
    world = house.sandbox.world
    bot, asked = world.bots[SHOP], {}
    user = {"id": PAUL, "is_bot": False, "first_name": "Paul", "language_code": "en"}
    for number in range(count):
        query: dict[str, Any] = {"id": f"p{number}", "from": user, "invoice_payload": payload}
        asked[query["id"]] = world.clock.now().timestamp()
        world.enqueue(bot, "pre_checkout_query", query | {"currency": "XTR", "total_amount": 3500})
        await asyncio.sleep(every)
    return asked


async def measure(
    database_url: str, folder: Path, *, updates: int, readers: int, questions: int, every: float
) -> tuple[list[float], int]:
    """Seconds from each question to its answer, and how many updates still waited at the last one."""
    async with running(database_url, folder, webhook=True) as house:
        await stock(house.database)
        await house.ask(PAUL, "/start")
        payload = await payload_of(house, (await invoice(house, PAUL, "gold-1m"))["message_id"])
        await broadcast_to(house, readers)
        await flood(house, updates)
        asked = await ask(house, payload, questions, every)
        async with house.database.read() as connection:
            waiting = sum((await backlog.count_by_state(connection, UpdateState.PENDING)).values())

        answered: dict[str, float] = {}

        async def all_answered() -> bool:
            for call in house.sandbox.world.calls.since(0):
                if call.method == "answerPreCheckoutQuery":
                    assert call.params["ok"] is True, call.params
                    answered[call.params["pre_checkout_query_id"]] = call.time.timestamp()
            return answered.keys() >= asked.keys()

        await house.until(all_answered, seconds=60)
    return sorted(answered[each] - at for each, at in asked.items()), waiting


async def test_a_word_on_a_payment_overtakes_what_waits(sqlite_url: str, tmp_path: Path) -> None:
    waits, waiting = await measure(sqlite_url, tmp_path, updates=1_500, readers=300, questions=20, every=0.03)
    assert waiting > 100, "nothing had to be overtaken"
    assert waits[-1] < MOST_P99


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_while_ten_thousand_updates_wait_and_a_broadcast_runs(
    database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    waits, waiting = await measure(
        database_url, tmp_path, updates=10_000, readers=5_000, questions=200, every=0.015
    )
    p50, p99 = quantiles(waits, n=100)[49], quantiles(waits, n=100)[98]
    figures(f"{len(waits)} questions, {waiting} updates still waiting: p50 {p50:.3f} s, p99 {p99:.3f} s")
    assert waiting > 1000, "nothing had to be overtaken"
    assert p99 < MOST_P99
