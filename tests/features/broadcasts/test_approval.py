"""A yes before the start, through the running service: a second admin's, or of who scheduled what is late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from tests.support.outcomes import bot_of, forged, pressed, sent, told
from tests.support.running import ANA, NEWS, OWNER, PAUL, SHOP, Running, running

from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.message import ButtonKind, Message, MessageButton, MessageKind
from botyard.features.broadcasts.models import (
    Broadcast,
    BroadcastState,
    Recipient,
    Tally,
    Variant,
    Visit,
)
from botyard.features.broadcasts.service import drafts, life, testing
from botyard.features.broadcasts.service.drafts import Plan, Wording
from botyard.ids import UserId
from botyard.jobs.recurrence import QuietHours
from botyard.members import roles
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.members.models import AuditEntry, Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRAFT, ASKING, FINISHED = BroadcastState.DRAFT, BroadcastState.ASKING, BroadcastState.FINISHED
PRESS = MessageButton("Count me in", ButtonKind.PRESS, "You are in")
HELLO = Message(MessageKind.TEXT, "Hello {first_name}", buttons=((PRESS,),))


def now() -> datetime:
    return datetime.now(UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The service in which a broadcast to more than two members needs a second admin."""
    folder = tmp_path_factory.mktemp("house")
    database = folder / "botyard.db"
    database.write_bytes(sqlite_template.read_bytes())
    limits = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}
    async with running(
        f"sqlite+aiosqlite:///{database}",
        folder,
        webhook=True,
        bots={"shop": SHOP, "news": NEWS},
        two_person_above=2,
        **limits,
    ) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> Running:
    """The running service without broadcasts. Olivia owns it, Paul is an admin, Ana a member."""
    for user_id in (OWNER, PAUL, ANA):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        for table in (Visit, Tally, Recipient, Variant, Broadcast):
            await session.execute(delete(table))
        await roles.change_role(session, UserId(PAUL), Role.ADMIN, now(), by=None)
    return house


def actor(house: Running, user_id: int) -> Actor:
    return Actor(UserId(user_id), bot_of(house).id)


async def drafted(house: Running, by: int = OWNER, **how: Any) -> int:
    plan = Plan("Spring & sons", Topic.SERVICE, **how)
    async with house.database.session() as session:
        who = actor(house, by)
        broadcast = await drafts.make(session, plan, bot_of(house).id, who, now())
        await drafts.word(session, broadcast, [Wording(1, HELLO)], who, now())
        broadcast.tested_at = now()
        return broadcast.id


async def start(house: Running, number: int, by: int = OWNER) -> None:
    async with house.database.session() as session:
        await life.start(session, await drafts.locked(session, number), actor(house, by), now())


async def seen(house: Running, number: int) -> Broadcast:
    async with house.database.reading() as session:
        return await drafts.get(session, number)


async def until(house: Running, number: int, state: BroadcastState) -> Broadcast:
    async def is_so() -> bool:
        return (await seen(house, number)).state is state

    await house.until(is_so)
    return await seen(house, number)


async def asked(house: Running, number: int, by: int = OWNER) -> Broadcast:
    """The same after a start that needs a second admin."""
    await start(house, number, by)
    broadcast = await until(house, number, ASKING)
    await sent(house)
    return broadcast


async def latest(house: Running, user_id: int) -> str:
    await sent(house)
    return str((await house.replies(user_id))[-1]["text"])


async def audited(house: Running, number: int) -> list[tuple[str, int | None]]:
    async with house.database.reading() as session:
        rows = await session.scalars(
            select(AuditEntry).where(AuditEntry.subject == f"broadcast:{number}").order_by(AuditEntry.id)
        )
        return [(row.action.removeprefix("broadcast."), row.actor_id) for row in rows]


async def test_the_second_admin_says_yes_and_it_starts(business: Running) -> None:
    number = await drafted(business)
    before = len(await business.replies(OWNER))
    waiting = await asked(business, number)
    assert "3 members, which is more than 2" in waiting.note
    question = await latest(business, PAUL)
    assert "Olivia" in question
    assert "Spring & sons" in question
    assert "3 members" in question
    assert "Spring" not in await latest(business, ANA), "only admins are asked"
    assert len(await business.replies(OWNER)) == before

    outcome = await pressed(business, PAUL, "Start it")
    assert outcome.edits == ["<b>Spring &amp; sons</b> starts."]
    done = await until(business, number, FINISHED)
    assert (done.started_by, done.approved_by, done.size) == (OWNER, PAUL, 3)
    texts = [each["text"] for each in await business.replies(OWNER)]
    assert texts[-2:] == ["Paul Green has agreed: Spring & sons starts.", "Hello Olivia"]
    assert await audited(business, number) == [
        ("make", OWNER),
        ("word", OWNER),
        ("start", OWNER),
        ("ask", None),
        ("start", PAUL),
        ("approve", PAUL),
        ("finish", None),
    ]


