"""The command line: exit codes, one line for each mistake, JSON where data is printed."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.cli.conftest import Command, Said
from tests.inbox.workshop import TOKEN, effects, working

from botyard.db.session import Database
from botyard.ids import UserId
from botyard.inbox.models import UpdateState, updates
from botyard.jobs.models import Job
from botyard.members.models import AuditEntry, OneTimeLink, Role, User
from botyard.routing.context import Context
from botyard.routing.registry import command
from botyard.telegram.bots import enrol

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
Result = TypeVar("Result")


def in_database(url: str, do: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Does something in the database that the commands work on."""

    async def run() -> Result:
        database = Database(url)
        async with database.session() as session:
            result = await do(session)
        await database.aclose()
        return result

    return asyncio.run(run())


def url_of(url: str) -> dict[str, str]:
    return {"BOTYARD_DATABASE_URL": url.replace("+aiosqlite", "").replace("+psycopg", "")}


def user(user_id: int, first_name: str, role: Role = Role.PUBLIC, **more: Any) -> User:
    return User(
        id=user_id, first_name=first_name, is_premium=False, role=role, created_at=NOW, seen_at=NOW, **more
    )


@pytest.fixture
def business(database_url: str) -> dict[str, str]:
    """A database with an owner, an admin, and two customers; the environment that leads there."""

    async def fill(session: AsyncSession) -> None:
        await enrol(await session.connection(), {"shop": TOKEN}, NOW)
        session.add_all(
            [
                user(1, "Olga", Role.OWNER),
                user(2, "Adam", Role.ADMIN, username="adam"),
                user(3, "[bold]Carla[/bold]", last_name="Ruiz", username="carla", registered_at=NOW),
                user(4, "Dan"),
            ]
        )

    in_database(database_url, fill)
    return url_of(database_url)


def fails(said: Said, *, status: int = 1) -> str:
    """The one line that an operator gets to see. Never a traceback."""
    assert said.status == status, said
    assert "Traceback" not in said.err + said.out
    assert 'File "' not in said.err + said.out
    lines = said.err.strip().splitlines()
    if status == 1:
        assert len(lines) == 1, said
        assert lines[0].startswith("botyard: ")
    return said.err


# usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["users"],
        ["users", "role", "3"],
        ["users", "role", "3", "KING"],
        ["users", "list", "--limit", "0"],
        ["users", "list", "--limit", "-1"],
        ["users", "list", "--limit", "many"],
        ["replay"],
        ["replay", "one"],
        ["replay", "-1"],
        ["replay", str(2**63)],
        ["console-link", "me"],
        ["up", "--port", "eighty"],
        ["up", "--role", "boss"],
        ["up", "--nonsense"],
        ["db", "upgrade", "--json"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_says_what_is_right(
    arguments: list[str], sqlite_url: str, botyard: Command
) -> None:
    said = botyard(*arguments, **url_of(sqlite_url))
    fails(said, status=2)
    assert "Usage: " in said.err + said.out


def test_help_is_0(botyard: Command) -> None:
    said = botyard("--help")
    assert said.status == 0
    for name in ("up", "sandbox", "db", "bots", "users", "console-link", "replay", "distribute"):
        assert name in said.out


# operator's mistakes


def test_settings_that_are_wrong(botyard: Command, tmp_path: Path) -> None:
    secret = "123456789:not-to-be-shown-anywhere"
    line = fails(botyard("users", "list", BOTYARD_BOTS=f'{{"main": "{secret}" oops'))
    assert "BOTYARD_BOTS" in line
    assert "not-to-be-shown" not in line
    assert "BOTYARD_PORT" in fails(botyard("up", BOTYARD_PORT="eighty"))
    assert "BOTYARD_DATABASE_URL must begin with" in fails(
        botyard("db", "check", BOTYARD_DATABASE_URL="mysql://x")
    )
    two = botyard("users", "list", BOTYARD_PORT="eighty", BOTYARD_SEND_RATE="fast")
    assert two.status == 1
    assert len(two.err.splitlines()) == 2  # each problem its own line


def test_databases_that_are_none(botyard: Command, tmp_path: Path) -> None:
    garbage = tmp_path / "letter.txt"
    garbage.write_text("Dear Sir or Madam, this is no database at all. " * 100)
    cases = [
        (f"sqlite:///{garbage}", "file is not a database"),
        (f"sqlite:///{tmp_path}", "unable to open database file"),
        (f"sqlite:///{garbage}/deeper/botyard.db", "Not a directory"),
        ("postgresql://somebody:hunter2hunter2@127.0.0.1:1/none", "does not answer"),
    ]
    for url, reason in cases:
        for arguments in (["users", "list"], ["db", "upgrade"], ["db", "check"], ["up", "--port", "0"]):
            line = fails(botyard(*arguments, BOTYARD_DATABASE_URL=url))
            assert reason in line, (url, arguments)
            assert "hunter2" not in line


@pytest.mark.postgres
def test_a_postgres_database_that_does_not_exist(postgres_url: str, botyard: Command) -> None:
    url = url_of(postgres_url)["BOTYARD_DATABASE_URL"]
    line = fails(botyard("users", "list", BOTYARD_DATABASE_URL=url.replace("botyard_test", "nobody_made")))
    assert "does not exist" in line


def test_an_empty_database_is_upgraded_first(botyard: Command, tmp_path: Path) -> None:
    where = {"BOTYARD_DATA_DIR": str(tmp_path / "new" / "data")}
    line = fails(botyard("users", "list", **where))
    assert "there is no database" in line
    assert "Run 'botyard db upgrade' first" in line
    assert "sandbox" not in line
    assert not (tmp_path / "new").exists(), "to ask for it does not make it"
    said = botyard("db", "check", **where)
    assert said.status == 1
    assert "run 'botyard db upgrade'" in said.out
    said = botyard("db", "upgrade", **where)
    assert said.status == 0
    assert said.out.startswith("The database is at revision ")
    assert botyard("db", "upgrade", **where).status == 0  # again: nothing to do
    said = botyard("db", "check", **where)
    assert said.status == 0
    assert "as they should be" in said.out
    assert botyard("users", "list", **where).out == "Nobody has written to a bot yet.\n"
    assert (tmp_path / "new" / "data" / "botyard.db").exists()


def test_who_runs_the_sandbox_is_told_where_its_data_is(
    botyard: Command, sqlite_template: Path, tmp_path: Path
) -> None:
    data = tmp_path / "here" / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "sandbox.db")
    guides = tmp_path / "guides.csv"
    guides.write_text("title,category,url\nA,Basics,https://a.example\n")
    line = fails(botyard("guides-import", str(guides)))
    assert [each.name for each in data.iterdir()] == ["sandbox.db"]
    address = line.strip().rpartition("BOTYARD_DATABASE_URL=")[2]
    assert address == f"sqlite:///{data / 'sandbox.db'}"
    assert botyard("guides-import", str(guides), BOTYARD_DATABASE_URL=address).status == 0
    (data / "botyard.db").touch()  # left behind by an older version
    line = fails(botyard("guides-import", str(guides)))
    assert "botyard.db is empty" in line
    assert address in line


def test_a_database_of_a_newer_version_is_left_alone(sqlite_url: str, botyard: Command) -> None:
    path = sqlite_url.partition("///")[2]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for arguments in (["db", "upgrade"], ["up", "--port", "0"]):
        assert "newer version of botyard" in fails(botyard(*arguments, **url_of(sqlite_url)))
    assert "revision 9999" in fails(botyard("users", "list", **url_of(sqlite_url)))


