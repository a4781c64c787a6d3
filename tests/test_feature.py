"""Scheduled actions of features: whom they may post to, and what is left of one that cannot go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard import app
from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.feature import ActionRun, ScheduledAction
from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.recurrence import Recurrence
from botyard.jobs.runner import JobRunner
from botyard.jobs.schedule_runs import Occasion
from botyard.jobs.schedules import Action, NewSchedule, RunState, ScheduleRun
from botyard.members import chats, consent
from botyard.members.consent import MARKETING, Topic
from botyard.members.models import Role, User
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import outbox
from botyard.outbox.queue import Call
from botyard.telegram.bots import bots

SHOP, PAUL, ANA, GROUP = BotId(1), UserId(1002), UserId(1003), ChatId(-1001)
TOPICS = [each.topic for feature in app.FEATURES for each in feature.actions]


async def read(_session: AsyncSession, _words: str) -> dict[str, Any]:
    return {}


async def run_of(
    database: Database, clock: ManualClock, run: ActionRun, topic: Topic, ids: list[int]
) -> ScheduleRun:
    """What became of a run of an action that is scheduled for these chats. Paul has said yes to its topic."""
    action = ScheduledAction(Action("greet", "", "greet", read, lambda _: "greet"), topic, run)
    async with database.session() as session:
        row = {"id": SHOP, "name": "shop", "webhook_secret": "s", "created_at": clock.now()}
        await session.execute(insert(bots).values(row))
        for user_id in (PAUL, ANA):
            moments = {"created_at": clock.now(), "seen_at": clock.now()}
            session.add(User(id=user_id, first_name="x", is_premium=False, role=Role.PUBLIC, **moments))
        await session.flush()
        await consent.say(session, PAUL, [topic], clock.now(), granted=True, source="test")
        others = set(Topic) - {topic}
        await consent.say(session, ANA, others, clock.now(), granted=True, source="test")
        keys = await chats.keys_of(session, [ChatId(each) for each in ids], clock.now())
        rhythm = Recurrence(every=timedelta(hours=4), starts_at=clock.now())
        schedule = await schedules.create(
            session, NewSchedule("s", "greet", {}, SHOP, keys, rhythm), clock.now()
        )
        await schedule_runs.run_now(session, schedule, clock.now())
    await JobRunner(database, [action.handler(None, clock)], clock).run_next()  # type: ignore[arg-type]
    async with database.reading() as session:
        return (await session.scalars(select(ScheduleRun))).one()


async def queued(database: Database) -> list[int]:
    async with database.read() as connection:
        return list((await connection.execute(select(outbox.c.chat_key))).scalars())


async def greet(_house: Any, session: AsyncSession, occasion: Occasion, now: Any) -> str:
    """An action that knows nothing of consent: it posts wherever it is told to."""
    calls = [Call(occasion.bot_id, "sendMessage", {"text": "x"}, key) for key in occasion.chats]
    await outbox_queue.add(await session.connection(), calls, now)
    return f"{len(calls)} greeted"


@pytest.mark.parametrize("topic", sorted({*TOPICS, *MARKETING}))
async def test_no_action_posts_to_a_private_chat_without_a_yes(
    database: Database, clock: ManualClock, topic: Topic
) -> None:
    run = await run_of(database, clock, greet, topic, [ANA, GROUP, PAUL])
    assert (run.state, run.detail) == (RunState.DONE, "2 greeted; left out without a yes: 1")
    async with database.reading() as session:
        places = await chats.places_of(session, [ChatKey(key) for key in await queued(database)])
    assert [place.telegram_id for place in places.values()] == [GROUP, PAUL]


async def test_an_action_with_nobody_to_post_to_is_not_run(database: Database, clock: ManualClock) -> None:
    async def never(*_: Any) -> str:
        raise AssertionError("there is nobody")

    run = await run_of(database, clock, never, Topic.NEWS, [ANA])
    assert (run.state, run.detail) == (RunState.DONE, "to nobody; left out without a yes: 1")


async def test_what_an_action_cannot_end_it_has_not_begun(database: Database, clock: ManualClock) -> None:
    async def half(house: Any, session: AsyncSession, occasion: Occasion, now: Any) -> str:
        await greet(house, session, occasion, now)
        raise BotyardError("The rest cannot be done.", remedy="Look at it.")

    run = await run_of(database, clock, half, Topic.NEWS, [GROUP])
    assert (run.state, run.detail) == (RunState.FAILED, "The rest cannot be done. Look at it.")
    assert await queued(database) == []
