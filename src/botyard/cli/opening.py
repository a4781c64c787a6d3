"""What most commands begin with: the settings, and the database at this version's schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import make_url

from botyard.app import facts_of
from botyard.cli.output import Cell, print_rows
from botyard.clock import SystemClock
from botyard.db import migrate
from botyard.db.engine import is_sqlite
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.jobs.facts import Facts
from botyard.observability.logs import configure_logging, register_secret
from botyard.settings import LogLevel, Settings, load_settings

Result = TypeVar("Result")

SANDBOX_FILE = "sandbox.db"
"""The database of `botyard up --sandbox`, in the data folder."""


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
    _require_this_schema(settings, url)

    async def run() -> Result:
        async with opened(url) as database:
            return await work(database)

    return asyncio.run(run())


def _require_this_schema(settings: Settings, url: str) -> None:
    address = make_url(url)
    shown = address.render_as_string(hide_password=True)
    remedy = (
        f"Run 'botyard db upgrade' first, or name another with BOTYARD_DATABASE_URL.{_on_sandbox(settings)}"
    )
    if is_sqlite(url) and address.database:
        try:
            Path(address.database).stat()  # to open it would make it
        except FileNotFoundError:
            raise SchemaNotReady(f"there is no database {address.database}.", remedy=remedy) from None
    with migrate.migration_connection(url) as connection:
        revision = migrate.current_revision(connection)
    if revision != migrate.newest_revision():
        raise SchemaNotReady(
            f"the database {shown} is {f'at revision {revision}' if revision else 'empty'}, "
            f"this version works with revision {migrate.newest_revision()}.",
            remedy=remedy,
        )


def _on_sandbox(settings: Settings) -> str:
    """Where the data of a sandbox is, if there was one: it never is in the database of the settings."""
    file = settings.data_dir / SANDBOX_FILE
    if not file.exists():
        return ""
    return f" The data of 'botyard up --sandbox' is in another: BOTYARD_DATABASE_URL=sqlite:///{file}"


class OperatorsTools:
    """What commands of features work with (`feature.Tools`)."""

    @property
    def settings(self) -> Settings:
        """The settings."""
        return read_settings()

    @property
    def two_person_above(self) -> int | None:
        """The size above which a second admin has to agree."""
        return read_settings().two_person_above

    @property
    def facts(self) -> Facts:
        """What a command tells facts with."""
        return facts_of(SystemClock())

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
