"""`botyard broadcast`: broadcasts from the command line. The running service does the sending."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.feature import ToolGroup, Tools
from botyard.features.broadcasts import button_words, contents
from botyard.features.broadcasts.audience_words import read_audience
from botyard.features.broadcasts.message import Message, MessageKind
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.option_words import read_options
from botyard.features.broadcasts.service import approval, drafts, exporting, life, preflight, testing
from botyard.features.broadcasts.service.drafts import BadBroadcast, Plan, Wording
from botyard.features.broadcasts.service.preflight import Preflight
from botyard.features.broadcasts.watching import status, watch
from botyard.ids import BotId, UserId
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.outbox.bulk import Pace
from botyard.telegram.bots import bots

NO_PACE = Pace(0.0, 0.0)
"""The settings say how fast the service sends; here only the number of recipients is asked for."""

WAITS = "waits for a second admin's yes."
"""Said of one that was started, or resumed, and is too large for one admin."""

Number = Annotated[int, typer.Argument(help="The broadcast's number.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[str | None, typer.Option(help="When nobody gets it, such as 22:00-08:00.")]
Zone = Annotated[str | None, typer.Option(help="For members whose zone is not known, such as Europe/London.")]
CapOption = Annotated[str | None, typer.Option("--cap", help="Marketing for a member, such as: 3 in 7 days.")]
Paid = Annotated[bool, typer.Option("--paid", help="Send faster, for Telegram Stars.")]
Change = Callable[[AsyncSession, Broadcast, datetime], Awaitable[str]]


def create_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast create`."""

    def create(
        bot: Annotated[str, typer.Option(help="The bot that sends it.")],
        name: Annotated[str, typer.Option(help="What admins call it.")],
        text: Annotated[
            str, typer.Option(help="Telegram's HTML, with variables such as {first_name|friend}.")
        ],
        topic: Annotated[Topic, typer.Option(help="What it is about.")] = Topic.OFFERS,
        audience: Annotated[
            str, typer.Option(help="Such as: language de or en, seen in 30 days, not tag slow.")
        ] = "everybody",
        button: Annotated[
            list[str] | None, typer.Option(help="A row, such as: Join | tracked | https://example.com")
        ] = None,
        quiet: Quiet = None,
        zone: Zone = None,
        cap: CapOption = None,
        paid: Paid = False,
        as_json: AsJson = False,
    ) -> None:
        """Make a draft. Nothing is sent: test it, and start it."""

        async def make(database: Database) -> tuple[int, int]:
            async with database.session() as session:
                bot_id = await _bot_named(session, bot)
                plan = _with_options(Plan(name, topic, read_audience(audience), paid), quiet, zone, cap)
                rows = button_words.read("\n".join(button or []))
                message = contents.checked(Message(MessageKind.TEXT, text, buttons=rows), bot_id)
                now = SystemClock().now()
                broadcast = await drafts.make(session, plan, bot_id, None, now)
                await drafts.word(session, broadcast, [Wording(1, message)], None, now)
                reach = await drafts.reach(session, plan, bot_id, now)
                return broadcast.id, reach.recipients

        number, recipients = tools.with_database(make)
        tools.print_rows([{"id": number, "recipients": recipients}], as_json=as_json, empty="")

    return create


