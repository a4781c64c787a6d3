"""Group commit: what many tasks hand in at the same time is written in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.session import Database

Item = TypeVar("Item")
Result = TypeVar("Result")

Write = Callable[[AsyncConnection, Sequence[Item]], Awaitable[Sequence[Result]]]


class GroupCommit(Generic[Item, Result]):
    """Writes batches one after another; a batch is all that came while the one before was written.

    So a quiet service commits at once and a busy one in large batches, without any fixed wait.
    """

    def __init__(self, database: Database, write: Write[Item, Result], *, most: int = 500) -> None:
        """`write` gets a connection in a transaction and up to `most` items; it answers a result for each."""
        self._database = database
        self._write = write
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """The item's result, once the commit that holds it is durable. Raises what the database raised."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="group commit")
        return await done

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                # who gave up before his turn was told so, and offers it again
                await self._write_batch([entry for entry in batch if not entry[1].done()])
        finally:
            self._flushing = None

    async def _write_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        if not batch:
            return
        try:
            async with self._database.begin() as connection:
                results = await self._write(connection, [item for item, _ in batch])
        except (DataError, IntegrityError) as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            for single in batch:  # one bad item must cost its neighbours nothing
                await self._write_batch([single])
        except Exception as error:  # noqa: BLE001 - each waiting task raises it, none is lost
            _fail(batch, error)
        else:
            for (_, done), result in zip(batch, results, strict=True):
                if not done.done():
                    done.set_result(result)


def _fail(batch: Sequence[tuple[object, asyncio.Future[Result]]], error: Exception) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)
