"""The ledger of a period as CSV for the accountant, made while it is downloaded."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from botyard.db.session import Database
from botyard.features.billing.service import book
from botyard.features.billing.service.reports import Period

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
_NUMBERS = frozenset({book.COLUMNS.index("amount"), book.COLUMNS.index("amount_minor")})
"""Columns whose text is all ours: a minus there is a minus."""


async def ledger_csv(database: Database, period: Period) -> AsyncIterator[str]:
    """The file in pieces: only one of them is in memory, however many rows there are."""
    yield _written([book.COLUMNS])
    async for rows in book.rows_of(database, period):
        yield _written(rows)


def _written(rows: Iterable[Sequence[str | int]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(
        [str(cell) if column in _NUMBERS else _harmless(str(cell)) for column, cell in enumerate(row)]
        for row in rows
    )
    return text.getvalue()


def _harmless(cell: str) -> str:
    """The cell as text that no spreadsheet calculates."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
