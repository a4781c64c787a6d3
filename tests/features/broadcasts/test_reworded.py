"""A text that is changed after the start: nobody gets what was not tested, or agreed to by a second admin."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.features.broadcasts.crowd import (
    ADMIN,
    BOT,
    HELLO,
    NOW,
    deliver,
    gather,
    seen,
    started,
    states,
    step,
)

from botyard.db.session import Database
from botyard.features.broadcasts.message import Message, MessageKind
from botyard.features.broadcasts.models import Broadcast, BroadcastState, Recipient, RecipientState
from botyard.features.broadcasts.service import approval, drafts, life
from botyard.features.broadcasts.service.drafts import NOBODY, Wording
from botyard.features.broadcasts.service.preflight import NotReady
from botyard.ids import UserId
from botyard.members.audit import Actor
from botyard.members.two_person import SamePerson

EVIL = Wording(1, Message(MessageKind.TEXT, "EVIL"))
PAUL = Actor(UserId(2), BOT)


async def paused(database: Database, *, tested_at: datetime | None, members: int = 100) -> int:
    """One that Paul had agreed to, paused after twenty, with another text since."""
    await gather(database, members)
    number = await started(database, HELLO)
    await step(database, number)
    await deliver(database, most=20)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        broadcast.approved_by = PAUL.user_id
        await life.pause(session, broadcast, ADMIN, NOW)
        await drafts.word(session, broadcast, [EVIL], ADMIN, NOW)
        assert (broadcast.approved_by, broadcast.reworded_by) == (None, ADMIN.user_id)
        broadcast.tested_at = tested_at
    await step(database, number)
    return number


async def held_back(database: Database, number: int, above: int) -> int:
    """What the job asks for before each step; has it wait if that is too many."""
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        recipients = await approval.too_many(session, broadcast, above, NOW)
        if recipients:
            await approval.wait(session, broadcast, recipients, above, NOW)
        return recipients


async def test_untested_it_goes_on_by_no_way(database: Database) -> None:
    number = await paused(database, tested_at=None)
    for go_on in (life.resume, life.retry):
        async with database.session() as session:
            with pytest.raises(NotReady, match="Send it to yourself first"):
                await go_on(session, await drafts.locked(session, number), ADMIN, NOW)


@pytest.mark.parametrize("way", ["resume", "retry"])
async def test_it_asks_again_and_the_author_cannot_agree(database: Database, way: str) -> None:
    number = await paused(database, tested_at=NOW)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        if way == "resume":
            await life.resume(session, broadcast, ADMIN, NOW)
        else:
            row = await session.get(Recipient, (number, 1))
            assert row is not None
            row.state = RecipientState.FAILED
            await life.retry(session, broadcast, ADMIN, NOW)
            row.state = RecipientState.SENT
    assert await held_back(database, number, 50) >= 80
    broadcast = await seen(database, number)
    assert broadcast.state is BroadcastState.ASKING_AGAIN
    assert "are still to get it" in broadcast.note
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        with pytest.raises(SamePerson):
            await approval.agree(session, broadcast, ADMIN, NOW)
        await approval.agree(session, broadcast, PAUL, NOW)
        assert (broadcast.state, broadcast.approved_by) == (BroadcastState.RUNNING, PAUL.user_id)
    assert await held_back(database, number, 50) == 0


async def test_below_the_limit_nobody_is_asked_again(database: Database) -> None:
    number = await paused(database, tested_at=NOW)
    async with database.session() as session:
        await life.resume(session, await drafts.locked(session, number), ADMIN, NOW)
    assert await held_back(database, number, 100) == 0


async def test_all_count_not_only_the_rest(database: Database) -> None:
    number = await paused(database, tested_at=NOW)
    async with database.session() as session:
        await life.resume(session, await drafts.locked(session, number), ADMIN, NOW)
    assert await held_back(database, number, 99) == 80


async def test_a_no_leaves_it_paused_and_nothing_is_written_down_twice(database: Database) -> None:
    number = await paused(database, tested_at=NOW)
    async with database.session() as session:
        await life.resume(session, await drafts.locked(session, number), ADMIN, NOW)
    await held_back(database, number, 50)
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        with pytest.raises(drafts.WrongMoment):
            await drafts.drop(session, broadcast, ADMIN, NOW)
        with pytest.raises(drafts.WrongMoment):
            await life.resume(session, broadcast, ADMIN, NOW)
        await approval.refuse(session, broadcast, PAUL, NOW)
        assert broadcast.state is BroadcastState.PAUSED
    assert await states(database, number) == {RecipientState.PENDING: 80, RecipientState.SENT: 20}


@pytest.mark.parametrize(
    ("created", "begun", "may"),
    [
        (1, 3, {1: False, 2: True, 3: False}),
        (NOBODY, 3, {1: True, 3: False}),
        (NOBODY, NOBODY, {1: True, 2: True}),
    ],
    ids=["made-and-started", "started", "command-line"],
)
def test_who_made_it_is_no_second_admin(created: int, begun: int, may: dict[int, bool]) -> None:
    broadcast = Broadcast(
        state=BroadcastState.ASKING, created_by=created, started_by=begun, started_at=NOW, reworded_by=None
    )
    assert {each: approval.may_agree(broadcast, UserId(each)) for each in may} == may
