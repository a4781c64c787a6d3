"""`botyard guides-export` and `botyard guides-import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.feature import Tools
from botyard.features.guides.service import exchange
from botyard.features.guides.service.editing import Editor
from botyard.features.guides.service.exchange import Imported
from botyard.features.guides.service.files import FileKind


def export_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard guides-export`."""

    def guides_export(
        file: Annotated[Path, typer.Argument(help="Its ending says which kind: .csv or .json.")],
    ) -> None:
        """Write the guide library into a file, as CSV or JSON."""
        if file.suffix.lower().removeprefix(".") not in set(FileKind):
            raise typer.BadParameter("the file's name ends in .csv or .json")
        kind = FileKind(file.suffix.lower().removeprefix("."))

        async def read(database: Database) -> str:
            async with database.reading() as session:
                return await exchange.export(session, kind)

        file.write_text(tools.with_database(read), encoding="utf-8", newline="")

    return guides_export


def import_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard guides-import`."""

    def guides_import(
        file: Annotated[Path, typer.Argument(help="CSV or JSON, as guides-export writes it.")],
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Bring the guides of a CSV or JSON file into the library: all of them, or none if a row is wrong."""
        content = file.read_bytes()

        async def write(database: Database) -> Imported:
            async with database.session() as session:
                return await exchange.import_file(session, content, Editor(None, SystemClock().now()))

        done = tools.with_database(write)
        row = {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
        tools.print_rows([row], as_json=as_json, empty="")

    return guides_import
