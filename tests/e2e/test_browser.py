"""What a newcomer does after `make run`, in a real browser: talk to the bot, be promoted, see more."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCREENSHOTS = os.environ.get("BOTYARD_SCREENSHOTS")
"""A folder: the README's pictures are written there (`make screenshots`)."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]


class Started:
    """`botyard up --sandbox` as a person starts it, with what it printed."""

    def __init__(self, folder: Path) -> None:
        ours = ("BOTYARD_", "TELEGRAM_", "DATABASE_URL")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "botyard", "up", "--sandbox", "--port", "0"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=(folder / "log.txt").open("w"),
            text=True,
        )
        self.printed = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.printed += line
            if "Ctrl-C" in line:
                break

    def address(self, of: str) -> str:
        """The address printed behind a word."""
        found = re.search(rf"{of}\s+(http\S+)", self.printed)
        assert found, self.printed
        return found[1]

    def stop(self) -> int:
        """Ends it as Ctrl-C does; answers the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=20)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    service = Started(tmp_path_factory.mktemp("newcomer"))
    yield service
    assert service.stop() == 0


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, device_scale_factor=1)
        yield context.new_page()
        browser.close()


def send(page: Page, text: str) -> None:
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("send").click()


def last_reply(page: Page) -> Locator:
    return page.locator("[data-testid=message][data-from=bot]").last


def open_chat(page: Page, started: Started, user_id: int) -> None:
    page.goto(re.sub(r"user=\d+", f"user={user_id}", started.address("Chat")))
    expect(page.get_by_test_id("chat-title")).to_be_visible()


def test_a_person_talks_to_the_bot_and_is_promoted(page: Page, started: Started) -> None:
    open_chat(page, started, 1002)
    page.get_by_test_id("start-button").click()
    expect(last_reply(page)).to_contain_text("Welcome, Paul Green!")
    send(page, "/help")
    expect(last_reply(page)).to_contain_text("/status")
    expect(last_reply(page)).not_to_contain_text("/console")

    open_chat(page, started, 1001)
    page.get_by_test_id("start-button").click()
    expect(last_reply(page)).to_contain_text("Olivia Stone")
    send(page, "/role @paul_green ADMIN")
    expect(last_reply(page)).to_contain_text("Paul is ADMIN now")

    open_chat(page, started, 1002)
    send(page, "/status")
    expect(last_reply(page)).to_contain_text("ADMIN")
    send(page, "/help")
    expect(last_reply(page)).to_contain_text("/console")
    if SCREENSHOTS:
        page.wait_for_timeout(300)
        page.screenshot(path=Path(SCREENSHOTS) / "sandbox-chat.png")


def test_the_printed_link_signs_in_to_the_console_once(page: Page, started: Started) -> None:
    page.goto(started.address("Console"))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/console/$"))
    expect(page.locator("body")).to_contain_text("main")
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / "console-home.png")
    page.context.clear_cookies()
    page.goto(started.address("Console"))
    expect(page.locator("body")).to_contain_text("botyard console-link")
