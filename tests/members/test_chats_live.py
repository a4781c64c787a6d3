"""Chats through the running service: blocked and back, out of reach, and moved while messages come in."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.support.outcomes import GROUP, bot_of, given, told
from tests.support.running import ANA, PAUL, Running

from botyard.clock import SystemClock
from botyard.ids import ChatKey
from botyard.members import chats
from botyard.members.models import BotChat, Chat
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def standing(house: Running, chat_id: int) -> tuple[str, bool, str | None] | None:
    """Status, reachable and reason of the shop's bot in a chat."""
    async with house.database.reading() as session:
        row = (
            await session.execute(
                select(BotChat.status, BotChat.reachable, BotChat.reason)
                .join(Chat, Chat.id == BotChat.chat_key)
                .where(Chat.telegram_id == chat_id, BotChat.bot_id == bot_of(house).id)
            )
        ).first()
    return None if row is None else (row.status, row.reachable, row.reason)


async def key_of(house: Running, chat_id: int) -> ChatKey | None:
    async with house.database.reading() as session:
        key = await session.scalar(select(Chat.id).where(Chat.telegram_id == chat_id))
    return None if key is None else ChatKey(key)


async def stands(house: Running, chat_id: int, wanted: tuple[str, bool]) -> None:
    async def so() -> bool:
        found = await standing(house, chat_id)
        return found is not None and found[:2] == wanted

    await house.until(so)


async def test_a_member_who_blocks_the_bot_is_marked_and_back(house: Running) -> None:
    await told(house, PAUL, "/start")
    assert await standing(house, PAUL) == ("member", True, None)
    await house.control("POST", "blocks", bot="shop", user_id=PAUL, blocked=True)
    await stands(house, PAUL, ("blocked", False))
    await house.control("POST", "blocks", bot="shop", user_id=PAUL, blocked=False)
    await stands(house, PAUL, ("member", True))


async def test_the_bots_standing_in_a_group_follows(house: Running) -> None:
    shop = bot_of(house).id
    for status, reachable in (("member", True), ("left", False), ("administrator", True), ("kicked", False)):
        await house.control("POST", f"chats/{GROUP}/members", user_id=shop, status=status)
        await stands(house, GROUP, (status, reachable))
    await house.control("POST", f"chats/{GROUP}/members", user_id=shop, status="administrator")
    await stands(house, GROUP, ("administrator", True))


async def test_who_cannot_be_reached_is_marked_by_delivery(house: Running) -> None:
    await told(house, ANA, "/start")
    key = await key_of(house, ANA)
    assert key is not None
    await house.control("POST", "blocks", bot="shop", user_id=ANA, blocked=True)
    await stands(house, ANA, ("blocked", False))
    async with house.database.begin() as connection:  # as if Telegram had never told us
        now = SystemClock().now()
        await chats.note_status(connection, bot_of(house).id, key, "member", now)
        await outbox_queue.add(
            connection, [Call(bot_of(house).id, "sendMessage", {"text": "hello"}, key)], now
        )
    await stands(house, ANA, ("blocked", False))
    found = await standing(house, ANA)
    assert found is not None
    assert "blocked by the user" in str(found[2])
    await house.control("POST", "blocks", bot="shop", user_id=ANA, blocked=False)
    assert (await told(house, ANA, "/start")).how == "command:start:ok"
    assert await standing(house, ANA) == ("member", True, None)


def in_group(chat_id: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "message_id": 1,
        "date": 1_800_000_000,
        "chat": {"id": chat_id, "type": kind, "title": "Moving"},
        "from": {"id": PAUL, "is_bot": False, "first_name": "Paul", "last_name": "Green"},
        **more,
    }


@pytest.mark.parametrize("early", [False, True], ids=["plain", "the new id wrote first"])
async def test_a_group_moves_and_its_next_message_is_handled(house: Running, early: bool) -> None:
    old, new = (-555, -1000000000555) if early else (-444, -1000000000444)
    await given(house, message=in_group(old, "group", text="/status"))
    key = await key_of(house, old)
    if early:
        await given(house, message=in_group(new, "supergroup", text="/status"))
        assert await key_of(house, new) not in (None, key)

    await given(house, message=in_group(old, "group", migrate_to_chat_id=new))

    assert await key_of(house, new) == key
    assert await key_of(house, old) is None
    outcome = await given(house, message=in_group(new, "supergroup", text="/status"))
    assert outcome.how == "command:status:ok"
    assert await key_of(house, new) == key
