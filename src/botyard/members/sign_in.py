"""Who is signed in: a browser that used a one-time link up holds a cookie, and we hold the cookie's hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.session import Database
from botyard.db.types import Base, UtcDateTime
from botyard.ids import UserId
from botyard.members import audit
from botyard.members.directory import read_member
from botyard.members.links import hash_token, use_link
from botyard.members.member import Member
from botyard.members.models import LinkPurpose, Role

SESSION_COOKIE = "botyard_session"
LOWEST_ROLE = Role.ADMIN
LIFETIME = timedelta(days=7)
"""A session ends then, however much it is used."""
IDLE = timedelta(hours=12)
"""An unused session ends then."""
SEEN_STEP = timedelta(minutes=5)
"""`seen_at` is written at most this often."""


class ConsoleSession(Base):
    """A signed-in browser. Only the hash of its cookie is kept."""

    __tablename__ = "console_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def is_live(self, now: datetime) -> bool:
        """Whether it still counts: neither too old nor unused for too long."""
        return now < self.expires_at and now < self.seen_at + IDLE


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The member behind a cookie, and his role for the whole business at this moment."""

    member: Member
    role: Role


async def sign_in(session: AsyncSession, token: str, now: datetime) -> str | None:
    """Uses a sign-in link up and returns the new session's cookie.

    None when the link is dead, or when its member may not enter (any more).
    """
    link = await use_link(session, LinkPurpose.CONSOLE, token, now)
    if link is None or link.user_id is None:
        return None
    signed_in = await _admit(session, UserId(link.user_id), now)
    if signed_in is None:
        return None
    await _forget_dead_sessions(session, now)
    cookie = secrets.token_urlsafe(32)
    session.add(
        ConsoleSession(
            token_hash=hash_token(cookie),
            user_id=signed_in.member.id,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
        )
    )
    _note(session, "console.sign_in", signed_in.member.id, now)
    return cookie


async def sign_out(session: AsyncSession, cookie: str, now: datetime) -> None:
    """Ends the cookie's session, if there is one."""
    held = await session.get(ConsoleSession, hash_token(cookie))
    if held is not None:
        await session.delete(held)
        _note(session, "console.sign_out", UserId(held.user_id), now)


async def recognise(database: Database, cookie: str | None, now: datetime) -> SignedIn | None:
    """Who holds this cookie. None without a live session, or when the member may not enter any more."""
    if not cookie:
        return None
    async with database.reading() as session:
        held = await session.get(ConsoleSession, hash_token(cookie))
        if held is None or not held.is_live(now):
            return None
        signed_in = await _admit(session, UserId(held.user_id), now)
    if signed_in is not None and now - held.seen_at >= SEEN_STEP:
        await _note_seen(database, held.token_hash, now)
    return signed_in


def business_role(member: Member, now: datetime) -> Role:
    """The member's role for the whole business. A raise for one bot does not count: the console shows all."""
    raises = [
        held.role for held in member.raises if held.bot_id is None and not _is_over(held.expires_at, now)
    ]
    return max([member.base_role, *raises])


async def _admit(session: AsyncSession, user_id: UserId, now: datetime) -> SignedIn | None:
    member = await read_member(session, user_id)
    if member is None or member.banned:
        return None
    role = business_role(member, now)
    return SignedIn(member, role) if role >= LOWEST_ROLE else None


async def _note_seen(database: Database, token_hash: str, now: datetime) -> None:
    async with database.session() as session:
        await session.execute(
            update(ConsoleSession).where(ConsoleSession.token_hash == token_hash).values(seen_at=now)
        )


async def _forget_dead_sessions(session: AsyncSession, now: datetime) -> None:
    await session.execute(
        delete(ConsoleSession).where(
            or_(ConsoleSession.expires_at <= now, ConsoleSession.seen_at <= now - IDLE)
        )
    )


def _is_over(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now


def _note(session: AsyncSession, action: str, user_id: UserId, now: datetime) -> None:
    audit.record(session, at=now, action=action, subject=f"user:{user_id}", actor_id=user_id)
