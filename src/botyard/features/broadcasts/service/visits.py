"""What members do because of a broadcast: they press its buttons, follow its link, or leave the list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.message import ButtonKind, MessageButton
from botyard.features.broadcasts.models import Broadcast, Recipient, Variant, Visit, VisitKind
from botyard.features.broadcasts.service import attribution, composing, drafts
from botyard.features.tracking import service as tracking
from botyard.ids import UserId
from botyard.members import consent
from botyard.members.models import Chat

SOURCE = "broadcast"
"""Where a member said yes or no, as it is written down with his word."""


async def message_of(session: AsyncSession, number: int, variant: int) -> Broadcast | None:
    """The broadcast that has a message of this number; None for what is made up, or gone.

    Before it began nobody can have got it.
    """
    broadcast = await session.get(Broadcast, number)
    if broadcast is None or broadcast.state.is_new:
        return None
    return broadcast if await session.get(Variant, (number, variant)) is not None else None


async def leave(
    session: AsyncSession, broadcast: Broadcast, variant: int, user_id: UserId, now: datetime
) -> None:
    """The member wants no more on the broadcast's topic, from any bot."""
    await consent.say(session, user_id, [broadcast.topic], now, granted=False, source=SOURCE)
    if await is_recipient(session, broadcast, user_id):
        await attribution.visited(session, broadcast.id, user_id, variant, VisitKind.LEAVE, now)


async def is_recipient(session: AsyncSession, broadcast: Broadcast, user_id: UserId) -> bool:
    """Whether he is in its audience. A press of somebody else is made up: it counts nothing."""
    found = (
        select(Recipient.position)
        .join(Chat, Chat.id == Recipient.chat_key)
        .where(Recipient.broadcast_id == broadcast.id, Chat.telegram_id == user_id)
    )
    return await session.scalar(found) is not None


async def come_back(session: AsyncSession, broadcast: Broadcast, user_id: UserId, now: datetime) -> bool:
    """Takes it back that the member left because of this broadcast; False if he had not."""
    left = await session.execute(
        delete(Visit)
        .where(Visit.broadcast_id == broadcast.id, Visit.user_id == user_id, Visit.kind == VisitKind.LEAVE)
        .returning(Visit.user_id)
    )
    if not left.all():
        return False
    await consent.say(session, user_id, [broadcast.topic], now, granted=True, source=SOURCE)
    return True


async def button_of(
    session: AsyncSession, broadcast: Broadcast, variant: int, number: int
) -> MessageButton | None:
    """The button for pressing that has this number; None where there is none, or none any more."""
    for each in await drafts.wordings_of(session, broadcast):
        if each.number == variant:
            found = dict(pair for row in composing.numbered(each.message) for pair in row)
            button = found.get(number)
            return button if button is not None and button.kind is ButtonKind.PRESS else None
    return None


async def count_press(
    session: AsyncSession, broadcast: Broadcast, variant: int, number: int, user_id: UserId, now: datetime
) -> bool:
    """Counts a recipient's press; True for his first."""
    if not await is_recipient(session, broadcast, user_id):
        return False
    await attribution.visited(session, broadcast.id, user_id, variant, VisitKind.CLICK, now)
    label = composing.label_of(broadcast.id, variant, number)
    return await tracking.press(session, label, user_id, now)
