"""Fixtures: delivery with its outbox and its Telegram, on both databases or on SQLite alone."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator

import pytest
from tests.delivery.delivering import Post, post_office

from botyard.db.session import Database


@pytest.fixture(scope="session", autouse=True)
def no_long_pauses() -> None:
    """The sandbox's models are a million objects: a collection that visits them stops all for 0.3 s."""
    gc.collect()
    gc.freeze()


@pytest.fixture
async def post(database: Database) -> AsyncIterator[Post]:
    """A bot, its outbox and its Telegram, on each database in turn."""
    async with post_office(database) as opened:
        yield opened


@pytest.fixture
async def sqlite_post(sqlite_url: str) -> AsyncIterator[Post]:
    """The same on SQLite alone: for what takes seconds and does not depend on the database."""
    database = Database(sqlite_url)
    async with post_office(database) as opened:
        yield opened
    await database.aclose()
