"""The console of a running service, as a signed-in browser without a screen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser

import aiohttp
from tests.support.running import Running

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

    async def filled(self, path: str) -> dict[str, str]:
        """What the fields of the page's form hold. Of ticked boxes of one name the last counts."""
        async with self.http.get(f"{self.url}/console{path}") as response:
            reader = _Fields()
            reader.feed(
                (await response.text()).partition('<form class="card form"')[2].partition("</form>")[0]
            )
        return reader.fields

    async def post(self, path: str, **fields: str) -> Shown:
        """The page that a form leads to."""
        origin = {"Origin": self.url}
        async with self.http.post(
            f"{self.url}/console{path}", data=fields or {"-": "-"}, headers=origin
        ) as response:
            return await _shown(response)


class _Fields(HTMLParser):
    """Reads what a form would send."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if tag == "input" and found.get("type") == "checkbox":
            if "checked" in found:
                self.fields[name] = found.get("value") or "on"
        elif tag == "input":
            self.fields[name] = found.get("value") or ""
        elif tag in ("textarea", "select"):
            self._inside = name
            self.fields[name] = ""
        elif tag == "option" and "selected" in found:
            self.fields[self._inside] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self._inside] = self.fields[self._inside].removeprefix("\n")
        if tag in ("textarea", "select"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside and self.lasttag == "textarea":
            self.fields[self._inside] += data


async def _shown(response: aiohttp.ClientResponse) -> Shown:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", await response.text()))
    return Shown(response.status, text, response.url.path)


@asynccontextmanager
async def signed_in(house: Running, user_id: int) -> AsyncIterator[Browser]:
    """A browser that has followed a fresh link."""
    async with house.database.session() as session:
        token = await make_link(session, LinkPurpose.CONSOLE, house.clock.now(), user_id=UserId(user_id))
    jar = aiohttp.CookieJar(unsafe=True)  # aiohttp keeps no cookies of bare addresses otherwise
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        browser = Browser(http, house.url)
        await browser.get(console_url("", token).removeprefix("/console"))
        shown = await browser.post("/sign-in", token=token)
        assert shown.status == 200, shown
        yield browser
