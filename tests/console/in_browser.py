"""What tests share that look at the console in Chromium: a real server, a link, and an eye for every page."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import uvicorn
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from botyard.clock import ManualClock
from botyard.console import console_url, create_console
from botyard.db.session import Database
from botyard.ids import BotId, UserId
from botyard.members.links import make_link
from botyard.members.models import LinkPurpose
from botyard.telegram.bots import Bot

LAPTOP, PHONE = (1280, 800), (390, 844)
LIGHT, DARK = "rgb(244, 241, 234)", "rgb(14, 20, 22)"
Scheme = Literal["light", "dark"]
PICTURES = os.environ.get("BOTYARD_TEST_PICTURES")
"""A folder for pictures of every page, for the eye."""


@asynccontextmanager
async def serving(
    database: Database, clock: ManualClock, bots: dict[BotId, Bot], pages: Sequence[BaseRoute] = ()
) -> AsyncIterator[str]:
    """The address of a console that real browsers reach."""
    app = Starlette()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    routes = create_console(database, bots, clock, base_url=url, mode="webhook", pages=pages)
    app.router.routes.extend(routes)
    yield url
    server.should_exit = True
    await task


async def link(database: Database, clock: ManualClock, url: str, user_id: UserId) -> str:
    async with database.session() as session:
        token = await make_link(session, LinkPurpose.CONSOLE, clock.now(), user_id=user_id)
    return console_url(url, token)


async def look(page: Page, name: str) -> None:
    """No page is wider than its window."""
    await page.wait_for_load_state()  # without its styles any page is too wide
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, name
    if PICTURES:
        width = (page.viewport_size or {}).get("width")
        scheme = "dark" if await background(page) == DARK else "light"
        await page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)


async def background(page: Page) -> Any:
    return await page.evaluate("getComputedStyle(document.body).backgroundColor")
