"""A broadcast from its start to its end, step by step: who gets it, and what is counted."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from tests.features.broadcasts.crowd import (
    ADMIN,
    BOT,
    HELLO,
    NOW,
    PACE,
    deliver,
    drafted,
    gather,
    reasons,
    seen,
    started,
    states,
    step,
    waiting,
)

from botyard.db.session import Database
from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.models import BroadcastState, Recipient, RecipientState, Variant
from botyard.features.broadcasts.service import (
    book,
    drafts,
    exporting,
    freezing,
    life,
    overview,
    preflight,
    sweeping,
)
from botyard.features.broadcasts.service.drafts import Cap, Plan, Wording, WrongMoment
from botyard.ids import UserId
from botyard.jobs.recurrence import QuietHours
from botyard.members import consent, marketing
from botyard.members.consent import Topic
from botyard.members.marketing import MarketingTouch
from botyard.members.models import BotChat, Role
from botyard.outbox.models import CallState, outbox

PENDING, SENDING, SENT = RecipientState.PENDING, RecipientState.SENDING, RecipientState.SENT
FAILED, BLOCKED, UNKNOWN = RecipientState.FAILED, RecipientState.BLOCKED, RecipientState.UNKNOWN
SKIPPED = RecipientState.SKIPPED


async def test_everybody_gets_it_once_and_the_sums_add_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "STEP", 40)
    await gather(database, 150)
    number = await started(database)
    assert (await seen(database, number)).size == 150
    assert await states(database, number) == {PENDING: 150}

    got: list[int] = []
    await step(database, number)
    assert await states(database, number) == {PENDING: 90, SENDING: 60}, "two seconds of work lie ready"
    await step(database, number)
    assert await waiting(database) == 60, "no more while nothing has left"
    for _ in range(10):
        got += await deliver(database, most=35)
        await step(database, number)
    assert got == list(range(1, 151))
    assert await states(database, number) == {SENT: 150}
    broadcast = await seen(database, number)
    assert (broadcast.state, broadcast.finished_at) == (BroadcastState.FINISHED, NOW)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(outbox)) == 0, "its book is kept here"


async def test_what_became_of_each(database: Database) -> None:
    await gather(database, 6)
    number = await started(database)
    await step(database, number)
    fates = {
        2: (CallState.FAILED, "forbidden"),
        3: (CallState.FAILED, "bad_request"),
        4: (CallState.UNKNOWN, "unknown"),
        5: (CallState.EXPIRED, None),
    }
    await deliver(database, fates=fates)
    await step(database, number)
    assert await reasons(database, number) == {
        1: (SENT, None),
        2: (BLOCKED, "forbidden"),
        3: (FAILED, "bad_request"),
        4: (UNKNOWN, "unknown"),
        5: (FAILED, "expired"),
        6: (SENT, None),
    }
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        assert broadcast.state is BroadcastState.FINISHED
        assert await life.retry(session, broadcast, ADMIN, NOW) == 2
    await step(database, number)
    assert await deliver(database) == [3, 5], "what is unknown, or blocked, is not sent again"
    await step(database, number)
    assert await states(database, number) == {SENT: 4, BLOCKED: 1, UNKNOWN: 1}


async def test_two_who_start_it_start_one_run(database: Database) -> None:
    await gather(database, 3)
    number = await drafted(database)
    async with database.session() as session:
        assert await life.start(session, await drafts.locked(session, number), ADMIN, NOW)
    async with database.session() as session:
        assert not await life.start(session, await drafts.locked(session, number), ADMIN, NOW)
    empty = await drafted(database)
    async with database.session() as session:
        await session.execute(delete(Variant).where(Variant.broadcast_id == empty))
        with pytest.raises(WrongMoment, match="no message"):
            await life.start(session, await drafts.locked(session, empty), ADMIN, NOW)


async def test_paused_nothing_leaves_and_resumed_nobody_is_forgotten(database: Database) -> None:
    await gather(database, 100)
    number = await started(database)
    await step(database, number)
    got = await deliver(database, most=20)
    async with database.session() as session:
        await life.pause(session, await drafts.locked(session, number), ADMIN, NOW)
    assert await waiting(database) == 0, "it stops at once, not when the outbox is empty"
    assert await states(database, number) == {PENDING: 80, SENDING: 20}
    await step(database, number)
    assert await states(database, number) == {PENDING: 80, SENT: 20}

    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        new = [Wording(1, type(HELLO)(HELLO.kind, "Hello again"))]
        await drafts.word(session, broadcast, new, ADMIN, NOW)
        with pytest.raises(WrongMoment):
            await drafts.word(session, broadcast, [*new, Wording(2, HELLO)], ADMIN, NOW)
        broadcast.tested_at = NOW
        await life.resume(session, broadcast, ADMIN, NOW)
    for _ in range(4):
        await step(database, number)
        async with database.reading() as session:
            texts = set(await session.scalars(select(outbox.c.params)))
        assert all(b"Hello again" in each for each in texts)
        got += await deliver(database)
    await step(database, number)
    assert sorted(got) == list(range(1, 101))
    assert await states(database, number) == {SENT: 100}


async def test_cancelled_the_rest_is_skipped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "STEP", 30)
    await gather(database, 100)
    number = await started(database)
    await step(database, number)
    await deliver(database, most=10)
    async with database.session() as session:
        await life.cancel(session, await drafts.locked(session, number), ADMIN, NOW)
    assert await waiting(database) == 0
    for _ in range(6):
        await step(database, number)
    assert await states(database, number) == {SENT: 10, SKIPPED: 90}
    assert (await seen(database, number)).state is BroadcastState.CANCELLED
    async with database.session() as session:
        with pytest.raises(WrongMoment):
            await life.resume(session, await drafts.locked(session, number), ADMIN, NOW)


async def test_what_was_sent_is_deleted(database: Database) -> None:
    await gather(database, 5)
    number = await started(database)
    await step(database, number)
    await deliver(database, fates={2: (CallState.FAILED, "forbidden")})
    await step(database, number)
    async with database.reading() as session:
        assert await book.deleted(session, number, NOW) == book.Deleted(0, is_more=True)
        late = await book.deleted(session, number, NOW + timedelta(hours=48))
        assert not late.is_more, "Telegram would not"
    async with database.session() as session:
        await life.delete_sent(session, await drafts.locked(session, number), ADMIN, NOW)
    for _ in range(3):
        await step(database, number)
    async with database.reading() as session:
        rows = await session.execute(select(outbox.c.method, outbox.c.params).order_by(outbox.c.id))
        wanted = [("deleteMessage", f'{{"message_id":{1000 + each}}}'.encode()) for each in (1, 3, 4, 5)]
        assert [tuple(row) for row in rows] == wanted
        assert await book.deleted(session, number, NOW) == book.Deleted(4, is_more=False)
        broadcast = await drafts.get(session, number)
        shown = (await overview.look(session, session, broadcast, NOW)).deleted
        assert shown == book.Deleted(4), "the same is not offered again"
    written = [row async for rows in exporting.rows_of(database, number) for row in rows]
    assert [row[5] for row in written] == ["yes", "", "yes", "yes", "yes"]
    assert (await seen(database, number)).deleted_through is None


async def test_marketing_needs_a_yes_until_the_last_moment(database: Database) -> None:
    await gather(database, 4)
    async with database.session() as session:
        for each in (1, 2, 3):
            await consent.say(session, UserId(each), [Topic.OFFERS], NOW, granted=True, source="test")
        await consent.say(session, UserId(4), [Topic.SERVICE, Topic.NEWS], NOW, granted=False, source="test")
    offers = await started(database, topic=Topic.OFFERS)
    assert set(await reasons(database, offers)) == {1, 2, 3}
    async with database.session() as session:
        await consent.say(session, UserId(2), [Topic.OFFERS], NOW, granted=False, source="test")
        await session.execute(
            update(BotChat).where(BotChat.chat_key == 3, BotChat.bot_id == BOT).values(reachable=False)
        )
    await step(database, offers)
    assert await deliver(database) == [1]
    await step(database, offers)
    assert await reasons(database, offers) == {
        1: (SENT, None),
        2: (SKIPPED, "left the list"),
        3: (BLOCKED, "cannot be reached any more"),
    }
    service = await started(database)
    assert set(await reasons(database, service)) == {1, 2}, "3 has blocked the bot, 4 wants none of it"


async def test_nobody_gets_more_than_the_cap_from_all_bots_together(database: Database) -> None:
    await gather(database, 2)
    async with database.session() as session:
        for each in (1, 2):
            await consent.say(session, UserId(each), [Topic.NEWS], NOW, granted=True, source="test")
    for expected in (
        {1: (SENT, None), 2: (SENT, None)},
        {1: (SKIPPED, "got enough marketing messages lately")},
    ):
        number = await started(database, topic=Topic.NEWS, cap=Cap(1, 7))
        await step(database, number, NOW + timedelta(seconds=1))
        await deliver(database)
        await step(database, number, NOW + timedelta(seconds=1))
        assert (await reasons(database, number)).items() >= expected.items()
    number = await started(database, topic=Topic.NEWS, cap=Cap(1, 7))
    await step(database, number, NOW + timedelta(minutes=59))
    later = await started(database, topic=Topic.SERVICE, cap=Cap(1, 7))
    await step(database, later)
    assert await deliver(database) == [1, 2], "what belongs to the service is no marketing"


async def test_the_cap_counts_what_arrived_not_what_was_taken_back(database: Database) -> None:
    await gather(database, 70)
    async with database.session() as session:
        for each in range(1, 71):
            await consent.say(session, UserId(each), [Topic.NEWS], NOW, granted=True, source="test")
    number = await started(database, topic=Topic.NEWS)
    await step(database, number)
    await deliver(database, most=4, fates={2: (CallState.FAILED, "bad_request"), 3: (CallState.UNKNOWN, "x")})
    async with database.session() as session:
        await life.cancel(session, await drafts.locked(session, number), ADMIN, NOW)
    await step(database, number)
    async with database.reading() as session:
        touched = set(await session.scalars(select(MarketingTouch.user_id)))
        other = Plan("Other", Topic.NEWS, cap=Cap(1, 7))
    assert touched == {1, 3, 4}
    async with database.session() as session:
        draft = await drafts.make(session, other, BOT, ADMIN, NOW)
        await drafts.word(session, draft, [Wording(1, HELLO)], ADMIN, NOW)
        found = await preflight.check(session, draft, PACE, NOW + timedelta(minutes=1))
    assert any("3 of them have got enough" in each.what for each in found.warnings)


async def test_quiet_hours_count_where_the_recipient_is(database: Database) -> None:
    await gather(database, 3)
    async with database.session() as session:
        await marketing.keep_zone(session, UserId(2), "Asia/Tokyo")
        await marketing.keep_zone(session, UserId(3), "Mars/Olympus")
    quiet = QuietHours(time(21), time(8))
    number = await started(database, quiet=quiet, zone="Europe/London")
    await step(database, number)  # noon in London, 21:00 in Tokyo
    assert await deliver(database) == [1, 3], "a zone that nobody knows is UTC"
    await step(database, number)
    assert await states(database, number) == {SENT: 2, PENDING: 1}
    for minutes in range(4, 11 * 60 + 4, 4):  # it looks again and again
        await step(database, number, NOW + timedelta(minutes=minutes))
        if minutes < 11 * 60 - 4:
            assert await waiting(database) == 0
    assert await deliver(database) == [2], "08:00 in Tokyo"


async def test_one_that_stood_still_for_long_asks_before_it_goes_on(database: Database) -> None:
    await gather(database, 100)
    number = await started(database)
    await step(database, number)
    await step(database, number, NOW + timedelta(minutes=6))
    broadcast = await seen(database, number)
    assert broadcast.state is BroadcastState.PAUSED
    assert "over five minutes" in broadcast.note
    assert await waiting(database) == 0


async def test_languages_and_shares(database: Database) -> None:
    await gather(database, 600, language_code="en")
    await gather(database, 50, first=1001, language_code="de-AT")
    await gather(database, 20, first=2001, language_code=None)
    number = await drafted(database)
    wordings = [
        Wording(1, HELLO, "en", 3),
        Wording(2, HELLO, "en", 1),
        Wording(3, HELLO, "de"),
    ]
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        await drafts.word(session, broadcast, wordings, ADMIN, NOW)
        broadcast.tested_at = NOW
        await life.start(session, broadcast, ADMIN, NOW)
    await step(database, number)
    async with database.reading() as session:
        rows = await session.execute(
            select(Recipient.variant, func.count().label("recipients"))
            .where(Recipient.broadcast_id == number)
            .group_by(Recipient.variant)
        )
        counted = {row.variant: row.recipients for row in rows}
    assert counted[3] == 50
    assert counted[1] + counted[2] == 600
    assert 400 < counted[1] < 500, "three of four"
    assert await states(database, number) == {PENDING: 650, SKIPPED: 20}


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience(languages=("de",)), {2}),
        (Audience(seen_within_days=5), {1, 2}),
        (Audience(unseen_for_days=5), {3}),
        (Audience(joined_within_days=5), {1}),
        (Audience(joined_before_days=5), {2, 3}),
        (Audience(tags=("vip",)), {1, 3}),
        (Audience(tags=("vip",), without_tags=("slow",)), {1}),
        (Audience(sources=("guide-1",)), {2}),
        (Audience(without_members=(1, 2)), {3}),
        (Audience(roles=(Role.ADMIN,)), {3}),
    ],
    ids=["language", "seen", "unseen", "new", "old", "tag", "tag-not", "source", "members", "role"],
)
async def test_audiences(database: Database, audience: Audience, expected: set[int]) -> None:
    long_ago = NOW - timedelta(days=30)
    await gather(database, 1, first=1, language_code="en")
    await gather(database, 1, first=2, language_code="de", registered_at=long_ago)
    await gather(database, 1, first=3, seen_at=long_ago, registered_at=long_ago, role=2)
    async with database.session() as session:
        await marketing.tag(session, UserId(1), ["vip"])
        await marketing.tag(session, UserId(3), ["vip", "slow"])
        await marketing.came_by(session, UserId(2), "guide-1", BOT, NOW)
    number = await started(database, audience=audience)
    assert set(await reasons(database, number)) == expected
    async with database.reading() as session:
        broadcast = await drafts.get(session, number)
        assert (await drafts.reach(session, drafts.plan_of(broadcast), BOT, NOW)).recipients == len(expected)


async def test_scheduled_it_waits_and_can_be_taken_back(database: Database) -> None:
    await gather(database, 1)
    number = await drafted(database)
    at = NOW + timedelta(hours=1)
    async with database.session() as session:
        await life.schedule(session, await drafts.locked(session, number), at, ADMIN, NOW)
    broadcast = await seen(database, number)
    assert (broadcast.state, broadcast.scheduled_at) == (BroadcastState.SCHEDULED, at)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        with pytest.raises(WrongMoment, match=r"is scheduled.*is being sent or is being prepared"):
            await life.pause(session, broadcast, ADMIN, NOW)
        with pytest.raises(WrongMoment, match="past"):
            await life.schedule(session, broadcast, NOW, ADMIN, NOW)
        await life.unschedule(session, broadcast, ADMIN, NOW)
        assert broadcast.state is BroadcastState.DRAFT
        await drafts.drop(session, broadcast, ADMIN, NOW)
    async with database.session() as session:
        with pytest.raises(drafts.NoSuchBroadcast):
            await drafts.get(session, number)
    begun = await started(database)
    async with database.session() as session:
        with pytest.raises(WrongMoment, match="has begun"):
            await drafts.drop(session, await drafts.locked(session, begun), ADMIN, NOW)
