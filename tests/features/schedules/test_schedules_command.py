"""/schedules in chat: made in lines, listed, paused, run, looked into, deleted; and each wrong line named."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sqlalchemy import delete, select, update
from tests.support.outcomes import GROUP, Outcome, forged, pressed, sent, told
from tests.support.running import OWNER, PAUL, Running

from botyard.features.promos.models import Promo
from botyard.jobs.schedules import Schedule, ScheduleChat, ScheduleRun
from botyard.members.models import AuditEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDER = f"""/schedules add morning-promo
promo spring
to {GROUP} @ana_sousa
every day at 09:00 in Europe/London quiet 22:00-07:00 catch-up"""


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> Running:
    """The running service with one promo, and nothing scheduled."""
    for user_id in (OWNER, PAUL, 1003):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        for table in (ScheduleRun, ScheduleChat, Schedule, Promo):
            await session.execute(delete(table))
    await told(house, OWNER, "/promo add spring")
    await told(house, OWNER, "Spring is here")
    return house


async def orders(house: Running, text: str) -> str:
    return (await told(house, OWNER, text)).texts[0]


async def audited(house: Running) -> list[str]:
    async with house.database.reading() as session:
        found = await session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject == "schedule:morning-promo")
            .order_by(AuditEntry.id)
        )
        return list(found)


async def runs(house: Running) -> list[ScheduleRun]:
    async with house.database.reading() as session:
        return list((await session.scalars(select(ScheduleRun).order_by(ScheduleRun.id))).all())


async def press(house: Running, label: str) -> Outcome:
    return await pressed(house, OWNER, label)


async def test_an_order_in_lines_is_kept_and_shown(business: Running) -> None:
    text = await orders(business, ORDER)
    assert text.startswith("<b>Scheduled.</b>\n\n<b>morning-promo</b>\nPosts: the promo spring\n")
    assert "To: Gold traders, @ana_sousa" in text
    assert "When: every day at 09:00, Europe/London, not between 22:00 and 07:00" in text
    assert "09:00 Europe/London</b>\nMakes up once" in text
    async with business.database.reading() as session:
        schedule = (await session.scalars(select(Schedule))).one()
    assert (schedule.cron, schedule.catch_up, schedule.created_by) == ("0 9 * * *", True, OWNER)
    assert schedule.payload["code"] == "spring"
    assert "<b>morning-promo</b>" in await orders(business, "/schedules")
    assert "Posts: the promo spring" in await orders(business, "/schedules morning-promo")


async def test_the_rhythm_may_take_several_lines(business: Running) -> None:
    text = await orders(
        business, f"/schedules add a\n\npromo spring\nTO {GROUP}\nevery 4h\nquiet 22:00-07:00\nCatch-Up"
    )
    assert "every 4 hours" in text
    assert "Makes up once" in text


LINES = ORDER.splitlines()


@pytest.mark.parametrize(
    ("number", "line", "problem"),
    [
        (1, "/schedules add Morning!", "A name is 1 to 32 small letters"),
        (2, "guess spring", "cannot be scheduled.</b> There is: guides, promo"),
        (2, "promo winter", "There is no promo winter."),
        (3, f"{GROUP}", "This line says where"),
        (3, "to", "This line says where"),
        (3, f"to {GROUP} @nobody", "No chat @nobody is known."),
        (3, f"to {GROUP} -999", "No bot has seen -999 yet."),
        (4, "every now and then", "'now' is not understood."),
        (4, "every 4h in Europe/Londn", "There is no time zone 'Europe/Londn'."),
        (4, "every 4h until 2020-01-01", "ends before it starts"),
        (4, "catch-up", "Nothing says how often."),
    ],
)
async def test_the_line_that_is_wrong_is_named(
    business: Running, number: int, line: str, problem: str
) -> None:
    lines = [*LINES[: number - 1], line, *LINES[number:]]
    text = await orders(business, "\n".join(lines))
    said = line.removeprefix("/schedules add ")
    assert text.startswith("<b>")
    assert problem in text.partition("\n")[0]
    assert f"\nLine {number}: <code>{said}</code>" in text
    assert ("<b>What:</b>" in text, "<b>When:</b>" in text) == (number == 2, number == 4)
    assert len(text.splitlines()) < 14
    assert "Nothing is scheduled yet." in await orders(business, "/schedules")


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_line_that_is_missing_is_named(business: Running, count: int) -> None:
    text = await orders(business, "\n".join(LINES[:count]))
    assert f"\nLine {count + 1}: <code>(nothing)</code>" in text
    assert ("What is to be posted is missing.</b>" in text) == (count == 1)


async def test_called_with_nothing_it_shows_how(business: Running) -> None:
    for words in ("/schedules add", "/schedules"):
        text = await orders(business, words)
        assert f"<pre>/schedules add morning-post\nguides\nto {GROUP} @my_channel\n" in text
        assert "a promo with its buttons" in text
        assert "There is no schedule nothing." in await orders(business, "/schedules nothing")
    await orders(business, ORDER)
    assert "There is a schedule morning-promo already." in await orders(business, ORDER)


async def test_what_the_template_shows_can_be_sent_as_it_is(business: Running) -> None:
    text = await orders(business, "/schedules add")
    template = text.partition("<pre>")[2].partition("</pre>")[0]
    filled = template.replace("@my_channel", f"{GROUP}")
    assert "<b>Scheduled.</b>" in await orders(business, filled)


async def test_one_message_pauses_resumes_and_deletes(business: Running) -> None:
    await orders(business, ORDER)
    before = len(await audited(business))
    paused = await press(business, "⏸ Pause")
    assert (paused.toasts, paused.texts) == (["Paused."], [])
    assert "Next: <b>paused</b>" in paused.edits[0]
    resumed = await press(business, "▶ Resume")
    assert "09:00 Europe/London" in resumed.edits[0]
    assert "It has not run yet." in (await press(business, "History")).edits[0]
    await press(business, "« Back")
    assert "Delete <b>morning-promo</b>" in (await press(business, "Delete")).edits[0]
    await press(business, "Keep it")
    assert await runs(business) == []
    await press(business, "Delete")
    deleted = await press(business, "Delete it")
    assert deleted.toasts == ["Deleted."]
    assert "Nothing is scheduled yet" in deleted.edits[0]
    assert (await audited(business))[before:] == ["schedule.pause", "schedule.resume", "schedule.delete"]


async def test_run_now_tapped_twice_runs_once(business: Running) -> None:
    await orders(business, ORDER)
    await sent(business)
    card = (await business.replies(OWNER))[-1]
    data = card["reply_markup"]["inline_keyboard"][0][1]["callback_data"]
    first, second = await forged(business, OWNER, data), await forged(business, OWNER, data)
    assert first.toasts == ["It is posted now."]
    assert second.toasts == ["It was posted a moment ago."]
    assert len(await runs(business)) == 1

    async def is_done() -> bool:
        return all(run.finished_at is not None for run in await runs(business))

    await business.until(is_done)
    (run,) = await runs(business)
    assert (run.state, run.detail) == ("done", "arrived in 1 of 1 chat; left out without a yes: 1")
    shown = await forged(business, OWNER, data.replace("run", "history").rpartition(":")[0])
    assert "done: arrived in 1 of 1 chat; left out without a yes: 1" in shown.edits[0]


async def test_a_second_tap_is_asked_about_and_a_third_goes_back(business: Running) -> None:
    """Two taps a second apart posted twice: the second hit the keyboard that the first had redrawn."""
    await orders(business, ORDER)
    assert (await press(business, "⚡ Post now")).toasts == ["It is posted now."]
    second = await press(business, "⚡ Post now")
    assert "was posted a moment ago" in second.edits[0]
    assert len(await runs(business)) == 1
    await press(business, "« Back")
    await press(business, "⚡ Post now")
    assert (await press(business, "⚡ Post once more")).toasts == ["It is posted now."]
    assert len(await runs(business)) == 2


async def test_edited_it_keeps_its_history(business: Running) -> None:
    await orders(business, ORDER)
    await press(business, "⚡ Post now")
    (run,) = await runs(business)
    shown = await orders(business, "/schedules edit morning-promo")
    lines = shown.partition("<pre>")[2].partition("</pre>")[0]
    assert lines == (
        f"/schedules edit morning-promo\npromo spring\nto {GROUP} 1003\n"
        "every day at 09:00 in Europe/London quiet 22:00-07:00 catch-up"
    )
    assert "<b>Nothing is changed:</b>" in await orders(business, lines)

    text = await orders(business, "/schedules edit morning-promo\nevery 6h in Europe/London")
    assert text.startswith("<b>Changed.</b> Its history stays.")
    assert "every 6 hours" in text
    assert "To: Gold traders, @ana_sousa" in text
    assert "Makes up" not in text, "a line takes the place of the old one as a whole"
    async with business.database.reading() as session:
        schedule = (await session.scalars(select(Schedule))).one()
    assert (schedule.cron, schedule.every_seconds, schedule.catch_up) == (None, 6 * 3600, False)
    assert schedule.next_at is not None
    assert schedule.next_at.minute == schedule.starts_at.minute

    text = await orders(business, lines.replace(" 1003", "").replace("09:00", "10:00"))
    assert "To: Gold traders\n" in text
    assert "every day at 10:00" in text
    assert [each.id for each in await runs(business)] == [run.id]
    async with business.database.reading() as session:
        found = await session.scalars(
            select(AuditEntry).where(AuditEntry.action == "schedule.edit").order_by(AuditEntry.id.desc())
        )
        assert [entry.detail["changed"] for entry in list(found)[:2]] == [
            "where, when, catch-up",
            "when, catch-up",
        ]
    edited = await press(business, "Edit")
    assert "/schedules edit morning-promo" in edited.edits[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("promo winter", "There is no promo winter."),
        ("promos spring", "'promos' is not understood."),
        ("to -999", "No bot has seen -999 yet."),
        ("every 4h until 2020-01-01", "ends before it starts"),
    ],
)
async def test_a_change_that_cannot_be_changes_nothing(business: Running, line: str, problem: str) -> None:
    before = await orders(business, ORDER)
    text = await orders(business, f"/schedules edit morning-promo\n{line}")
    assert problem in text.partition("\n")[0]
    assert f"Line 2: <code>{line}</code>" in text
    assert before.partition("\n\n")[2] == await orders(business, "/schedules morning-promo")
    assert "There is no schedule nothing." in await orders(business, "/schedules edit nothing\nevery 4h")


async def test_a_paused_one_stays_paused_when_edited(business: Running) -> None:
    await orders(business, ORDER)
    await press(business, "⏸ Pause")
    assert "Next: <b>paused</b>" in await orders(business, "/schedules edit morning-promo\nevery 6h")


async def test_an_action_that_is_gone_is_said(business: Running) -> None:
    await orders(business, ORDER)
    async with business.database.session() as session:
        await session.execute(update(Schedule).values(action="poem"))
    assert "poem (not there any more)" in await orders(business, "/schedules morning-promo")
    outcome = await press(business, "⚡ Post now")
    assert outcome.toasts == ["Nothing here can do 'poem' any more. Delete it."]
    assert await runs(business) == []


async def test_a_zone_that_is_gone_does_not_hide_the_rest(business: Running) -> None:
    await orders(business, ORDER)
    async with business.database.session() as session:
        await session.execute(update(Schedule).values(zone="Gone/Nowhere"))
    assert "There is no time zone" in await orders(business, "/schedules")
    assert "There is no time zone" in await orders(business, "/schedules morning-promo")


async def test_old_buttons_of_a_deleted_schedule_are_answered(business: Running) -> None:
    await orders(business, ORDER)
    async with business.database.session() as session:
        number = (await session.scalars(select(Schedule.id))).one()
        for table in (ScheduleChat, Schedule):
            await session.execute(delete(table))
    for verb in ("card", "history", "pause", "resume", "delete", "drop", "run"):
        data = f"schedule:{verb}:{number}" + (":0" if verb == "run" else "")
        outcome = await forged(business, OWNER, data)
        assert (outcome.how, outcome.toasts) == ("button:schedule:ok", ["This schedule is gone."])
        assert len(outcome.edits) == 1


@pytest.mark.parametrize(
    "data", ["schedule", "schedule:run:1", "schedule:card:-1", "schedule:list:x", "schedule:boom:1"]
)
async def test_forged_presses_are_answered(business: Running, data: str) -> None:
    assert (await forged(business, OWNER, data)).toasts == [
        "This button is out of date. Please open the menu again."
    ]


async def test_it_is_for_admins(business: Running) -> None:
    assert (await told(business, PAUL, "/schedules")).how == "command:schedules:denied"
    assert (await forged(business, PAUL, "schedule:drop:1")).how == "button:schedule:denied"


async def test_the_list_turns_its_pages(business: Running) -> None:
    for number in range(9):
        await orders(business, ORDER.replace("morning-promo", f"s{number}"))
    assert "s8" not in await orders(business, "/schedules")
    assert "<b>s8</b>" in (await press(business, "»")).edits[0]
    assert "<b>s0</b>" in (await press(business, "«")).edits[0]
