"""Who has paid while something was broken is told the way in as soon as it is open again: once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from tests.features.access.club import CLUB, START, a_club, sell
from tests.features.access.test_removing import BOT
from tests.support.outcomes import bot_of
from tests.support.running import ANA, OWNER, PAUL

from botyard.features.access.models import AccessLink, Problem
from botyard.features.access.service import links
from botyard.ids import BotToken, UserId
from botyard.outbox.models import CallState, outbox
from botyard.telegram.bots import enrol

SECOND = timedelta(seconds=1)


async def test_who_paid_while_the_bot_could_not_let_him_in_is_told_once_when_it_can(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens(can_invite_users=True)
        assert (await club.chat(key)).problem is Problem.NO_RESTRICT
        (warning,) = [each["text"] for each in await club.house.replies(OWNER) if "⚠️" in each["text"]]
        assert "who has paid is let in, but nobody is removed" in warning
        await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)  # letting in needs no right to ban

        gone = {"user_id": bot_of(club.house, "shop").id, "status": "left", "by": OWNER}
        await club.house.control("POST", f"chats/{CLUB}/members", **gone)
        await club.answered()
        await club.pays(ANA)
        await club.quiet()
        assert await club.ways_told(ANA) == []
        await club.promotes(CLUB)
        await club.answered()
        await club.passes(minutes=6)
        assert len(await club.ways_told(ANA)) == 1
        assert len(await club.ways_told(PAUL)) == 1

        await club.passes(hours=7)
        for user_id in (PAUL, ANA):
            assert len(await club.ways_told(user_id)) == 1


async def test_a_link_that_comes_after_another_was_asked_for_ends_and_the_call_is_given_up_in_time(database):
    async with database.begin() as connection:
        await enrol(connection, {"shop": BotToken(f"{BOT}:x")}, START)
    key = await sell(database, CLUB)
    later = START + links.PATIENCE
    async with database.session() as session:
        await links.ask(session, key, BOT, START, UserId(PAUL))
        assert (await links.current(session, key, BOT, later - SECOND, UserId(PAUL))).url is None
        assert await links.current(session, key, BOT, later, UserId(PAUL)) is None
        await links.ask(session, key, BOT, later, UserId(PAUL))
    async with database.begin() as connection:
        given_up = await connection.scalars(select(outbox.c.expires_at).order_by(outbox.c.id))
        assert given_up.all() == [later, later + links.PATIENCE]
        sent = {"state": CallState.SENT, "result": b'{"invite_link": "https://t.me/+first"}'}
        await connection.execute(update(outbox).where(outbox.c.receipt == "access-link:1").values(sent))
    async with database.session() as session:
        assert await links.made(session, {"link": 1, "receipt": "access-link:1", "after": 1}, later) is None
        assert (await session.get_one(AccessLink, 1)).ended_at == later
        assert (await links.current(session, key, BOT, later, UserId(PAUL))).id == 2
    async with database.read() as connection:
        revoked = await connection.scalars(
            select(outbox.c.id).where(outbox.c.method == "revokeChatInviteLink")
        )
        assert len(revoked.all()) == 1