async def test_who_starts_it_is_told_whose_yes_it_waits_for(business: Running) -> None:
    number = await drafted(business)
    outcome = await forged(business, OWNER, f"broadcasts:go:{number}")
    assert outcome.toasts == ["It waits for a second admin's yes."]
    await until(business, number, ASKING)
    shown = (await told(business, OWNER, f"/broadcast {number}")).texts[0]
    assert "waits for a second admin's yes" in shown
    assert "your yes" not in shown + (await told(business, OWNER, "/broadcast")).texts[0]


async def test_a_no_makes_it_a_draft_again(business: Running) -> None:
    number = await drafted(business)
    await asked(business, number)
    assert (await pressed(business, PAUL, "Do not start it")).edits
    assert (await seen(business, number)).state is DRAFT
    assert "does not want" in await latest(business, OWNER)
    assert (await audited(business, number))[-1] == ("refuse", PAUL)


async def test_who_started_it_cannot_agree_but_may_give_it_up(business: Running) -> None:
    number = await drafted(business)
    stamp = (await asked(business, number)).driver
    outcome = await forged(business, OWNER, f"approve:yes:{number}:{stamp}")
    assert outcome.toasts == ["It is you who wants this. Another admin has to agree."]
    assert (await seen(business, number)).state is ASKING
    assert "admins" in (await forged(business, ANA, f"approve:yes:{number}:{stamp}")).toasts[0]
    assert (await seen(business, number)).state is ASKING
    await forged(business, OWNER, f"approve:no:{number}:{stamp}")
    assert (await seen(business, number)).state is DRAFT


async def test_the_second_can_look_at_it_first(business: Running) -> None:
    number = await drafted(business)
    await asked(business, number)
    await pressed(business, PAUL, "Show it to me")
    assert await latest(business, PAUL) == "Hello Paul"
    assert (await pressed(business, PAUL, "Count me in")).toasts == ["You are in"]


async def test_a_yes_is_to_what_was_shown(business: Running) -> None:
    number = await drafted(business)
    await asked(business, number)
    async with business.database.session() as session:
        broadcast = await drafts.locked(session, number)
        other = Message(MessageKind.TEXT, "Something else")
        await drafts.word(session, broadcast, [Wording(1, other)], actor(business, OWNER), now())
        assert broadcast.state is DRAFT
        broadcast.tested_at = now()
    await sent(business)
    question = (await business.replies(PAUL))[-1]["message_id"]
    await asked(business, number)
    outcome = await pressed(business, PAUL, "Start it", message_id=question)
    assert "settled already" in outcome.toasts[0]
    assert (await seen(business, number)).state is ASKING
    await pressed(business, PAUL, "Start it")
    await until(business, number, FINISHED)
    assert "settled already" in (await pressed(business, PAUL, "Start it", message_id=question)).toasts[0]


async def test_a_text_changed_after_the_start_needs_another_yes(business: Running) -> None:
    hour = now().hour
    quiet = QuietHours(time((hour - 1) % 24), time((hour + 2) % 24))  # it begins, and sends nothing yet
    number = await drafted(business, quiet=quiet)
    await asked(business, number)
    await pressed(business, PAUL, "Start it")
    await until(business, number, BroadcastState.RUNNING)
    async with business.database.session() as session:
        broadcast = await drafts.locked(session, number)
        await life.pause(session, broadcast, actor(business, OWNER), now())
        other = Message(MessageKind.TEXT, "Something else")
        await drafts.word(session, broadcast, [Wording(1, other)], actor(business, OWNER), now())
        broadcast.tested_at = now()
        await life.resume(session, broadcast, actor(business, OWNER), now())
    waiting = await until(business, number, BroadcastState.ASKING_AGAIN)
    assert "3 members are still to get it" in waiting.note
    assert "has changed the text" in await latest(business, PAUL)
    outcome = await forged(business, OWNER, f"approve:yes:{number}:{waiting.driver}")
    assert outcome.toasts == ["It is you who wants this. Another admin has to agree."]
    outcome = await pressed(business, PAUL, "Go on")
    assert outcome.edits == ["<b>Spring &amp; sons</b> goes on."]
    assert (await until(business, number, BroadcastState.RUNNING)).approved_by == PAUL
    assert await latest(business, OWNER) == "Paul Green has agreed: Spring & sons goes on."


async def test_nobody_to_ask_is_said(business: Running) -> None:
    async with business.database.session() as session:
        await roles.change_role(session, UserId(PAUL), Role.PUBLIC, now(), by=None)
    waiting = await asked(business, await drafted(business))
    assert "Nobody else is an admin" in waiting.note


