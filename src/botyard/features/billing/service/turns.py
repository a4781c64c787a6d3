"""Who changes the catalog takes turns: of two at once neither would see what the other writes."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

CATALOG_LOCK = 8_103_441_207
"""The catalog's advisory lock on PostgreSQL; a number that nothing else locks."""


async def one_at_a_time(session: AsyncSession) -> None:
    """Until this transaction ends, whoever else changes the catalog waits.

    SQLite has one writer, which this session is from its first statement on.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(CATALOG_LOCK)))
