"""Fixtures of the fault tests: a table to count in, and a place for what was measured."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text

from botyard.db.session import Database

_FIGURES: list[str] = []


@pytest.fixture
async def counting(database_url: str) -> AsyncIterator[Database]:
    """The test's database with the table that the test's feature writes to."""
    database = Database(database_url)
    number = "INTEGER" if database.is_sqlite else "BIGSERIAL"
    async with database.begin() as connection:
        await connection.execute(
            text(
                f"CREATE TABLE fault_counts (id {number} PRIMARY KEY, "
                "chat BIGINT, number INTEGER, process INTEGER)"
            )
        )
    yield database
    await database.aclose()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Notes a figure for the end of the run."""
    return lambda line: _FIGURES.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what was measured."""
    if _FIGURES:
        terminalreporter.section("figures")
        for line in _FIGURES:
            terminalreporter.line(line)
