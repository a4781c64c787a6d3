"""When a plan gives something else, those who have it get that too: in bounded steps, after the change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.service import ledger
from botyard.ids import UserId
from botyard.jobs.facts import EntitlementsChanged, Facts
from botyard.jobs.queue import enqueue
from botyard.members.entitlements import EntitlementRow
from botyard.members.models import User

JOB = "billing.reproject"
LOOKED_AT = 2000
"""So many members with entitlements a step looks at."""
DONE_AT_ONCE = 50
"""For so many of them a step works out anew what they have: nobody waits long for the database."""


async def begin(session: AsyncSession, plan: str, now: datetime) -> None:
    """Queues the work for a plan that was changed in this transaction."""
    await enqueue(session, JOB, {"plan": plan, "after": 0}, now)


async def step(session: AsyncSession, facts: Facts, plan: str, after: int, now: datetime) -> None:
    """Works out anew what the next members have, tells of it, and queues the rest."""
    looked = await _next(session, after)
    found = await _who_have(session, plan, looked)
    for user_id in found:
        await session.execute(select(User.id).where(User.id == user_id).with_for_update())
        await ledger.entitle(session, user_id)
        await facts.tell(session, EntitlementsChanged(user_id), now)
    if len(found) == DONE_AT_ONCE:
        await enqueue(session, JOB, {"plan": plan, "after": found[-1]}, now)
    elif len(looked) == LOOKED_AT:
        await enqueue(session, JOB, {"plan": plan, "after": looked[-1]}, now)


async def _next(session: AsyncSession, after: int) -> Sequence[int]:
    found = await session.scalars(
        select(EntitlementRow.user_id)
        .where(EntitlementRow.user_id > after)
        .group_by(EntitlementRow.user_id)
        .order_by(EntitlementRow.user_id)
        .limit(LOOKED_AT)
    )
    return found.all()


async def _who_have(session: AsyncSession, plan: str, users: Sequence[int]) -> list[UserId]:
    """Of these members the first who have, had or will have the plan."""
    if not users:
        return []
    found = await session.scalars(
        select(EntitlementRow.user_id)
        .where(
            EntitlementRow.user_id >= users[0],
            EntitlementRow.user_id <= users[-1],
            EntitlementRow.plan == plan,
        )
        .distinct()
        .order_by(EntitlementRow.user_id)
        .limit(DONE_AT_ONCE)
    )
    return [UserId(each) for each in found]
