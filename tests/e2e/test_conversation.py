"""One conversation through the whole house: by webhook and by polling, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from tests.support.running import ANA, NEWS, OWNER, PAUL, SHOP, running

from botyard.inbox.models import updates


@pytest.mark.parametrize("webhook", [True, False], ids=["webhook", "polling"])
async def test_a_person_becomes_an_admin_and_sees_more(
    database_url: str, tmp_path: Path, webhook: bool
) -> None:
    async with running(database_url, tmp_path, webhook=webhook) as house:
        assert "Welcome, Paul Green!" in await house.ask(PAUL, "/start")
        before = await house.ask(PAUL, "/help")
        assert "/status" in before
        assert "/console" not in before

        assert "is ADMIN now" in await house.ask(OWNER, "/role @paul_green ADMIN")

        after = await house.ask(PAUL, "/help")
        assert "/console" in after
        assert "/role" not in after
        assert "for the owner" in await house.ask(PAUL, "/role @ana_sousa ADMIN")
        info = await house.control("GET", "bots")
        assert bool(info[0]["webhook_url"]) is webhook

        async with house.database.read() as connection:
            states = {row.state.value for row in await connection.execute(select(updates.c.state))}
        assert states == {"done"}


async def test_two_bots_in_one_service_do_not_mix(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, bots={"shop": SHOP, "news": NEWS}) as house:
        assert "@shop_bot" in await house.ask(PAUL, "/start", bot="shop")
        assert "@news_bot" in await house.ask(ANA, "/start", bot="news")
        assert await house.messages(PAUL, bot="news") == []
        bots = {bot.name: bot for bot in house.service.bots.values()}
        assert bots["shop"].webhook_secret != bots["news"].webhook_secret


async def test_the_admins_menu_follows_his_role(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as house:
        await house.ask(PAUL, "/start")

        async def sees_console() -> bool:
            menu = await house.control("GET", f"commands?bot=shop&user_id={PAUL}&chat_id={PAUL}")
            return "console" in {entry["command"] for entry in menu}

        assert not await sees_console()
        await house.ask(OWNER, "/role @paul_green ADMIN")
        await house.until(sees_console)
        await house.ask(OWNER, "/role @paul_green PUBLIC")

        async def sees_none() -> bool:
            return not await sees_console()

        await house.until(sees_none)
