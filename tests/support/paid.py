"""Paid time, as the ledger would give it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import UserId
from botyard.members import entitlements
from botyard.members.entitlements import Entitlement, PaymentId


async def give_time(
    session: AsyncSession, user_id: int, start: datetime, days: int = 30, *features: str
) -> None:
    """Makes a member a subscriber for so many days."""
    end = start + timedelta(days=days)
    given = Entitlement("gold-1m", "gold", features, start, end, PaymentId(1))
    await entitlements.replace(session, UserId(user_id), [given])
