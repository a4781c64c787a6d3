"""Who changes the library takes turns: no constraint of the database knows which guides are doubles."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.guides.models import Guide

LIBRARY_LOCK = 8_103_441_206
"""The library's advisory lock on PostgreSQL; a number that nothing else locks."""


async def one_at_a_time(session: AsyncSession, guide: Guide | None = None) -> None:
    """Until this transaction ends, whoever else changes the library waits. The guide is then as it is now.

    SQLite has one writer, which this session is from its first statement on.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(LIBRARY_LOCK)))
    if guide is not None:
        await session.flush()  # what this session itself has changed is no news
        await session.refresh(guide)
