"""Telegram's answers about who is in a chat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.access import telling
from botyard.features.access.models import AccessChat, Mode
from botyard.features.access.reading import ChatMember, read_member, read_members
from botyard.features.access.rules import Move, Sighting, Standing
from botyard.features.access.service import chats, comparing, people
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import receipts
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState
from botyard.outbox.queue import Fate
from botyard.routing.context import House


async def ask_about(
    session: AsyncSession, chat: AccessChat, bot_id: BotId, user_id: UserId, now: datetime
) -> None:
    """Asks Telegram whether one person is in a chat."""
    key = ChatKey(chat.chat_key)
    receipt = f"access-ask:{key}:{user_id}:{int(now.timestamp())}"
    call = comparing.question(bot_id, key, "getChatMember", {"user_id": user_id}, receipt)
    await outbox_queue.add(await session.connection(), [call], now)
    payload = {"chat": key, "bot": bot_id, "sweep": None, "users": [user_id], "asked": now.isoformat()}
    await receipts.follow(session, comparing.SWEEP_JOB, receipt, payload, now)


async def _swept(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Writes down the answers, and goes on with the round of questions that they belong to."""
    fates = await receipts.ended(session, comparing.SWEEP_JOB, payload, now)
    if fates is None:
        return
    key = ChatKey(payload["chat"])
    chat = await chats.locked(session, key)
    if chat is None:
        return
    seen: dict[UserId, ChatMember] = {}
    for user_id, fate in zip(payload["users"], fates, strict=False):
        _read(chat, seen, user_id, fate)
    asked = chats.asked_key(datetime.fromisoformat(payload["asked"]))
    for user_id in sorted(seen):
        await _note(house, session, chat, user_id, seen[user_id], asked, now)
    if payload["sweep"] is None or payload["sweep"] != chat.sweep:
        return
    bot_id = await chats.keeper_of(session, key, house.bots)
    if bot_id is None:
        return
    if await comparing.sweep_step(session, chat, bot_id, now) and chat.mode is Mode.DRY:
        await _begin(house, session, chat, now)
    await telling.look_at_chat(session, key, now)


async def _begin(house: House, session: AsyncSession, chat: AccessChat, now: datetime) -> None:
    """Everybody in a new chat who can be known is known.

    Where nobody was but admins there is nobody to be careful with: it is live. An existing group is for an
    admin to look at first.
    """
    key = ChatKey(chat.chat_key)
    if await people.has_strangers(session, chat):
        await _invite_review(house, session, key, now)
        return
    chat.mode = Mode.LIVE
    await telling.tell_owners(house, session, "access-begins-live", key, now)


async def _invite_review(house: House, session: AsyncSession, key: ChatKey, now: datetime) -> None:
    """Has an admin look at a chat, and switch it to live."""
    count = await people.count(session, key, now)
    await telling.tell_owners(
        house,
        session,
        "access-ready",
        key,
        now,
        rows="access-button-plan",
        present=count.present,
        going=count.going,
        unlisted=count.unlisted,
    )


def _read(chat: AccessChat, seen: dict[UserId, ChatMember], user_id: int | None, fate: Fate) -> None:
    if fate.state is not CallState.SENT:
        return
    if fate.method == "getChatMemberCount" and isinstance(fate.result, int):
        chat.people = fate.result
    elif fate.method == "getChatAdministrators":
        seen.update({each.user.id: each for each in read_members(fate.result) if not each.user.is_bot})
    elif user_id is not None:
        member = read_member(fate.result)
        if member is not None and not member.user.is_bot:
            seen[UserId(user_id)] = member


async def _note(
    house: House,
    session: AsyncSession,
    chat: AccessChat,
    user_id: UserId,
    member: ChatMember,
    key: str,
    now: datetime,
) -> None:
    if member.standing is Standing.OUT and not await people.is_known(
        session, ChatKey(chat.chat_key), user_id
    ):
        return  # most people of the business are in none of its chats: no row for each
    terms = telling.terms_of(house)
    change = await people.see(session, chat, user_id, member.name, Sighting(key, member.standing), terms, now)
    if change.before is not Standing.IN or change.after is not Standing.OUT:
        return
    for row, verdict in await people.reconsider_member(session, user_id, terms, now):
        if row.chat_key == chat.chat_key and verdict.move is Move.COMES:
            row.invited_at = None
            await telling.look_at_member(session, user_id, now)


SWEEP = HouseJob(comparing.SWEEP_JOB, _swept)
