"""The rules' pages in a real Chromium, on a laptop and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect
from tests.console.conftest import ANA, House, chromium, house
from tests.console.in_browser import LAPTOP, PHONE, Scheme, link, look, serving
from tests.features.distribution.rule_keeping import GOLD, GROUP_MAP, keep, name_chat, pages_of, seed

from botyard.db.session import Database

__all__ = ["chromium", "house"]

pytestmark = pytest.mark.browser

HOME = "/console/distribution"


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark"), (PHONE, "light")], ids=str)
async def test_the_pages_in_a_browser(
    chromium: Browser, house: House, size: tuple[int, int], scheme: Scheme
) -> None:
    database = house.database
    await house.add_member()
    await seed(database)
    titles = ("Gold traders", "Crypto", "Forex", "Gold & crypto", "Gold & forex", "Crypto & forex", "VIP")
    for chat_id, title in zip([ids[0] for ids in GROUP_MAP.values()], titles, strict=True):
        await name_chat(database, chat_id, title)
    await keep(
        database,
        "a phrase that is as long as a sentence and averylongwordthatbreaksnowhereatall",
        (GOLD, -1002, -1003, -1004),
        priority=10,
        first_only=True,
        excluded=("silver", "bronze"),
        enabled=False,
    )
    async with serving(database, house.clock, {}, pages_of(house)) as url:
        page = await chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        await page.goto(await link(database, house.clock, url, ANA))
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{url}/console/", wait_until="load")
        await page.goto(f"{url}{HOME}")
        await look(page, "distribution-rules")
        await page.get_by_role("link", name="gold+crypto", exact=True).click()
        await expect(page.get_by_label("Chats")).to_have_value("-1004 Gold & crypto")
        await page.get_by_text("Delete…").click()
        await look(page, "distribution-rule")
        await page.get_by_label("Caption").fill("<b>{text}")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("One field needs another look")
        await look(page, "distribution-rule-wrong")
        await page.get_by_label("Caption").fill("<b>Gold</b> {text}")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status").first).to_have_text("The rule “gold+crypto” is saved.")
        await page.get_by_role("link", name="Try a post").click()
        await look(page, "distribution-try")
        await page.get_by_label("Text of a post").fill(
            "The GOLD price today, and what crypto does. Frex, too."
        )
        await page.get_by_role("button", name="Where would it go?").click()
        await expect(page.get_by_role("heading", name="It would go to 3 chats")).to_be_visible()
        await look(page, "distribution-tried")
        await page.get_by_label("Text of a post").fill("Marigold")
        await page.get_by_role("button", name="Where would it go?").click()
        await expect(page.get_by_role("heading", name="It would go nowhere")).to_be_visible()
        await look(page, "distribution-nowhere")
        await page.close()
