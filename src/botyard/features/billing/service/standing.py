"""Where one member stands: what he has paid in all, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Direction, Payment
from botyard.features.billing.service.reports import MONEY_KINDS, SALES
from botyard.ids import UserId
from botyard.money import Money


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member has paid, net of what went back, by currency; how many payments, and when the first."""

    paid: tuple[Money, ...]
    payments: int
    first_at: datetime | None


async def of_member(session: AsyncSession, user_id: UserId) -> Standing:
    """Where a member stands."""
    is_payment = and_(Payment.kind.in_(SALES), Payment.direction == Direction.IN)
    rows = await session.execute(
        select(
            Payment.currency,
            func.sum(Payment.amount * Payment.direction).label("net"),
            func.sum(case((is_payment, 1), else_=0)).label("payments"),
            func.min(Payment.at).label("first_at"),
        )
        .where(Payment.user_id == user_id, Payment.kind.in_(MONEY_KINDS))
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    found = rows.all()
    return Standing(
        tuple(Money(int(row.net), row.currency) for row in found),
        sum(int(row.payments) for row in found),
        min((row.first_at for row in found), default=None),
    )
