"""The console of a running service, as a signed-in browser without a screen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from tests.support.running import Running

from botyard.clock import SystemClock
from botyard.console import console_url
from botyard.ids import UserId
from botyard.members.links import make_link
from botyard.members.models import LinkPurpose


@dataclass(frozen=True)
class Shown:
    """A page that came: its status, its text without tags, and where it was in the end."""

    status: int
    text: str
    path: str


@dataclass(frozen=True)
class Browser:
    """A browser whose member is signed in."""

    http: aiohttp.ClientSession
    url: str

    async def get(self, path: str) -> Shown:
        """The page at a path below /console."""
        async with self.http.get(f"{self.url}/console{path}") as response:
            return await _shown(response)

    async def post(self, path: str, **fields: str) -> Shown:
        """The page that a form leads to."""
        origin = {"Origin": self.url}
        async with self.http.post(
            f"{self.url}/console{path}", data=fields or {"-": "-"}, headers=origin
        ) as response:
            return await _shown(response)


async def _shown(response: aiohttp.ClientResponse) -> Shown:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", await response.text()))
    return Shown(response.status, text, response.url.path)


@asynccontextmanager
async def signed_in(house: Running, user_id: int) -> AsyncIterator[Browser]:
    """A browser that has followed a fresh link."""
    async with house.database.session() as session:
        token = await make_link(session, LinkPurpose.CONSOLE, SystemClock().now(), user_id=UserId(user_id))
    jar = aiohttp.CookieJar(unsafe=True)  # aiohttp keeps no cookies of bare addresses otherwise
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        browser = Browser(http, house.url)
        await browser.get(console_url("", token).removeprefix("/console"))
        shown = await browser.post("/sign-in", token=token)
        assert shown.status == 200, shown
        yield browser
