"""What is left to do when a broadcast sends no more: its rest is skipped, or what arrived is deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.models import Broadcast, Recipient, RecipientState
from botyard.features.broadcasts.service import tallies
from botyard.ids import BotId, ChatKey
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call

STEP = 20_000
DELETE_STEP = 100
"""Deletions have no limit of their own in Telegram's words: they go slowly."""
DELETABLE = timedelta(hours=48)
"""So long bots can delete what they have sent (Bot API, deleteMessage)."""
CANCELLED = "the broadcast was cancelled"


async def skip_step(session: AsyncSession, broadcast: Broadcast, now: datetime) -> bool:
    """Skips the next of those who still wait; whether there may be more."""
    through = broadcast.fed_through + STEP
    skipped = await session.execute(
        update(Recipient)
        .where(
            Recipient.broadcast_id == broadcast.id,
            Recipient.position.between(broadcast.fed_through + 1, through),
            Recipient.state == RecipientState.PENDING,
        )
        .values(state=RecipientState.SKIPPED, reason=CANCELLED, at=now)
        .returning(Recipient.variant)
        .execution_options(synchronize_session=False)
    )
    moves = [(variant, RecipientState.PENDING, RecipientState.SKIPPED) for (variant,) in skipped]
    await tallies.move(session, broadcast, moves)
    broadcast.fed_through = min(through, broadcast.size)
    if broadcast.fed_through < broadcast.size:
        return True
    # quiet hours, and what came back from the outbox, may have left some behind
    left = (await tallies.by_state(session, broadcast.id))[RecipientState.PENDING]
    if left:
        broadcast.fed_through = 0
    return bool(left)


async def delete_step(session: AsyncSession, broadcast: Broadcast, now: datetime) -> bool:
    """Orders that the next messages be deleted; whether there may be more.

    Who has deleted a message himself, or has it too long, makes no difference to the others.
    """
    through = (broadcast.deleted_through or 0) + DELETE_STEP
    rows = await session.scalars(
        select(Recipient)
        .where(
            Recipient.broadcast_id == broadcast.id,
            Recipient.position.between(through - DELETE_STEP + 1, through),
            *deletable(now),
        )
        .order_by(Recipient.position)
    )
    calls = []
    for row in rows:
        row.gone = True
        calls.append(_deletion(broadcast, row))
    await outbox_queue.add(await session.connection(), calls, now)
    is_more = through < broadcast.size
    broadcast.deleted_through = through if is_more else None
    return is_more


def deletable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whose messages Telegram would still delete, and nobody has ordered that."""
    return Recipient.message_ids.is_not(None), Recipient.at > now - DELETABLE, Recipient.gone.is_(False)


def _deletion(broadcast: Broadcast, row: Recipient) -> Call:
    ids = sorted(map(int, (row.message_ids or "").split()))
    one = len(ids) == 1
    return Call(
        BotId(broadcast.bot_id),
        "deleteMessage" if one else "deleteMessages",
        {"message_id": ids[0]} if one else {"message_ids": ids},
        ChatKey(row.chat_key),
        priority=Priority.BROADCAST,
    )
