"""Which broadcast brought a member to do something: a start, a leave, and later a payment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.features.broadcasts.models import Broadcast, Variant, Visit, VisitKind
from botyard.ids import UserId


async def visited(
    session: AsyncSession,
    broadcast_id: int,
    user_id: UserId,
    variant: int,
    kind: VisitKind,
    now: datetime,
) -> bool:
    """Writes down what a member did because of a message, if it is the first time; whether there is such one.

    Links can be forged: a message that does not exist, or of a broadcast that never began, counts nothing.
    """
    broadcast = await session.get(Broadcast, broadcast_id)
    if broadcast is None or broadcast.state.is_new:
        return False
    # asked for all numbers, because a forged one may be too large for the column
    numbers = await session.scalars(select(Variant.number).where(Variant.broadcast_id == broadcast_id))
    if variant not in set(numbers):
        return False
    values = {
        "broadcast_id": broadcast_id,
        "user_id": user_id,
        "kind": kind,
        "variant": variant,
        "at": now,
    }
    await session.execute(insert_new(session.get_bind().dialect, Visit).values(values))
    return True


async def last_touch(session: AsyncSession, user_id: UserId, since: datetime) -> tuple[int, int] | None:
    """The broadcast, and the number of its message, that last brought the member to the bot, since then."""
    row = (
        await session.execute(
            select(Visit.broadcast_id, Visit.variant)
            .where(Visit.user_id == user_id, Visit.kind == VisitKind.START, Visit.at >= since)
            .order_by(Visit.at.desc(), Visit.broadcast_id.desc())
            .limit(1)
        )
    ).first()
    return None if row is None else (row.broadcast_id, row.variant)
