"""The console's pages of broadcasts, without a browser: what their tests share."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
from tests.console.conftest import ANA, House
from tests.features.broadcasts.crowd import BOT, NOW, gather

from botyard.features.broadcasts import FEATURE
from botyard.features.broadcasts.service import drafts
from botyard.features.broadcasts.service.drafts import Plan, Wording
from botyard.ids import UserId
from botyard.members.models import BotChat, Chat

HOME = "/console/broadcasts"
FIELDS: dict[str, Any] = {
    "do": "save",
    "name": "Spring",
    "topic": "service",
    "zone": "Europe/Kyiv",
    "variant": "1",
    "html_1": "<b>Hello</b> {first_name|friend}",
    "buttons_1": "Join | tracked | https://shop.example\nLater | press | Fine || Ask | https://t.me/x",
}


async def opened(house: House, members: int = 3) -> httpx.AsyncClient:
    """The browser of an admin who is signed in, and a bot with members."""
    await house.add_bot(BOT, "shop", "shop_bot")
    if members:
        await gather(house.database, members)
    return await another(house)


async def another(house: House, user_id: UserId = ANA, name: str = "Ana") -> httpx.AsyncClient:
    """The browser of one more admin."""
    await house.add_member(user_id, name=name)
    browser = strange(house)
    await house.sign_in(browser, user_id)
    return browser


async def meet(house: House, user_id: UserId) -> None:
    """Somebody opens the bot and presses Start."""
    async with house.database.session() as session:
        chat = Chat(telegram_id=user_id, type="private", created_at=NOW)
        session.add(chat)
        await session.flush()
        session.add(BotChat(bot_id=BOT, chat_key=chat.id, status="member", reachable=True, changed_at=NOW))


def strange(house: House, **more: Any) -> httpx.AsyncClient:
    """The browser of somebody who is not."""
    browser: httpx.AsyncClient = house.browser(pages=pages_of(house), **more)
    return browser


def pages_of(house: House) -> Any:
    """The pages for a console."""
    assert FEATURE.pages is not None
    return FEATURE.pages(house.site())


def words(page: httpx.Response) -> str:
    """What a page says, without its tags."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text)))


async def kept(house: House, number: int = 1) -> tuple[Plan, list[Wording]]:
    """A broadcast as it is kept."""
    async with house.database.reading() as session:
        broadcast = await drafts.get(session, number)
        return drafts.plan_of(broadcast), await drafts.wordings_of(session, broadcast)
