"""Paid chats: which there are, which bots keep them, and what those lack."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.errors import BotyardError
from botyard.features.access.models import AccessChat, Keeper, Mode, Problem
from botyard.features.access.rules import key_of
from botyard.features.access.service import opening
from botyard.features.billing.service import catalog
from botyard.ids import BotId, ChatKey
from botyard.members.chats import places_of
from botyard.members.member import ChatPlace
from botyard.members.models import BotChat, Chat

CHECK_EVERY = timedelta(hours=12)
GROUP = "group"


class NotPaid(BotyardError):
    """No plan lets into this chat."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The operator's settings: the grace after paid time, the brake in percent, the two-person rule."""

    grace: timedelta
    brake: int
    two_person_above: int | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """What a bot may do in a chat (Bot API, ChatMemberAdministrator)."""

    is_admin: bool
    can_invite: bool = False
    can_restrict: bool = False


async def all_paid(session: AsyncSession, now: datetime) -> list[AccessChat]:
    """Every chat that a plan lets into, in the catalog's order; one that is new begins in dry run.

    Where other plans than before let into one, that is written down (`opening.notice`).
    """
    sold = await catalog.sold_chats(session)
    known = {row.chat_key: row for row in await session.scalars(select(AccessChat))}
    for chat_key, plans in sold.items():
        row = known.get(chat_key)
        if row is None:
            known[chat_key] = await _begin(session, chat_key, plans, now)
        else:
            await opening.notice(session, row, plans, now)
    for row in [known[each] for each in known if each not in sold]:
        await opening.notice(session, row, [], now)
    return [known[chat_key] for chat_key in sold]


async def find(session: AsyncSession, chat_key: ChatKey, now: datetime) -> AccessChat:
    """The paid chat. Raises `NotPaid`."""
    plans = (await catalog.sold_chats(session)).get(chat_key)
    if plans is None:
        raise NotPaid("No plan lets into this chat.", remedy="Name the chat in a plan first.")
    chat = await session.get(AccessChat, chat_key)
    if chat is None:
        return await _begin(session, chat_key, plans, now)
    await opening.notice(session, chat, plans, now)
    return chat


async def peek(session: AsyncSession, chat_key: ChatKey) -> AccessChat | None:
    """What is known of a paid chat, for reading."""
    return await session.get(AccessChat, chat_key)


async def locked(session: AsyncSession, chat_key: ChatKey) -> AccessChat | None:
    """The paid chat, for this transaction alone; None if it was never seen, or no plan lets into it now."""
    if chat_key not in await catalog.sold_chats(session):
        return None
    return await session.get(AccessChat, chat_key, with_for_update=True, populate_existing=True)


async def _begin(session: AsyncSession, chat_key: ChatKey, plans: Sequence[str], now: datetime) -> AccessChat:
    values = {
        "chat_key": chat_key,
        "mode": Mode.DRY,
        "plans": list(plans),
        "single_use": False,
        "compared_through": 0,
        "sweep": 0,
        "braked_size": 0,
        "allowed": 0,
        "wanted_size": 0,
        "created_at": now,
        "told_through": 0,
    }
    await session.execute(insert_new(session.get_bind().dialect, AccessChat).values(values))
    return await session.get_one(AccessChat, chat_key)


# the bots that keep them


async def note_rights(
    session: AsyncSession, chat_key: ChatKey, bot_id: BotId, rights: Rights, key: str, now: datetime
) -> None:
    """Writes down what a bot may do in a chat, unless something newer is known."""
    fresh = {
        "chat_key": chat_key,
        "bot_id": bot_id,
        "is_admin": False,
        "can_invite": False,
        "can_restrict": False,
        "seen_key": "",
        "checked_at": now,
    }
    await session.execute(insert_new(session.get_bind().dialect, Keeper).values(fresh))
    row = await session.get_one(
        Keeper, {"chat_key": chat_key, "bot_id": bot_id}, with_for_update=True, populate_existing=True
    )
    row.checked_at = now
    if key > row.seen_key:
        if rights.can_invite and not row.can_invite:
            await session.execute(
                update(AccessChat).where(AccessChat.chat_key == chat_key).values(told_through=0)
            )
        row.seen_key = key
        row.is_admin = rights.is_admin
        row.can_invite = rights.can_invite
        row.can_restrict = rights.can_restrict


async def keepers_of(session: AsyncSession, chat_key: ChatKey) -> Sequence[Keeper]:
    """What is known of bots in this chat, by the bot's id."""
    rows = await session.scalars(select(Keeper).where(Keeper.chat_key == chat_key).order_by(Keeper.bot_id))
    return rows.all()


