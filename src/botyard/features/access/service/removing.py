"""Removing who has no time left: once, not before his grace is over, and not if he has paid meanwhile.

Bot API, unbanChatMember without only_if_banned: one call that removes and leaves no ban.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.hot import in_one_trip
from botyard.features.access.models import AccessChat, AccessMember, Mode
from botyard.features.access.rules import Move, Standing, Verdict, is_too_much
from botyard.features.access.service import opening, people
from botyard.features.access.service.chats import Terms
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import receipts
from botyard.members import audit
from botyard.members.models import User
from botyard.outbox import bulk
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call

REMOVED_JOB = "access.removed"
STEP = 50
"""So many are removed in one transaction at most."""
LASTS = timedelta(minutes=30)
"""A removal that has waited longer is given up: whoever is still to go then is looked at anew."""
PAUSE = timedelta(hours=1)
"""So long after Telegram has refused a removal it is tried again."""
_IS_ADMIN = ("is an administrator", "chat owner", "chat creator", "chat_admin", "user_is_bot")


@dataclass(frozen=True, slots=True)
class Advance:
    """What a step came to: how many removals were queued, whether the brake has just stopped the plan."""

    queued: int
    stopped: bool = False
    more: bool = False


async def advance(
    session: AsyncSession, chat: AccessChat, bot_id: BotId, terms: Terms, now: datetime
) -> Advance:
    """Queues the next removals of a live chat, unless the brake stops them. The chat is locked."""
    key = ChatKey(chat.chat_key)
    count = await people.count(session, key, now)
    if chat.mode is not Mode.LIVE or chat.problem is not None or not count.going:
        if not count.going:
            _release(chat)
        return Advance(0)
    until, most = now, STEP
    by_leave = is_too_much(count.going, count.present, terms.brake)
    if by_leave:
        if not chat.allowed or chat.allowed_until is None:
            is_new = chat.braked_at is None
            chat.braked_at, chat.braked_size = chat.braked_at or now, count.going
            return Advance(0, stopped=is_new)
        until, most = chat.allowed_until, min(STEP, chat.allowed)
    queued = 0
    for user_id in sorted(await people.due(session, key, until, most)):
        queued += await _remove(session, chat, user_id, bot_id, terms, now)
    if by_leave:
        chat.allowed = chat.allowed - queued if queued else 0
    chat.braked_at = None
    return Advance(queued, more=queued > 0 or by_leave)


def _release(chat: AccessChat) -> None:
    chat.braked_at, chat.braked_size, chat.allowed, chat.allowed_until = None, 0, 0, None


async def _remove(
    session: AsyncSession, chat: AccessChat, user_id: UserId, bot_id: BotId, terms: Terms, now: datetime
) -> bool:
    """Queues one removal, if after a last look, with the member locked, he still has to go."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    row = await people.locked(session, ChatKey(chat.chat_key), user_id)
    verdict = await _verdict(session, chat, row, terms, now)
    if verdict.move is not Move.GOES or row.removal is not None:
        await people.reconsider(session, chat, [row], terms, now)
        return False
    row.removal = f"access-out:{chat.chat_key}:{user_id}:{int(now.timestamp())}"
    call = Call(
        bot_id,
        "unbanChatMember",
        {"user_id": user_id},
        ChatKey(chat.chat_key),
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
        expires_at=now + LASTS,
        receipt=row.removal,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    payload = {
        "chat": chat.chat_key,
        "user": user_id,
        "seen": row.seen_key,
        "why": verdict.why.value,
        "at": now.isoformat(),
    }
    await receipts.follow(session, REMOVED_JOB, row.removal, payload, now)
    audit.record(
        session,
        at=now,
        action="access.remove",
        subject=f"user:{user_id}",
        bot_id=bot_id,
        chat=chat.chat_key,
        why=verdict.why.value,
        due=verdict.due_at.isoformat() if verdict.due_at else None,
    )
    return True


async def _verdict(
    session: AsyncSession, chat: AccessChat, row: AccessMember, terms: Terms, now: datetime
) -> Verdict:
    user_id = UserId(row.user_id)
    spans = await opening.spans_of(session, ChatKey(chat.chat_key), [user_id])
    return people.verdict_on(row, spans.get(user_id, []), terms, now)


async def withdraw(session: AsyncSession, found: Sequence[tuple[AccessMember, Verdict]]) -> int:
    """Takes back the removals that wait for members who do not have to go (any more); answers how many."""
    withdrawn = 0
    for row, verdict in found:
        if row.removal is not None and verdict.move is not Move.GOES:
            withdrawn += await _take_back(session, row.removal)
    return withdrawn


async def _take_back(session: AsyncSession, receipt: str) -> int:
    """Takes a call out of the outbox unless it is being made; answers whether it was there (0 or 1)."""
    return len(await in_one_trip(await session.connection(), lambda hot: bulk.withdraw(hot, receipt)))


async def withdraw_all(session: AsyncSession, chat_key: ChatKey) -> int:
    """Takes back all removals from a chat that wait; answers how many."""
    rows = await session.scalars(
        select(AccessMember.removal).where(
            AccessMember.chat_key == chat_key, AccessMember.removal.is_not(None)
        )
    )
    return sum([await _take_back(session, str(each)) for each in rows.all()])


class Fallout:
    """What is left to do once it is known what became of a removal."""

    NOTHING = "nothing"
    REMOVED = "removed"
    """He is out: he has to be told."""
    CHECK = "check"
    """Nobody knows for sure whether he is there."""
    LET_IN = "let_in"
    """He has paid while he was being removed."""
    RIGHTS = "rights"
    """Telegram refused: perhaps the bot's rights have changed."""


async def ended(
    session: AsyncSession, chat: AccessChat, payload: Mapping[str, Any], terms: Terms, now: datetime
) -> str:
    """Writes down what became of a removal; answers what is left to do. While it is under way: nothing."""
    fates = await receipts.ended(session, REMOVED_JOB, payload, now)
    if fates is None:
        return Fallout.NOTHING
    row = await people.locked(session, ChatKey(chat.chat_key), UserId(payload["user"]))
    if row.removal != payload["receipt"]:
        return Fallout.NOTHING
    row.removal = None
    fate = fates[-1] if fates else None
    if fate is None or fate.state in (CallState.EXPIRED, CallState.UNKNOWN):
        await people.reconsider(session, chat, [row], terms, now)
        return Fallout.CHECK
    if fate.state is CallState.SENT:
        if row.seen_key == payload["seen"]:  # else an update has said since how it is
            row.standing = Standing.OUT
        if row.standing is not Standing.OUT:
            await people.reconsider(session, chat, [row], terms, now)
            return Fallout.NOTHING
        if row.invited_at is not None and row.invited_at <= datetime.fromisoformat(payload["at"]):
            row.invited_at = None
        await people.reconsider(session, chat, [row], terms, now)
        verdict = await _verdict(session, chat, row, terms, now)
        return Fallout.LET_IN if verdict.move is Move.COMES else Fallout.REMOVED
    if any(words in (fate.error or "").lower() for words in _IS_ADMIN):
        row.standing = Standing.ADMIN
        await people.reconsider(session, chat, [row], terms, now)
        return Fallout.CHECK
    row.due_at = now + PAUSE
    return Fallout.RIGHTS
