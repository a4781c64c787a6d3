"""What was earned: figures of a period, from the ledger and from what follows from it.

Money is never added across currencies. What is counted how, is said at each figure: an accountant reads it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from botyard.errors import BotyardError
from botyard.features.billing.models import Direction, Kind, Payment, Source
from botyard.features.billing.service.bought import plans_of
from botyard.members.entitlements import EntitlementRow
from botyard.money import Money

MONEY_KINDS = (Kind.CHARGE, Kind.RENEWAL, Kind.REFUND, Kind.CHARGEBACK)
"""Rows that tell of money; gifts and adjustments do not."""
SALES = (Kind.CHARGE, Kind.RENEWAL)
MONTH = 30
"""Days of the month that recurring revenue is counted by."""
AT_ONCE = 2_000


class BadPeriod(BotyardError):
    """A period that ends before it begins."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until just before `end`. Raises `BadPeriod`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise BadPeriod("The period ends before it begins.", remedy="Give its first and its last day.")


@dataclass(frozen=True, slots=True)
class Line:
    """Revenue of one plan by one way of paying: what came in, what went back, in one currency."""

    plan: str | None
    source: Source
    currency: str
    payments: int
    """How many charges and renewals came in."""
    came: int
    went: int

    @property
    def came_in(self) -> Money:
        """The money of its payments."""
        return Money(self.came, self.currency)

    @property
    def went_back(self) -> Money:
        """The money that was refunded, or charged back."""
        return Money(self.went, self.currency)

    @property
    def net(self) -> Money:
        """What stayed; negative where more went back than came in the period."""
        return Money(self.came - self.went, self.currency)


@dataclass(frozen=True, slots=True)
class Figures:
    """A period in figures. Those of members are at its end, or now if it is not over."""

    period: Period
    at: datetime
    mrr: tuple[Money, ...]
    """Monthly recurring revenue by currency: see `recurring`."""
    active: int
    """Members who have time with any pack."""
    paying: int
    """Those of them who paid for some of it."""
    new: int
    """Members whose first time with anything began in the period."""
    churned: int
    """Members whose time ran out in the period, and who have nothing at its end."""
    ended: int
    """Paid times with a pack that ran out in the period."""
    renewed: int
    """Those of them after which the member got more time with the same pack before the period's end."""
    lines: tuple[Line, ...] = field(default=())

    @property
    def renewal_rate(self) -> int | None:
        """Of a hundred paid times that ran out so many were renewed; None if none ran out."""
        return round(100 * self.renewed / self.ended) if self.ended else None

    @property
    def revenue(self) -> tuple[Money, ...]:
        """What stayed in the period, by currency, whatever it was for."""
        return sums(line.net for line in self.lines)


async def figures(session: AsyncSession, period: Period, now: datetime) -> Figures:
    """All figures of a period."""
    at = min(period.end, now)
    active, paying = await _active(session, at)
    ended, renewed = await _renewals(session, period, at)
    return Figures(
        period=period,
        at=at,
        mrr=await recurring(session, at),
        active=active,
        paying=paying,
        new=await _new(session, period, at),
        churned=await _churned(session, period, at),
        ended=ended,
        renewed=renewed,
        lines=await revenue(session, period),
    )


async def recurring(session: AsyncSession, at: datetime) -> tuple[Money, ...]:
    """Monthly recurring revenue at a moment, by currency.

    Each stretch of time that runs then and was paid for with money counts as its price per 30 days: 147.00
    for 3 months is 49.00, 20.00 for 10 days is 60.00. A month counts as 30 days. What was given for nothing,
    and time that is paid but has not begun, counts nothing. What was refunded in part has fewer days for a
    smaller price: the price per 30 days stays.
    """
    rows = await session.execute(
        select(Payment.currency, Payment.days, Payment.months, func.sum(Payment.amount).label("amount"))
        .join(EntitlementRow, EntitlementRow.payment_id == Payment.id)
        .where(_holds(EntitlementRow, at), _is_sale())
        .group_by(Payment.currency, Payment.days, Payment.months)
    )
    totals: defaultdict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        days = (row.days or 0) + MONTH * (row.months or 0) or MONTH
        totals[row.currency] += Fraction(int(row.amount) * MONTH, days)
    return tuple(Money(int(totals[currency]), currency) for currency in sorted(totals))


