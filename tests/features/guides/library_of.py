"""A small library to test with."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.guides.models import Guide
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
