"""The figures of a broadcast: how far it is, how fast, and what came of each message."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import insert
from tests.features.broadcasts.crowd import (
    HELLO,
    NOW,
    SHOP,
    deliver,
    gather,
    seen,
    started,
    step,
)

from botyard.db.session import Database
from botyard.features.broadcasts.message import ButtonKind, Message, MessageButton, MessageKind
from botyard.features.broadcasts.models import Recipient, RecipientState, Tally, Visit, VisitKind
from botyard.features.broadcasts.service import composing, drafts, figures
from botyard.features.broadcasts.service.figures import Progress
from botyard.features.tracking import service as tracking
from botyard.ids import UserId
from botyard.members.models import Chat

SENT, PENDING, SENDING = RecipientState.SENT, RecipientState.PENDING, RecipientState.SENDING


async def progress(database: Database, number: int, seconds: float) -> Progress:
    async with database.reading() as session:
        broadcast = await drafts.get(session, number)
        return await figures.progress(session, broadcast, NOW + timedelta(seconds=seconds))


async def test_rate_and_time_left_follow_from_what_was_sent_lately(database: Database) -> None:
    await gather(database, 300)
    number = await started(database)
    assert (await progress(database, number, 0)).left is None
    for half in range(8):
        await step(database, number, at=NOW + timedelta(seconds=half / 2))
        await deliver(database, most=15)
    now = await progress(database, number, 3.5)
    assert (now.total, now.done, now.states[SENT]) == (300, 105, 105)
    assert now.rate == pytest.approx(30)
    assert now.left == timedelta(seconds=round(195 / 30))
    assert now.share == pytest.approx(0.35)
    later = await progress(database, number, 120)
    assert (later.rate, later.left) == (0.0, None), "it stands still: nobody can tell"


async def test_what_came_of_each_message(database: Database) -> None:
    await gather(database, 40)
    rows = (
        (MessageButton("Join", ButtonKind.TRACKED, "https://example.com"),),
        (MessageButton("Yes", ButtonKind.PRESS, "Thanks"),),
    )
    other = Message(MessageKind.TEXT, "Hi", buttons=rows)
    number = await started(database, HELLO, other)
    await step(database, number)
    await deliver(database)
    await step(database, number)
    async with database.session() as session:
        broadcast = await drafts.get(session, number)
        await composing.messages(session, broadcast, SHOP, NOW)
        for user_id in (1, 1, 2):
            await tracking.press(session, composing.label_of(number, 2, 2), UserId(user_id), NOW)
        for user_id, kind in ((1, VisitKind.LEAVE), (2, VisitKind.START), (3, VisitKind.START)):
            session.add(Visit(broadcast_id=number, user_id=user_id, kind=kind, variant=2, at=NOW))
    async with database.reading() as session:
        first, second = await figures.results(session, await drafts.get(session, number))
    assert first.sent + second.sent == 40
    assert (first.clicks, first.left, first.started) == (0, 0, 0)
    assert [(each.number, each.clicks.total, each.clicks.unique) for each in second.buttons] == [
        (1, 0, 0),
        (2, 3, 2),
    ]
    assert (second.clicks, second.left, second.started) == (3, 1, 2)


async def test_a_large_audience_costs_no_more(database: Database) -> None:
    await gather(database, 1)
    number = await started(database)
    size = 20_000
    async with database.session() as session:
        await session.execute(Recipient.__table__.delete())
        chats = [{"telegram_id": 10_000 + each, "type": "private", "created_at": NOW} for each in range(size)]
        keys = (await session.scalars(insert(Chat).returning(Chat.id), chats)).all()
        rows = [
            {
                "broadcast_id": number,
                "position": position,
                "chat_key": chat_key,
                "user_id": position,
                "variant": 1,
                "state": SENT,
                "gone": False,
                "at": NOW + timedelta(seconds=position // 30),
            }
            for position, chat_key in enumerate(keys, 1)
        ]
        await session.execute(insert(Recipient), rows)
        await session.execute(Tally.__table__.delete())
        session.add(Tally(broadcast_id=number, variant=1, state=SENT, recipients=size))
        (await drafts.get(session, number)).fed_through = size
    await progress(database, number, size / 30)
    begin = time.perf_counter()
    now = await progress(database, number, size / 30)
    assert time.perf_counter() - begin < 0.25, "it is asked every other second"
    assert now.rate == pytest.approx(30, rel=0.1)
    assert (await seen(database, number)).size == 1
