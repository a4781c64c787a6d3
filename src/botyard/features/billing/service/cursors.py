"""How far the other side's books were read, so that the next comparison goes on from there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import upsert
from botyard.features.billing.models import Cursor


async def position(session: AsyncSession, name: str) -> str | None:
    """The place up to which this book was compared, as it was noted; None at first."""
    cursor = await session.get(Cursor, name, populate_existing=True)
    return cursor.position if cursor else None


async def move(session: AsyncSession, name: str, position: str, now: datetime) -> None:
    """Notes the place up to which a book was compared."""
    values = {"name": name, "position": position, "moved_at": now}
    await session.execute(upsert(session.get_bind().dialect, Cursor, key=["name"], values=values))
