"""`botyard plans`: the catalog on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.feature import Cell, ToolGroup, Tools
from botyard.features.billing import words
from botyard.features.billing.service import editing, exporting, importing
from botyard.features.billing.service.editing import Editor, KeptPlan
from botyard.features.billing.service.importing import Imported
from botyard.features.billing.service.plans_file import FileKind
from botyard.money import Money

NO_PLANS = "There is no plan yet: botyard plans import <file.toml> brings some."
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def import_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard plans import`."""

    def import_(
        file: Annotated[Path, typer.Argument(help="Its ending says which kind: .toml or .csv.")],
        archive_missing: Annotated[
            bool, typer.Option("--archive-missing", help="Archive plans that are not in the file.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Bring plans, prices and discount codes of a file into the catalog: all, or none if one is wrong."""
        kind, content = _kind_of(file), file.read_bytes()

        async def write(database: Database) -> Imported:
            async with database.session() as session:
                by = Editor(None, SystemClock().now())
                return await importing.import_file(
                    session, content, kind, by, archive_missing=archive_missing
                )

        done = tools.with_database(write)
        row: Mapping[str, Cell] = {
            "added": done.added,
            "changed": done.changed,
            "unchanged": done.unchanged,
            "archived": done.archived,
            "restored": done.restored,
            "codes": done.codes,
        }
        tools.print_rows([row], as_json=as_json, empty="")

    import_.__name__ = "import"
    return import_


def export_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard plans export`."""

    def export(
        file: Annotated[Path, typer.Argument(help="Its ending says which kind: .toml or .csv.")],
    ) -> None:
        """Write the catalog into a file that import reads: as TOML with discount codes, or as CSV."""
        kind = _kind_of(file)

        async def read(database: Database) -> str:
            async with database.reading() as session:
                return await exporting.export(session, kind, SystemClock().now())

        file.write_text(tools.with_database(read), encoding="utf-8", newline="")

    return export


def list_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard plans list`."""

    def list_(as_json: AsJson = False) -> None:
        """List all plans with their prices; those that were archived come last."""

        async def read(database: Database) -> list[KeptPlan]:
            async with database.reading() as session:
                return await editing.listed(session)

        plans, now = tools.with_database(read), SystemClock().now()
        if as_json:
            found = [_as_json(plan, now) for plan in plans]
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            tools.print_rows([_row(plan, now) for plan in plans], as_json=False, empty=NO_PLANS)

    list_.__name__ = "list"
    return list_


TOOLS = ToolGroup("plans", "Plans: what is sold, and for how much.", (import_tool, list_tool, export_tool))


def _row(plan: KeptPlan, now: datetime) -> dict[str, Cell]:
    draft = plan.draft
    prices = [words.price(Money(amount, currency), None) for currency, amount in draft.prices.items()]
    return {
        "code": draft.code,
        "title": draft.title,
        "length": words.length(draft, None),
        "prices": ", ".join(prices),
        "state": plan.state(now).value,
    }


def _as_json(plan: KeptPlan, now: datetime) -> dict[str, Any]:
    draft = plan.draft
    return {
        "code": draft.code,
        "title": draft.title,
        "description": draft.description,
        "pack": draft.pack,
        "days": draft.days,
        "months": draft.months,
        "stars_subscription": draft.stars_subscription,
        "stripe_subscription": draft.stripe_subscription,
        "trial_days": draft.trial_days,
        "features": list(draft.features),
        "chats": list(draft.chats),
        "prices": dict(draft.prices),
        "sold_from": _iso(draft.sold_from),
        "sold_until": _iso(draft.sold_until),
        "state": plan.state(now).value,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _kind_of(file: Path) -> FileKind:
    ending = file.suffix.lower().removeprefix(".")
    if ending not in set(FileKind):
        raise typer.BadParameter("the file's name ends in .toml or .csv")
    return FileKind(ending)
