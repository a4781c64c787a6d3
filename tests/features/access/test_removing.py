"""Removals step by step against the database: once each, never for who has paid, whatever is cut off when."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from tests.features.access.club import CLUB, KENJI, START, pays, pays_in, refunds, row_of, sell
from tests.support.running import ANA, PAUL

from botyard.db.session import Database
from botyard.features.access.models import AccessChat, Mode
from botyard.features.access.rules import Came, Decision, Sighting, Standing, key_of
from botyard.features.access.service import chats, comparing, deciding, people, removing
from botyard.features.access.service.chats import Terms
from botyard.features.access.service.removing import Fallout
from botyard.ids import BotId, BotToken, ChatKey, UserId
from botyard.jobs.models import Job
from botyard.members.audit import Actor
from botyard.outbox.models import CallState, outbox
from botyard.telegram.bots import enrol

BOT = BotId(7000000001)
TERMS = Terms(grace=timedelta(hours=24), brake=100)
OVER = START + timedelta(days=32)
"""Thirty days and the grace are over."""


class Crash(Exception):
    """The process dies before the commit."""


@pytest.fixture
async def key(database: Database) -> ChatKey:
    """A live chat that Paul, Ana and Kenji have paid for, and entered, on the same day."""
    async with database.begin() as connection:
        await enrol(connection, {"shop": BotToken(f"{BOT}:x")}, START)
    key = await sell(database, CLUB)
    async with database.session() as session:
        chat = await chats.find(session, key, START)
        chat.mode, chat.compared_through = Mode.LIVE, None
    for user_id in (PAUL, ANA, KENJI):
        await pays(database, user_id, START)
        await seen(database, key, user_id, Standing.IN, came=Came.LINK)
    return key


async def seen(database, key, user_id, standing, *, at=START, came=None):
    async with database.session() as session:
        chat = await session.get_one(AccessChat, key)
        sighting = Sighting(key_of(at, BOT, int(at.timestamp())), standing, came)
        await people.see(session, chat, UserId(user_id), f"Member {user_id}", sighting, TERMS, at)


async def advance(database, key, now=OVER, *, terms=TERMS, crash=False):
    async with database.session() as session:
        chat = await chats.locked(session, key)
        assert chat is not None
        step = await removing.advance(session, chat, BOT, terms, now)
        if crash:
            raise Crash
        return step


async def calls(database):
    """Who is to be removed, and what became of it."""
    async with database.read() as connection:
        rows = await connection.execute(
            select(outbox.c.params, outbox.c.state, outbox.c.receipt).where(
                outbox.c.method == "unbanChatMember"
            )
        )
        return rows.all()


async def becomes(database, state, **more):
    """Delivery has come to an end with all that waits."""
    async with database.begin() as connection:
        await connection.execute(
            update(outbox).where(outbox.c.state == CallState.PENDING).values(state=state, **more)
        )


async def end(database, key, user_id, now=OVER, *, crash=False):
    """The job looks what became of a removal."""
    async with database.session() as session:
        jobs = await session.scalars(select(Job).where(Job.name == removing.REMOVED_JOB).order_by(Job.id))
        payload = [each.payload for each in jobs if each.payload["user"] == user_id][-1]
        chat = await session.get_one(AccessChat, key)
        fallout = await removing.ended(session, chat, payload, TERMS, now)
        if crash:
            raise Crash
        return fallout


async def test_each_is_removed_once_however_often_a_step_is_repeated(database, key):
    assert (await advance(database, key)).queued == 3
    assert (await advance(database, key)).queued == 0
    assert len(await calls(database)) == 3
    await becomes(database, CallState.SENT)
    for user_id in (PAUL, ANA, KENJI):
        assert await end(database, key, user_id) == Fallout.REMOVED
        assert await end(database, key, user_id) == Fallout.NOTHING
        assert (await row_of(database, key, user_id)).standing is Standing.OUT
    assert (await advance(database, key)).queued == 0
    assert len(await calls(database)) == 3


async def test_what_was_cut_off_before_its_commit_has_not_been_and_is_done_again(database, key):
    with pytest.raises(Crash):
        await advance(database, key, crash=True)
    assert await calls(database) == []
    assert (await row_of(database, key, PAUL)).removal is None
    assert (await advance(database, key)).queued == 3
    await becomes(database, CallState.SENT)
    with pytest.raises(Crash):
        await end(database, key, PAUL, crash=True)
    assert (await row_of(database, key, PAUL)).removal is not None
    assert (await advance(database, key)).queued == 0
    assert await end(database, key, PAUL) == Fallout.REMOVED
    assert len(await calls(database)) == 3


async def test_nobody_is_removed_before_the_grace_is_over_nor_by_a_clock_two_hours_ahead(database, key):
    short = Terms(grace=timedelta(0), brake=100)
    end_of_time = START + timedelta(days=30)
    assert (await advance(database, key, end_of_time + timedelta(hours=2), terms=short)).queued == 0
    assert (await advance(database, key, end_of_time + timedelta(hours=23, minutes=59))).queued == 0
    assert (await advance(database, key, end_of_time + timedelta(hours=24))).queued == 3


async def test_who_pays_in_the_last_moment_is_looked_at_again_with_his_row_locked(database, key):
    """The payment is not committed yet when the removal begins: it waits, and then finds it."""
    paying, may_commit = asyncio.Event(), asyncio.Event()

    async def pay_slowly():
        async with database.session() as session:
            await pays_in(session, PAUL, OVER)
            paying.set()
            await may_commit.wait()

    payment = asyncio.create_task(pay_slowly())
    await paying.wait()
    removal = asyncio.create_task(advance(database, key))
    await asyncio.sleep(0.3)
    assert not removal.done()
    may_commit.set()
    await payment
    assert (await removal).queued == 2
    assert all(str(PAUL).encode() not in row.params for row in await calls(database))


async def test_a_removal_that_waits_is_withdrawn_when_he_renews(database, key):
    await advance(database, key)
    await pays(database, PAUL, OVER)
    async with database.session() as session:
        found = await people.reconsider_member(session, UserId(PAUL), TERMS, OVER)
        assert await removing.withdraw(session, found) == 1
    assert {row.receipt.split(":")[2] for row in await calls(database)} == {str(ANA), str(KENJI)}
    assert await end(database, key, PAUL) == Fallout.CHECK
    assert (await row_of(database, key, PAUL)).standing is Standing.IN
    assert (await advance(database, key)).queued == 0


async def test_who_renewed_while_he_was_being_removed_is_let_in_again(database, key):
    await advance(database, key)
    await becomes(database, CallState.SENT)
    await pays(database, PAUL, OVER)
    assert await end(database, key, PAUL) == Fallout.LET_IN
    assert await end(database, key, ANA) == Fallout.REMOVED


async def test_who_is_in_again_before_his_removal_is_written_down_stays_in(database, key):
    await advance(database, key)
    await becomes(database, CallState.SENT)
    await pays(database, PAUL, OVER)
    later = OVER + timedelta(seconds=20)
    await seen(database, key, PAUL, Standing.OUT, at=OVER + timedelta(seconds=10))
    await seen(database, key, PAUL, Standing.IN, at=later, came=Came.LINK)
    assert await end(database, key, PAUL, later) == Fallout.NOTHING
    assert (await row_of(database, key, PAUL)).standing is Standing.IN


async def test_a_refund_takes_the_way_in_and_an_admin_is_never_removed(database, key):
    charge = await pays(database, ANA, START + timedelta(days=5))
    now = START + timedelta(days=31, hours=1)
    await refunds(database, ANA, charge, now)
    await seen(database, key, PAUL, Standing.ADMIN, at=now)
    async with database.session() as session:
        chat = await session.get_one(AccessChat, key)
        while await comparing.compare_step(session, chat, TERMS, now):
            pass
    assert (await advance(database, key, now)).queued == 2
    assert all(str(PAUL).encode() not in row.params for row in await calls(database))


async def test_telegram_s_no_is_not_asked_for_again_at_once_and_an_admin_is_known_by_it(database, key):
    await advance(database, key)
    await becomes(database, CallState.FAILED, error="Bad Request: user is an administrator of the chat")
    assert await end(database, key, PAUL) == Fallout.CHECK
    assert (await row_of(database, key, PAUL)).standing is Standing.ADMIN
    async with database.begin() as connection:
        await connection.execute(
            update(outbox)
            .where(outbox.c.receipt.like(f"%:{ANA}:%"))
            .values(error="Bad Request: not enough rights to restrict/unrestrict chat member")
        )
    assert await end(database, key, ANA) == Fallout.RIGHTS
    assert (await advance(database, key)).queued == 0
    assert (await advance(database, key, OVER + timedelta(hours=2))).queued == 1


async def test_a_big_chat_is_compared_in_steps_and_the_brake_counts_all(database, key, monkeypatch):
    monkeypatch.setattr(comparing, "COMPARE_STEP", 2)
    monkeypatch.setattr(removing, "STEP", 2)
    async with database.session() as session:
        chat = await session.get_one(AccessChat, key)
        assert await comparing.compare_step(session, chat, TERMS, START)
        assert chat.compared_through == ANA
    async with database.session() as session:
        chat = await session.get_one(AccessChat, key)
        assert not await comparing.compare_step(session, chat, TERMS, START)
        assert (chat.compared_through, chat.compared_at) == (None, START)
    braked = Terms(grace=TERMS.grace, brake=34)
    assert (await advance(database, key, terms=braked)).stopped
    assert not (await advance(database, key, terms=braked)).stopped  # told once
    assert await calls(database) == []
    first = await advance(database, key)
    assert (first.queued, first.more) == (2, True)
    assert (await advance(database, key)).queued == 1


async def test_who_is_put_back_by_an_admin_is_asked_about_and_a_decision_is_carried_out_once(database, key):
    await advance(database, key)
    await becomes(database, CallState.SENT)
    assert await end(database, key, PAUL) == Fallout.REMOVED
    assert (await row_of(database, key, PAUL)).invited_at is None
    back = OVER + timedelta(days=1)
    await seen(database, key, PAUL, Standing.IN, at=back, came=Came.HAND)
    row = await row_of(database, key, PAUL)
    assert (row.unlisted_at, row.due_at) == (back, None)

    async def decide():
        async with database.session() as session:
            chat = await session.get_one(AccessChat, key)
            by = Actor(UserId(ANA))
            await deciding.decide(session, chat, [UserId(PAUL)], Decision.REMOVE, by, TERMS, back)

    await decide()
    assert (await advance(database, key, back)).queued == 1
    await becomes(database, CallState.SENT)
    assert await end(database, key, PAUL, back) == Fallout.REMOVED
    assert (await row_of(database, key, PAUL)).decision is None
    again = back + timedelta(days=1)
    await seen(database, key, PAUL, Standing.IN, at=again, came=Came.HAND)
    assert (await row_of(database, key, PAUL)).unlisted_at == again
    await decide()
    await pays(database, PAUL, again)
    async with database.session() as session:
        await people.reconsider_member(session, UserId(PAUL), TERMS, again)
    assert (await row_of(database, key, PAUL)).decision is None
