"""The reconciler: entitlements against who is really there, in steps, and the plan that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.access.models import AccessChat, AccessMember, Mode
from botyard.features.access.rules import Opening, Standing, Verdict, is_too_much, most_at_once
from botyard.features.access.service import opening, people
from botyard.features.access.service.chats import Terms
from botyard.features.access.service.people import Count
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import receipts
from botyard.members.directory import names_of
from botyard.members.entitlements import EntitlementRow
from botyard.members.models import User
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call

SWEEP_JOB = "access.sweep"
COMPARE_STEP = 300
SWEEP_STEP = 30
"""So many questions to Telegram are under way at once at most."""
COMPARE_EVERY = timedelta(hours=6)
SWEEP_EVERY = timedelta(days=1)
HERE = (Standing.IN, Standing.ADMIN, Standing.BANNED)


# the comparison


async def compare_step(session: AsyncSession, chat: AccessChat, terms: Terms, now: datetime) -> bool:
    """Looks at the next members of a chat; answers whether there are more. The chat is locked."""
    if chat.compared_through is None:
        if chat.compared_at is not None and now - chat.compared_at < COMPARE_EVERY:
            return False
        chat.compared_through = chat.told_through = 0
    rows = (
        await session.scalars(
            select(AccessMember)
            .where(AccessMember.chat_key == chat.chat_key, AccessMember.user_id > chat.compared_through)
            .order_by(AccessMember.user_id)
            .limit(COMPARE_STEP)
            .with_for_update()
        )
    ).all()
    await people.reconsider(session, chat, rows, terms, now)
    if len(rows) == COMPARE_STEP:
        chat.compared_through = rows[-1].user_id
        return True
    chat.compared_through, chat.compared_at = None, now
    return False


def begin(chat: AccessChat) -> None:
    """Has a chat compared, and Telegram asked who is there, at the next step."""
    chat.compared_through = 0
    chat.swept_through = 0
    chat.sweep += 1


# asking Telegram who is there


async def sweep(session: AsyncSession, chat: AccessChat, bot_id: BotId, now: datetime) -> None:
    """Begins a round of questions if it is time, or goes on with the one that was asked for by hand."""
    is_due = chat.swept_at is None or now - chat.swept_at >= SWEEP_EVERY or now < chat.swept_at
    if chat.swept_through is None and not is_due:
        return
    if chat.swept_through:
        return  # under way: its answers carry it on
    chat.swept_through = 0
    chat.sweep += 1
    await sweep_step(session, chat, bot_id, now)


async def sweep_step(session: AsyncSession, chat: AccessChat, bot_id: BotId, now: datetime) -> bool:
    """Asks for the next people (Bot API, getChatMember), or ends the round; whether it was the first one."""
    key, through = ChatKey(chat.chat_key), chat.swept_through or 0
    users = await _candidates(session, chat, through)
    questions: list[tuple[str, dict[str, int]]] = []
    if not through:
        questions = [("getChatAdministrators", {}), ("getChatMemberCount", {})]
    if not users and through:
        is_first = chat.swept_at is None
        chat.swept_through, chat.swept_at = None, now
        return is_first
    questions += [("getChatMember", {"user_id": each}) for each in users]
    chat.swept_through = max(users, default=2**62)
    receipt = f"access-sweep:{key}:{chat.sweep}:{through}"
    await outbox_queue.add(
        await session.connection(), [question(bot_id, key, *each, receipt) for each in questions], now
    )
    payload = {
        "chat": key,
        "bot": bot_id,
        "sweep": chat.sweep,
        "users": [None] * (len(questions) - len(users)) + list(users),
        "asked": now.isoformat(),
    }
    await receipts.follow(session, SWEEP_JOB, receipt, payload, now)
    return False


def question(bot_id: BotId, key: ChatKey, method: str, params: dict[str, int], receipt: str) -> Call:
    """The call that asks Telegram something about a chat."""
    return Call(
        bot_id,
        method,
        params,
        key,
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
        receipt=receipt,
    )


async def _candidates(session: AsyncSession, chat: AccessChat, through: int) -> list[UserId]:
    """The next people to ask about. The first round asks about all members of the business."""
    wanted = select(User.id).where(User.id > through).order_by(User.id).limit(SWEEP_STEP)
    if chat.swept_at is not None:
        known = exists().where(AccessMember.chat_key == chat.chat_key, AccessMember.user_id == User.id)
        opens = await opening.of_chat(session, ChatKey(chat.chat_key))
        paid = exists().where(EntitlementRow.user_id == User.id, opening.lets_in(opens))
        wanted = wanted.where(or_(known, paid))
    return [UserId(each) for each in await session.scalars(wanted)]


# the plan


@dataclass(frozen=True, slots=True)
class Going:
    """Somebody in a plan, and why."""

    user_id: UserId
    name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen in a chat now: who goes (the first of them), who may come, who waits for a word."""

    count: Count
    going: Sequence[Going]
    coming: Sequence[tuple[UserId, str]]
    coming_count: int
    brake: int
    """How many may go at once."""
    is_braked: bool
    is_dry: bool


async def plan(session: AsyncSession, chat: AccessChat, terms: Terms, now: datetime, *, most: int) -> Plan:
    """The plan of a chat as it is now, with `most` names of each kind at most."""
    key = ChatKey(chat.chat_key)
    count = await people.count(session, key, now)
    ids = await people.due(session, key, now, most)
    opens = await opening.of_chat(session, key)
    spans = await opening.spans_of(session, key, ids)
    names = await names_of(session, ids)
    going = []
    for user_id in ids:
        row = await session.get_one(AccessMember, {"chat_key": key, "user_id": user_id})
        verdict = people.verdict_on(row, spans.get(user_id, []), terms, now)
        name = names[user_id] if names[user_id] != str(user_id) else row.name or str(user_id)
        going.append(Going(user_id, name, verdict))
    may_come = coming_in(key, opens, now)
    coming = [UserId(each) for each in await session.scalars(may_come.limit(most))]
    total = await session.scalar(select(func.count()).select_from(may_come.subquery()))
    coming_names = await names_of(session, coming)
    return Plan(
        count,
        going,
        [(each, coming_names[each]) for each in coming],
        total or 0,
        most_at_once(count.present, terms.brake),
        is_too_much(count.going, count.present, terms.brake) and not chat.allowed,
        chat.mode is Mode.DRY,
    )


def coming_in(chat_key: ChatKey, opens: Opening, now: datetime) -> Select[int]:
    """Who may come into a chat now, and is not there, by their ids."""
    here = exists().where(
        AccessMember.chat_key == chat_key,
        AccessMember.user_id == EntitlementRow.user_id,
        AccessMember.standing.in_(HERE),
    )
    return (
        select(EntitlementRow.user_id)
        .where(
            opening.lets_in(opens),
            EntitlementRow.starts_at <= now,
            EntitlementRow.ends_at > now,
            ~here,
        )
        .distinct()
        .order_by(EntitlementRow.user_id)
    )
