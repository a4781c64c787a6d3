"""The ledger to be read: the latest rows, those of one member, and all of a period for the accountant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.session import Database
from botyard.features.billing.models import Direction, Doubt, DoubtKind, Payment
from botyard.features.billing.service.bought import plans_of
from botyard.features.billing.service.entitling import key_of
from botyard.features.billing.service.reports import SALES, Period
from botyard.ids import UserId
from botyard.members.entitlements import PaymentId
from botyard.money import Money

AT_ONCE = 5_000
"""So many rows are in memory, however long the period."""
COLUMNS = (
    "number",
    "date",
    "kind",
    "source",
    "external_id",
    "member_id",
    "order",
    "plan",
    "amount",
    "amount_minor",
    "currency",
    "refers_to",
    "reason",
)

Cell = str | int
Row = tuple[Cell, ...]


async def latest(
    session: AsyncSession, *, most: int, skip: int = 0, user_id: UserId | None = None
) -> Sequence[Payment]:
    """Rows of the ledger, of one member or of all, the newest first."""
    query = select(Payment).order_by(Payment.at.desc(), Payment.id.desc()).offset(skip).limit(most)
    if user_id is not None:
        query = query.where(Payment.user_id == user_id)
    return (await session.scalars(query)).all()


async def by_ids(session: AsyncSession, ids: Collection[PaymentId]) -> dict[PaymentId, Payment]:
    """Rows of the ledger by their numbers."""
    rows = await session.scalars(select(Payment).where(Payment.id.in_(ids)))
    return {PaymentId(row.id): row for row in rows}


async def refundable(session: AsyncSession, rows: Collection[Payment]) -> set[int]:
    """The numbers of the rows that /refund can give back: paid, and nothing of it went back."""
    sales = {
        key_of(row.source, row.external_id): row
        for row in rows
        if row.kind in SALES and row.direction is Direction.IN and row.amount
    }
    gone = await session.scalars(
        select(Payment.refers_to).where(
            Payment.user_id.in_({row.user_id for row in sales.values()}),
            Payment.refers_to.in_(sales),
            Payment.direction == Direction.OUT,
        )
    )
    return {row.id for row in sales.values()} - {sales[key].id for key in gone if key}


async def count_unsettled(session: AsyncSession) -> int:
    """How many payments a person has to look at."""
    open_ones = select(func.count(Doubt.id)).where(
        Doubt.settled_at.is_(None), Doubt.kind != DoubtKind.REFUSED
    )
    return await session.scalar(open_ones) or 0


async def rows_of(database: Database, period: Period) -> AsyncIterator[Sequence[Row]]:
    """All rows of a period in their order, in batches, as `COLUMNS`; `date` is UTC in ISO 8601.

    Amounts that go out are negative. What was for a plan, and does not say so itself, gets it from the row
    that does.
    """
    after: tuple[datetime, int] = (period.start, 0)
    while True:
        wanted = (
            select(Payment)
            .where(
                Payment.at >= after[0],
                Payment.at < period.end,
                or_(Payment.at > after[0], and_(Payment.at == after[0], Payment.id > after[1])),
            )
            .order_by(Payment.at, Payment.id)
            .limit(AT_ONCE)
        )
        async with database.reading() as session:
            rows = (await session.scalars(wanted)).all()
            plans = await plans_of(session, rows)
        if not rows:
            return
        after = (rows[-1].at, rows[-1].id)
        yield [_row(row, plans.get(row.id)) for row in rows]


def decimal(money: Money) -> str:
    """The amount without its currency: `-147.00`, `9500`."""
    return str(money).partition(" ")[0]


def signed(row: Payment) -> Money:
    """The row's money, negative where it goes out."""
    return Money(row.direction * row.amount, row.currency)


def _row(row: Payment, plan: str | None) -> Row:
    money = signed(row)
    return (
        row.id,
        row.at.astimezone(UTC).isoformat(),
        row.kind.value,
        row.source.value,
        row.external_id,
        row.user_id,
        row.order_id or "",
        plan or "",
        decimal(money),
        money.amount,
        money.currency,
        row.refers_to or "",
        row.reason,
    )
