"""`botyard broadcast status`: a table, or a bar that moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.feature import Cell, Tools
from botyard.features.broadcasts.models import Broadcast, BroadcastState, RecipientState
from botyard.features.broadcasts.service import drafts, figures, overview, sales
from botyard.features.broadcasts.service.overview import Overview
from botyard.features.broadcasts.variant_words import describe_variant
from botyard.telegram.bots import bots

MOST = 20
EVERY = 1.0
"""Seconds between two looks."""

NOTE = 24
"""So much of a note is in the list."""

Row = dict[str, Cell]


def status(tools: Tools) -> Callable[..., None]:
    """Makes `botyard broadcast status`."""

    def status(
        number: Annotated[
            int | None, typer.Argument(help="One of them; else the newest ones.", min=1)
        ] = None,
        watching: Annotated[bool, typer.Option("--watch", help="Show how it goes, to its end.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Show broadcasts: how far each is, how fast, and what came of it."""
        if watching:
            if number is None or as_json:
                raise typer.BadParameter("--watch goes with one number, and without --json")
            watch(tools, number)
            return
        rows, results = tools.with_database(lambda database: _read(database, number))
        if number is None and not as_json:
            rows = [_brief(row) for row in rows]
        tools.print_rows(rows, as_json=as_json, empty="There is no broadcast yet.")
        sold = tools.with_database(lambda database: _sales(database, number))
        for more in (results, sold):
            if more and not as_json:
                typer.echo()
                tools.print_rows(more, as_json=False, empty="")

    return status


def watch(tools: Tools, number: int) -> None:
    """Shows a bar until the broadcast rests. Exits 1 if it does so before its end."""
    seen = tools.with_database(lambda database: _follow(database, number))
    broadcast = seen.broadcast
    if broadcast.state is not BroadcastState.FINISHED:
        typer.echo(f"{broadcast.name} is {broadcast.state}. {broadcast.note}".strip(), err=True)
        raise typer.Exit(1)


async def _follow(database: Database, number: int) -> Overview:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
    )
    with Progress(*columns, console=Console()) as shown:
        task = shown.add_task("", total=None, speed="")
        while True:
            async with database.reading() as session:
                broadcast = await drafts.get(session, number)
                seen = await overview.look(session, session, broadcast, SystemClock().now())
            progress = seen.progress
            if progress is not None:
                shown.update(
                    task,
                    description=f"{broadcast.name} ({broadcast.state})",
                    total=progress.total,
                    completed=progress.done,
                    speed=_speed(progress.rate, progress.left),
                )
            if not seen.moves:
                return seen
            await asyncio.sleep(EVERY)


async def _read(database: Database, number: int | None) -> tuple[list[Row], list[Row]]:
    """A row for each broadcast; for a single one that rests, a row for each of its messages too."""
    async with database.reading() as session:
        names = {row.id: row.name for row in await session.execute(select(bots.c.id, bots.c.name))}
        if number is None:
            found, _ = await drafts.listed(session, most=MOST)
        else:
            found = [await drafts.get(session, number)]
        rows = [await _row(session, each, names[each.bot_id]) for each in found]
        is_at_rest = number is not None and not (found[0].state.is_new or found[0].state.is_under_way)
        results = await figures.results(session, found[0]) if is_at_rest else []
        return rows, [
            {
                "message": each.number,
                "for": describe_variant(each.wording, [one.wording for one in results]),
                "sent": each.sent,
                "clicks": each.clicks,
                "left_the_list": each.left,
                "came_back": each.started,
            }
            for each in results
        ]


async def _sales(database: Database, number: int | None) -> list[Row]:
    """A row for each message that has sold something, of one broadcast that has begun."""
    if number is None:
        return []
    async with database.reading() as session:
        sold = await sales.by_variant(session, number)
    return [
        {
            "message": variant,
            "sales": each.sales,
            "renewals": each.renewals,
            "returned": each.refunds,
            "money": each.sums,
        }
        for variant, each in sorted(sold.items())
    ]


async def _row(session: AsyncSession, broadcast: Broadcast, bot: str) -> Row:
    progress = await figures.progress(session, broadcast, SystemClock().now())
    ended = ("sent", "failed", "blocked", "unknown", "skipped")
    return {
        "id": broadcast.id,
        "name": broadcast.name,
        "bot": bot,
        "state": broadcast.state.value,
        "recipients": progress.total,
        "waiting": progress.open,
        **{each: progress.states[RecipientState(each)] for each in ended},
        "a_second": round(progress.rate),
        "seconds_left": None if progress.left is None else int(progress.left.total_seconds()),
        "note": broadcast.note,
    }


def _brief(row: Row) -> Row:
    """What fits into 80 columns: the details are those of one, by its number."""
    total, note = row["recipients"], str(row["note"])
    done = f"{int(total or 0) - int(row['waiting'] or 0)}/{total}"
    short = note if len(note) <= NOTE else f"{note[: NOTE - 1]}…"
    return {"id": row["id"], "name": row["name"], "state": row["state"], "done": done, "note": short}


def _speed(rate: float, left: timedelta | None) -> str:
    return f"{rate:.1f}/s, {left} left" if left is not None else ""
