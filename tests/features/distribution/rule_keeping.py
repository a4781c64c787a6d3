"""What the tests of rules share: chats and rules of a business, made in few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from tests.console.conftest import House

from botyard.db.session import Database
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.pages import pages
from botyard.features.distribution.rule_content import RuleContent
from botyard.features.distribution.service import rules
from botyard.features.distribution.service.plans import Plan, plan
from botyard.ids import ChatId, ChatKey
from botyard.members.chats import keys_of
from botyard.members.models import Chat

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)

GOLD, CRYPTO, FOREX = -1001, -1002, -1003
GOLD_CRYPTO, GOLD_FOREX, CRYPTO_FOREX, ALL_THREE = -1004, -1005, -1006, -1007
GROUP_MAP = {
    "gold": (GOLD,),
    "crypto": (CRYPTO,),
    "forex": (FOREX,),
    "gold+crypto": (GOLD_CRYPTO,),
    "gold+forex": (GOLD_FOREX,),
    "crypto+forex": (CRYPTO_FOREX,),
    "gold+crypto+forex": (ALL_THREE,),
}
"""A real business: three topics, their four combinations, seven groups."""


async def keys(database: Database, *ids: int) -> tuple[ChatKey, ...]:
    """Our keys of chats."""
    async with database.session() as session:
        return tuple(await keys_of(session, [ChatId(each) for each in ids], NOW))


async def keep(database: Database, pattern: str, chats: Sequence[int] = (GOLD,), **more: Any) -> RuleId:
    """Adds a rule; answers its number."""
    named = await keys(database, *chats)
    async with database.session() as session:
        return (await rules.add(session, RuleContent(pattern, named, **more), NOW)).id


async def seed(database: Database, group_map: dict[str, tuple[int, ...]] = GROUP_MAP) -> int:
    """A start of the service with this map."""
    typed = {word: tuple(ChatId(each) for each in ids) for word, ids in group_map.items()}
    async with database.session() as session:
        return await rules.seed_from(session, typed, NOW)


async def planned(database: Database, text: str, **more: Any) -> Plan:
    """Where a text would go."""
    async with database.reading() as session:
        return await plan(session, text, **more)


async def reached(database: Database, text: str) -> set[int]:
    """Telegram's ids of the chats that a text would go to."""
    return {target.chat.telegram_id for target in (await planned(database, text)).targets}


async def name_chat(database: Database, chat_id: int, title: str, username: str | None = None) -> None:
    """Somebody wrote in the chat, so its title is known."""
    await keys(database, chat_id)
    async with database.session() as session:
        await session.execute(
            update(Chat).where(Chat.telegram_id == chat_id).values(title=title, username=username)
        )


def pages_of(house: House) -> Any:
    """The pages of distribution for a console."""
    return pages(house.site())
