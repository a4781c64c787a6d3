"""The codes of members' links for friends: `t.me/<bot>?start=ref-<code>`. Each has one, for good."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.hot import HotConnection, HotStatement
from botyard.db.statements import insert_new
from botyard.db.types import Base, UtcDateTime
from botyard.ids import UserId

PREFIX = "ref"
"""Of the payloads by which friends come."""
LENGTH = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Those that nobody mistakes for another when he reads one out: 10 of them have 49 bits."""


class ReferralCode(Base):
    """A member's code. It tells nothing of him, and nobody can guess one."""

    __tablename__ = "referral_codes"

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    code: Mapped[str] = mapped_column(String(16), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


_NUMBERS = {"number": "bigint"}
_FIND = HotStatement(
    "SELECT user_id, code FROM referral_codes WHERE user_id IN (SELECT number FROM {person})", person=_NUMBERS
)
_MAKE = HotStatement(
    """
    INSERT INTO referral_codes (user_id, code, created_at)
    SELECT user_id, code, :now FROM {made} WHERE true ON CONFLICT DO NOTHING
    """,
    made={"user_id": "bigint", "code": "text"},
)


async def code_of(session: AsyncSession, user_id: UserId, now: datetime) -> str:
    """The member's code; at the first time it is made."""
    wanted = select(ReferralCode.code).where(ReferralCode.user_id == user_id)
    while (found := await session.scalar(wanted)) is None:  # again where another member has the same already
        values = {"user_id": user_id, "code": _new_code(), "created_at": now}
        await session.execute(insert_new(session.get_bind().dialect, ReferralCode).values(values))
    return found


def codes_of(hot: HotConnection, members: Collection[int], now: datetime) -> dict[int, str]:
    """The codes of these members, in three statements at most; who had none has one now."""
    people = [{"number": each} for each in sorted(members)]
    found: dict[int, str] = dict(hot.execute(_FIND, person=people)) if people else {}
    missing = sorted(set(members) - found.keys())
    if missing:
        made = [{"user_id": each, "code": _new_code()} for each in missing]
        hot.execute(_MAKE, made=made, now=hot.moment(now))
        found |= dict(hot.execute(_FIND, person=[{"number": each} for each in missing]))
    return found


async def owner_of(session: AsyncSession, code: str) -> UserId | None:
    """Whose code it is; None for one that nobody has."""
    if len(code) != LENGTH:  # whoever makes a link up may write anything
        return None
    found = await session.scalar(select(ReferralCode.user_id).where(ReferralCode.code == code.lower()))
    return None if found is None else UserId(found)


def link_of(bot_username: str, code: str) -> str:
    """The link to hand out."""
    return f"https://t.me/{bot_username}?start={PREFIX}-{code}"


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
