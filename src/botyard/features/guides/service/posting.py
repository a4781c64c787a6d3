"""Which guides are posted next: those that were posted longest ago, so that each has its turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.guides.models import Guide
from botyard.features.guides.service import library
from botyard.features.guides.service.drafts import folded


class NothingToPost(BotyardError):
    """There is no guide to post, or no such category."""


async def category_named(session: AsyncSession, name: str) -> str:
    """The category of this name, in any case of letters, as it is spelled. Raises `NothingToPost`."""
    known = await library.categories(session)
    found = next((each.name for each in known if folded(each.name) == folded(name)), None)
    if found is None:
        there = library.some_names(known) or "none yet"
        raise NothingToPost(f"No category {name} offers guides.", remedy=f"Categories: {there}.")
    return found


async def take_turn(session: AsyncSession, category: str | None, most: int, now: datetime) -> Sequence[Guide]:
    """The guides whose turn it is, and notes that they had it. Raises `NothingToPost`."""
    query = select(Guide).where(Guide.active.is_(True))
    if category is not None:
        query = query.where(Guide.category == category)
    query = query.order_by(
        Guide.last_posted_at.is_not(None), Guide.last_posted_at, Guide.category, Guide.position, Guide.id
    )
    guides = (await session.scalars(query.limit(most))).all()
    if not guides:
        raise NothingToPost("There is no guide to post.", remedy="Add one with /guide add.")
    for number, guide in enumerate(guides):
        # apart by a microsecond each: of those posted together the first has its next turn first
        guide.last_posted_at = now + timedelta(microseconds=number)
    return guides
