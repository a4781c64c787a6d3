"""`botyard report` and `botyard payments export`: what was earned, for people, programs and accountants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.feature import Cell, ToolGroup, Tools
from botyard.features.billing.ledger_csv import ledger_csv
from botyard.features.billing.service import book, reports
from botyard.features.billing.service.reports import Figures, Period
from botyard.money import Money

DAYS = ["%Y-%m-%d"]
From = Annotated[
    datetime | None, typer.Option("--from", formats=DAYS, help="The first day; by default of this month.")
]
To = Annotated[
    datetime | None, typer.Option("--to", formats=DAYS, help="The last day; by default today. UTC.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Row = dict[str, Cell]


def report_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard report`."""

    def report(first: From = None, last: To = None, as_json: AsJson = False) -> None:
        """Show what was earned in a period: revenue, recurring revenue, members who came and went."""
        now = SystemClock().now()
        period = _period(first, last, now)

        async def read(database: Database) -> Figures:
            async with database.reading() as session:
                return await reports.figures(session, period, now)

        found = tools.with_database(read)
        if not as_json:
            last_day = period.end - timedelta(seconds=1)
            typer.echo(f"{period.start:%Y-%m-%d} to {last_day:%Y-%m-%d}, UTC\n")
        rows = [row if as_json else _for_people(row) for row in _rows(found)]
        tools.print_rows(rows, as_json=as_json, empty="")

    return report


def export_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard payments export`."""

    def export(
        first: From = None,
        last: To = None,
        out: Annotated[
            Path | None, typer.Option("--out", "-o", help="The file to write; by default it is printed.")
        ] = None,
    ) -> None:
        """Write every row of the ledger in a period as CSV, for the accountant."""
        period = _period(first, last, SystemClock().now())

        def write(piece: str) -> None:
            if out:
                with out.open("a", encoding="utf-8", newline="") as file:
                    file.write(piece)
            else:
                typer.echo(piece, nl=False)

        async def read(database: Database) -> int:
            lines = 0
            async for piece in ledger_csv(database, period):
                write(piece)
                lines += piece.count("\r\n")
            return lines - 1

        if out:
            out.write_text("", encoding="utf-8")
        count = tools.with_database(read)
        if out:
            typer.echo(f"{count} {'row' if count == 1 else 'rows'} in {out}.")

    return export


PAYMENTS = ToolGroup("payments", "The ledger of payments.", (export_tool,))


def _period(first: datetime | None, last: datetime | None, now: datetime) -> Period:
    """From the first day to the end of the last one. Raises `BadPeriod`."""
    start = first.replace(tzinfo=UTC) if first else now.replace(day=1)
    end = last.replace(tzinfo=UTC) if last else now
    return Period(_midnight(start), _midnight(end) + timedelta(days=1))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _rows(found: Figures) -> list[Row]:
    """A line each: what it is, of which plan and way of paying, and the value."""
    rows = [_row("monthly recurring revenue", money=each) for each in found.mrr]
    rows += [_row("revenue", money=each) for each in found.revenue]
    rows += [
        _row("revenue of", line.plan or "no plan", line.source.value, money=line.net) for line in found.lines
    ]
    counts = {
        "active members": found.active,
        "of them paying": found.paying,
        "new members": found.new,
        "churned members": found.churned,
        "paid times that ended": found.ended,
        "of them renewed": found.renewed,
    }
    rows += [_row(name, count=count) for name, count in counts.items()]
    if found.renewal_rate is not None:
        rows.append(_row("renewal rate", count=found.renewal_rate, unit="%"))
    return rows


def _for_people(row: Row) -> Row:
    return {name: cell for name, cell in row.items() if name != "minor"}


def _row(
    figure: str,
    plan: str | None = None,
    source: str | None = None,
    *,
    money: Money | None = None,
    count: int | None = None,
    unit: str | None = None,
) -> Row:
    return {
        "figure": figure,
        "plan": plan,
        "source": source,
        "value": book.decimal(money) if money else str(count),
        "unit": money.currency if money else unit,
        "minor": money.amount if money else count,
    }
