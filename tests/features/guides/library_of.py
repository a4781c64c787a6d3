"""A small library to test with."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.support.running import Running

from botyard.features.guides.models import Guide, GuideMark
from botyard.features.guides.service import editing
from botyard.features.guides.service.editing import Editor
from botyard.ids import UserId

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ADMIN = Editor(UserId(1001), NOW)


async def add(session: AsyncSession, title: str, category: str = "Basics", **fields: str) -> Guide:
    """Adds a guide with a link, or with the `body` that is given."""
    if "body" not in fields:
        fields.setdefault("url", f"https://telegra.ph/{title.encode().hex()}")
    return await editing.add(session, {"title": title, "category": category, **fields}, ADMIN)


async def id_of(house: Running, title: str) -> int:
    """The number of the guide with this title."""
    async with house.database.reading() as session:
        return (await session.scalars(select(Guide.id).where(Guide.title == title))).one()


async def mark_of(house: Running, user_id: int, title: str) -> GuideMark | None:
    """What a member did with the guide of this title."""
    async with house.database.reading() as session:
        return await session.get(GuideMark, (user_id, await id_of(house, title)))
