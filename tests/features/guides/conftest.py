"""One running service for all tests of a module, and a small library in it."""

from __future__ import annotations

import pytest_asyncio
from sqlalchemy import delete
from tests.features.guides.library_of import add
from tests.members.conftest import house
from tests.support.outcomes import told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.features.guides.models import Guide, GuideMark
from botyard.members.models import AuditEntry

__all__ = ["house"]


@pytest_asyncio.fixture(loop_scope="module")
async def shop(house: Running) -> Running:
    """The running service with a library of three categories."""
    for user_id in (OWNER, PAUL, ANA):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        for table in (GuideMark, Guide, AuditEntry):
            await session.execute(delete(table))
        await add(session, "First steps", tags="start", description="What to set up <first>\nand then")
        await add(session, "Second steps", url="https://example.com/second?a=1&b=2")
        for number in range(14):
            await add(session, f"Trick {number:02}", "Tricks & tips")
        paragraphs = "\n\n".join(f"<b>Part {number}</b>\n{'word ' * 300}" for number in range(6))
        await add(session, "A long read", "Книги", body=paragraphs, language="ru")
    return house
