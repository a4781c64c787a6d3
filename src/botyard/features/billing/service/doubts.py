"""What is wrong with payments: written down for the owner, and settled by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Doubt, DoubtId, DoubtKind, OrderId, Way
from botyard.ids import UserId
from botyard.members.entitlements import PaymentId

LARGEST = 2**63 - 1
"""A forger's amount may be one that no column holds."""


async def note(
    session: AsyncSession,
    kind: DoubtKind,
    way: Way,
    reason: str,
    now: datetime,
    *,
    user_id: UserId | None = None,
    order_id: OrderId | None = None,
    payment_id: PaymentId | None = None,
    amount: int | None = None,
    currency: str | None = None,
) -> Doubt:
    """Writes a doubt down."""
    doubt = Doubt(
        kind=kind,
        way=way,
        reason=reason,
        user_id=user_id,
        order_id=order_id,
        payment_id=payment_id,
        amount=None if amount is None else max(-LARGEST, min(LARGEST, amount)),
        currency=None if currency is None else currency[:3],
        at=now,
    )
    session.add(doubt)
    await session.flush()
    return doubt


async def unsettled(session: AsyncSession, most: int = 100) -> Sequence[Doubt]:
    """Those that nobody has settled, newest first; what was refused before money moved is not among them."""
    found = await session.scalars(
        select(Doubt)
        .where(Doubt.settled_at.is_(None), Doubt.kind != DoubtKind.REFUSED)
        .order_by(Doubt.id.desc())
        .limit(most)
    )
    return found.all()


async def is_written(session: AsyncSession, user_id: UserId, reason: str) -> bool:
    """Whether the same was written down about a member before."""
    found = await session.scalar(
        select(Doubt.id).where(Doubt.user_id == user_id, Doubt.reason == reason).limit(1)
    )
    return found is not None


async def is_noted(session: AsyncSession, kind: DoubtKind, payment_id: PaymentId) -> bool:
    """Whether such a doubt about a row of the ledger was written down before."""
    found = await session.scalar(
        select(Doubt.id).where(Doubt.payment_id == payment_id, Doubt.kind == kind).limit(1)
    )
    return found is not None


async def settle(session: AsyncSession, doubt_id: DoubtId, by: UserId | None, now: datetime) -> Doubt | None:
    """Marks a doubt as settled, once; None if it is, or there is none."""
    doubt = await session.get(Doubt, doubt_id, with_for_update=True, populate_existing=True)
    if doubt is None or doubt.settled_at is not None:
        return None
    doubt.settled_at, doubt.settled_by = now, by
    return doubt


async def settle_payment(
    session: AsyncSession, payment_id: PaymentId, by: UserId | None, now: datetime
) -> None:
    """The doubts about a payment need no look any more: its money was used, or is back."""
    await session.execute(
        update(Doubt)
        .where(Doubt.payment_id == payment_id, Doubt.settled_at.is_(None))
        .values(settled_at=now, settled_by=by)
    )
