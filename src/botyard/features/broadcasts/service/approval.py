"""A broadcast that waits for somebody's yes: a second admin's, or of who scheduled one that is overdue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts import audience as audiences
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.service import drafts, life
from botyard.features.broadcasts.service.drafts import WrongMoment
from botyard.ids import BotId, UserId
from botyard.members import two_person
from botyard.members.audit import Actor
from botyard.members.two_person import Other


def waits_for_second(broadcast: Broadcast) -> bool:
    """Whether it waits for a second admin; else, if it asks, for who scheduled it."""
    return broadcast.state is BroadcastState.ASKING and broadcast.started_at is not None


def is_asked(broadcast: Broadcast, stamp: int) -> bool:
    """Whether the question of this stamp is still open. One that was changed or started anew asks anew."""
    return broadcast.state is BroadcastState.ASKING and broadcast.driver == stamp


def starter_of(broadcast: Broadcast) -> UserId | None:
    """Who started or scheduled it, if anybody has."""
    return None if broadcast.started_by is None else UserId(broadcast.started_by)


async def too_many(session: AsyncSession, broadcast: Broadcast, above: int | None, now: datetime) -> int:
    """How many it would go to, if that is too many for one admin and no second has agreed; else 0.

    For one whose first step is yet to be made: nobody is written down, so nothing has begun.
    """
    is_at_start = broadcast.state is BroadcastState.FREEZING and not broadcast.frozen_through
    if above is None or broadcast.approved_by is not None or not is_at_start:
        return 0
    plan = drafts.plan_of(broadcast)
    found = audiences.members(plan.audience, BotId(broadcast.bot_id), plan.topic, now)
    # above the limit once is enough: only those who do reach it are counted to the last
    first = await session.scalar(select(func.count()).select_from(found.limit(above + 1).subquery())) or 0
    if not two_person.needs_second(first, above):
        return 0
    return await session.scalar(select(func.count()).select_from(found.subquery())) or 0


async def wait(
    session: AsyncSession, broadcast: Broadcast, recipients: int, above: int, now: datetime
) -> list[Other]:
    """Has it wait for a second admin; answers who can be asked."""
    found = await two_person.others(session, BotId(broadcast.bot_id), starter_of(broadcast), now)
    why = f"It goes to {recipients} members, which is more than {above}: a second admin has to say yes."
    if not found:
        why += (
            " Nobody else is an admin and has a chat with its bot."
            " Give somebody the role, have him press Start there, and start it again."
        )
    broadcast.driven_at = None
    life.ask(broadcast, why, now)
    drafts.record(session, broadcast, "ask", None, now, recipients=recipients, asked=len(found))
    return found


async def agree(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> None:
    """Starts what waited for this yes. The caller holds its lock.

    Raises `WrongMoment` where nothing waits, `SamePerson`, and `NotReady` for what stands in its way.
    """
    _require_asking(broadcast)
    if not waits_for_second(broadcast):
        await life.start(session, broadcast, by, now)
        return
    starter = starter_of(broadcast)
    two_person.require_other(by.user_id, starter)
    await life.start(session, broadcast, by, now)
    broadcast.started_by, broadcast.approved_by = starter, by.user_id
    drafts.record(session, broadcast, "approve", by, now)


async def refuse(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> None:
    """Makes what waited for a yes a draft again. Raises `WrongMoment` where nothing waits."""
    _require_asking(broadcast)
    drafts.to_draft(broadcast)
    drafts.record(session, broadcast, "refuse", by, now)


def _require_asking(broadcast: Broadcast) -> None:
    if broadcast.state is not BroadcastState.ASKING:
        raise WrongMoment(f"{broadcast.name} is {broadcast.state}.", remedy="It waits for nobody's yes.")
