"""What is left to do when a broadcast sends no more: its rest is skipped, or what arrived is deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
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
    waiting = (
        select(Recipient.position)
        .where(
            Recipient.broadcast_id == broadcast.id,
            Recipient.position > broadcast.fed_through,
            Recipient.state == RecipientState.PENDING,
        )
        .order_by(Recipient.position)
        .limit(STEP)
    )
    skipped = await session.execute(
        update(Recipient)
        .where(Recipient.broadcast_id == broadcast.id, Recipient.position.in_(waiting))
        .values(state=RecipientState.SKIPPED, reason=CANCELLED, at=now)
        .returning(Recipient.position, Recipient.variant)
        .execution_options(synchronize_session=False)
    )
    rows = skipped.all()
    moves = [(row.variant, RecipientState.PENDING, RecipientState.SKIPPED) for row in rows]
    await tallies.move(session, broadcast, moves)
    if rows:
        broadcast.fed_through = max(row.position for row in rows)
        return True
    # quiet hours, and what came back from the outbox, may have left some behind
    left = (await tallies.by_state(session, broadcast.id))[RecipientState.PENDING]
    if left and broadcast.fed_through:
        broadcast.fed_through = 0
        return True
    return False


async def delete_step(session: AsyncSession, broadcast: Broadcast, now: datetime) -> bool:
    """Orders that the next messages be deleted; whether there may be more.

    Who has deleted a message himself, or has it too long, makes no difference to the others.
    """
    rows = (
        await session.scalars(
            select(Recipient)
            .where(
                Recipient.broadcast_id == broadcast.id,
                Recipient.position > (broadcast.deleted_through or 0),
                Recipient.message_ids.is_not(None),
                Recipient.at > now - DELETABLE,
            )
            .order_by(Recipient.position)
            .limit(DELETE_STEP)
        )
    ).all()
    calls = []
    for row in rows:
        ids = [int(each) for each in (row.message_ids or "").split()]
        row.gone = True
        method, params = (
            ("deleteMessage", {"message_id": ids[0]})
            if len(ids) == 1
            else ("deleteMessages", {"message_ids": sorted(ids)})
        )
        calls.append(
            Call(
                BotId(broadcast.bot_id),
                method,
                params,
                ChatKey(row.chat_key),
                priority=Priority.BROADCAST,
            )
        )
    await outbox_queue.add(await session.connection(), calls, now)
    if not rows:
        broadcast.deleted_through = None
        return False
    broadcast.deleted_through = rows[-1].position
    return True
