"""`botyard broadcast`: made, tested, started, watched and written down from the command line."""

from __future__ import annotations

import asyncio
import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command, Said, botyard
from tests.features.broadcasts import crowd

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.broadcasts import watching
from botyard.features.broadcasts.models import BroadcastState
from botyard.features.broadcasts.option_words import describe_options
from botyard.features.broadcasts.service import approval, drafts, exporting

__all__ = ["botyard"]


class Desk:
    """The command line on a database with members."""

    def __init__(self, command: Command, url: str, members: int) -> None:
        self._command, self.url = command, url
        joined = SystemClock().now() - timedelta(days=1)
        self.does(lambda database: crowd.gather(database, members, created_at=joined))

    def __call__(self, *words: str, **settings: str) -> Said:
        address = self.url.replace("+aiosqlite", "").replace("+psycopg", "")
        return self._command("broadcast", *words, BOTYARD_DATABASE_URL=address, **settings)

    def does(self, work: Any) -> Any:
        """Some work on the database."""

        async def run() -> Any:
            database = Database(self.url)
            try:
                return await work(database)
            finally:
                await database.aclose()

        return asyncio.run(run())

    def made(self, *more: str) -> str:
        """The number of a draft for the service itself, tested."""
        said = self(
            "create", "--bot", "shop", "--name", "Spring", "--text", "Hello {first_name|friend}",
            "--topic", "service", "--json", *more,
        )  # fmt: skip
        assert said.status == 0, said.err
        number = str(json.loads(said.out)[0]["id"])
        assert self("test", number, "1").status == 0
        self.does(lambda database: crowd.looked_at(database, int(number), SystemClock().now()))
        return number

    def ran(self, number: str) -> None:
        """Does what the service does, until all is over."""

        async def go(database: Database) -> None:
            await crowd.deliver(database)  # the test to the admin
            for _ in range(6):
                await crowd.step(database, int(number), at=SystemClock().now())
                await crowd.deliver(database)

        self.does(go)


@pytest.fixture
def desk(botyard: Command, database_url: str) -> Desk:
    """The command line on a database with five members."""
    return Desk(botyard, database_url, 5)


def test_from_a_draft_to_its_book(desk: Desk, tmp_path: Path) -> None:
    number = desk.made("--audience", "not member 5", "--button", "Yes | press || No | press")
    before = json.loads(desk("status", number, "--json").out)[0]
    assert (before["state"], before["recipients"]) == ("draft", 0)
    assert "Spring has started." in desk("start", number, "--yes").out
    assert "Spring has begun already." in desk("start", number, "--yes").out
    desk.ran(number)
    row = json.loads(desk("status", number, "--json").out)[0]
    assert (row["state"], row["recipients"], row["sent"], row["waiting"]) == ("finished", 4, 4, 0)
    assert "left the list" in desk("status", number).out
    brief = desk("status").out
    assert ("4/4" in brief, "finished" in brief, "blocked" in brief) == (True, True, False)
    assert "4/4" in desk("status", number, "--watch").out
    file = tmp_path / "book.csv"
    assert "4 recipients in" in desk("export", number, str(file)).out
    rows = list(csv.DictReader(file.open()))
    assert list(rows[0])[:6] == ["user_id", "variant", "state", "reason", "at", "deleted"]
    assert [(each["user_id"], each["state"]) for each in rows] == [(str(n), "sent") for n in range(1, 5)]


def test_what_needs_a_second_admin_is_not_said_to_have_started(desk: Desk) -> None:
    number, above = desk.made(), {"BOTYARD_TWO_PERSON_ABOVE": "4"}
    said = desk("start", number, "--yes", **above)
    assert "Spring waits for a second admin's yes." in said.out
    assert "He is asked by the bot once you start it." in said.err

    async def asks(database: Database) -> None:
        async with database.session() as session:
            await approval.wait(session, await drafts.locked(session, int(number)), 5, 4, SystemClock().now())

    desk.does(asks)
    assert "Spring waits for a second admin's yes." in desk("start", number, "--yes", **above).out


