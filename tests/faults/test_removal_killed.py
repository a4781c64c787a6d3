"""SIGKILL at every commit of a removal: whoever has no time left is out, whoever has paid never is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.faults.dying_shop import Dying, a_dying_service, a_telegram
from tests.faults.processes import BOT, Telegram
from tests.features.access.club import CLUB, RIGHTS, pays, sell

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.access.models import AccessChat, AccessMember, Mode
from botyard.features.access.rules import Came, Standing
from botyard.features.access.telling import look_at_chat
from botyard.ids import ChatKey

COMMITS = 20
OWNER = 1001
BRAKE_OFF = {"BOTYARD_REMOVAL_BRAKE": "100"}


async def open_club(telegram: Telegram, database: Database) -> ChatKey:
    """A paid channel that the bot keeps, live."""
    creator = [{"user_id": OWNER, "status": "creator"}]
    await telegram.control("POST", "chats", id=CLUB, type="channel", title="Club", members=creator)
    key = await sell(database, CLUB, now=SystemClock().now())
    rights = {"can_manage_chat": True, **RIGHTS}
    body = {"user_id": BOT, "status": "administrator", "rights": rights}
    await telegram.control("POST", f"chats/{CLUB}/members", **body)
    async with asyncio.timeout(60):
        while True:
            async with database.session() as session:
                await look_at_chat(session, key, SystemClock().now())
                chat = await session.get(AccessChat, key)
                if chat is not None and chat.swept_at is not None:
                    await session.execute(update(AccessChat).values(mode=Mode.LIVE))
                    return key
            await asyncio.sleep(0.5)


async def enters(telegram: Telegram, database: Database, user_id: int, *, days_ago: int) -> None:
    """A member who paid for 30 days so long ago is in the channel."""
    await telegram.control("POST", "users", id=user_id, first_name=f"Member {user_id}", started=["shop"])
    await pays(database, user_id, SystemClock().now() - timedelta(days=days_ago))
    await telegram.control("POST", f"chats/{CLUB}/members", user_id=user_id, status="member")
    here = (AccessMember.user_id == user_id, AccessMember.standing == Standing.IN)
    as_if = {"came": Came.LINK, "came_key": "", "unlisted_at": None, "due_at": SystemClock().now()}
    async with asyncio.timeout(60):  # he came while he had time: who is let in later is asked about
        while True:
            async with database.session() as session:
                if (
                    await session.scalars(
                        update(AccessMember).where(*here).values(as_if).returning(AccessMember.user_id)
                    )
                ).all():
                    return
            await asyncio.sleep(0.1)


async def status(telegram: Telegram, user_id: int) -> str:
    """What somebody is to the channel."""
    chats = await telegram.control("GET", "chats")
    members = next(each for each in chats if each["id"] == CLUB)["members"]
    return next((each["status"] for each in members if each["user_id"] == user_id), "left")


async def remove_while_dying(
    telegram: Telegram, service: Dying, database: Database, key: ChatKey, number: int, when: str
) -> bool:
    """One removal, in which the service dies as ordered; whether it did."""
    gone, stays = 10_000 + number, 20_000 + number
    await enters(telegram, database, stays, days_ago=1)
    await enters(telegram, database, gone, days_ago=40)
    starts = service.starts
    service.order.write_text(f"{number} {when}")
    for turn in range(300):
        if await status(telegram, gone) == "left":
            break
        if turn % 10 == 0:
            async with database.session() as session:
                await look_at_chat(session, key, SystemClock().now())
        await service.back()
        await asyncio.sleep(0.2)
    else:
        raise AssertionError(f"{gone} was not removed: {service.log[-2000:]}")
    await service.back()
    service.order.unlink(missing_ok=True)
    assert await status(telegram, stays) == "member", f"{number} {when}"
    return service.starts > starts


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_removal_survives_a_kill_at_each_commit(
    sqlite_url: str, tmp_path: Path, when: str, figures: Callable[[str], None]
) -> None:
    database = Database(sqlite_url)
    async with (
        a_telegram(tmp_path) as telegram,
        a_dying_service(telegram, sqlite_url, tmp_path, **BRAKE_OFF) as service,
    ):
        key = await open_club(telegram, database)
        died = 0
        for number in range(1, COMMITS + 1):
            died += await remove_while_dying(telegram, service, database, key, number, when)
        calls = await telegram.entries("journal")
        removals = [each for each in calls if each["method"] == "unbanChatMember"]
        assert {each["params"]["user_id"] for each in removals} == {
            10_000 + each for each in range(1, COMMITS + 1)
        }
        assert not [each for each in calls if each["method"] == "banChatMember"]
        for number in range(1, COMMITS + 1):
            assert await status(telegram, 20_000 + number) == "member"
        figures(f"{COMMITS} removals by {len(removals)} calls, killed {died} times {when} a commit")
        assert died >= COMMITS // 2
    await database.aclose()