async def revenue(session: AsyncSession, period: Period) -> tuple[Line, ...]:
    """What came in and went back in a period, by plan, source and currency, the largest first.

    A refund belongs to the period in which it was made, and to the plan and source of its payment; money
    that was used later, to the plan that it was used for.
    """
    counted: defaultdict[tuple[str, str, Source], list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in await _sums(session, period):
        _count(counted, *each)
    async for batch in _others(session, period):
        plans = await plans_of(session, batch)
        for row in batch:
            plan = plans.get(row.id)
            _count(counted, row.currency, row.source, row.direction, row.kind, plan, 1, row.amount)
    lines = [
        Line(plan or None, source, currency, payments, came, went)
        for (plan, currency, source), (payments, came, went) in counted.items()
    ]
    return tuple(
        sorted(lines, key=lambda line: (line.currency, -line.net.amount, line.plan or "~", line.source))
    )


async def by_month(
    session: AsyncSession, now: datetime, months: int = 12
) -> list[tuple[datetime, list[Money]]]:
    """What stayed in each of the last calendar months (UTC), this one included, by currency; oldest first."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    starts = [first]
    for _ in range(months - 1):
        starts.append(previous_month(starts[-1]))
    ends = [next_month(first), *starts]
    found = []
    for start, end in zip(starts, ends, strict=False):
        rows = await session.execute(
            select(Payment.currency, func.sum(Payment.amount * Payment.direction).label("net"))
            .where(Payment.at >= start, Payment.at < end, Payment.kind.in_(MONEY_KINDS))
            .group_by(Payment.currency)
            .order_by(Payment.currency)
        )
        found.append((start, [Money(int(row.net), row.currency) for row in rows]))
    return found[::-1]


def previous_month(first: datetime) -> datetime:
    """The first day of the month before the one that begins at `first`."""
    year, month = divmod(first.year * 12 + first.month - 2, 12)
    return first.replace(year=year, month=month + 1)


def next_month(first: datetime) -> datetime:
    """The first day of the month after the one that begins at `first`."""
    year, month = divmod(first.year * 12 + first.month, 12)
    return first.replace(year=year, month=month + 1)


def sums(money: Iterable[Money]) -> tuple[Money, ...]:
    """The sum in each currency, by its code."""
    totals: defaultdict[str, int] = defaultdict(int)
    for each in money:
        totals[each.currency] += each.amount
    return tuple(Money(totals[currency], currency) for currency in sorted(totals))


def _count(
    counted: defaultdict[tuple[str, str, Source], list[int]],
    currency: str,
    source: Source,
    direction: Direction,
    kind: Kind,
    plan: str | None,
    rows: int,
    amount: int,
) -> None:
    """Adds to payments, came, went. A won chargeback is less that went: no new payment."""
    entry = counted[plan or "", currency, source]
    if direction is Direction.OUT:
        entry[2] += amount
    elif kind in SALES:
        entry[0] += rows
        entry[1] += amount
    else:
        entry[2] -= amount


async def _sums(
    session: AsyncSession, period: Period
) -> list[tuple[str, Source, Direction, Kind, str | None, int, int]]:
    """Sums of rows that say what they are for, which are most; the database adds them up."""
    columns = (Payment.currency, Payment.source, Payment.direction, Payment.kind, Payment.plan)
    rows = await session.execute(
        select(*columns, func.count().label("rows"), func.sum(Payment.amount).label("amount"))
        .where(_is_money_in(period), ~_is_unclear())
        .group_by(*columns)
    )
    return [
        (row.currency, row.source, row.direction, row.kind, row.plan, row.rows, int(row.amount))
        for row in rows
    ]


async def _others(session: AsyncSession, period: Period) -> AsyncIterator[Sequence[Payment]]:
    """The other rows, in batches."""
    after = (period.start, 0)
    while True:
        rows = await session.scalars(
            select(Payment)
            .where(
                _is_money_in(period),
                _is_unclear(),
                or_(Payment.at > after[0], and_(Payment.at == after[0], Payment.id > after[1])),
            )
            .order_by(Payment.at, Payment.id)
            .limit(AT_ONCE)
        )
        batch = rows.all()
        if not batch:
            return
        yield batch
        after = (batch[-1].at, batch[-1].id)


def _is_money_in(period: Period) -> ColumnElement[bool]:
    return and_(Payment.at >= period.start, Payment.at < period.end, Payment.kind.in_(MONEY_KINDS))


def _is_unclear() -> ColumnElement[bool]:
    """Another row may say what these are for."""
    return or_(Payment.refers_to.is_not(None), Payment.plan.is_(None))


def _is_sale() -> ColumnElement[bool]:
    return and_(Payment.kind.in_(SALES), Payment.amount > 0)


def _holds(rows: type[EntitlementRow], at: datetime) -> ColumnElement[bool]:
    return and_(rows.starts_at <= at, rows.ends_at > at)


async def _active(session: AsyncSession, at: datetime) -> tuple[int, int]:
    """How many members have any time, and how many of them paid for some of it."""
    paid = case((_is_sale(), EntitlementRow.user_id))
    rows = await session.execute(
        select(func.count(EntitlementRow.user_id.distinct()), func.count(paid.distinct()))
        .outerjoin(Payment, Payment.id == EntitlementRow.payment_id)
        .where(_holds(EntitlementRow, at))
    )
    active, paying = rows.one()
    return active, paying


async def _new(session: AsyncSession, period: Period, at: datetime) -> int:
    earlier = aliased(EntitlementRow)
    had_some = exists().where(earlier.user_id == EntitlementRow.user_id, earlier.starts_at < period.start)
    began = select(func.count(EntitlementRow.user_id.distinct())).where(
        EntitlementRow.ends_at > period.start,
        EntitlementRow.starts_at >= period.start,
        EntitlementRow.starts_at <= at,
        EntitlementRow.starts_at < period.end,
        ~had_some,
    )
    return await session.scalar(began) or 0


async def _churned(session: AsyncSession, period: Period, at: datetime) -> int:
    other = aliased(EntitlementRow)
    has_some = exists().where(
        other.user_id == EntitlementRow.user_id, other.starts_at <= at, other.ends_at > at
    )
    left = select(func.count(EntitlementRow.user_id.distinct())).where(_ran_out(period, at), ~has_some)
    return await session.scalar(left) or 0


async def _renewals(session: AsyncSession, period: Period, at: datetime) -> tuple[int, int]:
    """How many paid times ran out, and after how many of them the member got more of the pack."""
    later = aliased(EntitlementRow)
    goes_on = exists().where(
        later.user_id == EntitlementRow.user_id,
        later.pack == EntitlementRow.pack,
        later.starts_at >= EntitlementRow.ends_at,
        later.starts_at <= at,
    )
    ended = (
        select(func.count(), func.sum(case((goes_on, 1), else_=0)))
        .select_from(EntitlementRow)
        .join(Payment, Payment.id == EntitlementRow.payment_id)
        .where(_ran_out(period, at), _is_sale())
    )
    count, renewed = (await session.execute(ended)).one()
    return count, int(renewed or 0)


def _ran_out(period: Period, at: datetime) -> ColumnElement[bool]:
    return and_(EntitlementRow.ends_at > period.start, EntitlementRow.ends_at <= at)
