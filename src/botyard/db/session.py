"""Transactions: the one place where work is begun and committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from botyard.db.batcher import TransactionQueue
from botyard.db.engine import PASSES_GATE, is_sqlite, open_engines, sqlite_connection
from botyard.db.hot import SqliteThread, Work, in_one_trip, sqlite_thread

Result = TypeVar("Result")


class Database:
    """One database: a writer (a single connection on SQLite) and readers."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = is_sqlite(url)
        self._engines = open_engines(url)
        self._sqlite_writes = TransactionQueue(self.write_batch, shared=True)
        self._sqlite_reads = TransactionQueue(self.read_batch, shared=True)
        self._url = url
        self._sqlite_reader: SqliteThread | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: commits at the end, rolls back on an error."""
        async with self._engines.writes.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for reads; nothing it does is kept."""
        async with self._engines.reads.connect() as connection:
            yield connection

    def writes(self) -> TransactionQueue:
        """Where a `Batcher` that writes queues.

        On SQLite, with its one writer, all share one queue and so their transactions. On PostgreSQL each has
        its own: none waits for a row that another has to wait for.
        """
        return self._sqlite_writes if self.is_sqlite else TransactionQueue(self.write_batch, shared=False)

    def reads(self) -> TransactionQueue:
        """Where a `Batcher` that only reads queues."""
        return self._sqlite_reads if self.is_sqlite else TransactionQueue(self.read_batch, shared=False)

    async def write_batch(self, work: Work[Result]) -> Result:
        """A write transaction for hot paths: one plain function, in one trip to the database."""
        if self.is_sqlite:
            return await self._write_on_sqlite(work)
        async with self._engines.writes.begin() as connection:
            return await in_one_trip(connection, work)

    async def _write_on_sqlite(self, work: Work[Result]) -> Result:
        asking = PASSES_GATE.set(True)
        try:
            async with self._engines.writes.connect() as connection:
                return await (await sqlite_thread(connection)).run(work, begin="BEGIN IMMEDIATE")
        finally:
            PASSES_GATE.reset(asking)

    async def read_batch(self, work: Work[Result]) -> Result:
        """Reads for hot paths: one plain function, in one trip to the database. Nothing it does is kept."""
        if self.is_sqlite:
            return await (await self._open_sqlite_reader()).run(work)
        async with self._engines.reads.connect() as connection:
            return await in_one_trip(connection, work)

    async def _open_sqlite_reader(self) -> SqliteThread:
        async with self._opening:
            if self._sqlite_reader is None:
                opened = sqlite_connection(self._url)
                await opened
                self._sqlite_reader = opened
        return self._sqlite_reader

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A unit of work for features: commits at the end, rolls back on an error."""
        async with self.new_session() as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads; nothing it does is kept."""
        async with AsyncSession(self._engines.session_reads, expire_on_commit=False) as session:
            yield session

    def new_session(self) -> AsyncSession:
        """A write session that connects at its first statement. Whoever asks for it also ends it."""
        return AsyncSession(self._engines.sessions, expire_on_commit=False)

    async def aclose(self) -> None:
        """Closes every connection."""
        if self._sqlite_reader is not None:
            await self._sqlite_reader.close()
        await self._engines.dispose()
