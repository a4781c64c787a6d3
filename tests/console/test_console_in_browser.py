"""The console in a real Chromium over a real server: what a browser sends by itself no HTTP client shows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import insert
from tests.console.in_browser import DARK, LAPTOP, LIGHT, PHONE, Scheme, background, link, look, serving

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import BotId, BotToken, UserId
from botyard.inbox.models import UpdateState, updates
from botyard.members.models import Role, User
from botyard.telegram.bots import Bot
from botyard.telegram.bots import bots as bot_rows

pytestmark = pytest.mark.browser

ANA = UserId(1001)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


async def fill(database: Database, clock: ManualClock) -> dict[BotId, Bot]:
    """An owner with a long name, a bot that nobody has started and one in trouble."""
    now = clock.now()
    bots = {
        BotId(number): Bot(BotId(number), name, BotToken(f"{number}:secret"), "hook", f"{name}_bot")
        for number, name in [(700, "main"), (800, "signals_with_a_long_name_indeed")]
    }
    async with database.session() as session:
        owner = User(id=ANA, first_name="Anastasia Maria", last_name="Featherstonehaugh", role=Role.OWNER)
        owner.is_premium, owner.created_at, owner.seen_at = False, now, now
        session.add(owner)
    async with database.begin() as connection:
        for bot in bots.values():
            row = {"id": bot.id, "name": bot.name, "webhook_secret": "s", "created_at": now}
            await connection.execute(insert(bot_rows).values(row))
        dead = {"bot_id": 800, "kind": "message", "lane": "l", "slot": 1, "urgent": False, "body": b"{}"}
        dead |= {"update_id": 1, "received_at": now, "state": UpdateState.DEAD, "attempts": 5}
        await connection.execute(insert(updates).values(dead))
    return bots


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_in_by_the_link_and_out_by_the_button(
    database: Database, clock: ManualClock, chromium: Browser, size: tuple[int, int], scheme: Scheme
) -> None:
    bots = await fill(database, clock)
    async with serving(database, clock, bots) as url:
        page = await chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("requestfailed", lambda request: problems.append(request.url))

        await page.goto(f"{url}/console")
        await expect(page.get_by_role("heading", name="Get a link")).to_be_visible()
        await look(page, "no-link")

        address = await link(database, clock, url, ANA)
        await page.goto(address)
        await look(page, "sign-in")
        await page.get_by_role("button", name="Sign in").click()

        await expect(page).to_have_url(f"{url}/console/")
        await expect(
            page.get_by_text("You are signed in as Anastasia Maria Featherstonehaugh, Owner.")
        ).to_be_visible()
        if size == PHONE:
            await page.get_by_text("Menu").click()
        await expect(page.get_by_role("navigation").get_by_role("link", name="Home")).to_have_attribute(
            "aria-current", "page"
        )
        assert await background(page) == (DARK if scheme == "dark" else LIGHT)
        await look(page, "home")
        assert await page.evaluate("document.cookie") == ""

        bots.clear()
        await page.reload()
        await expect(page.get_by_role("heading", name="Add your first bot")).to_be_visible()
        await look(page, "home-empty")
        assert problems == []

        await page.goto(f"{url}/console/nothing")
        await expect(page.get_by_role("heading", name="Not Found")).to_be_visible()
        await look(page, "not-found")
        await page.get_by_role("link", name="Go to the console").click()
        if size == PHONE:
            await page.get_by_text("Menu").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_url(f"{url}/console/sign-in")

        await page.goto(address)
        await expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
        await look(page, "dead-link")
        await page.close()
