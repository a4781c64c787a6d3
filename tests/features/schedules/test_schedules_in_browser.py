"""The pages of schedules in a real Chromium, on a laptop and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import update
from tests.console.conftest import ANA, House, chromium, house
from tests.console.in_browser import LAPTOP, PHONE, link, look, serving

from botyard.app import ACTIONS
from botyard.db.session import Database
from botyard.features.schedules.pages import pages
from botyard.ids import ChatId
from botyard.members.chats import keys_of
from botyard.members.models import Chat

__all__ = ["chromium", "house"]

pytestmark = pytest.mark.browser

HOME = "/console/schedules"
TITLES = {-1001: "Gold traders", -1002: "Crypto", -1003: "A title that is as long as a sentence and goes on"}


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=str)
async def test_a_schedule_is_made_and_edited_in_a_browser(
    chromium: Browser, house: House, size: tuple[int, int]
) -> None:
    database = house.database
    await house.add_member()
    await house.add_bot()
    async with database.session() as session:
        await keys_of(session, [ChatId(each) for each in TITLES], house.clock.now())
        for chat_id, title in TITLES.items():
            await session.execute(update(Chat).where(Chat.telegram_id == chat_id).values(title=title))
    site = replace(house.site(), actions=ACTIONS)
    async with serving(database, house.clock, house.bots, pages(site)) as url:
        page = await chromium.new_page(viewport={"width": size[0], "height": size[1]})
        await page.goto(await link(database, house.clock, url, ANA))
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{url}/console/", wait_until="load")
        await page.goto(f"{url}{HOME}/new")
        await look(page, "schedules-new")
        await page.get_by_label("Name").fill("morning")
        await page.get_by_label("What to post").select_option("6 guides of all categories")
        await page.get_by_label("Crypto").check()
        await page.get_by_role("button", name="Schedule it").click()
        await expect(page.get_by_role("status").first).to_have_text("morning is scheduled.")
        await look(page, "schedules-one")
        await page.get_by_role("link", name="Edit").click()
        await expect(page.get_by_label("What to post")).to_have_value("guides 6")
        await expect(page.get_by_label("Crypto")).to_be_checked()
        await look(page, "schedules-edit")
        await page.get_by_label("When").fill("every 6h")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status").first).to_have_text("morning is saved.")
        await expect(page.get_by_text("every 6 hours")).to_be_visible()
        await page.get_by_role("button", name="Post now").click()
        await page.get_by_text("Post once more…").click()
        await look(page, "schedules-again")
