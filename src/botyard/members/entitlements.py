"""What members have paid for, or were given: until when, and what it lets them do.

The rows are what follows from the ledger of payments (`features.billing`), which alone writes them. All other
rooms only read: who has an active entitlement is a SUBSCRIBER, and nothing else makes one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, String, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.hot import HotConnection, HotStatement, read_moment
from botyard.db.types import Base, JsonBytes, RowNumber, UtcDateTime
from botyard.ids import UserId
from botyard.members.models import User

PaymentId = NewType("PaymentId", int)
"""The number of a row of the ledger."""


class EntitlementRow(Base):
    """One stretch of time that one row of the ledger gives."""

    __tablename__ = "entitlements"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    payment_id: Mapped[int] = mapped_column(BigInteger)
    plan: Mapped[str] = mapped_column(String(32))
    pack: Mapped[str] = mapped_column(String(32))
    features: Mapped[list[str]] = mapped_column(JsonBytes)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    title: Mapped[str | None] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class Entitlement:
    """From `starts_at` until just before `ends_at` a member has what a plan gives.

    `pack` is what the plan is a length of: those of one pack follow one another, different ones run side by
    side. `features` are words such as `signals`, or `max_devices=3`. `payment_id` is the row of the ledger.
    `title` is what members call the plan.
    """

    plan: str
    pack: str
    features: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    payment_id: PaymentId
    title: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it is active at this moment."""
        return self.starts_at <= now < self.ends_at


_OF_MEMBERS = HotStatement(
    """
    SELECT user_id, plan, pack, title, starts_at, ends_at, payment_id FROM entitlements
    WHERE user_id IN (SELECT number FROM {person}) ORDER BY starts_at, ends_at, id
    """,
    person={"number": "bigint"},
)


async def of_member(session: AsyncSession, user_id: UserId) -> list[Entitlement]:
    """All that a member has had, has and will have, by its start."""
    rows = await session.scalars(
        select(EntitlementRow)
        .where(EntitlementRow.user_id == user_id)
        .order_by(EntitlementRow.starts_at, EntitlementRow.ends_at, EntitlementRow.id)
    )
    return [_entitlement(row) for row in rows]


def of_members(hot: HotConnection, members: Collection[int]) -> dict[int, list[Entitlement]]:
    """The same of many, in one statement, by their ids; what it lets them do is left out."""
    found: dict[int, list[Entitlement]] = {}
    for user_id, plan, pack, title, starts_at, ends_at, payment_id in hot.execute(
        _OF_MEMBERS, person=[{"number": each} for each in sorted(members)]
    ):
        given = Entitlement(
            plan=plan,
            pack=pack,
            features=(),
            starts_at=read_moment(starts_at),
            ends_at=read_moment(ends_at),
            payment_id=PaymentId(payment_id),
            title=title or "",
        )
        found.setdefault(user_id, []).append(given)
    return found


async def active(session: AsyncSession, user_id: UserId, now: datetime) -> list[Entitlement]:
    """What a member has at this moment, by its start."""
    return [each for each in await of_member(session, user_id) if each.holds(now)]


async def last_end(session: AsyncSession, user_id: UserId, pack: str, now: datetime) -> datetime | None:
    """When a member's time with a pack runs out, what follows without a gap included; None if he has none."""
    end: datetime | None = None
    for each in await of_member(session, user_id):
        if each.pack == pack and (each.holds(now) or (end is not None and each.starts_at <= end)):
            end = max(end or each.ends_at, each.ends_at)
    return end


async def has(session: AsyncSession, user_id: UserId, feature: str, now: datetime) -> bool:
    """Whether a member has a feature now: `signals`, or `analytics=pro` for exactly that."""
    return any(grants(each.features, feature) for each in await active(session, user_id, now))


async def value_of(session: AsyncSession, user_id: UserId, feature: str, now: datetime) -> str | None:
    """What a member's feature says after its `=`, such as `3` of `max_devices=3`; None if he has it not.

    Of several numbers it is the highest; of several words the one that he got last.
    """
    given = [
        word.partition("=")[2]
        for each in await active(session, user_id, now)
        for word in each.features
        if word.partition("=")[0] == feature
    ]
    if not given:
        return None
    numbers = [each for each in given if each.isdecimal()]
    return max(numbers, key=int) if len(numbers) == len(given) else given[-1]


def grants(features: Collection[str], wanted: str) -> bool:
    """Whether one of these features is the wanted one; `analytics` is granted by `analytics=pro` too."""
    return any(each == wanted or each.partition("=")[0] == wanted for each in features)


def has_paid_time(now: datetime) -> ColumnElement[bool]:
    """The condition on a row of `User` that he has an active entitlement."""
    return exists().where(
        EntitlementRow.user_id == User.id, EntitlementRow.starts_at <= now, EntitlementRow.ends_at > now
    )


async def replace(session: AsyncSession, user_id: UserId, given: Sequence[Entitlement]) -> None:
    """Puts these in the place of all that the member had: for the ledger alone."""
    await session.execute(delete(EntitlementRow).where(EntitlementRow.user_id == user_id))
    session.add_all(
        EntitlementRow(
            user_id=user_id,
            payment_id=each.payment_id,
            plan=each.plan,
            pack=each.pack,
            features=list(each.features),
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            title=each.title or None,
        )
        for each in given
    )
    await session.flush()


def _entitlement(row: EntitlementRow) -> Entitlement:
    return Entitlement(
        plan=row.plan,
        pack=row.pack,
        features=tuple(row.features),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        payment_id=PaymentId(row.payment_id),
        title=row.title or "",
    )
