"""Connections that break, as when the server restarts."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from botyard.db.hot import HotStatement
from botyard.db.session import Database

ANYTHING = HotStatement("SELECT 1")
OTHERS_OUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def read_twice_at_once(database: Database) -> None:
    async with database.read() as one, database.read() as other:
        await one.execute(text("SELECT 1"))
        await other.execute(text("SELECT 1"))


async def test_a_restart_breaks_one_use_and_not_one_for_each_connection(postgres_url: str) -> None:
    """In less time than an idle connection needs to be tried before its use."""
    address = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    database = Database(postgres_url)
    await read_twice_at_once(database)
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
    with psycopg.connect(address, autocommit=True) as administrator:
        administrator.execute(OTHERS_OUT)
    with pytest.raises(OperationalError):
        await database.write_batch(lambda hot: hot.execute(ANYTHING))
    await read_twice_at_once(database)
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
    await database.aclose()
