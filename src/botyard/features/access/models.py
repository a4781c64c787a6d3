"""Paid chats, the bots that keep them, who is in them, and the links that lead there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, JsonBytes, RowNumber, UtcDateTime
from botyard.features.access.rules import Came, Decision, Standing


class Mode(StrEnum):
    """Whether anybody is removed from a chat."""

    DRY = "dry"
    """Nobody is; the plan only says who would be."""
    LIVE = "live"


class Problem(StrEnum):
    """Why nobody can be let into a chat, or removed from it, or neither."""

    NO_ADMIN = "no_admin"
    NO_INVITE = "no_invite"
    NO_RESTRICT = "no_restrict"
    NO_RIGHTS = "no_rights"
    BASIC_GROUP = "basic_group"
    """Telegram removes without a ban, and asks who comes in, in supergroups and channels only."""

    @property
    def lets_in(self) -> bool:
        """Whether who has paid can be let in all the same."""
        return self is Problem.NO_RESTRICT


class AccessChat(Base):
    """A chat that some plan lets into."""

    __tablename__ = "access_chats"

    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    mode: Mapped[Mode] = mapped_column(EnumText(Mode))
    plans: Mapped[list[str]] = mapped_column(JsonBytes)
    """The codes of the plans that let into it, as they were when somebody last looked."""
    single_use: Mapped[bool]
    """Whether each member gets a link of his own, for one, besides."""
    problem: Mapped[Problem | None] = mapped_column(EnumText(Problem))
    told_problem: Mapped[Problem | None] = mapped_column(EnumText(Problem))
    compared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    compared_through: Mapped[int | None] = mapped_column(BigInteger)
    """The member up to whom a comparison under way has come; None if none is under way."""
    swept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    swept_through: Mapped[int | None] = mapped_column(BigInteger)
    """The member up to whom Telegram was asked; None if nobody is being asked."""
    sweep: Mapped[int] = mapped_column(Integer)
    """The number of the latest round of questions: a former one that is still about goes no further."""
    people: Mapped[int | None] = mapped_column(Integer)
    """How many are in it, as Telegram said when it was last asked; bots and admins count."""
    braked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    braked_size: Mapped[int] = mapped_column(Integer)
    """How many would have gone when the plan was stopped."""
    allowed: Mapped[int] = mapped_column(Integer)
    """How many removals an admin has agreed to beyond the brake."""
    allowed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Whoever became due after that is not meant."""
    wanted: Mapped[str | None] = mapped_column(String(16))
    """What one admin wants, and another has to agree to: live or approve."""
    wanted_by: Mapped[int | None] = mapped_column(BigInteger)
    wanted_size: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_through: Mapped[int | None] = mapped_column(BigInteger)
    """The member up to whom those who may come in were looked at; None if nobody is being looked at."""


class AccessKeep(Base):
    """A plan that named a chat until a moment: what was paid for by then still opens it."""

    __tablename__ = "access_keeps"

    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    plan: Mapped[str] = mapped_column(String(32), primary_key=True)
    kept_until: Mapped[datetime] = mapped_column(UtcDateTime)


class Keeper(Base):
    """What a bot may do in a chat that it administers, or administered."""

    __tablename__ = "access_keepers"

    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"), primary_key=True)
    is_admin: Mapped[bool]
    can_invite: Mapped[bool]
    can_restrict: Mapped[bool]
    seen_key: Mapped[str] = mapped_column(String(64))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessMember(Base):
    """Somebody who is in a paid chat, was there, or was told the way in."""

    __tablename__ = "access_members"

    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    standing: Mapped[Standing] = mapped_column(EnumText(Standing))
    came: Mapped[Came] = mapped_column(EnumText(Came))
    seen_key: Mapped[str] = mapped_column(String(64))
    came_key: Mapped[str] = mapped_column(String(64))
    decision: Mapped[Decision | None] = mapped_column(EnumText(Decision))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """From when on he has to go, as far as is known; None also for who is not there."""
    unlisted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when an admin's decision about him is waited for."""
    removal: Mapped[str | None] = mapped_column(String(64))
    """The receipt of the call that removes him, while it is under way."""
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When he was last told the way in."""


class AccessLink(Base):
    """A link into a chat: for all (`user_id` is None: who uses it asks), or for one member."""

    __tablename__ = "access_links"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"))
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    url: Mapped[str | None] = mapped_column(String(128))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