def test_a_schema_that_somebody_changed_by_hand(sqlite_url: str, botyard: Command) -> None:
    path = sqlite_url.partition("///")[2]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX ix_updates_pending")
        connection.execute("CREATE INDEX by_hand ON updates (kind)")
        connection.execute("ALTER TABLE users ADD COLUMN shoe_size INTEGER")
    said = botyard("db", "check", "--json", **url_of(sqlite_url))
    assert said.status == 1
    findings = "\n".join(row["finding"] for row in json.loads(said.out))
    for part in ("ix_updates_pending is missing", "by_hand on updates is in no migration", "shoe_size"):
        assert part in findings


def test_a_port_that_is_taken(sqlite_url: str, botyard: Command) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = fails(botyard("up", "--port", str(port), **url_of(sqlite_url)))
    assert f"cannot listen on 127.0.0.1 port {port}" in line
    assert "--port" in line


def test_an_address_that_is_not_ours(sqlite_url: str, botyard: Command) -> None:
    assert "cannot listen on 203.0.113.7" in fails(
        botyard("up", "--host", "203.0.113.7", "--port", "0", **url_of(sqlite_url))
    )


# members


def test_the_list_of_members(business: dict[str, str], botyard: Command) -> None:
    said = botyard("users", "list", "--json", **business)
    assert said.status == 0
    rows = {row["id"]: row for row in json.loads(said.out)}
    assert set(rows) == {1, 2, 3, 4}
    assert rows[3] == {
        "id": 3,
        "name": "[bold]Carla[/bold] Ruiz",
        "username": "carla",
        "role": "PUBLIC",
        "banned": False,
        "joined": "2027-03-01",
        "tags": None,
    }
    staff = json.loads(botyard("users", "list", "--staff", "--json", **business).out)
    assert [(row["id"], row["role"]) for row in staff] == [(1, "OWNER"), (2, "ADMIN")]
    assert len(json.loads(botyard("users", "list", "--limit", "2", "--json", **business).out)) == 2
    table = botyard("users", "list", **business).out
    assert "[bold]Carla[/bold] Ruiz" in table  # names are text, not markup
    assert "OWNER" in table


def test_a_role_is_changed_once_audited_and_told(
    business: dict[str, str], database_url: str, botyard: Command
) -> None:
    said = botyard("users", "role", "@carla", "admin", **business)
    assert said.status == 0
    assert "(3) is ADMIN now (was PUBLIC)." in said.out
    assert "/grant" in fails(botyard("users", "role", "3", "SUBSCRIBER", **business))
    assert botyard("users", "role", "3", "PUBLIC", **business).status == 0

    async def look(session: AsyncSession) -> tuple[Role, list[tuple[str, Any]], list[str]]:
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        jobs = await session.scalars(select(Job.name))
        changed = (await session.get_one(User, 3)).role
        return changed, [(entry.subject, entry.detail["after"]) for entry in entries], list(jobs)

    role, audited, jobs = in_database(database_url, look)
    assert role is Role.PUBLIC
    assert audited == [("user:3", "ADMIN"), ("user:3", "PUBLIC")]
    assert len(jobs) == 2  # the running service sets the member's menu

    assert "no member is known as @nobody" in fails(botyard("users", "role", "@nobody", "ADMIN", **business))
    assert "no member is known as 99" in fails(botyard("users", "role", "99", "ADMIN", **business))
    assert "no member is known as" in fails(botyard("users", "role", "9" * 30, "ADMIN", **business))
    assert "no member is known as \u00b2" in fails(botyard("users", "role", "\u00b2", "ADMIN", **business))
    assert "Olga is the last owner" in fails(botyard("users", "role", "1", "PUBLIC", **business))


