"""A broadcast that waits for somebody's yes: a second admin's, or of who scheduled one that is overdue."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts import audience as audiences
from botyard.features.broadcasts.models import STATE_WORDS, Broadcast, BroadcastState, RecipientState
from botyard.features.broadcasts.service import drafts, life, tallies
from botyard.features.broadcasts.service.drafts import WrongMoment
from botyard.ids import BotId, UserId
from botyard.members import two_person
from botyard.members.audit import Actor
from botyard.members.two_person import Other

ASKING = (BroadcastState.ASKING, BroadcastState.ASKING_AGAIN)


def waits_for_second(broadcast: Broadcast) -> bool:
    """Whether it waits for a second admin; else, if it asks, for who scheduled it."""
    is_for_start = broadcast.state is BroadcastState.ASKING and broadcast.started_at is not None
    return is_for_start or broadcast.state is BroadcastState.ASKING_AGAIN


def is_asked(broadcast: Broadcast, stamp: int) -> bool:
    """Whether the question of this stamp is still open. One that was changed or started anew asks anew."""
    return broadcast.state in ASKING and broadcast.driver == stamp


def starter_of(broadcast: Broadcast) -> UserId | None:
    """Who wants it: who started or scheduled it, or changed its text since; None if nobody is known."""
    is_reworded = broadcast.state is not BroadcastState.ASKING and broadcast.reworded_by is not None
    wants = broadcast.reworded_by if is_reworded else broadcast.started_by
    return UserId(wants) if wants else None


def authors_of(broadcast: Broadcast) -> Collection[UserId]:
    """Whose yes is not a second one. Nobody, where it was made and started on the command line.

    A text that was changed after the start is its author's: who began the rest is another pair of eyes.
    """
    if broadcast.state is BroadcastState.ASKING:
        wanted = [broadcast.created_by, broadcast.started_by, broadcast.reworded_by]
    else:
        wanted = [broadcast.reworded_by]
    return {UserId(each) for each in wanted if each}


def may_agree(broadcast: Broadcast, user_id: UserId) -> bool:
    """Whether this admin's yes would do."""
    return not waits_for_second(broadcast) or user_id not in authors_of(broadcast)


async def too_many(session: AsyncSession, broadcast: Broadcast, above: int | None, now: datetime) -> int:
    """How many it would go to, if that is too many for one admin and no second has agreed; else 0.

    At its first step, with nobody written down yet; and again if its text was changed after that: then
    all whom it is for count, also those who have got the old text.
    """
    if above is None or not await needs_second(session, broadcast, above, now):
        return 0
    if broadcast.state is BroadcastState.RUNNING:
        return (await tallies.by_state(session, broadcast.id))[RecipientState.PENDING]
    return await session.scalar(select(func.count()).select_from(_members(broadcast, now).subquery())) or 0


async def needs_second(session: AsyncSession, broadcast: Broadcast, above: int | None, now: datetime) -> bool:
    """Whether that is so; cheap, whatever the audience. To be asked right after a start or a resumption."""
    if above is None or broadcast.approved_by is not None:
        return False
    if broadcast.state is BroadcastState.RUNNING and broadcast.reworded_by is not None:
        return two_person.needs_second(broadcast.size, above)
    if broadcast.state is not BroadcastState.FREEZING or broadcast.frozen_through:
        return False
    some = _members(broadcast, now).limit(above + 1).subquery()
    return two_person.needs_second(await session.scalar(select(func.count()).select_from(some)) or 0, above)


async def wait(
    session: AsyncSession, broadcast: Broadcast, recipients: int, above: int, now: datetime
) -> list[Other]:
    """Has it wait for a second admin; answers who can be asked."""
    if broadcast.state is BroadcastState.RUNNING:
        why = (
            f"Its text was changed after the start, and {recipients} members are still to get it."
            f" It is for more than {above}: a second admin has to say yes."
        )
        state = BroadcastState.ASKING_AGAIN
    else:
        why = f"It goes to {recipients} members, which is more than {above}: a second admin has to say yes."
        state = BroadcastState.ASKING
    broadcast.driven_at = None
    broadcast.state, broadcast.note, broadcast.changed_at = state, why, now
    found = await two_person.others(session, BotId(broadcast.bot_id), authors_of(broadcast), now)
    if not found:
        broadcast.note += (
            " Nobody else is an admin and has a chat with its bot."
            " Give somebody the role, have him press Start there, and start it again."
        )
    drafts.record(session, broadcast, "ask", None, now, recipients=recipients, asked=len(found))
    return found


async def agree(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> None:
    """Starts what waited for this yes, or has it go on. The caller holds its lock.

    Raises `WrongMoment` where nothing waits, `SamePerson`, and `NotReady` for what stands in its way.
    """
    _require_asking(broadcast)
    if not waits_for_second(broadcast):
        await life.start(session, broadcast, by, now)
        return
    two_person.require_other(by.user_id, authors_of(broadcast))
    starter = broadcast.started_by
    if broadcast.state is BroadcastState.ASKING_AGAIN:
        await life.go_on(session, broadcast, by, now)
    else:
        await life.start(session, broadcast, by, now)
    broadcast.started_by, broadcast.approved_by, broadcast.reworded_by = starter, by.user_id, None
    drafts.record(session, broadcast, "approve", by, now)


async def refuse(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> None:
    """Makes what waited for a yes a draft again, or leaves it paused if it had begun.

    Raises `WrongMoment` where nothing waits.
    """
    _require_asking(broadcast)
    if broadcast.state is BroadcastState.ASKING_AGAIN:
        await life.pause(session, broadcast, by, now)
    else:
        drafts.to_draft(broadcast)
    drafts.record(session, broadcast, "refuse", by, now)


def _members(broadcast: Broadcast, now: datetime) -> Select[Any]:
    plan = drafts.plan_of(broadcast)
    return audiences.members(plan.audience, BotId(broadcast.bot_id), plan.topic, now)


def _require_asking(broadcast: Broadcast) -> None:
    if broadcast.state not in ASKING:
        raise WrongMoment(
            f"{broadcast.name} {STATE_WORDS[broadcast.state]}.", remedy="It waits for nobody's yes."
        )
