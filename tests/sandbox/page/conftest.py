"""The chat page in a real Chromium, against a real sandbox process; the tests play the bot over HTTP."""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, async_playwright, expect

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30
TOKEN_NUMBERS = itertools.count(7_100_000)
USER_NUMBERS = itertools.count(50_000)

expect.set_options(timeout=5_000)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """A sandbox of its own, started as anybody would start it."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "botyard", "sandbox", "--port", str(port)])
    url = f"http://127.0.0.1:{port}/"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}control/users").close()
            break
        except urllib.error.URLError:
            assert process.poll() is None, "the sandbox ended at its start"
            assert time.monotonic() < deadline, "the sandbox did not start in time"
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(10)


@dataclass
class Sandbox:
    """The control API of the sandbox, and a Bot API door for bots made in a test."""

    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str, **query: Any) -> Any:
        async with self.http.get(f"{self.url}control/{path}", params=query) as response:
            answer = await response.json()
        assert response.status == 200, answer
        return answer

    async def post(self, path: str, **body: Any) -> Any:
        async with self.http.post(f"{self.url}control/{path}", json=body) as response:
            answer = await response.json()
        assert response.status == 200, answer
        return answer


@dataclass
class Bot:
    """A bot played by the test."""

    sandbox: Sandbox
    token: str
    id: int
    name: str
    username: str
    offset: int = 0

    async def call(self, method: str, **params: Any) -> Any:
        async with self.sandbox.http.post(
            f"{self.sandbox.url}bot{self.token}/{method}", json=params
        ) as response:
            answer = await response.json()
        assert answer["ok"], answer
        return answer["result"]

    async def send(self, chat_id: int, text: str, **params: Any) -> int:
        return int((await self.call("sendMessage", chat_id=chat_id, text=text, **params))["message_id"])

    async def next_update(self, kind: str) -> Any:
        """The payload of the next update of this kind; others are fetched and left aside."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for update in await self.call("getUpdates", offset=self.offset, timeout=2):
                self.offset = update["update_id"] + 1
                if kind in update:
                    return update[kind]
        raise AssertionError(f"no {kind} came")


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(sandbox_url: str) -> AsyncIterator[Sandbox]:
    async with aiohttp.ClientSession() as http:
        yield Sandbox(sandbox_url, http)


@pytest_asyncio.fixture(loop_scope="module")
async def bot(sandbox: Sandbox) -> Bot:
    number = next(TOKEN_NUMBERS)
    token = f"{number}:page-test"
    made = await sandbox.post("bots", token=token, name=f"Desk {number}", username=f"desk_{number}_bot")
    return Bot(sandbox, token, made["id"], made["name"], made["username"])


@pytest_asyncio.fixture(loop_scope="module")
async def ann(sandbox: Sandbox) -> int:
    """A person of this test's own, who has pressed nothing yet."""
    number = next(USER_NUMBERS)
    await sandbox.post("users", id=number, first_name="Ann", last_name="Bell", username=f"ann_{number}")
    return number


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[BrowserContext]:
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on PATH (Debian: apt-get install chromium): browser tests skipped")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        # One context, so that the page's files are loaded once; the page stores nothing in the browser.
        yield await browser.new_context(
            permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce"
        )
        await browser.close()


class ChatPage:
    """The page as a person uses it. Everything that the browser complains of is kept in `problems`."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))

    def find(self, testid: str, **having: Any) -> Locator:
        found = self.page.get_by_test_id(testid)
        return found.filter(**having) if having else found

    async def open(self, **query: Any) -> None:
        await self.page.goto(f"{self.url}?{urllib.parse.urlencode(query)}")
        await self.page.locator("body[data-ready]").wait_for(timeout=10_000)

    async def write(self, text: str) -> None:
        await self.find("composer").fill(text)
        await self.find("composer").press("Enter")

    async def choose(self, button: str, entry: str) -> None:
        """Opens a menu and takes one of its entries."""
        await self.find(button).click()
        await self.find(entry).click()


OpenPage = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(chromium: BrowserContext, sandbox_url: str) -> AsyncIterator[OpenPage]:
    """Opens pages. A test fails when one of its pages reports any error."""
    opened: list[ChatPage] = []

    async def open_one(width: int = 1240, height: int = 760, **query: Any) -> ChatPage:
        chat = ChatPage(await chromium.new_page(), sandbox_url)
        opened.append(chat)
        await chat.page.set_viewport_size({"width": width, "height": height})
        await chat.open(**query)
        return chat

    yield open_one
    for chat in opened:
        await chat.page.close()
    assert [problem for chat in opened for problem in chat.problems] == []
