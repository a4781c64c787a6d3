"""The console's page of a paid chat, and `botyard explain`."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from tests.cli.conftest import Command, botyard
from tests.features.access.club import CLUB, KENJI, a_club, pays, row_of, sell
from tests.support.console import signed_in
from tests.support.running import ANA, OWNER, PAUL

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.access.models import Mode
from botyard.features.access.rules import Came, Decision, Sighting, Standing, key_of
from botyard.features.access.service import chats, people
from botyard.features.access.service.chats import Terms
from botyard.ids import UserId

__all__ = ["botyard"]


async def test_the_plan_is_reviewed_and_agreed_to_in_the_console(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens(live=False)
        for user_id in (PAUL, ANA):
            await club.pays(user_id)
            await club.quiet()
            await club.comes(user_id)
        added = {"user_id": KENJI, "status": "member", "by": OWNER}
        await club.house.control("POST", f"chats/{CLUB}/members", **added)
        await club.passes(days=32)
        async with signed_in(club.house, OWNER) as browser:
            assert "Dry run" in (await browser.get("/access")).text
            page = (await browser.get(f"/access/{key}")).text
            assert "Who goes: 2" in page
            assert "Paul" in page
            assert "Came in without paying: 1" in page
            refused = await browser.post(f"/access/{key}/agree", what="live", seen="1")
            assert "The plan has changed" in refused.text
            assert (await club.chat(key)).mode is Mode.DRY
            assert "It goes on." in (await browser.post(f"/access/{key}/agree", what="live", seen="2")).text
            await club.quiet()
            assert not await club.removals()  # two of three: the brake
            stopped = (await browser.get(f"/access/{key}")).text
            assert "Stopped" in stopped
            assert "Waits for your yes" in stopped
            assert ">Live<" not in stopped
            await browser.post(f"/access/{key}/agree", what="approve", seen="2")
            await club.quiet()
            assert [await club.status(each) for each in (PAUL, ANA, KENJI)] == ["left", "left", "member"]
            await browser.post(f"/access/{key}/decide", decision="ignore", member=str(KENJI))
            assert (await row_of(club.database, key, KENJI)).decision is Decision.IGNORE
            assert (await browser.post(f"/access/{key}/decide", decision="remove")).status == 400
            assert "Dry run" in (await browser.post(f"/access/{key}/dry")).text
            assert (await browser.get("/access/999")).status == 404


async def test_back_in_dry_run_what_waits_is_taken_back(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)
        wait = {"method": "unbanChatMember", "kind": "retry_after", "retry_after": 3, "times": 1}
        await club.house.control("POST", "faults", **wait)
        club.clock.advance(32 * 86_400)

        async def was_refused():
            return bool(await club.removals(PAUL))

        await club.house.until(was_refused)
        async with signed_in(club.house, OWNER) as browser:
            assert "taken back: 1" in (await browser.post(f"/access/{key}/dry")).text
        await club.passes(minutes=6)
        assert await club.status(PAUL) == "member"


def test_explain_names_the_rows_of_the_ledger_from_which_access_follows(sqlite_url, botyard: Command):
    charge = asyncio.run(_a_paying_member(sqlite_url))
    where = {"BOTYARD_DATABASE_URL": sqlite_url.replace("+aiosqlite", "")}
    told = botyard("explain", str(PAUL), **where)
    assert told.status == 0, told
    assert charge in told.out
    assert "row 1 gives gold-30d" in told.out
    assert "by rows 1 of the ledger" in told.out
    assert "dry run" in told.out
    found = json.loads(botyard("explain", str(PAUL), "--json", **where).out)
    assert [each["external_id"] for each in found["ledger"]] == [charge]
    (chat,) = found["chats"]
    assert (chat["chat"], chat["standing"], chat["rows"], chat["move"]) == (CLUB, "in", [1], "stays")
    nobody = botyard("explain", "424242", **where)
    assert nobody.status == 1
    assert "Nobody with the id 424242" in nobody.err
    for word in ("me", "0", "1.5"):
        refused = botyard("explain", word, **where)
        assert refused.status == 2
        assert "a Telegram id is a number" in refused.err


async def _a_paying_member(database_url: str) -> str:
    """Paul has paid and is in; the charge's id."""
    database = Database(database_url)
    now = SystemClock().now()
    key = await sell(database, CLUB, now=now)
    charge = await pays(database, PAUL, now)
    async with database.session() as session:
        chat = await chats.find(session, key, now)
        sighting = Sighting(key_of(now), Standing.IN, Came.LINK)
        terms = Terms(timedelta(hours=24), 5)
        await people.see(session, chat, UserId(PAUL), "Paul Green", sighting, terms, now)
    await database.aclose()
    return charge
