"""Writing into the ledger, exactly once each, and what follows from it for the member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from botyard.db.statements import insert_new
from botyard.features.billing.models import Direction, Kind, OrderId, Payment, Plan, Source
from botyard.features.billing.service.entitling import Entry, key_of, stretches
from botyard.ids import BotId, UserId
from botyard.jobs.facts import EntitlementsChanged, Facts, PaymentRecorded
from botyard.members import entitlements
from botyard.members.entitlements import Entitlement, PaymentId
from botyard.members.models import Role, User
from botyard.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom a new row is about, and why it is there."""

    user_id: UserId
    bot_id: BotId | None = None
    order_id: OrderId | None = None
    by: UserId | None = None
    reason: str = ""


def moment_of(payment_id: InstrumentedAttribute[int]) -> ScalarSelect[datetime]:
    """When the row of the ledger was that a row of another table names: a column for its statement."""
    return select(Payment.at).where(Payment.id == payment_id).scalar_subquery()


async def record(
    session: AsyncSession, facts: Facts, entry: Entry, about: About, now: datetime
) -> Payment | None:
    """Adds a row, works out anew what the member has, and tells of it; None if the row was there already.

    The key of a row is (source, direction, the other side's id): whoever reports a payment again, and by
    whichever way it comes, changes nothing. The member is locked: his rows are added one after the other.
    """
    await _meet(session, about.user_id, now)
    values = {
        "kind": entry.kind,
        "source": entry.source,
        "direction": entry.direction,
        "external_id": entry.external_id,
        "user_id": about.user_id,
        "bot_id": about.bot_id,
        "order_id": about.order_id,
        "refers_to": entry.refers_to,
        "amount": entry.money.amount,
        "currency": entry.money.currency,
        "plan": entry.plan,
        "pack": entry.pack,
        "days": entry.days,
        "months": entry.months,
        "paid_until": entry.paid_until,
        "at": entry.at,
        "recorded_at": now,
        "by_id": about.by,
        "reason": about.reason,
    }
    statement = insert_new(session.get_bind().dialect, Payment).values(values).returning(Payment.id)
    added = await session.scalar(statement)
    if added is None:
        return None
    payment = await session.get_one(Payment, added)
    await entitle(session, about.user_id)
    await facts.tell(session, EntitlementsChanged(about.user_id), now)
    await facts.tell(session, _told(payment), now)
    return payment


async def entitle(session: AsyncSession, user_id: UserId) -> list[Entitlement]:
    """Works out from the ledger what a member has, writes it down for the other rooms, and returns it."""
    rows = await rows_of(session, user_id)
    by_key = {(row.source, row.direction, row.external_id): row for row in rows}
    given = stretches(entry_of(row) for row in rows)
    plans = await session.execute(select(Plan.code, Plan.features, Plan.title))
    known = {row.code: (tuple(row.features), row.title) for row in plans}
    made = []
    for each in given:
        row = by_key[each.entry.source, each.entry.direction, each.entry.external_id]
        features, title = known.get(row.plan or "", ((), ""))
        made.append(
            Entitlement(
                plan=row.plan or "",
                pack=each.pack,
                features=features,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                payment_id=PaymentId(row.id),
                title=title,
            )
        )
    await entitlements.replace(session, user_id, made)
    return made


async def rows_of(session: AsyncSession, user_id: UserId) -> Sequence[Payment]:
    """The member's rows of the ledger, in the order of their time."""
    found = await session.scalars(
        select(Payment).where(Payment.user_id == user_id).order_by(Payment.at, Payment.id)
    )
    return found.all()


async def find(
    session: AsyncSession, source: Source, external_id: str, direction: Direction = Direction.IN
) -> Payment | None:
    """The row that the other side calls so."""
    return await session.scalar(
        select(Payment).where(
            Payment.source == source, Payment.direction == direction, Payment.external_id == external_id
        )
    )


def entry_of(row: Payment) -> Entry:
    """The row as the pure rules read it."""
    return Entry(
        kind=row.kind,
        source=row.source,
        direction=row.direction,
        external_id=row.external_id,
        money=Money(row.amount, row.currency),
        at=row.at,
        plan=row.plan,
        pack=row.pack,
        days=row.days,
        months=row.months,
        paid_until=row.paid_until,
        refers_to=row.refers_to,
    )


async def lock(session: AsyncSession, user_id: UserId) -> None:
    """Takes the member's row until the transaction ends: what becomes of his money comes one by one."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())


async def _meet(session: AsyncSession, user_id: UserId, now: datetime) -> None:
    """Locks the member; who pays without ever having written gets a row."""
    nobody = {"id": user_id, "first_name": "", "is_premium": False, "role": Role.PUBLIC}
    await session.execute(
        insert_new(session.get_bind().dialect, User).values({**nobody, "created_at": now, "seen_at": now})
    )
    await lock(session, user_id)


def _told(payment: Payment) -> PaymentRecorded:
    return PaymentRecorded(
        payment_id=payment.id,
        user_id=UserId(payment.user_id),
        kind=payment.kind,
        way=payment.source,
        incoming=payment.direction is Direction.IN,
        amount=payment.amount,
        currency=payment.currency,
        plan=payment.plan,
        at=payment.at,
        is_money=payment.kind not in (Kind.GRANT, Kind.ADJUSTMENT),
        key=key_of(payment.source, payment.external_id),
        refers_to=payment.refers_to,
    )
