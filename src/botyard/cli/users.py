"""`botyard users` and `botyard console-link`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.app import base_url, facts_of
from botyard.cli.opening import read_settings, with_database
from botyard.cli.output import AsJson, Cell, print_rows
from botyard.clock import SystemClock
from botyard.console import console_url
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.ids import UserId
from botyard.jobs.facts import RoleChanged
from botyard.members import links, marketing, roles
from botyard.members.marketing import MemberTag
from botyard.members.models import LinkPurpose, Role, User

app = typer.Typer(help="Members and roles.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="Telegram id or @username.")]

Tags = Annotated[list[str], typer.Argument(help="Words of at most 32 letters; in quotes with spaces.")]


class NoSuchAdmin(BotyardError):
    """There is nobody to sign in as."""


@app.command("list")
def list_users(
    staff: Annotated[bool, typer.Option(help="Only admins and owners.")] = False,
    limit: Annotated[int, typer.Option(help="So many at most, newest first.", min=1, max=1_000_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List members with their roles."""

    async def read(database: Database) -> list[dict[str, Cell]]:
        async with database.reading() as session:
            query = select(User).order_by(User.created_at.desc(), User.id).limit(limit)
            found = await roles.staff(session) if staff else (await session.scalars(query)).all()
            tags = await _tags(session)
            return [_row(user, tags.get(user.id, [])) for user in found]

    rows = with_database(read_settings(), read)
    print_rows(rows, as_json=as_json, empty="Nobody has written to a bot yet.")


@app.command()
def role(
    who: Who,
    role: Annotated[str, typer.Argument(help="PUBLIC, ADMIN or OWNER; who has paid time is SUBSCRIBER.")],
) -> None:
    """Change a member's role for the whole business."""
    wanted = Role.__members__.get(role.upper())
    if wanted is None:
        raise typer.BadParameter("a role is PUBLIC, SUBSCRIBER, ADMIN or OWNER")

    async def change(session: AsyncSession, user: User, now: datetime) -> str:
        user_id = UserId(user.id)
        before = await roles.change_role(session, user_id, wanted, now, by=None)
        await facts_of(SystemClock()).tell(session, RoleChanged(user_id), now)
        return f"{user.first_name} ({user.id}) is {wanted.name} now (was {before.name})."

    print(_change(who, change))


@app.command()
def ban(who: Who, reason: Annotated[str, typer.Option(help="Why; kept in the audit log.")] = "") -> None:
    """Ban a member: every bot ignores him from now on."""

    async def change(session: AsyncSession, user: User, now: datetime) -> str:
        await roles.ban(session, UserId(user.id), reason, now, by=None)
        return f"{user.first_name} ({user.id}) is banned."

    print(_change(who, change))


@app.command()
def unban(who: Who) -> None:
    """Let a banned member back in."""

    async def change(session: AsyncSession, user: User, now: datetime) -> str:
        await roles.unban(session, UserId(user.id), now, by=None)
        return f"{user.first_name} ({user.id}) is no longer banned."

    print(_change(who, change))


@app.command()
def tag(who: Who, tags: Tags) -> None:
    """Put tags on a member: broadcasts can be for those who have one."""
    _retag(who, tags, on=True)


@app.command()
def untag(who: Who, tags: Tags) -> None:
    """Take tags off a member."""
    _retag(who, tags, on=False)


def console_link(
    telegram_id: Annotated[
        int | None, typer.Argument(help="An admin's Telegram id; by default the owner's.")
    ] = None,
) -> None:
    """Print a sign-in link to the console: it works once, within five minutes."""
    settings = read_settings()

    async def make(database: Database) -> str:
        async with database.session() as session:
            staff = await roles.staff(session)
            known = {user.id for user in staff}
            user_id = next((user.id for user in staff), None) if telegram_id is None else telegram_id
            if user_id is None or user_id not in known:
                raise NoSuchAdmin(
                    "there is no owner yet." if telegram_id is None else "nobody with that id is an admin.",
                    remedy="See 'botyard users list --staff', or set BOTYARD_OWNER_IDS.",
                )
            now = SystemClock().now()
            return await links.make_link(session, LinkPurpose.CONSOLE, now, user_id=UserId(user_id))

    print(console_url(base_url(settings), with_database(settings, make)))


def _retag(who: str, tags: list[str], *, on: bool) -> None:
    async def change(session: AsyncSession, user: User, now: datetime) -> str:
        kept = await marketing.retag(session, UserId(user.id), tags, None, now, on=on)
        return f"{user.first_name} ({user.id}) has these tags now: {', '.join(kept) or 'none'}."

    print(_change(who, change))


def _change(who: str, change: Callable[[AsyncSession, User, datetime], Awaitable[str]]) -> str:
    """Does something to a member in one transaction. Raises `UnknownMember`."""

    async def run(database: Database) -> str:
        async with database.session() as session:
            user = await roles.find_user(session, who)
            if user is None:
                raise roles.UnknownMember(f"no member is known as {who}.", remedy="See 'botyard users list'.")
            return await change(session, user, SystemClock().now())

    return with_database(read_settings(), run)


async def _tags(session: AsyncSession) -> dict[int, list[str]]:
    """The tags of all members who have some."""
    tags: dict[int, list[str]] = {}
    for each in await session.scalars(select(MemberTag).order_by(MemberTag.tag)):
        tags.setdefault(each.user_id, []).append(each.tag)
    return tags


def _row(user: User, tags: list[str]) -> dict[str, Cell]:
    return {
        "id": user.id,
        "name": " ".join(part for part in (user.first_name, user.last_name) if part),
        "username": user.username,
        "role": user.role.name,
        "banned": user.banned_at is not None,
        "joined": f"{user.registered_at:%Y-%m-%d}" if user.registered_at else None,
        "tags": ", ".join(tags) or None,
    }
