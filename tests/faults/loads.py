"""Making load, and waiting for the end of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.faults.judging import Offered, waiting
from tests.faults.processes import Installation

from botyard.db.session import Database

CHATS = range(5001, 5201)
DRAIN = 600.0


async def introduce(house: Installation, chats: Sequence[int] = CHATS) -> None:
    """Makes the people who will write."""
    for chat in chats:
        await house.telegram.control("POST", "users", id=chat, first_name=f"User {chat}")


async def offer(house: Installation, offered: Offered, chance: Random, *, count: int, rate: float) -> None:
    """Orders so many messages at a rate, from anybody in turn, with and without a row each."""
    messages = [
        offered.message(chance.choice(CHATS), "count" if chance.random() < 0.5 else "echo")
        for _ in range(count)
    ]
    await house.telegram.control("POST", "traffic", bot="shop", rate=rate, messages=messages)


async def say(house: Installation, message: dict[str, Any]) -> None:
    """One message."""
    await house.telegram.control("POST", "messages", bot="shop", **message)


async def all_said(house: Installation) -> None:
    """Returns once the sandbox has made all the messages that were ordered."""
    while not all(each["done"] for each in await house.telegram.control("GET", "traffic")):
        await asyncio.sleep(0.05)


async def drained(house: Installation, database: Database) -> float:
    """Waits until nothing is on its way; answers how long that took."""
    began = time.monotonic()
    await all_said(house)
    while True:
        bot = (await house.telegram.control("GET", "bots"))[0]
        left = await waiting(database)
        if not bot["pending_update_count"] and left == (0, 0):
            return time.monotonic() - began
        took = time.monotonic() - began
        assert took < DRAIN, f"{bot['pending_update_count']} not delivered, {left} waiting"
        await asyncio.sleep(0.25)


async def handling_again(house: Installation) -> None:
    """Returns once replies come again: a kill while nothing happens would prove nothing."""
    deadline = time.monotonic() + 60
    seen = (await house.telegram.control("GET", "journal?since=999999999"))["next"]
    while time.monotonic() < deadline:
        page = await house.telegram.control("GET", f"journal?since={seen}")
        if any(each["method"] == "sendMessage" for each in page["entries"]):
            return
        seen = page["next"]
        if not (await house.telegram.control("GET", "bots"))[0]["pending_update_count"]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing was handled for a minute after a restart")
