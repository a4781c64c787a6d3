"""A promo every four hours, with a link and a button: once for each chat, and whose clicks it got."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from tests.support.outcomes import GROUP, count_of, forged, pressed, sent, told
from tests.support.running import ANA, OWNER, PAUL, Running, running

from botyard.clock import SystemClock
from botyard.inbox.models import updates
from botyard.jobs.schedules import RunState, Schedule, ScheduleRun

CHANNEL = -1001000000002
BUTTONS = "Join | https://example.com/join\nInterested | press | Thanks, we will write to you"
QUICK: dict[str, Any] = {"webhook": True, "send_rate": 0, "chat_rate": 0, "group_rate": 0}


async def begin(house: Running) -> None:
    """The bot is where it is to post, and there is a promo."""
    bot_id = next(iter(house.service.bots))
    for chat_id in (GROUP, CHANNEL):
        await house.control("POST", f"chats/{chat_id}/members", user_id=bot_id, status="administrator")
    for user_id in (OWNER, PAUL, ANA):
        await told(house, user_id, "/start")
    await told(house, OWNER, f"/promo add spring\n{BUTTONS}")
    await told(house, OWNER, "Spring is here")


async def schedule(house: Running, *chats: int) -> None:
    to = " ".join(map(str, chats))
    text = f"/schedules add four-hourly\npromo spring\nto {to}\nevery 4h in Europe/London"
    assert "<b>Scheduled.</b>" in (await told(house, OWNER, text)).texts[0]


async def runs(house: Running) -> list[ScheduleRun]:
    async with house.database.reading() as session:
        return list((await session.scalars(select(ScheduleRun).order_by(ScheduleRun.id))).all())


async def four_hours_later(house: Running) -> ScheduleRun:
    """As if four hours had passed: the running scheduler fires it. The run, once it is over."""
    before = len(await runs(house))
    due = SystemClock().now() - timedelta(seconds=before + 1)
    async with house.database.session() as session:
        await session.execute(update(Schedule).values(occurrence=due, next_at=due))

    async def is_over() -> bool:
        found = await runs(house)
        return len(found) > before and found[-1].state is not RunState.QUEUED

    await house.until(is_over)
    await sent(house)
    return (await runs(house))[-1]


async def posts(house: Running, method: str = "sendMessage") -> list[tuple[int, dict[str, Any]]]:
    """Where the promo went, for members and not for the operator, by the sandbox's journal."""
    return [
        (each["params"]["chat_id"], each["params"])
        for each in await house.calls(method)
        if each["params"].get("text") == "Spring is here" and each["params"]["chat_id"] != OWNER
    ]


async def test_a_promo_every_4_hours_with_one_button_and_who_clicked(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path, **QUICK) as house:
        await begin(house)
        await told(house, PAUL, "/newsletter on")
        await schedule(house, GROUP, CHANNEL, PAUL, ANA)
        for round_ in (1, 2):
            run = await four_hours_later(house)
            assert (run.state, run.detail) == (
                RunState.DONE,
                "arrived in 3 of 3 chats; left out without a yes: 1",
            )
            assert sorted(chat for chat, _ in await posts(house)) == sorted([GROUP, CHANNEL, PAUL] * round_)
        assert await count_of(house, "marketing_posts_total") == 6

        links = {params["reply_markup"]["inline_keyboard"][0][0]["url"] for _, params in await posts(house)}
        (link,) = links
        for agent in ("Mozilla/5.0 (Android)", "Mozilla/5.0 (Android)", "Mozilla/5.0 (iPhone)"):
            async with house.http.get(link, allow_redirects=False, headers={"User-Agent": agent}) as response:
                assert (response.status, response.headers["Location"]) == (302, "https://example.com/join")
        for user_id, chat_id in ((PAUL, PAUL), (PAUL, GROUP), (ANA, GROUP)):
            outcome = await pressed(house, user_id, "Interested", chat_id=chat_id if chat_id < 0 else None)
            assert outcome.toasts == ["Thanks, we will write to you"]
        text = (await told(house, OWNER, "/promo clicks spring")).texts[0]
        assert "<b>Join</b> (link): 3 clicks by 2 people" in text
        assert "<b>Interested</b> (button): 3 clicks by 2 people" in text
        assert "Paul Green</a> (2" in text
        assert "Ana Sousa</a>" in text
        assert await count_of(house, "marketing_clicks_total") == 6


