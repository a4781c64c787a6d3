"""`botyard grant` and `botyard revoke`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select
from tests.cli.conftest import Command, botyard
from tests.features.billing.stock import meet, stock

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.billing.models import Payment
from botyard.features.billing.service import granting
from botyard.jobs.models import Job

__all__ = ["botyard"]

ANA = "1001"


def test_time_is_given_and_ended(botyard: Command, database_url: str) -> None:
    address = {"BOTYARD_DATABASE_URL": database_url.replace("+aiosqlite", "").replace("+psycopg", "")}

    async def open_shop() -> None:
        database, now = Database(database_url), SystemClock().now()
        await stock(database, now)
        await meet(database, int(ANA), now)
        await database.aclose()

    async def kept() -> tuple[list[Payment], list[str]]:
        database = Database(database_url)
        async with database.reading() as session:
            rows = list(await session.scalars(select(Payment).order_by(Payment.id)))
            jobs = [job.name for job in await session.scalars(select(Job).order_by(Job.id))]
        await database.aclose()
        return rows, jobs

    asyncio.run(open_shop())
    nothing = botyard("grant", ANA, "gold-1m", "--reason", "  ", **address)
    assert (nothing.status, "A reason is missing" in nothing.err) == (1, True)
    assert botyard("grant", ANA, "gold-1m", **address).status == 2
    assert "no member is known as 5" in botyard("grant", "5", "gold-1m", "--reason", "x", **address).err
    assert "There is no plan x" in botyard("grant", ANA, "x", "--reason", "x", **address).err

    given = botyard("grant", ANA, "gold-1m", "--days", "7", "--reason", "a friend", **address)
    assert given.status == 0, given.err
    assert given.out.startswith("Ana (1001) has Gold, 1 month until 20")
    again = botyard("grant", ANA, "gold-1m", "--reason", "a friend", **address)
    assert again.status == 0, again.err
    ended = botyard("revoke", ANA, "gold", "--reason", "no friend", **address)
    assert ended.out == "Gold, 1 month of Ana (1001) has ended.\n"
    assert "does not have gold" in botyard("revoke", ANA, "gold", "--reason", "no friend", **address).err

    rows, jobs = asyncio.run(kept())
    assert [(row.kind.value, row.days, row.months, row.reason) for row in rows] == [
        ("grant", 7, None, "a friend"),
        ("grant", None, 1, "a friend"),
        ("adjustment", None, None, "no friend"),
    ]
    assert rows[2].at - rows[0].at < timedelta(minutes=5)
    assert jobs.count(granting.TELL) == 3
