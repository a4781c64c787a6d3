"""Plans are edited while members have their time: who has paid keeps what he paid for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.features.access.club import ANA, CLUB, KENJI, PAUL, START, closes, opens_too, pays, row_of, sell
from tests.features.access.test_removing import BOT, TERMS, advance, calls, seen

from botyard.db.session import Database
from botyard.features.access.models import AccessChat, Mode
from botyard.features.access.rules import Came, Standing
from botyard.features.access.service import chats, comparing, entering, explaining, people
from botyard.ids import BotToken, ChatKey, UserId
from botyard.telegram.bots import enrol

DAY = timedelta(days=1)


@pytest.fixture
async def key(database: Database) -> ChatKey:
    """A live chat that two plans let into; Paul and Ana have paid for the first, and are in it."""
    async with database.begin() as connection:
        await enrol(connection, {"shop": BotToken(f"{BOT}:x")}, START)
    key = await sell(database, CLUB)
    await sell(database, CLUB, code="silver-30d")
    async with database.session() as session:
        (chat,) = await chats.all_paid(session, START)
        chat.mode, chat.compared_through = Mode.LIVE, None
    for user_id in (PAUL, ANA):
        await pays(database, user_id, START)
        await seen(database, key, user_id, Standing.IN, came=Came.LINK)
    return key


async def looked_at(database, key, now, *, notices=True):
    """A round: the catalog, a comparison of everybody, and removals."""
    async with database.session() as session:
        if notices:
            await chats.all_paid(session, now)
        chat = await chats.locked(session, key)
        if chat is None:
            return
        chat.compared_through = 0
        await comparing.compare_step(session, chat, TERMS, now)
    await advance(database, key, now)


async def may_enter(database, key, user_id, now):
    async with database.session() as session:
        chat = await chats.find(session, key, now)
        return await entering.may_enter(session, chat, UserId(user_id), now)


@pytest.mark.parametrize("notices", [True, False])
async def test_who_has_paid_time_keeps_a_chat_that_his_plan_has_lost_until_the_grace_is_over(
    database, key, notices
):
    await pays(database, ANA, START + DAY)  # early: his second month begins when the first is over
    await closes(database, key)
    edited = START + 2 * DAY
    await looked_at(database, key, edited, notices=notices)
    assert await calls(database) == []
    assert (await row_of(database, key, PAUL)).due_at == START + 30 * DAY + TERMS.grace
    assert await may_enter(database, key, PAUL, edited)

    await looked_at(database, key, edited)
    await pays(database, KENJI, edited + DAY)  # new time follows the new catalog
    await pays(database, PAUL, edited + DAY)
    assert not await may_enter(database, key, KENJI, edited + DAY)
    await looked_at(database, key, START + 30 * DAY)
    assert await calls(database) == []
    await looked_at(database, key, START + 32 * DAY)
    (call,) = await calls(database)
    assert str(PAUL).encode() in call.params
    async with database.reading() as session:
        explained = await explaining.explain(session, UserId(PAUL), TERMS, START + 32 * DAY)
        chat = await chats.peek(session, key)
        plan = await comparing.plan(session, chat, TERMS, START + 32 * DAY, most=9)
    assert explained.chats[0].payments == [explained.rows[0].id]
    assert plan.coming_count == 0
    await looked_at(database, key, START + 62 * DAY)
    assert len(await calls(database)) == 2


async def test_a_chat_that_no_plan_names_is_left_alone_and_one_that_is_named_again_is_as_before(
    database, key
):
    for code in ("gold-30d", "silver-30d"):
        await closes(database, key, code)
    await looked_at(database, key, START + DAY)
    await looked_at(database, key, START + 40 * DAY)
    assert await calls(database) == []
    await pays(database, PAUL, START + 20 * DAY)
    await sell(database, CLUB, code="week-7d")
    await looked_at(database, key, START + 21 * DAY)
    assert await calls(database) == []
    assert (await row_of(database, key, PAUL)).due_at == START + 30 * DAY + TERMS.grace


async def test_who_buys_a_plan_that_has_just_come_is_let_in_at_once(database, key):
    await sell(database, CLUB, code="week-7d")
    await pays(database, KENJI, START + DAY, code="week-7d")
    async with database.session() as session:
        chat = await chats.peek(session, key)
        assert await entering.may_enter(session, chat, UserId(KENJI), START + DAY)
    async with database.session() as session:
        await chats.note_rights(
            session, key, BOT, chats.Rights(is_admin=True, can_invite=True, can_restrict=True), "1", START
        )
        (way,) = await entering.ways(session, UserId(KENJI), [BOT], START + DAY)
        assert way.is_news
        (found,) = await people.reconsider_member(session, UserId(PAUL), TERMS, START + DAY)
        assert found[0].user_id == PAUL


async def test_a_chat_that_comes_to_a_plan_is_told_to_who_has_its_time_and_was_not_told_step_by_step(
    database, key, monkeypatch
):
    monkeypatch.setattr(entering, "TELL_STEP", 1)
    await sell(database, CLUB - 1, code="week-7d")
    for user_id in (KENJI, 1005):
        await pays(database, user_id, START, code="week-7d")

    async def untold():
        async with database.session() as session:
            chat, _ = await chats.all_paid(session, START + DAY)
            found = []
            while chat.told_through is not None:
                found += await entering.untold(session, chat, START + DAY)
            return found

    assert await untold() == []
    await opens_too(database, key, "week-7d")
    assert await untold() == [KENJI, 1005]
    assert await untold() == []
    async with database.session() as session:
        await entering.note_told(session, UserId(KENJI), [key], START + DAY)
        chat = await session.get_one(AccessChat, key)
        chat.told_through = 0
    assert await untold() == [1005]


async def test_who_has_time_and_is_banned_is_known_and_who_has_none_is_not(database, key):
    for user_id in (PAUL, KENJI):
        await seen(database, key, user_id, Standing.BANNED, at=START + DAY)
    async with database.reading() as session:
        (place,) = await entering.shut_out(session, UserId(PAUL), START + DAY)
        assert place.key == key
        assert await entering.shut_out(session, UserId(KENJI), START + DAY) == []
