"""Migrations: bring a database to this version's schema, and tell whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

from botyard.db.engine import POSTGRES_CONNECT_SECONDS, connect_sqlite
from botyard.db.inventory import quiet_reflection
from botyard.errors import BotyardError

SCRIPTS = Path(__file__).with_name("migrations")


class DatabaseUnreachable(BotyardError):
    """The database does not answer at all."""


def upgrade(url: str, revision: str = "head") -> None:
    """Brings the database up to `revision`. Raises `DatabaseUnreachable`."""
    with migration_connection(url) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Takes the database back to `revision` (`base`: nothing left)."""
    with migration_connection(url) as connection:
        command.downgrade(_config(connection), revision)


def newest_revision() -> str:
    """The revision that this version of botyard works with."""
    head = ScriptDirectory(str(SCRIPTS)).get_current_head()
    assert head is not None
    return head


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def schema_differences(connection: Connection, metadata: MetaData) -> list[str]:
    """Where the live schema and the models differ, a line each (indexes apart: see `inventory`)."""
    context = MigrationContext.configure(
        connection,
        opts={"include_object": lambda _o, _n, kind, _r, _c: kind != "index", "compare_type": True},
    )
    with quiet_reflection():
        return [str(difference) for difference in compare_metadata(context, metadata)]


@contextmanager
def migration_connection(url: str) -> Iterator[Connection]:
    """A connection in a transaction of its own, outside any event loop. Raises `DatabaseUnreachable`."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        if address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            address.set(drivername="sqlite"), poolclass=NullPool, creator=lambda: connect_sqlite(url)
        )
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    else:
        engine = create_engine(
            address, poolclass=NullPool, connect_args={"connect_timeout": POSTGRES_CONNECT_SECONDS}
        )
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise DatabaseUnreachable(
            f"the database at {address.render_as_string(hide_password=True)} does not answer: "
            f"{str(error.orig).splitlines()[0]}.",
            remedy="Check BOTYARD_DATABASE_URL and that the server runs.",
        ) from None
    with connection, connection.begin():
        yield connection
    engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
