"""Every command of the registry for every role, through the running service: nothing here names a command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from tests.support.outcomes import bot_of, count_of, told
from tests.support.paid import give_time
from tests.support.running import ANA, OWNER, PAUL, Running, running

from botyard.app import REGISTRY
from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.ids import UserId
from botyard.members import roles
from botyard.members.models import AuditEntry, Role
from botyard.routing.registry import Command

pytestmark = pytest.mark.asyncio(loop_scope="module")

KENJI = 1004
PERSON = {Role.PUBLIC: PAUL, Role.SUBSCRIBER: ANA, Role.ADMIN: KENJI, Role.OWNER: OWNER}
COMMANDS = sorted(REGISTRY.commands.values(), key=lambda found: found.name)
MATRIX = [
    pytest.param(role, found, id=f"{role.name}-{found.name}-{'may' if found.role <= role else 'may-not'}")
    for role in Role
    for found in COMMANDS
]


def everything(_name: str) -> bool:
    return True


def denial(found: Command) -> str:
    if found.role is Role.SUBSCRIBER:  # who has no plan is offered one
        return "is for members who have a plan"
    return f"/{found.name} is for .*role {found.role.name}"


async def cast(house: Running) -> None:
    """Gives each person his role. The owner has his by the settings."""
    for role, user_id in PERSON.items():
        await told(house, user_id, "/start")
        if role < Role.OWNER:
            async with house.database.session() as session:
                now = SystemClock().now()
                if role is Role.SUBSCRIBER:
                    await give_time(session, user_id, now)
                else:
                    await roles.change_role(session, UserId(user_id), role, now, by=None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staged(house: Running) -> Running:
    """The running service with one person of each role."""
    await cast(house)
    return house


async def denials(database: Database, user_id: int) -> list[dict[str, Any]]:
    """The member's `command.denied` entries in the audit log, oldest first."""
    async with database.reading() as session:
        entries = await session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action == "command.denied", AuditEntry.actor_id == user_id)
            .order_by(AuditEntry.id)
        )
        return [{"subject": each.subject, "bot": each.bot_id, **each.detail} for each in entries]


async def assert_one(house: Running, role: Role, found: Command, name: str) -> None:
    """One command, typed as `name` by a person of this role: done or denied, and written down."""
    user_id, may = PERSON[role], found.role <= role
    status = "ok" if may else "denied"
    series = f'telegram_command_total{{name="{found.name}",status="{status}"}}'
    before, noted = await count_of(house, series), await denials(house.database, user_id)

    reply = await house.ask(user_id, f"/{name}")

    assert bool(re.search(denial(found), reply)) is not may, reply
    assert await count_of(house, series) == before + 1
    new = (await denials(house.database, user_id))[len(noted) :]
    entry = {
        "subject": f"/{found.name}",
        "bot": bot_of(house).id,
        "role": role.name,
        "needs": found.role.name,
    }
    assert new == ([] if may else [entry])


@pytest.mark.parametrize(("role", "found"), MATRIX)
async def test_a_command_is_done_or_denied_by_role(staged: Running, role: Role, found: Command) -> None:
    for name in found.names:
        await assert_one(staged, role, found, name)


@pytest.mark.parametrize("role", Role, ids=lambda role: role.name)
async def test_help_lists_exactly_what_this_role_may_use(staged: Running, role: Role) -> None:
    reply = await staged.ask(PERSON[role], "/help")
    listed = re.findall(r"^/([a-z0-9_]+) \S (.+)$", reply, re.MULTILINE)
    assert listed == [
        (found.name, found.description) for found in COMMANDS if found.role <= role and not found.hidden
    ]


@pytest.mark.parametrize(("role", "found"), MATRIX)
async def test_help_on_a_command_is_for_those_who_may_use_it(
    staged: Running, role: Role, found: Command
) -> None:
    for name in found.names:
        reply = await staged.ask(PERSON[role], f"/help {name}")
        if found.role <= role:
            assert found.description in reply
            assert found.long_help in reply
            assert all(f"/{alias}" in reply for alias in found.aliases)
            assert f"/{found.name} {found.usage}".strip() in reply
        else:
            assert f"no command /{name}" in reply
            assert found.description not in reply


async def test_there_is_something_to_deny_to_each_lower_role_and_something_hidden() -> None:
    # Else the tests above would hold for an empty registry.
    assert any(found.hidden for found in COMMANDS)
    assert any(found.aliases for found in COMMANDS)
    assert {Role.PUBLIC, Role.ADMIN, Role.OWNER} <= {found.role for found in COMMANDS}


async def test_a_suggestion_is_never_a_command_of_a_higher_role(staged: Running) -> None:
    for found in COMMANDS:
        if found.role > Role.PUBLIC:
            outcome = await told(staged, PAUL, f"/{found.name}x")
            assert outcome.how == "command:unknown"
            assert not re.search(rf"/{found.name}\b", outcome.texts[0])


@pytest.mark.asyncio(loop_scope="function")
@pytest.mark.postgres
async def test_on_postgresql_too(postgres_url: str, tmp_path: Path) -> None:
    limits = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}
    async with running(postgres_url, tmp_path, webhook=True, **limits) as house:
        await cast(house)
        for role in Role:
            for found in COMMANDS:
                await assert_one(house, role, found, found.name)
