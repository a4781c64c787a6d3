"""Who is in paid chats: what updates and answers say, in any order, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.features.access.models import AccessChat, AccessMember
from botyard.features.access.rules import (
    Came,
    Known,
    Move,
    Person,
    Sighting,
    Span,
    Standing,
    Verdict,
    fold,
    judge,
    lasting,
    moment_of,
)
from botyard.features.access.service.chats import Terms
from botyard.features.access.service.opening import spans_of
from botyard.features.billing.service import catalog
from botyard.ids import ChatKey, UserId
from botyard.members.models import BotChat

LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody was to a chat, and is now."""

    before: Standing
    after: Standing
    removal: str | None = None
    """The receipt of a removal that is under way."""


async def see(
    session: AsyncSession,
    chat: AccessChat,
    user_id: UserId,
    name: str,
    sighting: Sighting,
    terms: Terms,
    now: datetime,
) -> Change:
    """Writes down what was seen of somebody, unless something newer is known, and what follows from it."""
    row = await locked(session, ChatKey(chat.chat_key), user_id)
    before = row.standing
    known = fold(Known(row.standing, row.came, row.seen_key, row.came_key), sighting)
    is_found = not row.seen_key and known.standing is Standing.IN and not known.came_key
    row.standing, row.seen_key, row.came_key = known.standing, known.seen_key, known.came_key
    row.came = Came.BEFORE if is_found else known.came
    row.name = name[:LONGEST_NAME] or row.name
    await reconsider(session, chat, [row], terms, now)
    return Change(before, row.standing, row.removal)


async def locked(session: AsyncSession, chat_key: ChatKey, user_id: UserId) -> AccessMember:
    """The row of somebody in a chat, for this transaction alone; it is made if there is none."""
    values = {
        "chat_key": chat_key,
        "user_id": user_id,
        "name": "",
        "standing": Standing.OUT,
        "came": Came.UNKNOWN,
        "seen_key": "",
        "came_key": "",
    }
    await session.execute(insert_new(session.get_bind().dialect, AccessMember).values(values))
    key = {"chat_key": chat_key, "user_id": user_id}
    return await session.get_one(AccessMember, key, with_for_update=True, populate_existing=True)


def verdict_on(row: AccessMember, spans: Sequence[Span], terms: Terms, now: datetime) -> Verdict:
    """What is to happen to somebody."""
    return judge(_person(row, spans), now, terms.grace)


def _person(row: AccessMember, spans: Sequence[Span]) -> Person:
    return Person(row.standing, row.came, row.decision, spans, moment_of(row.came_key or ""))


async def reconsider(
    session: AsyncSession, chat: AccessChat, rows: Sequence[AccessMember], terms: Terms, now: datetime
) -> None:
    """Writes down from when on these have to go, and who waits for an admin's decision."""
    spans = await spans_of(session, ChatKey(chat.chat_key), [UserId(row.user_id) for row in rows])
    for row in rows:
        times = spans.get(UserId(row.user_id), [])
        decision = lasting(_person(row, times), now)
        if decision is not row.decision:
            row.decision = row.decided_by = None
        verdict = verdict_on(row, times, terms, now)
        if verdict.move is Move.GOES and row.due_at is not None and row.due_at <= now:
            continue  # it says so already, since when
        if row.due_at != verdict.due_at:
            row.due_at = verdict.due_at
        is_unlisted = verdict.move is Move.ASKS
        if is_unlisted != (row.unlisted_at is not None):
            row.unlisted_at = now if is_unlisted else None
    await session.flush()


async def reconsider_member(
    session: AsyncSession, user_id: UserId, terms: Terms, now: datetime
) -> list[tuple[AccessMember, Verdict]]:
    """Looks at a member anew in all paid chats where he is known; answers what is to happen in each."""
    sold = await catalog.sold_chats(session)
    found = []
    for key in sorted(sold):
        chat = await session.get(AccessChat, key)
        row = await session.get(AccessMember, {"chat_key": key, "user_id": user_id})
        if chat is None or row is None:
            continue
        row = await locked(session, key, user_id)
        await reconsider(session, chat, [row], terms, now)
        spans = await spans_of(session, key, [user_id])
        found.append((row, verdict_on(row, spans.get(user_id, []), terms, now)))
    return found


# looking


@dataclass(frozen=True, slots=True)
class Count:
    """How many of whom there are in a chat, as far as is known."""

    present: int
    admins: int
    going: int
    unlisted: int


async def count(session: AsyncSession, chat_key: ChatKey, now: datetime) -> Count:
    """How many are in a chat, how many would go now, and how many wait for a decision."""
    by_standing = await session.execute(
        select(AccessMember.standing, func.count())
        .where(AccessMember.chat_key == chat_key)
        .group_by(AccessMember.standing)
    )
    standings = {standing: number for standing, number in by_standing}  # noqa: C416 - rows are no pairs
    going = await session.scalar(select(func.count()).select_from(_due(chat_key, now).subquery()))
    unlisted = await session.scalar(
        select(func.count())
        .select_from(AccessMember)
        .where(AccessMember.chat_key == chat_key, AccessMember.unlisted_at.is_not(None))
    )
    return Count(standings.get(Standing.IN, 0), standings.get(Standing.ADMIN, 0), going or 0, unlisted or 0)


async def has_strangers(session: AsyncSession, chat: AccessChat) -> bool:
    """Whether somebody is in a chat who is no admin, no bot of ours, and came by no link of ours.

    Telegram's own count says of how many nothing is known: a bot cannot list who is in a chat.
    """
    key = ChatKey(chat.chat_key)
    rows = await session.execute(
        select(AccessMember.standing, AccessMember.came).where(
            AccessMember.chat_key == key, AccessMember.standing.in_((Standing.IN, Standing.ADMIN))
        )
    )
    known = [standing is Standing.ADMIN or came is Came.LINK for standing, came in rows]
    bots = await session.scalar(
        select(func.count()).select_from(BotChat).where(BotChat.chat_key == key, BotChat.reachable)
    )
    return chat.people is None or not all(known) or chat.people > len(known) + (bots or 0)


def _due(chat_key: ChatKey, now: datetime) -> Select[int]:
    return select(AccessMember.user_id).where(
        AccessMember.chat_key == chat_key,
        AccessMember.due_at <= now,
        AccessMember.standing == Standing.IN,
        AccessMember.removal.is_(None),
    )


async def due(session: AsyncSession, chat_key: ChatKey, now: datetime, most: int) -> list[UserId]:
    """Who has to go, those first who had to first."""
    rows = await session.scalars(_due(chat_key, now).order_by(AccessMember.due_at).limit(most))
    return [UserId(each) for each in rows]


async def unlisted(
    session: AsyncSession, chat_key: ChatKey, *, after: int = 0, most: int = 20
) -> Sequence[AccessMember]:
    """Those about whom an admin has to decide, by their ids."""
    rows = await session.scalars(
        select(AccessMember)
        .where(
            AccessMember.chat_key == chat_key,
            AccessMember.unlisted_at.is_not(None),
            AccessMember.user_id > after,
        )
        .order_by(AccessMember.user_id)
        .limit(most)
    )
    return rows.all()


async def is_known(session: AsyncSession, chat_key: ChatKey, user_id: UserId) -> bool:
    """Whether there is a row for somebody in a chat."""
    return await session.get(AccessMember, {"chat_key": chat_key, "user_id": user_id}) is not None
