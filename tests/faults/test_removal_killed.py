"""SIGKILL at every commit of a removal: who has to go goes once, and nobody with time is removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.faults.processes import BOT, Telegram
from tests.faults.test_purchase_killed import Dying, service, telegram
from tests.features.access.club import CLUB, OWNER, RIGHTS, pays, row_of, sell

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.access.models import AccessChat, AccessMember, Mode
from botyard.features.access.rules import Standing
from botyard.features.access.telling import look_at_chat
from botyard.ids import ChatKey

COMMITS = 12
"""With those of other work in between; the last ones come when the removal is over."""
__all__ = ["service", "telegram"]


async def until(service: Dying, is_so: Any) -> None:
    """Waits; whenever the service dies it is started again."""
    for _ in range(900):
        await service.back()
        if await is_so():
            return
        await asyncio.sleep(0.1)
    raise AssertionError(service.log[-2000:])


async def live_chat(telegram: Telegram, service: Dying, database: Database) -> ChatKey:
    """A channel that the bot keeps, live; one plan of 30 days lets into it."""
    owner = {"user_id": OWNER, "status": "creator"}
    await telegram.control("POST", "chats", id=CLUB, type="channel", title="Club", members=[owner])
    key = await sell(database, CLUB, now=SystemClock().now())
    admin = {"user_id": BOT, "status": "administrator", "rights": {"can_manage_chat": True, **RIGHTS}}
    await telegram.control("POST", f"chats/{CLUB}/members", **admin)

    async def is_kept() -> bool:
        async with database.reading() as session:
            chat = await session.get(AccessChat, key)
            return chat is not None and chat.swept_at is not None

    await until(service, is_kept)
    async with database.session() as session:
        (await session.get_one(AccessChat, key)).mode = Mode.LIVE
    return key


async def enters(telegram: Telegram, service: Dying, database: Database, key: ChatKey, user_id: int) -> None:
    """Somebody is in the channel, and known to be."""
    await telegram.control("POST", "users", id=user_id, first_name="Member")
    await telegram.control("POST", "messages", bot="shop", user_id=user_id, text="/start")
    await telegram.control("POST", f"chats/{CLUB}/members", user_id=user_id, status="member")

    async def is_known() -> bool:
        row = await row_of(database, key, user_id)
        return row is not None and row.standing is Standing.IN

    await until(service, is_known)


async def left(telegram: Telegram) -> list[int]:
    """Who was seen to leave the channel, each time."""
    changes = [
        each["update"]["chat_member"]["new_chat_member"]
        for each in await telegram.entries("updates")
        if "chat_member" in each["update"]
    ]
    return [each["user"]["id"] for each in changes if each["status"] == "left"]


async def remove_while_dying(
    telegram: Telegram, service: Dying, database: Database, key: ChatKey, user_id: int, order: str
) -> bool:
    """One member's time is over, and the service dies as ordered; whether it did."""
    await pays(database, user_id, SystemClock().now() - timedelta(days=32))
    await enters(telegram, service, database, key, user_id)
    starts = service.starts
    service.order.write_text(order)
    async with database.session() as session:
        row = await session.get_one(AccessMember, {"chat_key": key, "user_id": user_id})
        assert row.due_at is not None, order
        await look_at_chat(session, key, SystemClock().now())

    async def is_over() -> bool:
        row = await row_of(database, key, user_id)
        return row is not None and row.standing is Standing.OUT and row.removal is None

    await until(service, is_over)
    await asyncio.sleep(1.0)
    service.order.unlink(missing_ok=True)
    await service.back()
    return service.starts > starts


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_removal_survives_a_kill_at_each_commit(
    telegram: Telegram, service: Dying, sqlite_url: str, when: str, figures: Callable[[str], None]
) -> None:
    service.environment["BOTYARD_REMOVAL_BRAKE"] = "100"
    service.kill()
    await service.back()
    database = Database(sqlite_url)
    key = await live_chat(telegram, service, database)
    await pays(database, 9_999, SystemClock().now() - timedelta(days=29))
    await enters(telegram, service, database, key, 9_999)
    died = 0
    gone = [10_000 + number for number in range(1, COMMITS + 1)]
    for number, user_id in enumerate(gone, 1):
        died += await remove_while_dying(telegram, service, database, key, user_id, f"{number} {when}")
    assert sorted(await left(telegram)) == gone
    await pays(database, gone[0], SystemClock().now())

    async def is_told() -> bool:
        shown = await telegram.control("GET", f"chats/{gone[0]}/messages?bot=shop")
        return any("Your way in" in str(each.get("text")) for each in shown)

    await until(service, is_told)
    figures(f"{COMMITS} removals, killed {died} times {when} a commit")
    assert died >= COMMITS // 2
    await database.aclose()
