"""Plain SQL for hot paths: one statement for a whole batch of rows, one trip for a whole transaction.

On SQLite each await of the driver is a trip to its thread and back, which costs more than most statements.
So the work of a batch is a plain function that runs over there from its first statement to its last. The rows
of a batch go over as one JSON document, which both databases take apart themselves (docs/adr/0010).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import aiosqlite
import msgspec
import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

from botyard.db.types import POSTGRES_CLOCK, SQLITE_CLOCK

Result = TypeVar("Result")
Row = tuple[Any, ...]

_SQLITE_COLUMN = {
    "bytes": "CAST(json_extract(value, '$.{name}') AS BLOB)",
    # SQLAlchemy keeps moments as text without zone; RFC 3339 is what comes.
    "moment": "replace(rtrim(json_extract(value, '$.{name}'), 'Z'), 'T', ' ')",
}
_POSTGRES_TYPE = {"bytes": "text", "moment": "timestamptz"}
_POSTGRES_COLUMN = {"bytes": "convert_to({name}, 'UTF8') AS {name}"}


_SQLITE_WORDS = {"for_update": "", "for_share": "", "skip_locked": "", "clock": SQLITE_CLOCK}
_POSTGRES_WORDS = {
    "for_update": "FOR UPDATE",
    "for_share": "FOR SHARE",
    "skip_locked": "FOR UPDATE SKIP LOCKED",
    "clock": POSTGRES_CLOCK,
}


class HotStatement:
    """One SQL text for both databases. `:name` is a parameter, `{name}` a table made of a batch of rows.

    `{for_update}`, `{for_share}` and `{skip_locked}` end a SELECT that locks rows; on SQLite nobody else
    writes meanwhile. `{clock}` is the database's own time in seconds since 1970.
    """

    def __init__(self, sql: str, **tables: Mapping[str, str]) -> None:
        """`tables`: the columns of each table and their types (bigint, text, boolean, bytes, moment)."""
        self._tables = frozenset(tables)
        on_sqlite = {name: _sqlite_table(name, columns) for name, columns in tables.items()}
        self.sqlite = sql.format(**on_sqlite, **_SQLITE_WORDS)
        on_postgres = {name: _postgres_table(name, columns) for name, columns in tables.items()}
        postgres = sql.format(**on_postgres, **_POSTGRES_WORDS)
        self.postgresql = re.sub(r"(?<!:):(\w+)", r"%(\1)s", postgres.replace("%", "%%"))

    def parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as the drivers take them: batches of rows as JSON."""
        return {
            name: msgspec.json.encode(value).decode() if name in self._tables else value
            for name, value in given.items()
        }


def _sqlite_table(name: str, columns: Mapping[str, str]) -> str:
    usual = "json_extract(value, '$.{name}')"
    fields = (
        f"{_SQLITE_COLUMN.get(kind, usual).format(name=column)} AS {column}"
        for column, kind in columns.items()
    )
    return f"(SELECT {', '.join(fields)} FROM json_each(:{name})) AS {name}"  # noqa: S608 - names of ours


def _postgres_table(name: str, columns: Mapping[str, str]) -> str:
    fields = (_POSTGRES_COLUMN.get(kind, "{name}").format(name=column) for column, kind in columns.items())
    record = (f"{column} {_POSTGRES_TYPE.get(kind, kind)}" for column, kind in columns.items())
    source = f"json_to_recordset(:{name}) AS r({', '.join(record)})"
    return f"(SELECT {', '.join(fields)} FROM {source}) AS {name}"  # noqa: S608 - names of ours


class HotConnection:
    """A transaction that is open, for plain functions: see `Database.write_batch` and `in_one_trip`."""

    __slots__ = ("_run", "is_sqlite")

    def __init__(self, run: Callable[[str, dict[str, Any]], list[Row]], *, is_sqlite: bool) -> None:
        self._run = run
        self.is_sqlite = is_sqlite

    def execute(self, statement: HotStatement, **parameters: Any) -> list[Row]:
        """The rows that the statement answers, none for one that answers nothing."""
        sql = statement.sqlite if self.is_sqlite else statement.postgresql
        return self._run(sql, statement.parameters(parameters))

    def moment(self, at: datetime) -> datetime | str:
        """A moment as a parameter."""
        return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if self.is_sqlite else at


