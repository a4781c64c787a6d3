"""One-time links: to claim the business, to sign in to the console."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import UserId
from botyard.members.models import LinkPurpose, OneTimeLink

LIFETIME = {LinkPurpose.CLAIM: timedelta(hours=24), LinkPurpose.CONSOLE: timedelta(minutes=5)}


async def make_link(
    session: AsyncSession, purpose: LinkPurpose, now: datetime, *, user_id: UserId | None = None
) -> str:
    """The token of a new link (43 of `A-Za-z0-9_-`, fit for a deep link). It is kept only as a hash."""
    token = secrets.token_urlsafe(32)
    session.add(
        OneTimeLink(
            token_hash=hash_token(token),
            purpose=purpose,
            user_id=user_id,
            created_at=now,
            expires_at=now + LIFETIME[purpose],
        )
    )
    return token


async def is_usable(session: AsyncSession, purpose: LinkPurpose, token: str, now: datetime) -> bool:
    """Whether the link would work now. Looking does not use it up."""
    found = await session.execute(select(OneTimeLink.token_hash).where(_usable(purpose, token, now)))
    return found.first() is not None


async def use_link(
    session: AsyncSession, purpose: LinkPurpose, token: str, now: datetime
) -> OneTimeLink | None:
    """Uses a link up and returns it; None when it is unknown, used or past its time."""
    found = await session.execute(
        update(OneTimeLink).where(_usable(purpose, token, now)).values(used_at=now).returning(OneTimeLink)
    )
    return found.scalar_one_or_none()


async def lock_links(session: AsyncSession, purpose: LinkPurpose) -> None:
    """Until this transaction ends, whoever else locks or uses a link of this purpose waits."""
    await session.execute(
        select(OneTimeLink.token_hash)
        .where(OneTimeLink.purpose == purpose)
        .order_by(OneTimeLink.token_hash)
        .with_for_update()
    )


async def withdraw_links(session: AsyncSession, purpose: LinkPurpose) -> None:
    """Takes back every link of a purpose: an older claim link must not outlive a newer one."""
    await session.execute(delete(OneTimeLink).where(OneTimeLink.purpose == purpose))


async def forget_old_links(session: AsyncSession, now: datetime) -> None:
    """Removes links that nobody can use any more."""
    await session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now))


def hash_token(token: str) -> str:
    """What is kept of a token: it is random, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _usable(purpose: LinkPurpose, token: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        OneTimeLink.token_hash == hash_token(token),
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now,
    )
