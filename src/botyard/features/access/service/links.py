"""Links into paid chats: one for all, behind which everybody asks; and one for one member, used once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.access.models import AccessLink
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import receipts
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call

LINK_JOB = "access.link"
CHECK_JOB = "access.link_check"
CHECK_EVERY = timedelta(hours=12)
OWN_LIFE = timedelta(days=7)
"""A link for one member that he does not use ends by itself."""
NAME = "paid access"
PATIENCE = timedelta(minutes=10)
"""So long after asking for a link without an answer it is asked for again, and the first call is given up."""


async def current(
    session: AsyncSession, chat_key: ChatKey, bot_id: BotId, now: datetime, user_id: UserId | None = None
) -> AccessLink | None:
    """The link that holds, or is being made; a member's own ends a day before Telegram ends it."""
    link = await session.scalar(
        select(AccessLink)
        .where(
            AccessLink.chat_key == chat_key,
            AccessLink.user_id.is_(None) if user_id is None else AccessLink.user_id == user_id,
            AccessLink.bot_id == bot_id,
            AccessLink.ended_at.is_(None),
        )
        .order_by(AccessLink.id.desc())
        .limit(1)
    )
    if link is None:
        return None
    too_old = PATIENCE if link.url is None else OWN_LIFE - timedelta(days=1)
    has_end = link.url is None or user_id is not None
    return None if has_end and now - link.made_at >= too_old else link


async def ask(
    session: AsyncSession, chat_key: ChatKey, bot_id: BotId, now: datetime, user_id: UserId | None = None
) -> None:
    """Has Telegram make a link (Bot API, createChatInviteLink)."""
    link = AccessLink(chat_key=chat_key, bot_id=bot_id, user_id=user_id, made_at=now, checked_at=now)
    session.add(link)
    await session.flush()
    params: dict[str, Any] = {"name": NAME, "creates_join_request": True}
    if user_id is not None:
        expires = int((now + OWN_LIFE).timestamp())
        params = {"name": f"member {user_id}", "member_limit": 1, "expire_date": expires}
    receipt = f"access-link:{link.id}"
    call = Call(
        bot_id,
        "createChatInviteLink",
        params,
        chat_key,
        priority=Priority.REPLY,
        on_unknown=OnUnknown.REPEAT,
        expires_at=now + PATIENCE,
        receipt=receipt,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    await receipts.follow(session, LINK_JOB, receipt, {"link": link.id}, now)


async def made(session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> AccessLink | None:
    """Keeps the address of a link that was made, or forgets the link that could not be.

    Answers the link if it has just been made. A member's own that another has replaced ends.
    """
    fates = await receipts.ended(session, LINK_JOB, payload, now)
    link = await session.get(AccessLink, payload["link"])
    if fates is None or link is None or link.url is not None:
        return None
    fate = fates[-1] if fates else None
    if fate is not None and fate.state is CallState.SENT and fate.result:
        link.url = str(fate.result["invite_link"])[:128]
        if link.user_id is not None and await _is_replaced(session, link):
            await revoke(session, link, now)
        return link if link.ended_at is None else None
    link.ended_at = now
    return None


async def _is_replaced(session: AsyncSession, link: AccessLink) -> bool:
    newer = select(AccessLink.id).where(
        AccessLink.chat_key == link.chat_key,
        AccessLink.user_id == link.user_id,
        AccessLink.id > link.id,
        AccessLink.ended_at.is_(None),
    )
    return await session.scalar(newer.limit(1)) is not None


async def whose(session: AsyncSession, url: str) -> AccessLink | None:
    """The link of ours with this address, whether it still holds or not."""
    return await session.scalar(select(AccessLink).where(AccessLink.url == url).limit(1))


async def revoke(session: AsyncSession, link: AccessLink, now: datetime) -> None:
    """Ends a link that was used (Bot API, revokeChatInviteLink)."""
    if link.ended_at is not None:
        return
    link.ended_at = now
    call = Call(
        BotId(link.bot_id),
        "revokeChatInviteLink",
        {"invite_link": link.url},
        ChatKey(link.chat_key),
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
    )
    await outbox_queue.add(await session.connection(), [call], now)


async def revoke_own(session: AsyncSession, chat_key: ChatKey, user_id: UserId, now: datetime) -> None:
    """Ends the links that were made for this member alone."""
    rows = await session.scalars(
        select(AccessLink).where(
            AccessLink.chat_key == chat_key,
            AccessLink.user_id == user_id,
            AccessLink.ended_at.is_(None),
            AccessLink.url.is_not(None),
        )
    )
    for link in rows.all():
        await revoke(session, link, now)


async def forget_bot(session: AsyncSession, chat_key: ChatKey, bot_id: BotId, now: datetime) -> None:
    """A bot may invite no more: its links count for nothing."""
    await session.execute(
        update(AccessLink)
        .where(AccessLink.chat_key == chat_key, AccessLink.bot_id == bot_id, AccessLink.ended_at.is_(None))
        .values(ended_at=now)
    )


async def check(session: AsyncSession, link: AccessLink, now: datetime, *, at_once: bool = False) -> None:
    """Asks whether a link is still there: an edit that changes nothing fails for one that was revoked."""
    if link.url is None or (now - link.checked_at < CHECK_EVERY and not at_once):
        return
    link.checked_at = now
    receipt = f"access-link-check:{link.id}:{int(now.timestamp())}"
    params = {"invite_link": link.url, "name": NAME, "creates_join_request": True}
    call = Call(
        BotId(link.bot_id),
        "editChatInviteLink",
        params,
        ChatKey(link.chat_key),
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
        receipt=receipt,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    await receipts.follow(session, CHECK_JOB, receipt, {"link": link.id}, now)


async def checked(session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Makes a link anew that is gone."""
    fates = await receipts.ended(session, CHECK_JOB, payload, now)
    link = await session.get(AccessLink, payload["link"])
    if not fates or link is None or link.ended_at is not None or fates[-1].state is not CallState.FAILED:
        return
    link.ended_at = now
    await ask(session, ChatKey(link.chat_key), BotId(link.bot_id), now)
