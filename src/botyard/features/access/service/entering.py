"""The way in: which chats a member may enter and is not in, and the links that lead there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.access.models import AccessChat, AccessMember
from botyard.features.access.rules import Decision, Standing, is_news
from botyard.features.access.service import chats, comparing, links, opening, people
from botyard.features.billing.service import catalog
from botyard.ids import BotId, ChatKey, UserId
from botyard.members import entitlements
from botyard.members.chats import places_of
from botyard.members.entitlements import EntitlementRow
from botyard.members.member import ChatPlace

TELL_STEP = 100


@dataclass(frozen=True, slots=True)
class Way:
    """A chat that a member may enter and is not in. `url` is None while its link is being made."""

    place: ChatPlace
    bot_id: BotId
    url: str | None
    is_news: bool
    is_own: bool = False
    """Whether the link is for this member alone."""


async def ways(session: AsyncSession, user_id: UserId, bots: Collection[BotId], now: datetime) -> list[Way]:
    """Where a member may go now. A link that is missing is asked for."""
    plans = {each.plan for each in await entitlements.active(session, user_id, now)}
    by_plan = await catalog.chats_of(session, plans)
    kept = await opening.kept_by(session, plans) & set(await catalog.sold_chats(session))
    keys = sorted(kept.union(*by_plan.values()))
    places = await places_of(session, keys)
    found = []
    for key in keys:
        chat = await chats.find(session, key, now)
        row = await session.get(AccessMember, {"chat_key": key, "user_id": user_id})
        if row is not None and row.standing is not Standing.OUT:
            continue
        spans = (await opening.spans_of(session, key, [user_id])).get(user_id, [])
        if not any(span.holds(now) for span in spans):
            continue
        bot_id = await chats.inviter_of(session, key, bots)
        if bot_id is None or not chats.is_open(chat):
            continue
        url = await _url(session, chat, bot_id, user_id, now)
        is_new = is_news(spans, row.invited_at if row else None, now)
        found.append(Way(places[key], bot_id, url, is_new, chat.single_use))
    return found


async def shut_out(session: AsyncSession, user_id: UserId, now: datetime) -> list[ChatPlace]:
    """The chats that a member has time for, and where an admin has banned him."""
    keys = await session.scalars(
        select(AccessMember.chat_key)
        .where(AccessMember.user_id == user_id, AccessMember.standing == Standing.BANNED)
        .order_by(AccessMember.chat_key)
    )
    found = []
    for key in map(ChatKey, keys.all()):
        spans = (await opening.spans_of(session, key, [user_id])).get(user_id, [])
        if any(span.holds(now) for span in spans):
            found.append(key)
    places = await places_of(session, found)
    return [places[key] for key in found]


async def _url(
    session: AsyncSession, chat: AccessChat, bot_id: BotId, user_id: UserId, now: datetime
) -> str | None:
    key, whom = ChatKey(chat.chat_key), user_id if chat.single_use else None
    link = await links.current(session, key, bot_id, now, whom)
    if link is None:
        await links.ask(session, key, bot_id, now, whom)
        return None
    return link.url


async def note_told(session: AsyncSession, user_id: UserId, keys: Sequence[ChatKey], now: datetime) -> None:
    """Writes down that a member was told the way into these chats."""
    for key in sorted(keys):
        row = await people.locked(session, key, user_id)
        row.invited_at = now


async def forget_told(session: AsyncSession, chat_key: ChatKey, user_id: UserId) -> None:
    """The way into a chat is news to a member again."""
    row = await people.locked(session, chat_key, user_id)
    row.invited_at = None


async def untold(session: AsyncSession, chat: AccessChat, now: datetime) -> list[UserId]:
    """Who of the next members may come in and has not been told; the last of them ends the round."""
    key = ChatKey(chat.chat_key)
    may_come = comparing.coming_in(key, await opening.of_chat(session, key), now)
    next_ones = may_come.where(EntitlementRow.user_id > (chat.told_through or 0)).limit(TELL_STEP)
    ids = [UserId(each) for each in await session.scalars(next_ones)]
    told = await session.execute(
        select(AccessMember.user_id, AccessMember.invited_at).where(
            AccessMember.chat_key == key, AccessMember.user_id.in_(ids)
        )
    )
    told_at = {user_id: invited_at for user_id, invited_at in told}  # noqa: C416 - rows are no pairs
    spans = await opening.spans_of(session, key, ids)
    chat.told_through = ids[-1] if len(ids) == TELL_STEP else None
    return [each for each in ids if is_news(spans.get(each, []), told_at.get(each), now)]


async def may_enter(session: AsyncSession, chat: AccessChat, user_id: UserId, now: datetime) -> bool:
    """Whether a request of this member's to join is to be approved."""
    spans = (await opening.spans_of(session, ChatKey(chat.chat_key), [user_id])).get(user_id, [])
    if any(span.holds(now) for span in spans):
        return True
    row = await session.get(AccessMember, {"chat_key": chat.chat_key, "user_id": user_id})
    return row is not None and row.decision is Decision.ADOPT
