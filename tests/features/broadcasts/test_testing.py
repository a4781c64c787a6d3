"""A broadcast sent to the admin himself: as it will look, without a trace."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update
from tests.features.broadcasts.crowd import ADMIN, BOT, HELLO, NOW, deliver, drafted, gather, seen, started

from botyard.db.session import Database
from botyard.features.broadcasts.message import ButtonKind, Media, Message, MessageButton, MessageKind
from botyard.features.broadcasts.service import drafts, life, testing
from botyard.features.broadcasts.service.drafts import Wording, WrongMoment
from botyard.features.broadcasts.service.preflight import NotReady
from botyard.features.broadcasts.service.testing import NoChatYet
from botyard.features.tracking.models import Target
from botyard.ids import UserId
from botyard.jobs.models import Job
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.members.models import AuditEntry, BotChat
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, Priority, outbox

TARGET = "https://example.com"
BUTTONS = (
    (MessageButton("Site", ButtonKind.TRACKED, TARGET), MessageButton("Shop", ButtonKind.LINK, TARGET)),
    (MessageButton("Me", ButtonKind.PRESS, "Thanks!"), MessageButton("App", ButtonKind.MINI_APP, TARGET)),
)


async def tried(database: Database, number: int, by: Actor = ADMIN) -> int:
    async with database.session() as session:
        return await testing.send(session, await drafts.locked(session, number), by, "shop_bot", NOW)


async def untested(database: Database) -> int:
    number = await drafted(database)
    async with database.session() as session:
        (await drafts.locked(session, number)).tested_at = None
    return number


async def settled(
    database: Database, number: int, fates: dict[int, tuple[CallState, str | None]]
) -> str | None:
    """What the job finds once the calls have ended so."""
    await deliver(database, fates=fates)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        job = (await session.scalars(select(Job).where(Job.name == testing.TEST_JOB))).one()
        payload = job.payload
        found = await outbox_queue.fates(await session.connection(), payload["receipt"])
        return testing.settle(broadcast, found, payload["messages"], NOW, NOW)


async def queued(database: Database) -> list[Any]:
    async with database.reading() as session:
        rows = await session.execute(select(outbox).order_by(outbox.c.id))
        return [(row.method, row.priority, row.receipt, msgspec.json.decode(row.params)) for row in rows]


async def test_each_message_goes_to_the_admin_and_leaves_no_trace(database: Database) -> None:
    await gather(database, 3)
    first = Message(MessageKind.TEXT, "Hello {first_name}", buttons=BUTTONS)
    photo = Message(MessageKind.PHOTO, "{username|you}", (Media(MessageKind.PHOTO, "file"),))
    number = await drafted(database, first, photo, topic=Topic.OFFERS, paid=True)
    async with database.session() as session:
        (await drafts.locked(session, number)).tested_at = None
    assert await tried(database, number) == 2
    text, picture = await queued(database)
    assert text[:2] == ("sendMessage", Priority.REPLY)
    assert text[2] == picture[2], "one receipt for all"
    assert text[3] == {
        "text": "Hello Name1",
        "parse_mode": "HTML",
        "reply_markup": {
            "inline_keyboard": [
                [{"text": "Site", "url": TARGET}, {"text": "Shop", "url": TARGET}],
                [
                    {"text": "Me", "callback_data": f"trial:{number}:1:3"},
                    {"text": "App", "web_app": {"url": TARGET}},
                ],
                [{"text": "No more of these", "callback_data": f"trial:{number}:1:0"}],
            ]
        },
    }
    assert (picture[0], picture[3]["photo"], picture[3]["caption"]) == ("sendPhoto", "file", "you")
    assert await settled(database, number, {}) is None
    assert (await seen(database, number)).tested_at == NOW
    async with database.reading() as session:
        assert (await session.scalars(select(Target))).all() == [], "no click is counted"
        last = await session.scalar(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1))
        assert last == "broadcast.test"
        assert await testing.answer_to(session, number, 1, 3) == "Thanks!"
        assert await testing.answer_to(session, number, 1, 1) is None
        assert await testing.answer_to(session, number, 3, 3) is None


@pytest.mark.parametrize("state", [CallState.FAILED, CallState.UNKNOWN, CallState.EXPIRED])
async def test_only_what_has_arrived_counts(database: Database, state: CallState) -> None:
    await gather(database, 1)
    number = await untested(database)
    await tried(database, number)
    with pytest.raises(NotReady, match="on its way to the phone"):
        async with database.session() as session:
            await life.start(session, await drafts.locked(session, number), ADMIN, NOW)
    assert await settled(database, number, {1: (state, "wrong file")}) == "wrong file"
    broadcast = await seen(database, number)
    assert (broadcast.tested_at, broadcast.trying_since) == (None, None)


async def test_a_test_of_other_words_does_not_count(database: Database) -> None:
    await gather(database, 1)
    number = await untested(database)
    await tried(database, number)
    async with database.session() as session:
        await drafts.word(session, await drafts.locked(session, number), [Wording(1, HELLO)], ADMIN, NOW)
    assert await settled(database, number, {}) is None
    assert (await seen(database, number)).tested_at is None


async def test_what_nobody_knows_of_does_not_count(database: Database) -> None:
    await gather(database, 1)
    number = await untested(database)
    await tried(database, number)
    async with database.session() as session:
        await session.execute(delete(outbox))
    assert await settled(database, number, {}) == testing.NO_RECORD


async def test_the_way_out_of_an_album_leads_to_the_bot(database: Database) -> None:
    await gather(database, 1)
    album = Message(MessageKind.ALBUM, "Look", (Media(MessageKind.PHOTO, "file"),) * 2)
    await tried(database, await drafted(database, album, topic=Topic.NEWS))
    assert (await queued(database))[0][3]["media"][0]["caption"] == (
        'Look\n\n<a href="https://t.me/shop_bot">No more of these</a>'
    )


async def test_it_needs_a_chat_with_the_bot(database: Database) -> None:
    await gather(database, 2)
    number = await drafted(database)
    with pytest.raises(NoChatYet, match="@shop_bot"):
        await tried(database, number, Actor(UserId(99)))
    async with database.session() as session:
        await session.execute(update(BotChat).where(BotChat.bot_id == BOT).values(reachable=False))
    with pytest.raises(NoChatYet):
        await tried(database, number)
    async with database.session() as session:
        await session.execute(delete(BotChat))
    with pytest.raises(NoChatYet):
        await tried(database, number)
    assert await queued(database) == []


async def test_what_telegram_would_not_take_is_not_even_tried(database: Database) -> None:
    await gather(database, 1)
    number = await drafted(database)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        await drafts.word(session, broadcast, [Wording(1, Message(MessageKind.TEXT, "<b>Hello"))], ADMIN, NOW)
    with pytest.raises(NotReady):
        await tried(database, number)
    assert (await seen(database, number)).tested_at is None


async def test_a_change_of_the_message_asks_for_a_new_test(database: Database) -> None:
    await gather(database, 1)
    number = await drafted(database)
    async with database.session() as session:
        await drafts.word(session, await drafts.locked(session, number), [Wording(1, HELLO)], ADMIN, NOW)
    assert (await seen(database, number)).tested_at is None
    with pytest.raises(WrongMoment):
        await tried(database, await started(database))