def start_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast start`."""

    def start(
        number: Number,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        watching: Annotated[bool, typer.Option("--watch", help="Show how it goes, to its end.")] = False,
    ) -> None:
        """Start a broadcast, after a look at what it would do."""

        async def look(database: Database) -> tuple[str, Preflight]:
            async with database.reading() as session:
                broadcast = await drafts.get(session, number)
                now, above = SystemClock().now(), tools.two_person_above
                found = await preflight.check(session, broadcast, NO_PACE, now, above=above)
                return broadcast.name, found

        name, found = tools.with_database(look)
        for problem in found.warnings:
            typer.echo(f"note: {problem}", err=True)
        if not yes and found.is_ready:
            whom = "1 member" if found.recipients == 1 else f"{found.recipients:,} members"
            if not typer.confirm(f"{name}: send to {whom}?"):
                raise typer.Exit(1)

        async def begin(session: AsyncSession, broadcast: Broadcast, now: datetime) -> str:
            begun = await life.start(session, broadcast, None, now)
            if await approval.needs_second(session, broadcast, tools.two_person_above, now):
                return f"{broadcast.name} {WAITS}"
            return f"{broadcast.name} {'has started' if begun else 'has begun already'}."

        _change(tools, number, begin)
        if watching:
            watch(tools, number)

    return start


def test_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast test`."""

    def test(
        number: Number, to: Annotated[int, typer.Argument(help="The Telegram id of who looks at it.", min=1)]
    ) -> None:
        """Send a draft's messages to one person, who looks at them on a phone before it starts."""

        async def send(session: AsyncSession, broadcast: Broadcast, now: datetime) -> str:
            username = await session.scalar(select(bots.c.username).where(bots.c.id == broadcast.bot_id))
            count = await testing.send(session, broadcast, Actor(UserId(to)), username, now)
            return f"{count} {'message is' if count == 1 else 'messages are'} on the way."

        _change(tools, number, send)

    return test


def pause_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast pause`."""

    def pause(number: Number) -> None:
        """Stop sending at once. It can be resumed."""

        async def change(session: AsyncSession, broadcast: Broadcast, now: datetime) -> str:
            await life.pause(session, broadcast, None, now)
            return f"{broadcast.name} is paused."

        _change(tools, number, change)

    return pause


def resume_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast resume`."""

    def resume(number: Number) -> None:
        """Go on with those who have not got it."""

        async def change(session: AsyncSession, broadcast: Broadcast, now: datetime) -> str:
            await life.resume(session, broadcast, None, now)
            waits = await approval.needs_second(session, broadcast, tools.two_person_above, now)
            return f"{broadcast.name} {WAITS if waits else 'goes on.'}"

        _change(tools, number, change)

    return resume


def cancel_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast cancel`."""

    def cancel(number: Number) -> None:
        """End it for good: nobody else gets it. What has arrived stays."""

        async def change(session: AsyncSession, broadcast: Broadcast, now: datetime) -> str:
            await life.cancel(session, broadcast, None, now)
            return f"{broadcast.name} is cancelled."

        _change(tools, number, change)

    return cancel


def export_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast export`."""

    def export(number: Number, file: Annotated[Path, typer.Argument(help="A CSV file to write.")]) -> None:
        """Write down who got it, and who did not and why, as CSV."""

        async def write(database: Database) -> int:
            async with database.reading() as session:
                await drafts.get(session, number)
            count = 0
            with file.open("w", encoding="utf-8", newline="") as opened:
                rows = csv.writer(opened)
                rows.writerow(exporting.COLUMNS)
                async for batch in exporting.rows_of(database, number):
                    rows.writerows(batch)
                    count += len(batch)
            return count

        count = tools.with_database(write)
        typer.echo(f"{count:,} {'recipient' if count == 1 else 'recipients'} in {file}.")

    return export


TOOLS = ToolGroup(
    "broadcast",
    "Broadcasts: one message for many members.",
    (
        create_tool,
        test_tool,
        start_tool,
        pause_tool,
        resume_tool,
        cancel_tool,
        status,
        export_tool,
    ),
)


def _change(tools: Tools, number: int, change: Change) -> None:
    """Changes a broadcast under its lock and says what was done."""

    async def work(database: Database) -> str:
        async with database.session() as session:
            return await change(session, await drafts.locked(session, number), SystemClock().now())

    typer.echo(tools.with_database(work))


async def _bot_named(session: AsyncSession, name: str) -> BotId:
    known = {row.name: row.id for row in await session.execute(select(bots.c.name, bots.c.id))}
    if name not in known:
        there = ", ".join(sorted(known)) or "none yet: start botyard once"
        raise BadBroadcast(f"There is no bot '{name[:32]}'.", remedy=f"There is: {there}.")
    return BotId(known[name])


def _with_options(plan: Plan, quiet: str | None, zone: str | None, cap: str | None) -> Plan:
    said = {"quiet": quiet, "zone": zone, "cap": cap}
    lines = [f"{word} {value}" for word, value in said.items() if value is not None]
    return read_options("\n".join(lines), plan) if lines else plan
