"""The recipients of a broadcast as CSV, a line each, made while it is downloaded."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from botyard.db.session import Database
from botyard.features.broadcasts.service import exporting

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


async def recipients_csv(database: Database, broadcast_id: int) -> AsyncIterator[bytes]:
    """The file in pieces: only one of them is in memory, however many recipients there are."""
    yield _written([exporting.COLUMNS])
    async for rows in exporting.rows_of(database, broadcast_id):
        yield _written(rows)


def _written(rows: Iterable[Sequence[str | int]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(str(cell)) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    """The cell as text that no spreadsheet calculates."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
