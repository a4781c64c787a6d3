"""Guides on a schedule: which are posted, where to, and what the links are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.features.guides.library_of import add
from tests.support.outcomes import GROUP, bot_of, count_of, told
from tests.support.running import ANA, PAUL, Running, running

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.features.guides.jobs import POST_GUIDES
from botyard.ids import ChatId, UserId
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.recurrence import Recurrence
from botyard.jobs.schedules import NewSchedule, RunState, ScheduleRun
from botyard.members import chats, consent
from botyard.members.consent import Topic

ACTION = POST_GUIDES.action


async def posted(house: Running, words: str, *places: int) -> ScheduleRun:
    """How a run went that posts to these chats."""
    now = SystemClock().now()
    async with house.database.session() as session:
        wanted = NewSchedule(
            name=f"s{now.timestamp()}",
            action=ACTION.name,
            payload=await ACTION.read(session, words),
            bot_id=bot_of(house).id,
            chats=tuple(await chats.keys_of(session, [ChatId(each) for each in places], now)),
            recurrence=Recurrence(every=timedelta(hours=4), starts_at=now),
        )
        schedule = await schedules.create(session, wanted, now)
        await schedule_runs.run_now(session, schedule, now)
        schedule_id = schedules.ScheduleId(schedule.id)

    async def run() -> ScheduleRun | None:
        async with house.database.reading() as session:
            found = await schedule_runs.runs_of(session, schedule_id, most=1)
            return found[0] if found and found[0].state is not RunState.QUEUED else None

    await house.until(run)
    done = await run()
    assert done is not None
    return done


async def buttons(house: Running, chat_id: int, user_id: int = PAUL) -> list[tuple[str, str]]:
    """The link buttons of the bot's last message there, once it has come."""

    async def last() -> list[tuple[str, str]]:
        found = [each for each in await house.replies(user_id, chat_id=chat_id) if "reply_markup" in each]
        rows = found[-1]["reply_markup"]["inline_keyboard"] if found else []
        return [(each["text"], each["url"]) for row in rows for each in row]

    await house.until(last)
    return await last()


async def test_six_links_for_the_group_and_for_who_wants_them(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, webhook=True, group_rate=0, chat_rate=0) as house:
        for user_id in (PAUL, ANA):
            await told(house, user_id, "/start")
        await house.control(
            "POST", f"chats/{GROUP}/members", user_id=bot_of(house).id, status="administrator"
        )
        async with house.database.session() as session:
            now = SystemClock().now()
            await consent.say(session, UserId(ANA), [Topic.GUIDES], now, granted=True, source="test")
            for number in range(7):
                await add(session, f"Guide {number}")
            own = await add(session, "Our text", "Texts", body="text")
        run = await posted(house, "", GROUP, PAUL, ANA)
        assert (run.state, run.detail) == (
            RunState.DONE,
            "6 guides arrived in 2 of 2 chats; left out without a yes: 1",
        )
        links = await buttons(house, GROUP)
        assert [label for label, _ in links] == [f"Guide {number}" for number in range(6)]
        assert all(url.startswith(f"{house.url}/c/") for _, url in links)
        assert [label for label, _ in await buttons(house, ANA, ANA)] == [label for label, _ in links]
        assert not any("reply_markup" in each for each in await house.replies(PAUL))
        assert await count_of(house, "guides_posts_total") == 2

        assert (await posted(house, "texts 3", GROUP)).detail == "1 guide arrived in 1 of 1 chat"

        async def is_second() -> bool:
            return len(await buttons(house, GROUP)) == 1

        await house.until(is_second)
        assert await buttons(house, GROUP) == [
            ("Our text", f"https://t.me/{bot_of(house).username}?start=guide-{own.id}")
        ]
        run = await posted(house, "Basics 3", PAUL)
        assert run.detail.startswith("to nobody")
        await posted(house, "basics 2", GROUP)

        async def is_third() -> bool:
            return [label for label, _ in await buttons(house, GROUP)] == ["Guide 6", "Guide 0"]

        await house.until(is_third)


@pytest.mark.parametrize(
    ("words", "payload", "described"),
    [
        ("", {"category": None, "most": 6}, "6 guides of all categories"),
        ("3", {"category": None, "most": 3}, "3 guides of all categories"),
        ("two WORDS 4", {"category": "Two words", "most": 4}, "4 guides of Two words"),
        ("Basics", {"category": "Basics", "most": 6}, "6 guides of Basics"),
    ],
)
async def test_words_of_a_schedule(
    database: Database, words: str, payload: dict[str, object], described: str
) -> None:
    async with database.session() as session:
        for category in ("Basics", "Two words"):
            await add(session, "A", category)
        assert await ACTION.read(session, words) == payload
        assert ACTION.describe(payload) == described
        for wrong in ("0", "21", "Nothing 3", "999999999"):
            with pytest.raises(BotyardError):
                await ACTION.read(session, wrong)
