"""What most commands begin with: the settings, and the database at this version's schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import make_url

from botyard.cli.output import Cell, print_rows
from botyard.db import migrate
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.observability.logs import configure_logging, register_secret
from botyard.settings import LogLevel, Settings, load_settings

Result = TypeVar("Result")


class SchemaNotReady(BotyardError):
    """The database's schema is not this version's."""


def read_settings(*, quiet: bool = True, **overrides: Any) -> Settings:
    """The settings, with logging set up and secrets kept out of it. Raises `SettingsError`."""
    settings = load_settings(**overrides)
    for secret in settings.secret_texts():
        register_secret(secret)
    configure_logging(settings.log_format, LogLevel.WARNING if quiet else settings.log_level)
    return settings


def with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Does some work on the database and closes it. Raises `SchemaNotReady` and `DatabaseUnreachable`."""
    url = settings.database_url.get_secret_value()
    with migrate.migration_connection(url) as connection:
        revision = migrate.current_revision(connection)
    if revision != migrate.newest_revision():
        raise SchemaNotReady(
            f"the database {make_url(url).render_as_string(hide_password=True)} is at revision {revision}, "
            f"this version works with {migrate.newest_revision()}.",
            remedy="Run 'botyard db upgrade' first, or name another with BOTYARD_DATABASE_URL.",
        )

    async def run() -> Result:
        async with opened(url) as database:
            return await work(database)

    return asyncio.run(run())


class OperatorsTools:
    """What commands of features work with (`feature.Tools`)."""

    def with_database(self, work: Callable[[Database], Awaitable[Result]]) -> Result:
        """Does some work on the configured database. Raises `BotyardError`."""
        return with_database(read_settings(), work)

    def print_rows(self, rows: Sequence[Mapping[str, Cell]], *, as_json: bool, empty: str) -> None:
        """Prints a table for people, or JSON; `empty` where there are no rows."""
        print_rows(rows, as_json=as_json, empty=empty)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database, closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.aclose()
