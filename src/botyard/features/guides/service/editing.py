"""Changing the library: adding, editing, moving, retiring. Every change is in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.guides.models import Guide
from botyard.features.guides.service.drafts import (
    BadGuide,
    Draft,
    Name,
    fields_of,
    folded,
    put_into,
    read_draft,
)
from botyard.features.guides.service.turns import one_at_a_time
from botyard.ids import BotId, UserId
from botyard.members import audit

LAST = 2**30
"""The position of a guide that has none yet: behind all others."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes the library, through which bot and when: what the audit log says of it."""

    user_id: UserId | None
    now: datetime
    bot_id: BotId | None = None

    def note(self, session: AsyncSession, action: str, guide: Guide, **detail: str | int) -> None:
        """Adds a change to the audit log."""
        audit.record(
            session,
            at=self.now,
            action=f"guide.{action}",
            subject=f"guide:{guide.id}",
            actor_id=self.user_id,
            bot_id=self.bot_id,
            title=guide.title,
            **detail,
        )


async def add(session: AsyncSession, fields: Mapping[str, str], editor: Editor) -> Guide:
    """A new guide at the end of its category. Raises `BadGuide`."""
    await one_at_a_time(session)
    draft = await _fitting(session, read_draft(fields), None)
    guide = new_guide(draft, editor.now)
    session.add(guide)
    await session.flush()
    await renumber(session, [guide.category])
    editor.note(session, "add", guide)
    return guide


async def change(session: AsyncSession, guide: Guide, fields: Mapping[str, str], editor: Editor) -> bool:
    """Gives the guide other values in these fields; False if they were its values already. Raises `BadGuide`.

    A url takes the place of a body, and a body that of a url. In another category it comes last.
    """
    await one_at_a_time(session, guide)
    before = fields_of(guide)
    wanted = {**before, **fields}
    for one, other in (("url", "body"), ("body", "url")):
        if fields.get(one, "").strip() and other not in fields:
            wanted[other] = ""
    put_into(guide, await _fitting(session, read_draft(wanted), guide))
    changed = [name for name, value in fields_of(guide).items() if value != before[name]]
    if not changed:
        return False
    if {"category", "active"} & set(changed):
        guide.position = LAST
        await session.flush()
        await renumber(session, {before["category"], guide.category})
    editor.note(session, "edit", guide, fields=", ".join(changed))
    return True


async def move(session: AsyncSession, guide: Guide, place: int, editor: Editor) -> bool:
    """Puts an active guide at a place of its category, from 1; beyond the ends means at the end.

    False if it stood there already.
    """
    await one_at_a_time(session, guide)
    others = [each for each in await _active_in(session, guide.category) if each is not guide]
    before = guide.position
    others.insert(max(0, place - 1), guide)
    for number, each in enumerate(others, start=1):
        each.position = number
    if guide.position == before:
        return False
    editor.note(session, "move", guide, before=before, after=guide.position)
    return True


async def set_active(session: AsyncSession, guide: Guide, editor: Editor, *, active: bool) -> bool:
    """Retires a guide, or offers it again; False if that was so already."""
    await one_at_a_time(session, guide)
    if guide.active is active:
        return False
    guide.active, guide.position = active, LAST
    await session.flush()
    await renumber(session, [guide.category])
    editor.note(session, "restore" if active else "retire", guide)
    return True


def new_guide(draft: Draft, now: datetime, *, key: str = "") -> Guide:
    """A guide made of a draft, not yet in the library and without a place."""
    guide = Guide(key=key or secrets.token_hex(6), position=LAST, created_at=now)
    put_into(guide, draft)
    return guide


async def renumber(session: AsyncSession, categories: Iterable[str]) -> None:
    """Numbers the guides of the categories from 1 in their order, those that are retired last."""
    found = await session.scalars(select(Guide).where(Guide.category.in_(set(categories))))
    places: dict[str, int] = {}
    for guide in sorted(found, key=lambda each: (not each.active, each.position, each.id)):
        places[guide.category] = places.get(guide.category, 0) + 1
        guide.position = places[guide.category]


async def _active_in(session: AsyncSession, category: str) -> list[Guide]:
    found = await session.scalars(
        select(Guide)
        .where(Guide.category == category, Guide.active.is_(True))
        .order_by(Guide.position, Guide.id)
    )
    return list(found)


async def _fitting(session: AsyncSession, draft: Draft, guide: Guide | None) -> Draft:
    """The draft with its category spelled as the library has it. Raises `BadGuide` for a guide's double."""
    others = [each for each in await session.scalars(select(Guide)) if each is not guide]
    draft = respelled(draft, {folded(each.category): each.category for each in others})
    double = next((each for each in others if name_of(each) == name_of(draft)), None)
    if double is not None:
        state = "" if double.active else ", which is retired"
        problem = (
            f"{draft.category} already has a guide of this title in {draft.language}: {double.id}{state}."
        )
        raise BadGuide(("title", problem))
    return draft


def respelled(draft: Draft, spellings: Mapping[str, str]) -> Draft:
    """The draft in the category of that name that is there already, whatever the case of its letters."""
    return replace(draft, category=spellings.get(folded(draft.category), draft.category))


def name_of(guide: Guide | Draft) -> Name:
    """What tells guides apart for people: title, category and language."""
    return folded(guide.title), folded(guide.category), guide.language