def test_tags_are_put_on_and_taken_off(business: dict[str, str], database_url: str, botyard: Command) -> None:
    assert "now: big spender, vip." in botyard("users", "tag", "@carla", "vip", "big spender", **business).out
    rows = json.loads(botyard("users", "list", "--json", **business).out)
    assert {row["id"]: row["tags"] for row in rows if row["tags"]} == {3: "big spender, vip"}
    assert "now: big spender." in botyard("users", "untag", "3", "vip", **business).out
    assert "has not 1 to 32 letters" in fails(botyard("users", "tag", "3", "x" * 33, **business))
    assert "no member is known as 99" in fails(botyard("users", "tag", "99", "vip", **business))

    async def look(session: AsyncSession) -> list[tuple[str, str, Any]]:
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.action, entry.subject, entry.detail["tags"]) for entry in entries]

    assert in_database(database_url, look) == [
        ("member.tag", "user:3", "big spender, vip"),
        ("member.untag", "user:3", "vip"),
    ]


def test_a_ban_and_its_end(business: dict[str, str], botyard: Command) -> None:
    def banned() -> list[int]:
        rows = json.loads(botyard("users", "list", "--json", **business).out)
        return [row["id"] for row in rows if row["banned"]]

    assert botyard("users", "ban", "4", "--reason", "spam", **business).out == "Dan (4) is banned.\n"
    assert banned() == [4]
    assert botyard("users", "unban", "4", **business).status == 0
    assert banned() == []
    assert "last owner" in fails(botyard("users", "ban", "1", **business))
    assert "no member is known as 99" in fails(botyard("users", "ban", "99", **business))


def test_a_link_to_the_console(business: dict[str, str], database_url: str, botyard: Command) -> None:
    said = botyard("console-link", BOTYARD_PUBLIC_URL="https://b.example", **business)
    assert said.status == 0
    assert said.out.startswith("https://b.example/console/")
    assert botyard("console-link", "2", **business).out.startswith("http://127.0.0.1:8080/console/")

    async def owners_of_links(session: AsyncSession) -> list[UserId | int | None]:
        return sorted(await session.scalars(select(OneTimeLink.user_id)))

    assert in_database(database_url, owners_of_links) == [1, 2]
    for nobody in ("3", "99", "0", "9" * 30):
        assert "nobody with that id is an admin" in fails(botyard("console-link", nobody, **business))


def test_without_an_owner_there_is_no_link(sqlite_url: str, botyard: Command) -> None:
    line = fails(botyard("console-link", **url_of(sqlite_url)))
    assert "there is no owner yet" in line
    assert "BOTYARD_OWNER_IDS" in line


# dead letters


async def test_a_dead_letter_comes_back_exactly_once(
    database: Database, database_url: str, botyard: Command
) -> None:
    """By the command, while the service runs: however often it is given, the update takes effect once."""

    @command("note", description="Writes a word down")
    async def note(ctx: Context) -> None:
        ctx.audit("note", ctx.args)

    async def call(*arguments: str) -> Said:
        return await asyncio.to_thread(botyard, *arguments, **url_of(database_url))

    async with working(database, note) as workshop:
        await workshop.put_in((7, "/note seven", 3001))
        await workshop.until_done()
        assert await effects(database) == ["seven"]
        async with database.begin() as connection:  # as if it had failed instead
            await connection.execute(update(updates).values(state=UpdateState.DEAD, attempts=5, error="x"))

        said = await call("replay", "7", "8")
        assert (said.status, said.out) == (
            1,
            "7 waits to be handled again.\n8 is not among the dead letters.\n",
        )
        (row,) = await workshop.until_done()
        assert (row.state, row.outcome) == (UpdateState.DONE, "command:note:ok")
        assert await effects(database) == ["seven", "seven"]

        assert (await call("replay", "7")).status == 1
        await workshop.put_in((9, "/note nine", 3001))
        await workshop.until_done()
        assert await effects(database) == ["seven", "seven", "nine"]

        async with database.begin() as connection:
            dead = update(updates).where(updates.c.update_id == 9).values(state=UpdateState.DEAD)
            await connection.execute(dead)
        said = await call("replay", "9", "--bot", "nobody")
        assert said.status == 2
        assert "there is no bot 'nobody'" in said.err
        assert (await call("replay", "9", "--bot", "shop")).status == 0
        await workshop.until_done()
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(updates)) == 2
