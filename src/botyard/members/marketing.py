"""What marketing knows of members: tags, where they came from, their time zone, and how much they got."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.statements import insert_new, upsert
from botyard.db.types import Base, UtcDateTime
from botyard.errors import BotyardError
from botyard.ids import BotId, UserId
from botyard.members import audit
from botyard.members.audit import Actor

LONGEST_TAG = 32


class BadTag(BotyardError):
    """A word that cannot be put on a member."""


class MemberTag(Base):
    """A word that admins have put on a member."""

    __tablename__ = "member_tags"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)


class MemberSource(Base):
    """The deep link that a member first came by."""

    __tablename__ = "member_sources"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberZone(Base):
    """A member's time zone, where it is known: Telegram does not tell."""

    __tablename__ = "member_zones"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))


class MarketingTouch(Base):
    """A marketing message that was queued for a member, by any bot. `cause` tells which."""

    __tablename__ = "marketing_touches"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    cause: Mapped[str] = mapped_column(String(64), primary_key=True)


async def came_by(session: AsyncSession, user_id: UserId, source: str, bot_id: BotId, now: datetime) -> None:
    """Notes the deep link that a member came by, if it is his first."""
    values = {"user_id": user_id, "source": source[:64], "bot_id": bot_id, "at": now}
    await session.execute(insert_new(session.get_bind().dialect, MemberSource).values(values))


async def tag(session: AsyncSession, user_id: UserId, tags: Collection[str]) -> None:
    """Puts words on a member; those that he has already stay."""
    for each in sorted(tags):
        await session.execute(
            insert_new(session.get_bind().dialect, MemberTag).values(user_id=user_id, tag=each)
        )


async def untag(session: AsyncSession, user_id: UserId, tags: Collection[str]) -> None:
    """Takes words off a member."""
    await session.execute(delete(MemberTag).where(MemberTag.user_id == user_id, MemberTag.tag.in_(tags)))


async def retag(
    session: AsyncSession,
    user_id: UserId,
    tags: Collection[str],
    by: Actor | None,
    now: datetime,
    *,
    on: bool,
) -> list[str]:
    """Puts words on a member or takes them off, noted in the audit log; returns those he has then.

    `by` is nobody on the command line. Raises `BadTag`.
    """
    words = {" ".join(each.split()) for each in tags}
    for each in sorted(words):
        if not each.isprintable() or not 1 <= len(each) <= LONGEST_TAG:
            raise BadTag(f"'{each[:40]}' has not 1 to {LONGEST_TAG} letters.", remedy="Shorten the tag.")
    await (tag if on else untag)(session, user_id, words)
    audit.record(
        session,
        at=now,
        action="member.tag" if on else "member.untag",
        subject=f"user:{user_id}",
        actor_id=by.user_id if by else None,
        bot_id=by.bot_id if by else None,
        tags=", ".join(sorted(words)),
    )
    return await tags_of(session, user_id)


async def tags_of(session: AsyncSession, user_id: UserId) -> list[str]:
    """The words on a member, in order."""
    found = await session.scalars(
        select(MemberTag.tag).where(MemberTag.user_id == user_id).order_by(MemberTag.tag)
    )
    return list(found)


async def zone_of(session: AsyncSession, user_id: UserId) -> str | None:
    """A member's time zone, if it is known."""
    found = await session.get(MemberZone, user_id)
    return None if found is None else found.zone


async def keep_zone(session: AsyncSession, user_id: UserId, zone: str) -> None:
    """Remembers a member's time zone. The caller has checked that there is such a zone."""
    values = {"user_id": user_id, "zone": zone}
    await session.execute(upsert(session.get_bind().dialect, MemberZone, key=["user_id"], values=values))
