"""Posts without Telegram: what is queued, what is learned, and that nothing is done twice."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.features.distribution.rule_keeping import CRYPTO, GOLD, GOLD_CRYPTO, NOW, planned, seed

from botyard.db.session import Database
from botyard.features.distribution.models import CopyState, PostState
from botyard.features.distribution.service import posts, sending
from botyard.features.distribution.service.posts import Dispatch, NewPart, Source
from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.jobs.models import Job
from botyard.members.chats import keys_of, move_chat
from botyard.outbox.models import CallState, outbox

ANA = UserId(1001)
SHOP = BotId(7)
WORDS = "gold and crypto"


@pytest.fixture
async def post_id(database: Database) -> int:
    """The number of a post about two topics, with its three chats shown to its author."""
    await seed(database)
    async with database.session() as session:
        for statement in (
            "INSERT INTO bots (id, name, webhook_secret, created_at) VALUES (7, 'shop', 's', :now)",
            (
                "INSERT INTO users (id, first_name, is_premium, role, created_at, seen_at) "
                "VALUES (1001, 'Ana', false, 2, :now, :now)"
            ),
        ):
            await session.execute(text(statement.replace(":now", f"'{NOW}'")))
        (private,) = await keys_of(session, [ChatId(1001)], NOW)
        part = NewPart(5, "text", WORDS, WORDS)
        post = await posts.open_post(session, Source(SHOP, private), ANA, [part], NOW)
        await posts.aim(session, post, await planned(database, WORDS), NOW)
        return post.id


async def sent(database: Database, post_id: int) -> None:
    async with database.session() as session:
        await sending.send(session, await locked(session, post_id), ANA, NOW)


async def locked(session: AsyncSession, post_id: int) -> Dispatch:
    post = await posts.locked(session, post_id)
    assert post is not None
    return await posts.dispatch_of(session, post)


async def end_calls(database: Database, **values: object) -> None:
    """What delivery would write down."""
    async with database.begin() as connection:
        await connection.execute(update(outbox).values(finished_at=NOW, **values))


async def learned(database: Database, post_id: int) -> dict[int, tuple[CopyState, list[int]]]:
    """State and messages of each copy once the calls were looked at."""
    async with database.session() as session:
        dispatch = await locked(session, post_id)
        await sending.learn(session, dispatch, NOW)
        await sending.push(session, dispatch, NOW)
        return {dispatch.place(copy).telegram_id: (copy.state, copy.message_ids) for copy in dispatch.copies}


async def queued(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(outbox))).scalar_one())


async def test_each_copy_is_queued_once(database: Database, post_id: int) -> None:
    await sent(database, post_id)
    chats = (GOLD, CRYPTO, GOLD_CRYPTO)
    for _ in range(3):
        assert await learned(database, post_id) == {chat: (CopyState.SENDING, []) for chat in chats}
    assert await queued(database) == 3
    await end_calls(database, state=CallState.SENT, message_id=9)
    for _ in range(3):
        assert await learned(database, post_id) == {chat: (CopyState.SENT, [9]) for chat in chats}
    assert await queued(database) == 3
    async with database.reading() as session:
        assert (await session.scalar(select(Job.name).order_by(Job.id.desc()))) == sending.FOLLOW_JOB
        post = await posts.locked(session, post_id)
        assert post is not None
        assert (post.state, post.sent_by) == (PostState.SENT, ANA)


@pytest.mark.parametrize(
    ("call", "copy"),
    [
        (CallState.FAILED, CopyState.FAILED),
        (CallState.EXPIRED, CopyState.FAILED),
        (CallState.UNKNOWN, CopyState.UNKNOWN),
        (CallState.PENDING, CopyState.SENDING),
        (CallState.SENDING, CopyState.SENDING),
    ],
)
async def test_what_becomes_of_calls(
    database: Database, post_id: int, call: CallState, copy: CopyState
) -> None:
    await sent(database, post_id)
    await end_calls(database, state=call, error="Forbidden: bot was kicked")
    assert await learned(database, post_id) == {chat: (copy, []) for chat in (GOLD, CRYPTO, GOLD_CRYPTO)}
    assert await queued(database) == 3


async def test_a_call_without_a_trace_may_have_arrived(database: Database, post_id: int) -> None:
    await sent(database, post_id)
    async with database.begin() as connection:
        await connection.execute(delete(outbox))
    states = {state for state, _ in (await learned(database, post_id)).values()}
    assert states == {CopyState.UNKNOWN}
    assert await queued(database) == 0, "nothing is sent again"


async def test_a_chat_that_moves_meanwhile_is_the_same_chat(database: Database, post_id: int) -> None:
    await sent(database, post_id)
    async with database.begin() as connection:
        await move_chat(connection, ChatId(GOLD), ChatId(-1009))
    await end_calls(database, state=CallState.SENT, message_id=9)
    assert (await learned(database, post_id))[-1009] == (CopyState.SENT, [9])


async def test_a_new_plan_keeps_what_was_left_out(database: Database, post_id: int) -> None:
    async with database.session() as session:
        dispatch = await locked(session, post_id)
        posts.switch(dispatch, dispatch.copies[0].chat_key, NOW)
        posts.switch(dispatch, ChatKey(999), NOW)
    plan = await planned(database, "gold, crypto, forex")
    async with database.session() as session:
        dispatch = await posts.aim(session, (await locked(session, post_id)).post, plan, NOW)
        assert [copy.state for copy in dispatch.copies] == [CopyState.OFF, *[CopyState.PLANNED] * 6]
        await posts.aim(session, dispatch.post, await planned(database, "silver"), NOW)
        assert dispatch.post.state is PostState.NOWHERE
