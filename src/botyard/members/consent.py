"""Consent: what a member wants to hear of. Every sender of what nobody asked for looks here first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.statements import upsert
from botyard.db.types import Base, EnumText, UtcDateTime
from botyard.ids import ChatKey, UserId
from botyard.members.models import Chat


class Topic(StrEnum):
    """What messages can be about. Members opt in to marketing; nobody has to say no first."""

    OFFERS = "offers"
    NEWS = "news"
    GUIDES = "guides"
    SERVICE = "service"
    """What belongs to the service that a member uses: he gets it until he says no."""

    @property
    def needs_yes(self) -> bool:
        """Whether it is marketing, which only those get who have asked for it."""
        return self is not Topic.SERVICE


MARKETING = tuple(topic for topic in Topic if topic.needs_yes)
"""What a newsletter is about."""


class Consent(Base):
    """A member's latest word on a topic. Without a row he was never asked, which is a no."""

    __tablename__ = "consents"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    topic: Mapped[Topic] = mapped_column(EnumText(Topic), primary_key=True)
    granted: Mapped[bool]
    source: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def say(
    session: AsyncSession,
    user_id: UserId,
    topics: Collection[Topic],
    now: datetime,
    *,
    granted: bool,
    source: str,
) -> None:
    """Writes down a member's yes or no. `source` is where he said it: `/newsletter`, `button`."""
    dialect = session.get_bind().dialect
    for topic in sorted(topics):
        values = {
            "user_id": user_id,
            "topic": topic,
            "granted": granted,
            "source": source[:64],
            "changed_at": now,
        }
        await session.execute(upsert(dialect, Consent, key=["user_id", "topic"], values=values))


async def granted_topics(session: AsyncSession, user_id: UserId) -> set[Topic]:
    """The marketing that the member has said yes to."""
    found = await session.scalars(
        select(Consent.topic).where(
            Consent.user_id == user_id, Consent.granted.is_(True), Consent.topic.in_(MARKETING)
        )
    )
    return set(found)


async def received_topics(session: AsyncSession, user_id: UserId) -> set[Topic]:
    """All that the member gets: what he said yes to, and what needs no yes and he did not refuse."""
    rows = await session.execute(select(Consent.topic, Consent.granted).where(Consent.user_id == user_id))
    said = {row.topic: row.granted for row in rows}
    return {topic for topic in Topic if said.get(topic, not topic.needs_yes)}


async def willing(session: AsyncSession, chats: Sequence[ChatKey], topic: Topic) -> list[ChatKey]:
    """Those of the chats that may get something on the topic, in their order.

    A private chat may if its member said yes, or no word of his was needed; groups and channels are their
    owners' own business.
    """
    agrees = func.coalesce(Consent.granted, not topic.needs_yes)
    rows = await session.execute(
        select(Chat.id)
        .outerjoin(Consent, (Consent.user_id == Chat.telegram_id) & (Consent.topic == topic))
        .where(Chat.id.in_(chats), (Chat.type != "private") | agrees)
    )
    allowed = {key for (key,) in rows}
    return [key for key in chats if key in allowed]
