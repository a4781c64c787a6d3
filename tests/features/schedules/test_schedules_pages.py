"""/console/schedules: added, paused, run and deleted; its next times and its history."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from tests.support.console import Browser, Shown, signed_in
from tests.support.outcomes import GROUP, bot_of, told
from tests.support.running import OWNER, Running

from botyard.features.promos.models import Promo
from botyard.jobs.schedules import Schedule, ScheduleChat, ScheduleRun
from botyard.members.models import AuditEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def browser(house: Running) -> AsyncIterator[Browser]:
    """The owner's, with one promo and nothing scheduled."""
    await told(house, OWNER, "/start")
    async with house.database.session() as session:
        for table in (ScheduleRun, ScheduleChat, Schedule, Promo):
            await session.execute(delete(table))
    await told(house, OWNER, "/promo add spring")
    await told(house, OWNER, "Spring is here")
    async with signed_in(house, OWNER) as browser:
        yield browser


async def add(house: Running, browser: Browser, **fields: str) -> Shown:
    good = {
        "name": "morning",
        "bot": str(bot_of(house).id),
        "does": "promo spring",
        "chats": f"{GROUP}, @olivia_stone",
        "rhythm": "every day at 09:00 in Europe/London",
    }
    return await browser.post("/schedules/new", **{**good, **fields})


async def only(house: Running) -> Schedule:
    async with house.database.reading() as session:
        return (await session.scalars(select(Schedule))).one()


async def runs(house: Running) -> list[ScheduleRun]:
    async with house.database.reading() as session:
        return list((await session.scalars(select(ScheduleRun))).all())


async def test_one_is_added_and_listed(house: Running, browser: Browser) -> None:
    assert "Nothing is scheduled yet" in (await browser.get("/schedules")).text
    assert "promo &lt;code&gt;" in (await browser.get("/schedules/new")).text
    added = await add(house, browser, catch_up="on")
    schedule = await only(house)
    assert (added.path, schedule.catch_up) == (f"/console/schedules/{schedule.id}", True)
    assert "morning is scheduled." in added.text
    assert "To Gold traders, @olivia_stone When every day at 09:00, Europe/London" in added.text
    listed = (await browser.get("/schedules")).text
    assert "morning 2 chats the promo spring every day at 09:00, Europe/London" in listed
    assert "09:00 Europe/London" in listed


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", "Morning!", "A name is 1 to 32"),
        ("does", "promo winter", "There is no promo winter."),
        ("does", "guess", "cannot be scheduled"),
        ("chats", "@nobody", "No chat @nobody is known."),
        ("chats", "-999", "No bot has seen -999 yet."),
        ("rhythm", "now and then", "is not understood."),
        ("bot", "5", "Choose one of these."),
    ],
)
async def test_what_is_wrong_stands_at_its_field(
    house: Running, browser: Browser, field: str, value: str, problem: str
) -> None:
    shown = await add(house, browser, **{field: value})
    assert (shown.status, problem in shown.text) == (422, True), shown.text
    assert "Nothing is scheduled yet" in (await browser.get("/schedules")).text


async def test_what_and_where_are_chosen_from_lists(house: Running, browser: Browser) -> None:
    shown = (await browser.get("/schedules/new")).text
    for part in ("The promo spring", "6 guides of all categories", "What I write below", "Gold traders"):
        assert part in shown, part
    await add(house, browser, what="promo spring", does="", groups=str(GROUP), chats="")
    assert (await only(house)).payload["code"] == "spring"
    both = await add(house, browser, name="b", what="promo spring")
    assert (both.status, "Choose one above, or write: not both." in both.text) == (422, True)


async def test_it_is_edited_in_a_filled_form_and_keeps_its_history(house: Running, browser: Browser) -> None:
    await add(house, browser)
    address = f"/schedules/{(await only(house)).id}"
    await browser.post(f"{address}/run", last="")
    fields = await browser.filled(f"{address}/edit")
    assert fields == {
        "what": "promo spring",
        "bot": str(bot_of(house).id),
        "does": "",
        "groups": str(GROUP),
        "chats": str(OWNER),
        "rhythm": "every day at 09:00 in Europe/London",
    }
    saved = await browser.post(f"{address}/edit", **{**fields, "rhythm": "every 6h", "chats": ""})
    assert (saved.path, "morning is saved." in saved.text) == (f"/console{address}", True)
    assert "To Gold traders When every 6 hours" in saved.text
    assert (await only(house)).every_seconds == 6 * 3600
    assert len(await runs(house)) == 1
    async with house.database.reading() as session:
        entry = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert (entry.action, entry.detail["changed"]) == ("schedule.edit", "where, when")

    wrong = await browser.post(f"{address}/edit", **{**fields, "rhythm": "now"})
    assert (wrong.status, "is not understood." in wrong.text) == (422, True)
    assert (await browser.get("/schedules/99999/edit")).status == 404


async def test_a_retired_promo_does_not_hinder_another_change(house: Running, browser: Browser) -> None:
    await add(house, browser)
    await told(house, OWNER, "/promo retire spring")
    address = f"/schedules/{(await only(house)).id}"
    fields = await browser.filled(f"{address}/edit")
    assert (fields["what"], fields["does"]) == ("", "promo spring")
    saved = await browser.post(f"{address}/edit", **{**fields, "rhythm": "every 6h"})
    assert "morning is saved." in saved.text, saved


async def test_a_name_is_taken_once(house: Running, browser: Browser) -> None:
    await add(house, browser)
    shown = await add(house, browser)
    assert (shown.status, "There is a schedule morning already." in shown.text) == (422, True)


async def test_it_is_paused_resumed_and_deleted(house: Running, browser: Browser) -> None:
    await add(house, browser)
    address = f"/schedules/{(await only(house)).id}"
    paused = await browser.post(f"{address}/pause")
    assert "morning is paused." in paused.text
    assert "Next Paused" in paused.text
    assert "morning goes on." in (await browser.post(f"{address}/resume")).text
    deleted = await browser.post(f"{address}/delete")
    assert (deleted.path, "morning is deleted." in deleted.text) == ("/console/schedules", True)
    assert (await browser.get(address)).status == 404
    async with house.database.reading() as session:
        entries = await session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject == "schedule:morning", AuditEntry.actor_id == OWNER)
            .order_by(AuditEntry.id.desc())
            .limit(4)
        )
    assert list(entries) == ["schedule.delete", "schedule.resume", "schedule.pause", "schedule.add"]


async def test_run_now_sent_twice_runs_once_and_shows_in_the_history(
    house: Running, browser: Browser
) -> None:
    await add(house, browser)
    address = f"/schedules/{(await only(house)).id}"
    assert "morning is posted now." in (await browser.post(f"{address}/run", last="")).text
    assert "It was posted a moment ago." in (await browser.post(f"{address}/run", last="")).text

    async def is_done() -> bool:
        return all(run.finished_at is not None for run in await runs(house))

    await house.until(is_done)
    assert len(await runs(house)) == 1
    assert "Done arrived in 1 of 1 chat; left out without a yes: 1" in (await browser.get(address)).text


async def test_what_there_is_not_is_said(house: Running, browser: Browser) -> None:
    await add(house, browser)
    number = (await only(house)).id
    for path in ("/schedules/99999", "/schedules/99999999999999999999"):
        shown = await browser.get(path)
        assert (shown.status, "This schedule is gone." in shown.text) == (404, True)
    assert (await browser.post(f"/schedules/{number}/explode")).status == 404