async def test_an_admin_of_this_bot_alone_counts(business: Running) -> None:
    async with business.database.session() as session:
        await roles.change_role(session, UserId(PAUL), Role.PUBLIC, now(), by=None)
        await roles.raise_role(
            session, UserId(PAUL), Role.ADMIN, now(), by=None, only_bot=bot_of(business, "news").id
        )
        await roles.raise_role(session, UserId(ANA), Role.ADMIN, now(), by=None, only_bot=bot_of(business).id)
    number = await drafted(business)
    await asked(business, number)
    assert "wants to start" not in await latest(business, PAUL)
    await pressed(business, ANA, "Start it")
    assert (await until(business, number, FINISHED)).approved_by == ANA
    async with business.database.session() as session:
        await roles.change_role(session, UserId(ANA), Role.PUBLIC, now(), by=None)


async def test_a_small_one_needs_nobody(business: Running) -> None:
    from_ana = Audience(without_members=(ANA,))
    number = await drafted(business, audience=from_ana)
    await start(business, number)
    assert (await until(business, number, FINISHED)).approved_by is None


async def overdue(house: Running, number: int, *, ago: timedelta) -> None:
    """Has it scheduled by Paul for a moment that long ago, as if the service had been away since."""
    async with house.database.session() as session:
        broadcast = await drafts.locked(session, number)
        at = now() - ago
        await life.schedule(session, broadcast, at, actor(house, PAUL), at - timedelta(days=1))


async def test_an_overdue_one_asks_who_scheduled_it(business: Running) -> None:
    small = Audience(without_members=(ANA,))
    number = await drafted(business, audience=small)
    await overdue(business, number, ago=timedelta(hours=2))
    await until(business, number, ASKING)
    assert "should have started over an hour ago" in await latest(business, PAUL)
    await pressed(business, PAUL, "Make it a draft")
    assert (await seen(business, number)).state is DRAFT

    await overdue(business, number, ago=timedelta(hours=2))
    await until(business, number, ASKING)
    await pressed(business, PAUL, "Start it now")
    assert (await until(business, number, FINISHED)).started_by == PAUL


async def test_one_that_cannot_start_on_time_says_why(business: Running) -> None:
    number = await drafted(business)
    async with business.database.session() as session:
        broadcast = await drafts.locked(session, number)
        await life.schedule(session, broadcast, now() + timedelta(seconds=1), actor(business, PAUL), now())
        await drafts.word(session, broadcast, [Wording(1, HELLO)], actor(business, OWNER), now())
    await until(business, number, ASKING)
    assert "Send it to yourself first" in await latest(business, PAUL)
    outcome = await pressed(business, PAUL, "Start it now")
    assert "Send it to yourself first" in outcome.toasts[0]
    async with business.database.session() as session:
        broadcast = await drafts.locked(session, number)
        await testing.send(session, broadcast, actor(business, PAUL), None, now())

    async def has_arrived() -> bool:
        return (await seen(business, number)).tested_at is not None

    await business.until(has_arrived)
    await pressed(business, PAUL, "Start it now")
    waiting = await until(business, number, ASKING)
    assert waiting.started_by == PAUL, "now it is the owner's turn"


@pytest.mark.parametrize(
    "data", ["approve", "approve:yes:1", "approve:yes:x:1", "approve:maybe:1:1", "trial:1", "trial:9:1:1"]
)
async def test_a_forged_press_changes_nothing(business: Running, data: str) -> None:
    outcome = await forged(business, PAUL, data)
    assert outcome.toasts == ["This button is out of date. Please open the menu again."]


async def test_a_test_leaves_nothing_behind(business: Running) -> None:
    number = await drafted(business)
    outcome = await forged(business, PAUL, f"trial:{number}:1:0")
    assert outcome.toasts == ["This is a test. Whoever presses it later gets no more of these."]
    assert "settled" in (await forged(business, PAUL, "approve:yes:999999:1")).toasts[0]


async def test_a_link_of_a_broadcast_counts_and_goes_on(business: Running) -> None:
    number = await drafted(business, audience=Audience(without_members=(ANA,)))
    await start(business, number)
    await until(business, number, FINISHED)
    assert "guide" not in (await told(business, PAUL, f"/start b-{number}-1")).texts[0]
    guide = (await told(business, PAUL, "/start guide-999")).texts
    assert (await told(business, PAUL, f"/start b-{number}-1-guide-999")).texts == guide
    assert (await told(business, ANA, "/start b-999-1-b-1-1")).texts != guide
    assert (await told(business, ANA, "/start b-x")).texts != guide
    async with business.database.reading() as session:
        rows = (await session.scalars(select(Visit))).all()
        assert [(row.broadcast_id, row.user_id, row.kind) for row in rows] == [(number, PAUL, "start")]
