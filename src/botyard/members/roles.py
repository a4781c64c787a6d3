"""Changing roles: who may, what it leaves in the audit log, and the owner that must remain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.ids import BotId, UserId
from botyard.members import audit
from botyard.members.models import Role, RoleRaise, User


class UnknownMember(BotyardError):
    """Nobody with this id has ever written to a bot of the business."""


class LastOwner(BotyardError):
    """The change would leave the business without an owner."""


class RoleTooLow(BotyardError):
    """A raise must lie above the member's own role."""


async def change_role(
    session: AsyncSession,
    user_id: UserId,
    role: Role,
    now: datetime,
    *,
    by: UserId | None,
    bot_id: BotId | None = None,
) -> Role:
    """Sets a member's role for the whole business, ends his raises, and answers the role before.

    Raises `UnknownMember`, and `LastOwner` when the only owner would be demoted.
    """
    user = await _locked_user(session, user_id)
    before = user.role
    if before is Role.OWNER and role is not Role.OWNER:
        await _require_another_owner(session, user)
    user.role = role
    await session.execute(delete(RoleRaise).where(RoleRaise.user_id == user_id))
    audit.record(
        session,
        at=now,
        action="role.change",
        subject=f"user:{user_id}",
        actor_id=by,
        bot_id=bot_id,
        before=before.name,
        after=role.name,
    )
    await session.flush()
    return before


async def appoint_owner(session: AsyncSession, user_id: UserId, now: datetime) -> None:
    """Makes somebody owner by the operator's settings, also before he has ever written to a bot."""
    user = await session.get(User, user_id)
    if user is None:
        session.add(
            User(
                id=user_id,
                first_name="Owner",
                is_premium=False,
                role=Role.OWNER,
                created_at=now,
                seen_at=now,
            )
        )
    elif user.role is not Role.OWNER:
        user.role = Role.OWNER
    else:
        return
    audit.record(session, at=now, action="owner.appoint", subject=f"user:{user_id}", by="settings")


async def raise_role(
    session: AsyncSession,
    user_id: UserId,
    role: Role,
    now: datetime,
    *,
    by: UserId | None,
    only_bot: BotId | None = None,
    until: datetime | None = None,
) -> None:
    """Gives a member a higher role for one bot only, until a date, or both.

    Raises `UnknownMember` and `RoleTooLow`.
    """
    user = await _locked_user(session, user_id)
    if role <= user.role:
        raise RoleTooLow(
            f"{user.first_name} is {user.role.name} already.", remedy="A raise must be to a higher role."
        )
    session.add(
        RoleRaise(
            user_id=user_id, bot_id=only_bot, role=role, expires_at=until, granted_by=by, created_at=now
        )
    )
    audit.record(
        session,
        at=now,
        action="role.raise",
        subject=f"user:{user_id}",
        actor_id=by,
        bot_id=only_bot,
        role=role.name,
        until=until.isoformat() if until else None,
    )
    await session.flush()


async def staff(session: AsyncSession, at_least: Role = Role.ADMIN) -> Sequence[User]:
    """Members whose own role is `at_least` (ADMIN or OWNER), highest first."""
    found = await session.scalars(
        select(User).where(User.role >= 2, User.role >= at_least).order_by(User.role.desc(), User.id)
    )
    return found.all()


async def ban(
    session: AsyncSession, user_id: UserId, reason: str, now: datetime, *, by: UserId | None
) -> None:
    """Bans a member: every bot ignores him from now on. Raises `UnknownMember` and `LastOwner`."""
    user = await _locked_user(session, user_id)
    if user.role is Role.OWNER:
        await _require_another_owner(session, user)
    user.banned_at, user.ban_reason = now, reason
    audit.record(session, at=now, action="member.ban", subject=f"user:{user_id}", actor_id=by, reason=reason)


async def unban(session: AsyncSession, user_id: UserId, now: datetime, *, by: UserId | None) -> None:
    """Lets a banned member back in. Raises `UnknownMember`."""
    user = await _locked_user(session, user_id)
    user.banned_at = user.ban_reason = None
    audit.record(session, at=now, action="member.unban", subject=f"user:{user_id}", actor_id=by)


async def find_user(session: AsyncSession, who: str) -> User | None:
    """The member by Telegram id or @username."""
    if who.lstrip("-").isdigit():
        number = int(who)
        return await session.get(User, number) if 0 < number < 2**63 else None
    found = await session.scalars(
        select(User).where(func.lower(User.username) == who.removeprefix("@").lower())
    )
    return found.first()


async def _locked_user(session: AsyncSession, user_id: UserId) -> User:
    user = await session.get(User, user_id, with_for_update=True)
    if user is None:
        raise UnknownMember(
            f"no member has the Telegram id {user_id}.", remedy="Ask them to send /start to a bot first."
        )
    return user


async def _require_another_owner(session: AsyncSession, user: User) -> None:
    # Locked, so that two owners who demote each other at once cannot both succeed.
    owners = await session.scalars(
        select(User.id)
        .where(User.role >= 2, User.role == Role.OWNER, User.banned_at.is_(None))
        .order_by(User.id)
        .with_for_update()
    )
    if set(owners) <= {user.id}:
        raise LastOwner(f"{user.first_name} is the last owner.", remedy="Make another member OWNER first.")
