"""Why some did not get a broadcast: the reasons in its book, counted."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.models import Recipient, RecipientState

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
