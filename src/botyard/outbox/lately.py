"""What a bot has sent lately: whoever takes it over must know how much of its limits is used up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.ids import BotId, ChatKey
from botyard.outbox.models import CallState, Priority, outbox

NEWEST = 20_000
"""So many of the newest calls are looked through for those that were sent lately."""


@dataclass(frozen=True, slots=True)
class SentCall:
    """A call that Telegram has answered with success."""

    chat_key: ChatKey | None
    method: str
    priority: Priority
    messages: int
    at: datetime


async def sent_since(connection: AsyncConnection, bot_id: BotId, since: datetime) -> list[SentCall]:
    """What the bot has sent from then on, oldest first, as far as it is among the newest calls."""
    newest = select(func.max(outbox.c.id)).scalar_subquery()
    rows = await connection.execute(
        select(outbox.c.chat_key, outbox.c.method, outbox.c.priority, outbox.c.messages, outbox.c.finished_at)
        .where(
            outbox.c.id > newest - NEWEST,
            outbox.c.bot_id == bot_id,
            outbox.c.state == CallState.SENT,
            outbox.c.finished_at >= since,
        )
        .order_by(outbox.c.finished_at)
    )
    return [SentCall(*row) for row in rows]
