"""A broadcast from the console through the running service into members' chats."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.features.broadcasts.conversation import is_tested
from tests.features.broadcasts.desk import FIELDS
from tests.support.console import Browser, signed_in
from tests.support.outcomes import bot_of, sent, told, two_bots
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.features.broadcasts.models import BroadcastState
from botyard.features.broadcasts.service import drafts

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with two_bots(sqlite_template, tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def browser(house: Running) -> AsyncIterator[Browser]:
    for user_id in (OWNER, PAUL, ANA):
        await told(house, user_id, "/start")
    async with signed_in(house, OWNER) as browser:
        yield browser


async def latest(house: Running, user_id: int) -> str:
    return str((await house.replies(user_id))[-1]["text"])


async def test_written_tested_and_sent(house: Running, browser: Browser) -> None:
    made = await browser.post("/broadcasts/new", bot=str(bot_of(house).id), **FIELDS)
    assert (made.status, "Spring is saved as a draft." in made.text) == (200, True)
    assert "Start…" not in made.text, "it must be tested first"
    tried = await browser.post(f"{made.path.removeprefix('/console')}/test")
    assert "Look at your phone: 1 message" in tried.text
    await sent(house)
    await is_tested(house)
    assert (await latest(house, OWNER)).startswith("Hello ")
    assert not (await latest(house, PAUL)).startswith("Hello ")

    one = made.path.removeprefix("/console")
    assert "Send to 3 members" in (await browser.get(one)).text
    assert "Spring has started." in (await browser.post(f"{one}/start")).text

    async def is_finished() -> bool:
        async with house.database.reading() as session:
            return (await drafts.get(session, 1)).state is BroadcastState.FINISHED

    await house.until(is_finished)
    for user_id in (OWNER, PAUL, ANA):
        assert (await latest(house, user_id)).startswith("Hello "), user_id
    page = await browser.get(one)
    assert "3 of 3 done" in page.text
    assert "Results" in page.text
    book = await browser.get(f"{one}/recipients.csv")
    assert book.text.count(",sent,") == 3
