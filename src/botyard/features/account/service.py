"""What the account feature does to the state of the business."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import BotId, ChatKey, UserId
from botyard.members import audit, chats, links, marketing, roles
from botyard.members.models import LinkPurpose, Role, User

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a deep link carries (Bot API, "Deep linking"); all else was typed by hand."""


async def join(
    session: AsyncSession, user_id: UserId, bot_id: BotId, chat_key: ChatKey, payload: str, now: datetime
) -> bool:
    """Registers a member who sent /start; True if it was for the first time.

    Then the payload of the link that he came by is kept with him, for as long as he is known.
    """
    user = await session.get_one(User, user_id)
    await chats.note_status(await session.connection(), bot_id, chat_key, "member", now)
    first_time = user.registered_at is None
    if first_time:
        user.registered_at = now
        if _PAYLOAD.fullmatch(payload):
            await marketing.came_by(session, user_id, payload, bot_id, now)
    return first_time


async def claim_ownership(session: AsyncSession, user_id: UserId, token: str, now: datetime) -> bool:
    """Makes the member the owner, if the claim link still works. It works once, and only without an owner."""
    await links.lock_links(session, LinkPurpose.CLAIM)  # two who claim at once take turns
    if await roles.staff(session, Role.OWNER):
        return False
    if await links.use_link(session, LinkPurpose.CLAIM, token, now) is None:
        return False
    await roles.change_role(session, user_id, Role.OWNER, now, by=user_id)
    audit.record(session, at=now, action="owner.claim", subject=f"user:{user_id}", actor_id=user_id)
    return True


async def console_link(session: AsyncSession, user_id: UserId, now: datetime) -> str:
    """The token of a fresh sign-in link for this member, noted in the audit log."""
    audit.record(session, at=now, action="console.link", subject=f"user:{user_id}", actor_id=user_id)
    return await links.make_link(session, LinkPurpose.CONSOLE, now, user_id=user_id)
