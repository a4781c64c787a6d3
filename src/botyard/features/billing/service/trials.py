"""Free days for who never had a pack: once for each member and pack."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.billing.models import Direction, Kind, Payment, Source
from botyard.features.billing.service import ledger
from botyard.features.billing.service.catalog import STARS, Offer
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.members.models import User
from botyard.money import Money


class NoTrial(BotyardError):
    """The member cannot try this: there is no trial, or he has had it."""


async def may_try(session: AsyncSession, user_id: UserId, offer: Offer) -> bool:
    """Whether the plan has a trial, and this member never had its pack: neither tried, bought nor given."""
    if offer.trial_days is None:
        return False
    had = select(Payment.id).where(
        Payment.user_id == user_id, Payment.pack == offer.pack, Payment.direction == Direction.IN
    )
    return await session.scalar(had.limit(1)) is None


async def start(
    session: AsyncSession, facts: Facts, offer: Offer, user_id: UserId, bot_id: BotId, now: datetime
) -> datetime:
    """Gives a member the plan's trial, and returns when that ends. Raises `NoTrial`."""
    if offer.trial_days is None:
        raise NoTrial(f"{offer.title} has no trial.")
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    if not await may_try(session, user_id, offer):
        raise NoTrial("You have had this already: a trial is for who never had it.")
    entry = Entry(
        kind=Kind.GRANT,
        source=Source.TRIAL,
        direction=Direction.IN,
        external_id=f"trial:{user_id}:{offer.pack}",
        money=Money(0, STARS),
        at=now,
        plan=offer.code,
        pack=offer.pack,
        days=offer.trial_days,
    )
    about = About(user_id=user_id, bot_id=bot_id, reason="trial")
    if await ledger.record(session, facts, entry, about, now) is None:
        raise NoTrial("You have had this trial already.")
    return now + timedelta(days=offer.trial_days)