async def keeper_of(session: AsyncSession, chat_key: ChatKey, bots: Collection[BotId]) -> BotId | None:
    """The bot among these that is an admin of the chat, the one with most rights; None if none is."""
    return next((BotId(each.bot_id) for each in await _admins(session, chat_key, bots)), None)


async def inviter_of(session: AsyncSession, chat_key: ChatKey, bots: Collection[BotId]) -> BotId | None:
    """The bot among these that lets in, one that may remove too before others; None if none may."""
    admins = await _admins(session, chat_key, bots)
    return next((BotId(each.bot_id) for each in admins if each.can_invite), None)


async def remover_of(session: AsyncSession, chat_key: ChatKey, bots: Collection[BotId]) -> BotId | None:
    """The bot among these that removes; None if none may."""
    admins = await _admins(session, chat_key, bots)
    return next((BotId(each.bot_id) for each in admins if each.can_restrict), None)


async def _admins(session: AsyncSession, chat_key: ChatKey, bots: Collection[BotId]) -> list[Keeper]:
    found = [each for each in await keepers_of(session, chat_key) if each.is_admin and each.bot_id in bots]
    return sorted(found, key=lambda each: (-each.can_invite - each.can_restrict, each.bot_id))


async def to_check(session: AsyncSession, chat_key: ChatKey, now: datetime) -> list[BotId]:
    """The bots that are in the chat, as far as is known, whose rights nobody has asked for lately."""
    inside = await session.scalars(
        select(BotChat.bot_id).where(BotChat.chat_key == chat_key, BotChat.reachable).order_by(BotChat.bot_id)
    )
    checked = {row.bot_id: row.checked_at for row in await keepers_of(session, chat_key)}
    return [BotId(each) for each in inside if each not in checked or now - checked[each] >= CHECK_EVERY]


def asked_key(now: datetime) -> str:
    """The order of what Telegram answers to a question asked now."""
    return key_of(now)


# what they lack


def problem_of(place: ChatPlace, keepers: Sequence[Keeper], bots: Collection[BotId]) -> Problem | None:
    """Why nobody can be let in or removed; None if all is well."""
    if place.type == GROUP:
        return Problem.BASIC_GROUP
    admins = [each for each in keepers if each.is_admin and each.bot_id in bots]
    if not admins:
        return Problem.NO_ADMIN
    lets_in, removes = any(each.can_invite for each in admins), any(each.can_restrict for each in admins)
    if lets_in:
        return None if removes else Problem.NO_RESTRICT
    return Problem.NO_INVITE if removes else Problem.NO_RIGHTS


def is_open(chat: AccessChat) -> bool:
    """Whether who has paid can be let in."""
    return chat.problem is None or chat.problem.lets_in


async def look_for_problem(session: AsyncSession, chat: AccessChat, bots: Collection[BotId]) -> bool:
    """Writes down what the chat lacks; answers whether the owner has to be told, which is once for each.

    Where members can be let in again, those are to be told who have not been.
    """
    key, was_open = ChatKey(chat.chat_key), is_open(chat)
    place = (await places_of(session, [key]))[key]
    chat.problem = problem_of(place, await keepers_of(session, key), bots)
    if is_open(chat) and not was_open:
        chat.told_through = 0
    if chat.problem is None:
        chat.told_problem = None
        return False
    is_new = chat.problem is not chat.told_problem
    chat.told_problem = chat.problem
    return is_new


async def unsold(session: AsyncSession) -> list[ChatPlace]:
    """Groups and channels that a bot administers, and no plan lets into."""
    sold = await catalog.sold_chats(session)
    rows = await session.scalars(
        select(Keeper.chat_key).where(Keeper.is_admin).distinct().order_by(Keeper.chat_key).limit(200)
    )
    keys = [ChatKey(each) for each in rows if each not in sold]
    places = await places_of(session, keys)
    return [places[key] for key in keys if key in places]


async def by_word(session: AsyncSession, word: str, now: datetime) -> AccessChat:
    """The paid chat that a person named by Telegram's id, @username or title. Raises `NotPaid`."""
    for chat in await all_paid(session, now):
        row = await session.get_one(Chat, chat.chat_key)
        names = {str(row.telegram_id), f"@{row.username or ''}".lower(), (row.title or "").lower()}
        if word.strip().lower() in names - {"@", ""}:
            return chat
    raise NotPaid(f"No plan lets into a chat {word.strip()[:40]}.", remedy="/access lists those there are.")
