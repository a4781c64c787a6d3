"""A broadcast's book, counted: why some did not get it, and how much was deleted again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.models import Recipient, RecipientState
from botyard.features.broadcasts.service import sweeping

NOT_REACHED = (
    RecipientState.FAILED,
    RecipientState.BLOCKED,
    RecipientState.UNKNOWN,
    RecipientState.SKIPPED,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why recipients did not get it, or may not have, and how many these are. Telegram's word, or ours."""

    state: RecipientState
    text: str
    recipients: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many recipients' messages were ordered to be deleted, and whether there are more that can be."""

    recipients: int = 0
    is_more: bool = False


async def deleted(session: AsyncSession, broadcast_id: int, now: datetime) -> Deleted:
    """What became of what arrived. It reads the whole book: for a broadcast that stands still."""
    mine = Recipient.broadcast_id == broadcast_id
    count = select(func.count()).select_from(Recipient).where(mine, Recipient.gone)
    left = select(Recipient.position).where(mine, *sweeping.deletable(now)).limit(1)
    return Deleted(await session.scalar(count) or 0, await session.scalar(left) is not None)


async def reasons(session: AsyncSession, broadcast_id: int, *, most: int) -> list[Reason]:
    """The most frequent reasons. It reads the whole book: for a broadcast that stands still."""
    recipients = func.count()
    rows = await session.execute(
        select(Recipient.state, Recipient.reason, recipients)
        .where(Recipient.broadcast_id == broadcast_id, Recipient.state.in_(NOT_REACHED))
        .group_by(Recipient.state, Recipient.reason)
        .order_by(recipients.desc(), Recipient.state)
        .limit(most)
    )
    return [Reason(state, text or "", count) for state, text, count in rows]
