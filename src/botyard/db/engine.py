"""Engines for SQLite and PostgreSQL, with the settings each needs to keep its promises."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

SQLITE_BUSY_MS = 5_000
"""How long SQLite waits for another process's write (a backup, a command) before it gives up."""
POSTGRES_CONNECT_SECONDS = 2


def is_sqlite(url: str) -> bool:
    """Whether the address names an SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def writer_engine(url: str) -> AsyncEngine:
    """The engine for transactions that write: one connection on SQLite, a pool on PostgreSQL."""
    if is_sqlite(url):
        return _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1)
    return _postgres_engine(url)


def reader_engine(url: str) -> AsyncEngine:
    """The engine for reads beside the writer. SQLite readers never wait for the writer (WAL)."""
    if is_sqlite(url):
        return _sqlite_engine(url, begin="BEGIN", connections=4)
    return _postgres_engine(url)


def _postgres_engine(url: str) -> AsyncEngine:
    # No prepared statements: they belong to a session, and PgBouncer hands a session to many clients.
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=35,  # each of the worker's handlers may hold one, and the inbox must still get its own
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # values are members' names and secrets: errors go to logs and tables
        connect_args={"prepare_threshold": None, "connect_timeout": POSTGRES_CONNECT_SECONDS},
    )


def _sqlite_engine(url: str, *, begin: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=connections, max_overflow=0, pool_timeout=30, hide_parameters=True
    )

    event.listen(engine.sync_engine, "connect", prepare_sqlite)

    # A task cancelled in the middle of a statement has its connection closed, but SQLite keeps a connection
    # with an unread cursor half alive, and with it the lock of its transaction: end that first.
    event.listen(engine.sync_engine, "close", lambda connection, _record: connection.rollback())

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Settings of every SQLite connection: durable, patient, with foreign keys, and BEGIN in our hands."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