def read_moment(value: datetime | str) -> datetime:
    """A moment from a row."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def as_text(document: bytes) -> str:
    """A JSON document that is to be kept as `bytes`. A raw NUL, which no JSON may have, is left out."""
    return document.decode().replace("\0", "")


Work = Callable[[HotConnection], Result]


class WholeCursor:
    """A cursor that makes one trip for a statement, its rows and its end, where the driver's makes four.

    It has what SQLAlchemy uses of a cursor whose rows are all fetched.
    """

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread
        self._rows: list[Row] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        """Executes a statement and fetches its rows."""
        await self._thread.execute_whole(self._do, "execute", sql, parameters)

    async def executemany(self, sql: str, parameters: Any) -> None:
        """Executes a statement for each set of parameters."""
        await self._thread.execute_whole(self._do, "executemany", sql, parameters)

    async def fetchall(self) -> list[Row]:
        """The rows, which are here already."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """It is closed already."""

    def _do(self, connection: sqlite3.Connection, how: str, sql: str, parameters: Any) -> None:
        with closing(connection.cursor()) as cursor:
            getattr(cursor, how)(sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid


class SqliteThread(aiosqlite.Connection):
    """An SQLite connection whose thread also runs a whole function at once."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True  # one that was not closed must not keep the process alive

    def cursor(self) -> WholeCursor:  # type: ignore[override]  # the driver's is made by a trip of its own
        """A cursor for SQLAlchemy."""
        return WholeCursor(self)

    async def execute_whole(self, do: Callable[..., None], *arguments: Any) -> None:
        """Runs `do(connection, ...)` in the thread."""
        await self._execute(do, self._conn, *arguments)  # type: ignore[no-untyped-call]

    async def run(self, work: Work[Result], *, begin: str | None = None) -> Result:
        """What `work` answers; in a transaction of its own where `begin` says how it starts.

        Raises what SQLAlchemy makes of the driver's errors.
        """

        def over_there() -> Result:
            assert self._connection is not None
            hot = HotConnection(_runner(self._connection), is_sqlite=True)
            return work(hot) if begin is None else _in_transaction(self._connection, begin, work, hot)

        try:
            result: Result = await self._execute(over_there)  # type: ignore[no-untyped-call]
        except sqlite3.Error as error:
            raise _wrapped(error, sqlite3.Error) from error
        return result


def _runner(connection: sqlite3.Connection) -> Callable[[str, dict[str, Any]], list[Row]]:
    return lambda sql, parameters: connection.execute(sql, parameters).fetchall()


def _in_transaction(
    connection: sqlite3.Connection, begin: str, work: Work[Result], hot: HotConnection
) -> Result:
    connection.execute(begin)
    try:
        result = work(hot)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return result


def _wrapped(error: Exception, base: type[Exception], *, was_cut: bool = False) -> BaseException:
    """What SQLAlchemy makes of a driver's error."""
    wrapped: BaseException = DBAPIError.instance(
        "a batch", None, error, base, hide_parameters=True, connection_invalidated=was_cut
    )
    return wrapped


async def in_one_trip(connection: AsyncConnection, work: Work[Result]) -> Result:
    """Runs a plain function on a connection whose transaction is open already, and leaves it open."""
    if connection.dialect.name == "sqlite":
        return await (await sqlite_thread(connection)).run(work)
    return await connection.run_sync(lambda plain: work(_on_postgres(plain)))


async def sqlite_thread(connection: AsyncConnection) -> SqliteThread:
    """The driver's own connection."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert isinstance(raw, SqliteThread)
    return raw


def _on_postgres(connection: Connection) -> HotConnection:
    """Straight to the driver: SQLAlchemy's results would cost as much as the statements."""
    raw: psycopg.AsyncConnection[Row] = connection.connection.driver_connection  # type: ignore[assignment]

    def run(sql: str, parameters: dict[str, Any]) -> list[Row]:
        try:
            cursor = await_only(raw.execute(sql, parameters))
            return await_only(cursor.fetchall()) if cursor.description else []
        except psycopg.Error as error:
            if raw.broken:
                connection.invalidate(error)
            raise _wrapped(error, psycopg.Error, was_cut=raw.broken) from error

    return HotConnection(run, is_sqlite=False)
