"""Chats that change their id, and what bots may do in them."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert, select, update

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.members import chats
from botyard.members.models import BotChat, Chat
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import outbox
from botyard.outbox.queue import Call
from botyard.routing.dialogs import DialogKey, open_dialog
from botyard.routing.models import DialogRow
from botyard.telegram.bots import bots

OLD, NEW, OTHER = ChatId(-100), ChatId(-1001234567890), ChatId(-200)
SHOP, NEWS = BotId(7001), BotId(7002)
PAUL, ANA = UserId(1), UserId(2)


@pytest_asyncio.fixture
async def business(database: Database, clock: ManualClock) -> Database:
    """A database with two bots."""
    async with database.begin() as connection:
        for bot_id in (SHOP, NEWS):
            values = {"id": bot_id, "name": f"bot{bot_id}", "webhook_secret": "-", "created_at": clock.now()}
            await connection.execute(insert(bots).values(values))
    return database


async def add_chat(database: Database, clock: ManualClock, telegram_id: ChatId) -> ChatKey:
    async with database.session() as session:
        chat = Chat(
            telegram_id=telegram_id, type="group", title=f"Chat {telegram_id}", created_at=clock.now()
        )
        session.add(chat)
        await session.flush()
        return ChatKey(chat.id)


async def note(database: Database, clock: ManualClock, bot_id: BotId, key: ChatKey, status: str) -> None:
    async with database.begin() as connection:
        await chats.note_status(connection, bot_id, key, status, clock.now())


async def queue(
    database: Database, clock: ManualClock, bot_id: BotId, key: ChatKey | None, text: str
) -> None:
    async with database.begin() as connection:
        await outbox_queue.add(connection, [Call(bot_id, "sendMessage", {"text": text}, key)], clock.now())


async def ask(
    database: Database, clock: ManualClock, bot_id: BotId, key: ChatKey, user_id: UserId, step: str
) -> None:
    async with database.session() as session:
        await open_dialog(session, DialogKey(bot_id, key, user_id), step, {}, clock.now())


async def move(database: Database, old: ChatId, new: ChatId) -> None:
    async with database.begin() as connection:
        await chats.move_chat(connection, old, new)


async def rows(database: Database, *columns: Any) -> set[tuple[Any, ...]]:
    async with database.read() as connection:
        return {tuple(row) for row in await connection.execute(select(*columns))}


async def test_a_moved_chat_keeps_its_key_and_all_that_refers_to_it(
    business: Database, clock: ManualClock
) -> None:
    key, other = await add_chat(business, clock, OLD), await add_chat(business, clock, OTHER)
    await note(business, clock, SHOP, key, "administrator")
    await queue(business, clock, SHOP, key, "hello")
    await ask(business, clock, SHOP, key, PAUL, "role")
    await move(business, OLD, NEW)
    assert await rows(business, Chat.id, Chat.telegram_id, Chat.type) == {
        (key, NEW, "supergroup"),
        (other, OTHER, "group"),
    }
    assert await rows(business, BotChat.chat_key, BotChat.status) == {(key, "administrator")}
    assert await rows(business, outbox.c.chat_key) == {(key,)}
    assert await rows(business, DialogRow.chat_key, DialogRow.step) == {(key, "role")}


async def test_the_row_that_the_new_id_made_is_folded_into_the_old_one(
    business: Database, clock: ManualClock
) -> None:
    key, early = await add_chat(business, clock, OLD), await add_chat(business, clock, NEW)
    await queue(business, clock, SHOP, key, "before")
    await queue(business, clock, SHOP, early, "after")
    await queue(business, clock, SHOP, None, "to nobody")
    await note(business, clock, SHOP, key, "member")
    await note(business, clock, SHOP, early, "administrator")
    await note(business, clock, NEWS, early, "member")
    await ask(business, clock, SHOP, key, PAUL, "first question")
    await ask(business, clock, SHOP, early, PAUL, "second question")
    await ask(business, clock, SHOP, key, ANA, "of the old")
    await ask(business, clock, NEWS, early, ANA, "of the new")

    await move(business, OLD, NEW)

    assert await rows(business, Chat.id, Chat.telegram_id) == {(key, NEW)}
    assert await rows(business, outbox.c.id, outbox.c.chat_key) == {(1, key), (2, key), (3, None)}
    assert await rows(business, BotChat.bot_id, BotChat.chat_key, BotChat.status) == {
        (SHOP, key, "administrator"),  # what was noted under the new id is the later news
        (NEWS, key, "member"),
    }
    assert await rows(business, DialogRow.bot_id, DialogRow.user_id, DialogRow.step) == {
        (SHOP, PAUL, "second question"),
        (SHOP, ANA, "of the old"),
        (NEWS, ANA, "of the new"),
    }


async def test_to_move_a_chat_again_changes_nothing(business: Database, clock: ManualClock) -> None:
    key = await add_chat(business, clock, OLD)
    await note(business, clock, SHOP, key, "member")
    for _ in range(2):  # told by the update, and once more by delivery
        await move(business, OLD, NEW)
    await move(business, NEW, NEW)
    await move(business, OTHER, ChatId(-300))
    assert await rows(business, Chat.id, Chat.telegram_id) == {(key, NEW)}
    assert await rows(business, BotChat.chat_key) == {(key,)}


async def test_a_status_says_whether_the_bot_can_write(business: Database, clock: ManualClock) -> None:
    key = await add_chat(business, clock, OLD)
    await note(business, clock, NEWS, key, "member")
    for earlier in ("kicked", "member"):  # whatever it was before
        for status in ("creator", "administrator", "member", "restricted", "left", "kicked", "blocked"):
            await note(business, clock, SHOP, key, earlier)
            clock.advance(1)
            async with business.begin() as connection:
                await chats.note_status(connection, SHOP, key, status, clock.now(), reason="because")
            found = await rows(
                business,
                BotChat.bot_id,
                BotChat.status,
                BotChat.reachable,
                BotChat.reason,
                BotChat.changed_at,
            )
            reachable = status not in ("left", "kicked", "blocked")
            assert (SHOP, status, reachable, "because", clock.now()) in found
            assert len(found) == 2


async def test_chats_are_named_by_id_and_username(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        known, unnamed = await chats.keys_of(session, [ChatId(-1001), ChatId(-1002)], clock.now())
        await session.execute(update(Chat).where(Chat.id == known).values(username="Gold_Club"))
        names = ["-1002", "@gold_CLUB", "-1001", "-1002", "-1003"]
        *found, new = await chats.named(session, names, clock.now())
        assert found == [unnamed, known]
        assert (await chats.places_of(session, [new]))[new].telegram_id == -1003


@pytest.mark.parametrize("name", ["@nobody", "gold", "0", "-", "--1", "1e5", "9" * 30, "@", "\u0661\u0662"])
async def test_a_name_of_no_chat_is_refused(database: Database, clock: ManualClock, name: str) -> None:
    async with database.session() as session:
        with pytest.raises(chats.NoSuchChat, match="is known"):
            await chats.named(session, ["-1001", name], clock.now())