async def test_old_buttons_and_links_work_after_a_restart(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, **QUICK) as house:
        await begin(house)
        await schedule(house, GROUP)
        await four_hours_later(house)
        ((_, params),) = await posts(house)
    (join,), (interested,) = params["reply_markup"]["inline_keyboard"]
    async with running(database_url, tmp_path, **QUICK) as house:
        async with house.database.begin() as connection:  # the new sandbox counts its updates from the start
            await connection.execute(delete(updates))
        await told(house, PAUL, "/start")
        outcome = await forged(house, PAUL, interested["callback_data"])
        assert outcome.toasts == ["Thanks, we will write to you"]
        path = "/c/" + join["url"].rpartition("/c/")[2]
        async with house.http.get(
            house.url + path, allow_redirects=False, headers={"User-Agent": "Mozilla/5.0"}
        ) as response:
            assert response.headers["Location"] == "https://example.com/join"
        assert "1 click by 1 person" in (await told(house, OWNER, "/promo clicks spring")).texts[0]


async def test_without_counting_links_lead_straight_on(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, click_counting=False, **QUICK) as house:
        await begin(house)
        await schedule(house, GROUP)
        await four_hours_later(house)
        ((_, params),) = await posts(house)
        assert params["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://example.com/join"


async def test_a_retired_promo_is_a_failed_run_that_posts_nothing(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, **QUICK) as house:
        await begin(house)
        await schedule(house, GROUP)
        await told(house, OWNER, "/promo retire spring")
        run = await four_hours_later(house)
        assert run.state is RunState.FAILED
        assert "The promo spring is retired." in run.detail
        assert await posts(house) == []


async def test_the_history_tells_where_it_arrived(database_url: str, tmp_path: Path) -> None:
    """A run was once 'done' as soon as its calls were queued, also for a bot that had been removed."""
    async with running(database_url, tmp_path, **QUICK) as house:
        await begin(house)
        await schedule(house, GROUP, CHANNEL)
        kicked = {"kind": "forbidden", "description": "Forbidden: bot was kicked from the supergroup chat"}
        await house.control("POST", "faults", chat_id=GROUP, **kicked)
        run = await four_hours_later(house)
        assert (run.state, run.detail) == (
            RunState.DONE,
            "arrived in 1 of 2 chats; Gold traders: the bot was removed from the chat",
        )
        assert run.finished_at is not None
        assert await count_of(house, "marketing_posts_total") == 1

        await house.control("POST", "faults", chat_id=CHANNEL, kind="bad_request", description="Boom & <b>")
        run = await four_hours_later(house)
        assert run.state is RunState.FAILED
        assert run.detail.startswith("arrived in 0 of 2 chats; ")
        assert "Telegram says “Boom & <b>”" in run.detail
        assert await count_of(house, "marketing_posts_total") == 1
        await told(house, OWNER, "/schedules four-hourly")
        (shown,) = (await pressed(house, OWNER, "History")).edits
        assert "⚠️" in shown
        assert "Boom &amp; &lt;b&gt;" in shown


async def test_a_run_is_under_way_until_all_is_known(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, **QUICK) as house:
        await begin(house)
        await schedule(house, GROUP)
        await house.control("POST", "faults", chat_id=GROUP, kind="retry_after", retry_after=3, times=1)
        due = SystemClock().now() - timedelta(seconds=1)
        async with house.database.session() as session:
            await session.execute(update(Schedule).values(occurrence=due, next_at=due))

        async def is_queued() -> bool:
            return [run.detail for run in await runs(house)] == ["queued for 1 chat"]

        await house.until(is_queued)
        (run,) = await runs(house)
        assert (run.state, run.finished_at) == (RunState.QUEUED, None)

        async def is_done() -> bool:
            return (await runs(house))[0].state is RunState.DONE

        await house.until(is_done)
        assert (await runs(house))[0].detail == "arrived in 1 of 1 chat"


async def test_a_yes_taken_back_counts_at_once(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, **QUICK) as house:
        await begin(house)
        await schedule(house, PAUL)
        for word, count in (("on", 1), ("off", 1), ("on", 2)):
            await told(house, PAUL, f"/newsletter {word}")
            run = await four_hours_later(house)
            assert run.state is RunState.DONE
            assert len(await posts(house)) == count
        assert [run.detail for run in await runs(house)][1] == "to nobody; left out without a yes: 1"
