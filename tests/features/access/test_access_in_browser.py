"""The pages of paid chats in a real Chromium: on a laptop and a phone, in light and in dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect
from tests.console.conftest import ANA, House, chromium, house
from tests.console.in_browser import LAPTOP, PHONE, Scheme, link, look, serving
from tests.features.access.club import CLUB, pays, sell
from tests.features.billing.stock import SHOP

from botyard.db.session import Database
from botyard.features.access import FEATURE
from botyard.features.access.models import AccessChat, Problem
from botyard.features.access.rules import Came, Sighting, Standing, key_of
from botyard.features.access.service import chats, people
from botyard.features.access.service.chats import Rights, Terms
from botyard.ids import ChatKey, UserId
from botyard.members.models import Chat

__all__ = ["chromium", "house"]

pytestmark = pytest.mark.browser

TERMS = Terms(timedelta(hours=24), 5)
NAMES = ("Anna-Maria Oberhuber", "Bernd", "Chloé Martin", "Zoë", "Eve Longworth-Featherstonehaugh")


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


async def club(house: House) -> ChatKey:
    """A channel with members whose time is over, one who has time, and one who never paid."""
    await house.add_member()
    await house.add_bot(SHOP, "shop", "shop_bot")
    database, now = house.database, house.clock.now()
    key = await sell(database, CLUB, now=now)
    for number, name in enumerate(NAMES, 2001):
        if number < 2005:
            await pays(database, number, now - timedelta(days=33 if number < 2004 else 2))
        async with database.session() as session:
            chat = await chats.find(session, key, now)
            came = Came.LINK if number < 2005 else Came.HAND
            sighting = Sighting(key_of(now, SHOP, number), Standing.IN, came)
            await people.see(session, chat, UserId(number), name, sighting, TERMS, now)
    other = await sell(database, CLUB - 1, code="silver-30d", now=now)
    async with database.session() as session:
        (await chats.find(session, other, now)).problem = Problem.NO_RIGHTS
        (await session.get_one(Chat, key)).title = "Gold signals, the channel for members with a plan"
        chat = await session.get_one(AccessChat, key)
        chat.compared_at, chat.compared_through, chat.people = now, None, 7
        rights = Rights(is_admin=True, can_invite=True, can_restrict=True)
        await chats.note_rights(session, key, SHOP, rights, key_of(now), now)
    return key


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark"), (PHONE, "light")], ids=str)
async def test_the_plan_is_looked_at_and_switched_to_live(
    chromium: Browser, house: House, size: tuple[int, int], scheme: Scheme
) -> None:
    await club(house)
    pages = FEATURE.pages(house.site()) if FEATURE.pages else ()
    async with serving(house.database, house.clock, house.bots, pages) as url:
        page = await chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        await page.goto(await link(house.database, house.clock, url, ANA))
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{url}/console/", wait_until="load")
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))  # also what the policy stops
        await page.goto(f"{url}/console/access")
        await expect(page.get_by_text("The bot may neither invite users nor ban them")).to_be_visible()
        await look(page, "access")
        await page.get_by_role("link", name="Gold signals").click()
        await look(page, "access-chat")
        await expect(page.get_by_role("heading", name="Who goes: 3")).to_be_visible()
        await page.get_by_text("Switch to live…").click()
        await look(page, "access-live-confirm")
        await page.get_by_role("button", name="Switch to live").click()
        await expect(page.get_by_text("It goes on.")).to_be_visible()
        await page.get_by_role("button", name="Adopt", exact=True).click()
        await expect(page.get_by_text("Decided about 1.")).to_be_visible()
        await look(page, "access-live")
        assert problems == []
        await page.close()
