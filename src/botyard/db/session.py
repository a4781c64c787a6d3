"""Transactions: the one place where work is begun and committed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from botyard.db.engine import is_sqlite, reader_engine, writer_engine


class Database:
    """One database: a writer (a single connection on SQLite) and readers."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = is_sqlite(url)
        self._writer = writer_engine(url)
        self._reader = reader_engine(url) if self.is_sqlite else self._writer

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction for hot paths: commits at the end, rolls back on an error."""
        async with self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for hot reads; nothing it does is kept."""
        async with self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A unit of work for features: commits at the end, rolls back on an error."""
        async with self.new_session() as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads; nothing it does is kept."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    def new_session(self) -> AsyncSession:
        """A write session that connects at its first statement. Whoever asks for it also ends it."""
        return AsyncSession(self._writer, expire_on_commit=False)

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._writer.dispose()
        await self._reader.dispose()
