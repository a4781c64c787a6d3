"""A console over a migrated database, and browsers that speak HTTP with it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, async_playwright
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from botyard.app import FEATURES, LOCALES
from botyard.clock import ManualClock
from botyard.console import console_url, create_console
from botyard.db.session import Database
from botyard.feature import Site
from botyard.ids import BotId, BotToken, UserId
from botyard.members.links import make_link
from botyard.members.models import LinkPurpose, Role, User
from botyard.observability.metrics import Metrics
from botyard.outbox.bell import OutboxBell
from botyard.outbox.bulk import Pace
from botyard.routing.texts import Texts
from botyard.settings import load_settings
from botyard.telegram.bots import Bot
from botyard.telegram.bots import bots as bot_rows

BASE_URL = "http://console.test"
ANA = UserId(1001)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class House:
    """The business behind the console, and the doors that tests use."""

    database: Database
    clock: ManualClock
    exits: AsyncExitStack
    bots: dict[BotId, Bot] = field(default_factory=dict)

    def browser(
        self,
        *,
        base_url: str = BASE_URL,
        origin: str | None = BASE_URL,
        address: str = "203.0.113.5",
        pages: Sequence[BaseRoute] = (),
    ) -> Any:
        """A client that comes from `address` to a console of its own, with the Origin of its own pages."""
        routes = create_console(
            self.database, self.bots, self.clock, base_url=base_url, mode="polling", pages=pages
        )
        return self.client(Starlette(routes=routes), origin=origin, address=address, base_url=base_url)

    def site(self) -> Site:
        """What features' pages get."""
        return Site(
            database=self.database,
            clock=self.clock,
            metrics=Metrics(),
            bell=OutboxBell(),
            bots=self.bots,
            actions={},
            texts=Texts([LOCALES, *(each.texts for each in FEATURES if each.texts)]),
            base_url=BASE_URL,
            counts_clicks=True,
            pace=Pace(30.0, 1000.0),
            settings=load_settings(environ={}),
        )

    def client(
        self,
        app: Starlette,
        *,
        origin: str | None = BASE_URL,
        address: str = "203.0.113.5",
        base_url: str = BASE_URL,
    ) -> Any:
        """One more client of the same console."""
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 50_000))
        headers = {"Origin": origin} if origin else {}
        client = httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers)
        self.exits.push_async_callback(client.aclose)
        return client

    async def add_member(
        self, user_id: UserId = ANA, role: Role = Role.ADMIN, name: str = "Ana", **more: Any
    ) -> None:
        now = self.clock.now()
        async with self.database.session() as session:
            session.add(
                User(
                    id=user_id,
                    first_name=name,
                    is_premium=False,
                    role=role,
                    created_at=now,
                    seen_at=now,
                    **more,
                )
            )

    async def add_bot(
        self, number: int = 700, name: str = "main", username: str | None = "main_bot"
    ) -> BotId:
        bot_id = BotId(number)
        async with self.database.begin() as connection:
            await connection.execute(
                insert(bot_rows).values(
                    id=bot_id, name=name, username=username, webhook_secret="s", created_at=self.clock.now()
                )
            )
        self.bots[bot_id] = Bot(bot_id, name, BotToken(f"{number}:not-to-be-shown"), "hook-secret", username)
        return bot_id

    async def link_token(
        self, user_id: UserId | None = ANA, purpose: LinkPurpose = LinkPurpose.CONSOLE
    ) -> str:
        async with self.database.session() as session:
            return await make_link(session, purpose, self.clock.now(), user_id=user_id)

    async def sign_in(self, browser: httpx.AsyncClient, user_id: UserId = ANA) -> httpx.Response:
        """Follows a fresh link as a person does: open it, press the button."""
        token = await self.link_token(user_id)
        page = await browser.get(console_url("", token))
        assert page.status_code == 200, page.text
        return await browser.post("/console/sign-in", data={"token": token})


@pytest.fixture
async def house(database: Database, clock: ManualClock) -> AsyncIterator[House]:
    async with AsyncExitStack() as exits:
        yield House(database, clock, exits)


@pytest.fixture
async def ana(house: House) -> httpx.AsyncClient:
    """The browser of an admin who is signed in."""
    await house.add_member()
    browser = house.browser()
    await house.sign_in(browser)
    return browser


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on PATH (Debian: apt-get install chromium): browser tests skipped")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()
