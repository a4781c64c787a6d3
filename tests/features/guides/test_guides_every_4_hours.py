"""A guides post with six link buttons every four hours, to a list of chats: once for each."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from tests.support.outcomes import GROUP, count_of, sent, told
from tests.support.running import OWNER, running

from botyard.clock import SystemClock
from botyard.jobs.schedules import RunState, Schedule, ScheduleRun

CHANNEL = -1001000000002


async def test_six_guides_every_4_hours_to_two_chats(database_url: str, tmp_path: Path) -> None:
    limits = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}
    async with running(database_url, tmp_path, webhook=True, **limits) as house:
        bot_id = next(iter(house.service.bots))
        for chat_id in (GROUP, CHANNEL):
            await house.control("POST", f"chats/{chat_id}/members", user_id=bot_id, status="administrator")
        for number in range(1, 8):
            await told(house, OWNER, "/guide add")
            lines = f"title: Guide {number}\nurl: https://telegra.ph/Guide-{number}\ncategory: Basics"
            await told(house, OWNER, lines)
        scheduled = await told(
            house, OWNER, f"/schedules add guides\nguides Basics 6\nto {GROUP} {CHANNEL}\nevery 4h"
        )
        assert "<b>Scheduled.</b>" in scheduled.texts[0]

        due = SystemClock().now() - timedelta(seconds=1)
        async with house.database.session() as session:
            await session.execute(update(Schedule).values(occurrence=due, next_at=due))

        async def is_over() -> bool:
            async with house.database.reading() as session:
                states = (await session.scalars(select(ScheduleRun.state))).all()
            return states == [RunState.DONE]

        await house.until(is_over)
        await sent(house)
        async with house.database.reading() as session:
            run = (await session.scalars(select(ScheduleRun))).one()
            next_at = (await session.scalars(select(Schedule.next_at))).one()
        assert run.detail == "6 guides arrived in 2 of 2 chats"
        assert next_at is not None
        assert timedelta(hours=3, minutes=50) < next_at - SystemClock().now() <= timedelta(hours=4)

        posts = [each for each in await house.calls("sendMessage") if each["params"]["chat_id"] != OWNER]
        assert sorted(each["params"]["chat_id"] for each in posts) == sorted((GROUP, CHANNEL))
        for post in posts:
            rows = post["params"]["reply_markup"]["inline_keyboard"]
            assert len(rows) == 6
            assert all(len(row) == 1 and row[0]["url"].startswith(f"{house.url}/c/") for row in rows)
        assert await count_of(house, "guides_posts_total") == 2
