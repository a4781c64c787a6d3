"""What admins decide: that a chat goes live, that a plan beyond the brake may go on, who may stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.access.models import AccessChat, AccessMember, Mode
from botyard.features.access.rules import Decision
from botyard.features.access.service import comparing, people, removing
from botyard.features.access.service.chats import Terms
from botyard.ids import ChatKey, UserId
from botyard.members import audit
from botyard.members.audit import Actor
from botyard.members.two_person import needs_second, require_other

MOST_DECIDED = 500


class PlanChanged(BotyardError):
    """What an admin has seen is not what would happen now."""


class NotReady(BotyardError):
    """It is not the moment for that."""


class Said(StrEnum):
    """What came of an admin's yes."""

    DONE = "done"
    WAITS = "waits"
    """Another admin has to agree."""


async def go_live(
    session: AsyncSession, chat: AccessChat, seen: int, by: Actor, terms: Terms, now: datetime
) -> Said:
    """Has members removed from a chat from now on, by an admin who saw that `seen` would go now.

    Raises `NotReady`, `PlanChanged` and `SamePerson`.
    """
    if chat.mode is Mode.LIVE:
        raise NotReady("This chat is live already.", remedy="Look at its plan again.")
    if chat.problem is not None:
        raise NotReady("The bot cannot do its work in this chat.", remedy="Give it the rights first.")
    if chat.compared_at is None or chat.compared_through is not None:
        raise NotReady("Its members are still being compared.", remedy="Look again in a minute.")
    going = (await people.count(session, ChatKey(chat.chat_key), now)).going
    _require_seen(seen, going)
    if not _second(chat, "live", going, by, terms):
        _note(session, chat, "access.live_wanted", by, now, size=going)
        return Said.WAITS
    chat.mode = Mode.LIVE
    _note(session, chat, "access.live", by, now, size=going)
    return Said.DONE


async def go_dry(session: AsyncSession, chat: AccessChat, by: Actor, now: datetime) -> int:
    """Has nobody removed from now on; answers how many removals that waited were taken back."""
    chat.mode = Mode.DRY
    _forget_wish(chat)
    chat.braked_at, chat.braked_size, chat.allowed, chat.allowed_until = None, 0, 0, None
    withdrawn = await removing.withdraw_all(session, ChatKey(chat.chat_key))
    _note(session, chat, "access.dry", by, now, withdrawn=withdrawn)
    return withdrawn


async def approve(
    session: AsyncSession, chat: AccessChat, seen: int, by: Actor, terms: Terms, now: datetime
) -> Said:
    """Lets a plan that the brake has stopped go on: for these `seen` members, not for later ones.

    Raises `NotReady`, `PlanChanged` and `SamePerson`.
    """
    if chat.braked_at is None:
        raise NotReady("No plan of this chat waits.", remedy="Look at its plan again.")
    going = (await people.count(session, ChatKey(chat.chat_key), now)).going
    _require_seen(seen, going)
    if not _second(chat, "approve", going, by, terms):
        _note(session, chat, "access.approve_wanted", by, now, size=going)
        return Said.WAITS
    chat.allowed, chat.allowed_until = going, now
    chat.braked_at, chat.braked_size = None, 0
    _note(session, chat, "access.approve", by, now, size=going)
    return Said.DONE


def set_single_use(session: AsyncSession, chat: AccessChat, by: Actor, now: datetime, *, on: bool) -> None:
    """Whether each member gets a link of his own, which ends when it was used."""
    chat.single_use = on
    _note(session, chat, "access.single_use", by, now, on=on)


def compare_now(session: AsyncSession, chat: AccessChat, by: Actor, now: datetime) -> None:
    """Has the chat compared, and Telegram asked who is there."""
    comparing.begin(chat)
    _note(session, chat, "access.compare", by, now)


async def decide(
    session: AsyncSession,
    chat: AccessChat,
    user_ids: Collection[UserId],
    decision: Decision,
    by: Actor,
    terms: Terms,
    now: datetime,
) -> int:
    """What is to become of members who never paid for the chat; answers how many it concerned."""
    rows = []
    for user_id in sorted(user_ids):
        row = await people.locked(session, ChatKey(chat.chat_key), user_id)
        if row.unlisted_at is None and row.decision is None:
            continue
        row.decision, row.decided_by = decision, by.user_id
        row.due_at = None
        rows.append(row)
        audit.record(
            session,
            at=now,
            action=f"access.{decision.value}",
            subject=f"user:{user_id}",
            actor_id=by.user_id,
            bot_id=by.bot_id,
            chat=chat.chat_key,
        )
    await people.reconsider(session, chat, rows, terms, now)
    return len(rows)


async def decide_all(
    session: AsyncSession, chat: AccessChat, decision: Decision, by: Actor, terms: Terms, now: datetime
) -> int:
    """The same for all who wait for a decision, some hundreds at a time; answers how many it concerned."""
    waiting = await session.scalars(
        select(AccessMember.user_id)
        .where(AccessMember.chat_key == chat.chat_key, AccessMember.unlisted_at.is_not(None))
        .order_by(AccessMember.user_id)
        .limit(MOST_DECIDED)
    )
    return await decide(session, chat, [UserId(each) for each in waiting], decision, by, terms, now)


def _require_seen(seen: int, going: int) -> None:
    if seen != going:
        raise PlanChanged(
            f"The plan has changed: {going} would be removed now, not {seen}.", remedy="Look at it again."
        )


def _second(chat: AccessChat, what: str, size: int, by: Actor, terms: Terms) -> bool:
    """Whether this yes is enough. The first of two is kept until another admin says the same."""
    if not needs_second(size, terms.two_person_above):
        _forget_wish(chat)
        return True
    if chat.wanted == what and chat.wanted_by is not None and chat.wanted_size == size:
        require_other(by.user_id, [UserId(chat.wanted_by)])
        _forget_wish(chat)
        return True
    chat.wanted, chat.wanted_by, chat.wanted_size = what, by.user_id, size
    return False


def _forget_wish(chat: AccessChat) -> None:
    chat.wanted, chat.wanted_by, chat.wanted_size = None, None, 0


def _note(
    session: AsyncSession, chat: AccessChat, action: str, by: Actor, now: datetime, **detail: int | bool
) -> None:
    audit.record(
        session,
        at=now,
        action=action,
        subject=f"chat:{chat.chat_key}",
        actor_id=by.user_id,
        bot_id=by.bot_id,
        **detail,
    )
