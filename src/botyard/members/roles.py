"""Changing roles: who may, what it leaves in the audit log, and the owner that must remain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.ids import BotId, UserId
from botyard.members import audit
from botyard.members.models import Role, RoleRaise, User

_ID = re.compile(r"[0-9]{1,19}")


class UnknownMember(BotyardError):
    """Nobody with this id has ever written to a bot of the business."""


class LastOwner(BotyardError):
    """The change would leave the business without an owner."""


class RoleTooLow(BotyardError):
    """A raise must lie above the member's own role."""


class NotGiven(BotyardError):
    """Nobody is made a subscriber: who has paid time is one."""


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

    Raises `UnknownMember`, `NotGiven`, and `LastOwner` when the only owner would be demoted.
    """
    _require_given(role)
    user, other_owners = await _locked(session, user_id)
    before = user.role
    if role is not Role.OWNER:
        _require_owner_without(user, other_owners)
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
    elif user.role is not Role.OWNER or user.banned_at is not None:
        user.role, user.banned_at, user.ban_reason = Role.OWNER, None, None
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

    Raises `UnknownMember`, `NotGiven` and `RoleTooLow`.
    """
    _require_given(role)
    user, _ = await _locked(session, user_id)
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


def _require_given(role: Role) -> None:
    if role is Role.SUBSCRIBER:
        raise NotGiven(
            "Nobody is made SUBSCRIBER: a member is one as long as he has paid time.",
            remedy="Give him time with /grant, or make him PUBLIC.",
        )


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
    user, other_owners = await _locked(session, user_id)
    _require_owner_without(user, other_owners)
    user.banned_at, user.ban_reason = now, reason
    audit.record(session, at=now, action="member.ban", subject=f"user:{user_id}", actor_id=by, reason=reason)


async def unban(session: AsyncSession, user_id: UserId, now: datetime, *, by: UserId | None) -> None:
    """Lets a banned member back in. Raises `UnknownMember`."""
    user, _ = await _locked(session, user_id)
    user.banned_at = user.ban_reason = None
    audit.record(session, at=now, action="member.unban", subject=f"user:{user_id}", actor_id=by)


async def find_user(session: AsyncSession, who: str) -> User | None:
    """The member by Telegram id or @username, in any case of letters."""
    if _ID.fullmatch(who):
        number = int(who)
        return await session.get(User, number) if number < 2**63 else None
    found = await session.scalars(
        select(User).where(func.lower(User.username) == who.removeprefix("@").lower())
    )
    return found.first()


async def _locked(session: AsyncSession, user_id: UserId) -> tuple[User, list[User]]:
    """The member, and the owners besides him who are not banned: as they are now, and nobody changes them.

    Locked together and in one order, so that owners who demote each other at the same moment take turns.
    """
    found = await session.scalars(
        select(User)
        .where(or_(User.id == user_id, and_(User.role >= 2, User.role == Role.OWNER)))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    locked = {user.id: user for user in found}
    user = locked.pop(user_id, None)
    if user is None:
        raise UnknownMember(
            f"no member has the Telegram id {user_id}.", remedy="Ask them to send /start to a bot first."
        )
    return user, [owner for owner in locked.values() if owner.banned_at is None]


def _require_owner_without(user: User, other_owners: Sequence[User]) -> None:
    if user.role is Role.OWNER and not other_owners:
        raise LastOwner(f"{user.first_name} is the last owner.", remedy="Make another member OWNER first.")