def test_paused_resumed_and_cancelled(desk: Desk) -> None:
    number = desk.made()
    desk("start", number, "--yes")
    assert "Spring is paused." in desk("pause", number).out
    watched = desk("status", number, "--watch")
    assert (watched.status, watched.err.strip()) == (1, "Spring is paused.")
    assert "Spring goes on." in desk("resume", number).out
    assert "Spring is cancelled." in desk("cancel", number).out
    refused = desk("cancel", number)
    assert (refused.status, "Spring is over" in refused.err) == (1, True)
    assert desk("pause", number).status == 1


def test_it_asks_before_it_starts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = desk.made()
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr("typer.confirm", no)
    assert desk("start", number).status == 1
    assert asked == ["Spring: send to 5 members?"]
    assert json.loads(desk("status", number, "--json").out)[0]["state"] == "draft"
    monkeypatch.setattr("typer.confirm", lambda _: True)
    assert desk("start", number).status == 0


def test_a_run_is_watched_to_its_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = desk.made()
    desk("start", number, "--yes")

    async def meanwhile(_seconds: float) -> None:
        """Instead of waiting, the service's work is done."""
        database = Database(desk.url)
        await crowd.step(database, int(number), at=SystemClock().now())
        await crowd.deliver(database)
        await database.aclose()

    monkeypatch.setattr(watching.asyncio, "sleep", meanwhile)
    watched = desk("status", number, "--watch")
    assert (watched.status, "5/5" in watched.out) == (0, True), watched.err


def test_what_cannot_be_is_told_in_a_line(desk: Desk, tmp_path: Path) -> None:
    text = ("--bot", "shop", "--name", "N", "--text")
    for words, status, problem in (
        (("create", "--bot", "nobody", "--name", "N", "--text", "x"), 1, "There is: shop"),
        (("create", *text, "<b>x"), 1, "never closed"),
        (("create", *text, "x", "--audience", "tall"), 1, "not understood"),
        (("create", *text, "x", "--button", "Join"), 1, "In the line 'Join'"),
        (("create", *text, "x", "--topic", "sport"), 2, ""),
        (("create",), 2, ""),
        (("start", "99", "--yes"), 1, "no broadcast 99"),
        (("status", "99"), 1, "no broadcast 99"),
        (("status", "--watch"), 2, ""),
        (("status", "0"), 2, ""),
        (("export", "99", str(tmp_path / "x.csv")), 1, "no broadcast 99"),
        ((), 2, ""),
    ):
        said = desk(*words)
        assert (said.status, problem in said.err) == (status, True), (words, said)
    assert "There is no broadcast yet." in desk("status").out
    number = json.loads(desk("create", *text, "x", "--json").out)[0]["id"]
    untested = desk("start", str(number), "--yes")
    assert (untested.status, "cannot start" in untested.err) == (1, True)
    assert "You have no chat with" in desk("test", str(number), "77").err


def test_a_book_streams_out_in_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    number = desk.made()
    desk("start", number, "--yes")
    desk.ran(number)
    file = tmp_path / "book.csv"
    desk("export", number, str(file))
    assert [each["user_id"] for each in csv.DictReader(file.open())] == list("12345")


def test_nobody_made_it_and_that_is_fine(desk: Desk) -> None:
    number = desk.made()

    async def maker(database: Database) -> tuple[int, BroadcastState]:
        async with database.reading() as session:
            broadcast = await drafts.get(session, int(number))
            return broadcast.created_by, broadcast.state

    assert desk.does(maker) == (drafts.NOBODY, BroadcastState.DRAFT)


def test_a_draft_is_made_with_quiet_hours_a_zone_a_cap_and_stars(desk: Desk) -> None:
    how = ("--quiet", "22:00-8:00", "--zone", "Europe/London", "--cap", "3 in 7 days", "--paid")
    number = int(desk.made(*how))

    async def look(database: Database) -> str:
        async with database.reading() as session:
            return describe_options(drafts.plan_of(await drafts.get(session, number)))

    assert desk.does(look) == "quiet 22:00-08:00, zone Europe/London, cap 3 in 7 days, paid on"
    create = ("create", "--bot", "shop", "--name", "N", "--text", "x")
    for option, value in (("--quiet", "late"), ("--zone", "Narnia"), ("--cap", "0 in 7 days")):
        said = desk(*create, option, value)
        assert said.status == 1, option
