"""The pages of broadcasts in a real Chromium: written, counted, started, followed without a hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update
from tests.console.conftest import ANA, House, chromium, house
from tests.console.in_browser import LAPTOP, PHONE, Scheme, link, look, serving
from tests.features.broadcasts.crowd import BOT, NOW, deliver, gather, seen, step

from botyard.db.session import Database
from botyard.features.broadcasts import FEATURE
from botyard.features.broadcasts.models import Broadcast
from botyard.members.models import User
from botyard.outbox.models import CallState

__all__ = ["chromium", "house"]

pytestmark = pytest.mark.browser

HOME = "/console/broadcasts"
NAMES = ("Anna-Maria", "Bernd", "Chloé", "Zoë", "Eve")
OFFER = (
    "<b>Spring is here, {first_name|friend}!</b>\n\nThree months of <i>Gold</i> for the price of two, "
    'until Sunday. <a href="https://shop.example/spring">What is in it</a>\n\n'
    "<blockquote>The best money I spent this year.</blockquote>"
)
BUTTONS = "Get it | tracked | https://shop.example/spring\nLater | press | We will remind you || Ask | https://t.me/x"


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


async def signed_in(chromium: Browser, house: House, url: str, size: tuple[int, int], scheme: Scheme) -> Page:
    page = await chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    await page.goto(await link(house.database, house.clock, url, ANA))
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{url}/console/", wait_until="load")
    return page


async def open_shop(house: House, members: int) -> None:
    """A bot, an admin, and members who speak German or English."""
    await house.add_member()
    await house.add_bot(BOT, "shop", "shop_bot")
    await gather(house.database, members // 3, language_code="de")
    await gather(house.database, members - members // 3, first=members // 3 + 1, language_code="en")
    async with house.database.session() as session:
        for number, name in enumerate(NAMES, 1):
            await session.execute(update(User).where(User.id == number).values(first_name=name))


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark")], ids=str)
async def test_from_the_first_word_to_the_last_result(
    chromium: Browser, house: House, size: tuple[int, int], scheme: Scheme
) -> None:
    database = house.database
    await open_shop(house, 90)
    pages = FEATURE.pages(house.site()) if FEATURE.pages else ()
    async with serving(database, house.clock, house.bots, pages) as url:
        page = await signed_in(chromium, house, url, size, scheme)
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))  # also what the policy stops
        await page.goto(f"{url}{HOME}")
        await look(page, "broadcasts-none")
        await page.get_by_role("link", name="New broadcast").first.click()

        await page.get_by_label("Name").fill("Spring offer")
        await page.get_by_label("About").select_option("service")
        await expect(page.get_by_text("90 members would get it now.")).to_be_visible()
        await page.get_by_text("Only some of them").click()
        await page.get_by_label("Whose Telegram speaks").fill("de")
        await page.get_by_label("Whose Telegram speaks").blur()
        await expect(page.get_by_text("30 members would get it now.")).to_be_visible()
        await page.get_by_label("Whose Telegram speaks").fill("x!")
        await page.get_by_role("button", name="Count").click()
        await expect(page.get_by_text("Not counted: “x!” is not a language")).to_be_visible()
        await look(page, "broadcast-new")
        await page.get_by_label("Whose Telegram speaks").fill("")
        await page.get_by_role("button", name="Add a message").click()
        await page.get_by_label("Text").first.fill(OFFER)
        await page.get_by_label("Buttons").first.fill(BUTTONS)
        await page.get_by_label("Text").last.fill("<b>Der Frühling ist da, {first_name}!")
        await page.get_by_label("Language").last.fill("de")
        await page.get_by_role("button", name="Save").last.click()
        await expect(page.get_by_role("alert")).to_contain_text("One field needs another look")
        await look(page, "broadcast-wrong")
        await page.get_by_label("Text").last.fill("<b>Der Frühling ist da, {first_name}!</b>")
        await page.get_by_role("button", name="Save").last.click()
        await expect(page.get_by_role("status").first).to_have_text("Spring offer is saved as a draft.")
        await look(page, "broadcast-draft")

        async with database.session() as session:
            await session.execute(update(Broadcast).values(tested_at=NOW))
        await page.reload()
        await page.get_by_text("Start…").click()
        await look(page, "broadcast-ready")
        await page.get_by_role("button", name="Send to 90 members").click()
        await expect(page.get_by_role("status").first).to_have_text("Spring offer has started.")
        await look(page, "broadcast-listing")

        number = 1
        while not (await seen(database, number)).frozen_at:
            await step(database, number)
        await step(database, number)
        await expect(page.locator("h1 + .row .tag")).to_have_text("Sending")
        await deliver(database, most=20, fates={3: (CallState.FAILED, "bad_request")})
        await step(database, number)
        await expect(page.locator("#progress")).to_contain_text("20 of 90 done")
        await look(page, "broadcast-running")
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_role("status").first).to_contain_text("is paused")
        await look(page, "broadcast-paused")
        await page.get_by_role("link", name="Change the text").click()
        await look(page, "broadcast-change")
        await page.go_back()
        await page.get_by_role("button", name="Resume").click()
        for _ in range(8):
            await deliver(
                database, fates={40: (CallState.FAILED, "forbidden"), 41: (CallState.UNKNOWN, "timeout")}
            )
            await step(database, number)
        await expect(page.get_by_role("heading", name="Results")).to_be_visible()
        await look(page, "broadcast-finished")
        await page.get_by_text("Retry failures…").click()
        await expect(page.get_by_role("button", name="Send again to 1 member")).to_be_visible()
        await page.goto(f"{url}{HOME}")
        await look(page, "broadcasts")
        assert [each for each in problems if "422" not in each] == []
        await page.close()
