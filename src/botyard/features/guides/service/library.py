"""The library as members see it: categories, lists, searches, and each member's own marks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.errors import BotyardError
from botyard.features.guides.models import Guide, GuideMark
from botyard.features.guides.service.drafts import folded
from botyard.ids import UserId

GuideId = NewType("GuideId", int)
CategoryKey = NewType("CategoryKey", str)
"""Stands for a category where its name would be too long: the beginning of the name's hash."""

LARGEST_ID = 2**31
"""A larger number in a button was never ours, and SQLite would not even take it."""


class NoSuchGuide(BotyardError):
    """There is no guide of this number."""


@dataclass(frozen=True, slots=True)
class Category:
    """A category, and how many guides it offers."""

    name: str
    guides: int

    @property
    def key(self) -> CategoryKey:
        """What stands for it in a button."""
        return CategoryKey(hashlib.sha256(self.name.encode()).hexdigest()[:8])


@dataclass(frozen=True, slots=True)
class Figures:
    """What all members together did with a guide."""

    views: int = 0
    viewers: int = 0
    reads: int = 0
    saves: int = 0
    done: int = 0


async def categories(session: AsyncSession) -> list[Category]:
    """The categories that offer guides, by name."""
    rows = await session.execute(
        select(Guide.category, func.count()).where(Guide.active.is_(True)).group_by(Guide.category)
    )
    return sorted((Category(name, count) for name, count in rows), key=lambda each: folded(each.name))


def some_names(known: Sequence[Category], most: int = 20) -> str:
    """The names of categories, of very many only the first: a message has room for no more."""
    names = [each.name for each in known]
    return ", ".join(names if len(names) <= most else [*names[:most], f"and {len(names) - most} more"])


async def category_of(session: AsyncSession, key: str) -> Category | None:
    """The category that a button stands for; None if it offers nothing any more."""
    return next((each for each in await categories(session) if each.key == key), None)


async def guides_in(session: AsyncSession, category: str, language: str | None) -> list[Guide]:
    """The guides that a category offers, in its order, those in the reader's language first."""
    found = await session.scalars(
        select(Guide)
        .where(Guide.category == category, Guide.active.is_(True))
        .order_by(Guide.position, Guide.id)
    )
    return _own_language_first(found, language)


async def search(session: AsyncSession, words: str, language: str | None) -> list[Guide]:
    """The guides that have all of these words, or parts of words, in title, description, category or tags."""
    has_all = [Guide.searchable.contains(word, autoescape=True) for word in folded(words).split()]
    found = await session.scalars(
        select(Guide)
        .where(Guide.active.is_(True), *has_all)
        .order_by(Guide.category, Guide.position, Guide.id)
    )
    return _own_language_first(found, language)


async def saved_by(session: AsyncSession, user_id: UserId) -> list[Guide]:
    """The guides that a member saved, latest first."""
    found = await session.scalars(
        select(Guide)
        .join(GuideMark, GuideMark.guide_id == Guide.id)
        .where(GuideMark.user_id == user_id, GuideMark.saved_at.is_not(None), Guide.active.is_(True))
        .order_by(GuideMark.saved_at.desc(), Guide.id)
    )
    return list(found)


def _own_language_first(guides: Iterable[Guide], language: str | None) -> list[Guide]:
    wanted = (language or "en").lower().partition("-")[0]
    return sorted(guides, key=lambda each: each.language.partition("-")[0] != wanted)


async def find(session: AsyncSession, guide_id: int) -> Guide:
    """The guide, retired ones too. Raises `NoSuchGuide`."""
    guide = await session.get(Guide, guide_id) if 0 < guide_id < LARGEST_ID else None
    if guide is None:
        raise NoSuchGuide(f"There is no guide {guide_id}.", remedy="/guide lists them all.")
    return guide


async def all_guides(session: AsyncSession) -> Sequence[Guide]:
    """Every guide, retired ones too: by category, then in its order."""
    found = await session.scalars(select(Guide).order_by(Guide.position, Guide.id))
    return sorted(found, key=lambda each: folded(each.category))


# marks


async def mark_of(session: AsyncSession, guide: Guide, user_id: UserId) -> GuideMark:
    """The member's marks on a guide, for changing: an empty one where he has none yet."""
    values = {"user_id": user_id, "guide_id": guide.id, "views": 0, "reads": 0}
    await session.execute(insert_new(session.get_bind().dialect, GuideMark).values(values))
    return await session.get_one(GuideMark, (user_id, guide.id), with_for_update=True)


async def view(session: AsyncSession, guide: Guide, user_id: UserId, now: datetime) -> GuideMark:
    """Counts that a member opened a guide's card."""
    mark = await mark_of(session, guide, user_id)
    mark.views, mark.last_viewed_at = mark.views + 1, now
    return mark


async def read(session: AsyncSession, guide: Guide, user_id: UserId) -> GuideMark:
    """Counts that a member began to read a guide's text."""
    mark = await mark_of(session, guide, user_id)
    mark.reads += 1
    return mark


async def save(
    session: AsyncSession, guide: Guide, user_id: UserId, now: datetime, *, saved: bool
) -> GuideMark:
    """Saves a guide for a member, or no longer. Said twice, it is as said once."""
    mark = await mark_of(session, guide, user_id)
    mark.saved_at = (mark.saved_at or now) if saved else None
    return mark


async def finish(
    session: AsyncSession, guide: Guide, user_id: UserId, now: datetime, *, done: bool
) -> GuideMark:
    """Notes that a member is done with a guide, or not. Said twice, it is as said once."""
    mark = await mark_of(session, guide, user_id)
    mark.done_at = (mark.done_at or now) if done else None
    return mark


async def figures(session: AsyncSession) -> dict[GuideId, Figures]:
    """What members did, by guide; a guide that nobody opened is not in it."""
    rows = await session.execute(
        select(
            GuideMark.guide_id,
            func.sum(GuideMark.views),
            func.count(GuideMark.last_viewed_at),
            func.sum(GuideMark.reads),
            func.count(GuideMark.saved_at),
            func.count(GuideMark.done_at),
        ).group_by(GuideMark.guide_id)
    )
    return {
        GuideId(guide_id): Figures(int(views), viewers, int(reads), saves, done)
        for guide_id, views, viewers, reads, saves, done in rows
    }
