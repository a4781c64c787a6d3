"""Days that are given for a friend's first payment, once, and taken back with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Direction, Kind, Source
from botyard.features.billing.service import ledger
from botyard.features.billing.service.entitling import Entry, key_of, left_of
from botyard.features.billing.service.ledger import About
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.money import Money

NOTHING = Money(0, "XTR")


@dataclass(frozen=True, slots=True)
class Bought:
    """A payment that bought a plan, and whether all of it was returned."""

    plan: str
    pack: str
    at: datetime
    is_returned: bool


@dataclass(frozen=True, slots=True)
class DaysGift:
    """So many days of a plan for `to`, because of `friend`: his name is what makes it one of its kind."""

    to: UserId
    friend: UserId
    bot_id: BotId
    days: int
    plan: str
    pack: str


async def has_paid(session: AsyncSession, user_id: UserId) -> bool:
    """Whether the member has ever paid anything, or was ever given something."""
    return bool(await ledger.rows_of(session, user_id))


async def bought(session: AsyncSession, user_id: UserId, payment_id: int) -> Bought | None:
    """What a payment of the member's bought; None where it bought nothing, or is not his."""
    rows = await ledger.rows_of(session, user_id)
    found = next((row for row in rows if row.id == payment_id), None)
    if found is None or found.plan is None or found.pack is None:
        return None
    left = left_of(map(ledger.entry_of, rows), key_of(found.source, found.external_id))
    return Bought(found.plan, found.pack, found.at, is_returned=not left)


async def give_days(session: AsyncSession, facts: Facts, gift: DaysGift, now: datetime) -> bool:
    """Writes the gift into the ledger; False if it is there already."""
    entry = Entry(
        kind=Kind.GRANT,
        source=Source.REFERRAL,
        direction=Direction.IN,
        external_id=_name(gift.friend),
        money=NOTHING,
        at=now,
        plan=gift.plan,
        pack=gift.pack,
        days=gift.days,
    )
    about = About(user_id=gift.to, bot_id=gift.bot_id, reason=f"user {gift.friend} bought {gift.plan}")
    return await ledger.record(session, facts, entry, about, now) is not None


async def take_days_back(
    session: AsyncSession, facts: Facts, to: UserId, friend: UserId, now: datetime
) -> bool:
    """Takes the days of a gift back, those and no others; False if that was done, or there was none."""
    if await ledger.find(session, Source.REFERRAL, _name(friend)) is None:
        return False
    entry = Entry(
        kind=Kind.ADJUSTMENT,
        source=Source.REFERRAL,
        direction=Direction.OUT,
        external_id=_name(friend),
        money=NOTHING,
        at=now,
        refers_to=key_of(Source.REFERRAL, _name(friend)),
    )
    about = About(user_id=to, reason=f"the payment of user {friend} was returned")
    return await ledger.record(session, facts, entry, about, now) is not None


def _name(friend: UserId) -> str:
    return f"referral:{friend}"
