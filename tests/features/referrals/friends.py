"""Members, their links, and payments of friends: what the tests of referrals share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.session import Database
from botyard.features.billing.models import Direction, Kind, Plan, Source
from botyard.features.billing.service import ledger
from botyard.features.billing.service.entitling import Entry, key_of
from botyard.features.billing.service.ledger import About
from botyard.features.referrals import service
from botyard.features.referrals.service import Verdict
from botyard.ids import BotId, UserId
from botyard.jobs.facts import Facts
from botyard.members import referral_codes
from botyard.members.models import User
from botyard.money import Money
from botyard.telegram.bots import bots

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BOT = BotId(7)
NOBODY_LISTENS = Facts(())
PRICE = Money(1500, "XTR")


async def gather(session: AsyncSession, *members: int) -> None:
    """Members who are known, but have not sent /start yet."""
    if await session.scalar(select(bots.c.id).limit(1)) is None:
        await session.execute(insert(bots).values(id=BOT, name="shop", webhook_secret="s", created_at=NOW))
    person = {"is_premium": False, "role": 0, "created_at": NOW, "seen_at": NOW}
    await session.execute(insert(User), [{"id": each, "first_name": f"N{each}"} | person for each in members])


async def sold(session: AsyncSession, code: str, pack: str) -> None:
    """A plan that is sold."""
    values = {"stars_subscription": False, "stripe_subscription": False, "features": [], "position": 1}
    session.add(
        Plan(
            code=code,
            pack=pack,
            title=f"{pack.title()}, a month",
            description="",
            days=30,
            created_at=NOW,
            changed_at=NOW,
            **values,
        )
    )
    await session.flush()


async def came(database: Database, user_id: int, by: int, at: datetime = NOW) -> Verdict:
    """What becomes of a member who comes by another's link, and sends /start with it."""
    async with database.session() as session:
        code = await referral_codes.code_of(session, UserId(by), at)
        user = await session.get_one(User, user_id)
        user.registered_at = user.registered_at or at
        return await service.follow(session, UserId(user_id), code, BOT, at)


def charge(name: str, at: datetime = NOW, *, plan: str | None = "gold-1m", kind: Kind = Kind.CHARGE) -> Entry:
    """A payment of 1,500 Stars for 30 days."""
    return Entry(
        kind=kind,
        source=Source.STARS,
        direction=Direction.IN,
        external_id=name,
        money=PRICE,
        at=at,
        plan=plan,
        pack=plan and plan.partition("-")[0],
        days=30 if plan else None,
    )


def refund(name: str, at: datetime = NOW, *, amount: int = PRICE.amount, kind: Kind = Kind.REFUND) -> Entry:
    """The return of a payment, or of a part of it."""
    return Entry(
        kind=kind,
        source=Source.STARS,
        direction=Direction.OUT,
        external_id=name,
        money=Money(amount, "XTR"),
        at=at + timedelta(hours=1),
        refers_to=key_of(Source.STARS, name),
    )


async def record(
    session: AsyncSession, user_id: int, entry: Entry, facts: Facts = NOBODY_LISTENS, now: datetime = NOW
) -> int:
    """Adds a row to the ledger; its number, 0 if it was there."""
    row = await ledger.record(session, facts, entry, About(user_id=UserId(user_id)), now)
    return row.id if row else 0
