"""The console in a real Chromium over a real server: what a browser sends by itself no HTTP client shows."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect
from sqlalchemy import insert
from starlette.applications import Starlette

from botyard.clock import ManualClock
from botyard.console import console_url, create_console
from botyard.db.session import Database
from botyard.ids import BotId, BotToken, UserId
from botyard.inbox.models import UpdateState, updates
from botyard.members.links import make_link
from botyard.members.models import LinkPurpose, Role, User
from botyard.telegram.bots import Bot
from botyard.telegram.bots import bots as bot_rows

pytestmark = pytest.mark.browser

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
LAPTOP, PHONE = (1280, 800), (390, 844)
LIGHT, DARK = "rgb(244, 241, 234)", "rgb(14, 20, 22)"
Scheme = Literal["light", "dark"]
ANA = UserId(1001)
PICTURES = os.environ.get("BOTYARD_TEST_PICTURES")
"""A folder for pictures of every page, for the eye."""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on PATH (Debian: apt-get install chromium): browser tests skipped")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


@asynccontextmanager
async def serving(database: Database, clock: ManualClock, bots: dict[BotId, Bot]) -> AsyncIterator[str]:
    """The address of a console that real browsers reach."""
    app = Starlette()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    app.router.routes.extend(create_console(database, bots, clock, base_url=url, mode="webhook"))
    yield url
    server.should_exit = True
    await task


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


async def link(database: Database, clock: ManualClock, url: str) -> str:
    async with database.session() as session:
        token = await make_link(session, LinkPurpose.CONSOLE, clock.now(), user_id=ANA)
    return console_url(url, token)


async def look(page: Page, name: str) -> None:
    """No page is wider than its window."""
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, name
    if PICTURES:
        width = (page.viewport_size or {}).get("width")
        scheme = "dark" if await background(page) == DARK else "light"
        await page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)


async def background(page: Page) -> Any:
    return await page.evaluate("getComputedStyle(document.body).backgroundColor")


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

        address = await link(database, clock, url)
        await page.goto(address)
        await look(page, "sign-in")
        await page.get_by_role("button", name="Sign in").click()

        await expect(page).to_have_url(f"{url}/console/")
        await expect(
            page.get_by_text("You are signed in as Anastasia Maria Featherstonehaugh, Owner.")
        ).to_be_visible()
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
        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_url(f"{url}/console/sign-in")

        await page.goto(address)
        await expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
        await look(page, "dead-link")
        await page.close()
