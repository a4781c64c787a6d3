"""Engines for SQLite and PostgreSQL, with the settings each needs to keep its promises."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import await_only

from botyard.db.hot import SqliteThread

READ = "BEGIN"
GATE_SECONDS = 20.0
PASSES_GATE: ContextVar[bool] = ContextVar("passes_gate", default=False)
"""Set while a batch, which many wait for, asks for SQLite's only writer."""
WRITER_TAKEN: ContextVar[Callable[[], None]] = ContextVar("writer_taken", default=lambda: None)
"""Is told when a session has got SQLite's only writer, which all others wait for from then on."""
SQLITE_BUSY_MS = 5_000
"""How long SQLite waits for another process's write (a backup, a command) before it gives up."""
POSTGRES_CONNECT_SECONDS = 2
BATCH_CONNECTIONS = 10
SESSION_CONNECTIONS = 20
IDLE_SECONDS = 1.0
_LEFT_AT = "left_at"


def is_sqlite(url: str) -> bool:
    """Whether the address names an SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of one database, by what they are for."""

    writes: AsyncEngine
    reads: AsyncEngine
    sessions: AsyncEngine
    session_reads: AsyncEngine

    async def dispose(self) -> None:
        """Closes every connection."""
        for engine in {self.writes, self.reads, self.sessions, self.session_reads}:
            await engine.dispose()


def open_engines(url: str) -> Engines:
    """SQLite has one writer, and readers that never wait for it (WAL).

    On PostgreSQL sessions have connections of their own: handlers may hold one for long, and must not take
    the last one from the inbox.
    """
    if is_sqlite(url):
        writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1)
        reader = _sqlite_engine(url, begin=READ, connections=4)
        return Engines(writes=writer, reads=reader, sessions=writer, session_reads=reader)
    broken = LastBroken()
    batches = _postgres_engine(url, broken, most=BATCH_CONNECTIONS, patience=5.0)
    sessions = _postgres_engine(url, broken, most=SESSION_CONNECTIONS, patience=30.0)
    return Engines(writes=batches, reads=batches, sessions=sessions, session_reads=sessions)


def sqlite_connection(url: str) -> SqliteThread:
    """A connection with a thread of its own, that is opened when it is awaited."""
    return SqliteThread(partial(connect_sqlite, url))


def connect_sqlite(url: str) -> sqlite3.Connection:
    """A connection to the file: durable, patient, with foreign keys, and BEGIN in our hands."""
    connection = sqlite3.connect(make_url(url).database or ":memory:", isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@dataclass(slots=True)
class LastBroken:
    """When a connection to this server was last found broken: the others may be, too."""

    at: float = -math.inf


def _postgres_engine(url: str, broken: LastBroken, *, most: int, patience: float) -> AsyncEngine:
    """At most so many connections; who gets none waits `patience` seconds."""
    # No prepared statements: they belong to a session, and PgBouncer hands a session to many clients.
    engine = create_async_engine(
        url,
        pool_size=most // 2,
        max_overflow=most - most // 2,
        pool_timeout=patience,
        pool_use_lifo=True,
        hide_parameters=True,  # values are members' names and secrets: errors go to logs and tables
        connect_args={
            "prepare_threshold": None,
            "connect_timeout": POSTGRES_CONNECT_SECONDS,
            # A server that is gone without a word is noticed, also while it is waited for.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def note_time(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_LEFT_AT] = time.monotonic()

    @event.listens_for(engine.sync_engine, "invalidate")
    def note_break(_connection: object, _record: object, _error: object) -> None:
        broken.at = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def try_idle(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Asks one that was idle, or that is older than a break, whether it is alive.

        Before each use that would cost a quarter more.
        """
        left_at = record.info.get(_LEFT_AT, math.inf)
        if left_at > broken.at and time.monotonic() - left_at < IDLE_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    return engine


class WriterPool(AsyncAdaptedQueuePool):
    """The pool of SQLite's only writer: a batch waits for one session at most, however many want it.

    Sessions line up at a gate, and only the first of them stands in the pool's own line.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._gate = asyncio.Lock()

    async def _enter_gate(self) -> None:
        try:
            # Not `wait_for`: before Python 3.12 it may swallow a cancellation.
            async with asyncio.timeout(GATE_SECONDS):
                await self._gate.acquire()
        except TimeoutError:
            raise PoolTimeout(f"the only writer was not free for {GATE_SECONDS:g} s") from None

    def _do_get(self) -> ConnectionPoolEntry:
        if PASSES_GATE.get():
            return super()._do_get()
        await_only(self._enter_gate())
        inside = PASSES_GATE.set(True)  # it may call itself
        try:
            return super()._do_get()
        finally:
            PASSES_GATE.reset(inside)
            self._gate.release()


def _sqlite_engine(url: str, *, begin: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        async_creator=lambda: sqlite_connection(url),
        poolclass=AsyncAdaptedQueuePool if begin == READ else WriterPool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=30,
        pool_reset_on_return=None,  # one trip to the thread less: whoever begins a transaction also ends it
        hide_parameters=True,
    )

    # A task cancelled in the middle of a statement has its connection closed, but SQLite keeps a connection
    # with an unread cursor half alive, and with it the lock of its transaction: end that first.
    event.listen(engine.sync_engine, "close", lambda connection, _record: connection.rollback())

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
        if begin != READ:
            WRITER_TAKEN.get()()

    return engine
