"""Who writes, and where: members and chats by Telegram's ids, remembered between updates."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.batcher import Batcher
from botyard.db.hot import HotConnection
from botyard.db.session import Database
from botyard.ids import BotId, ChatId, UserId
from botyard.members.entitlements import of_member
from botyard.members.meeting import Encounter, Met, keep, looks_of, profile_of, recall
from botyard.members.member import ChatPlace, Member, PaidTime, Profile, Raise
from botyard.members.models import RoleRaise, User
from botyard.telegram.envelope import ChatInfo, Sender

REMEMBERED = 50_000
FRESH = timedelta(seconds=5)
"""How long a change by another replica, or by delivery, may go unnoticed where a role does not matter."""
SEEN_STEP = timedelta(hours=1)
"""`seen_at` is written at most this often: a write for each message would cost more than it tells."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Recent(Generic[Key, Value]):
    """The most recently used entries."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > REMEMBERED:
            self._entries.popitem(last=False)

    def drop(self, key: Key) -> None:
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._entries.clear()


@dataclass(frozen=True, slots=True)
class _ToKeep:
    encounter: Encounter
    now: datetime


class Directory:
    """Members and chats. What it remembers is only ever what a committed transaction wrote.

    Who somebody is, is true whatever becomes of his update: it is written in a commit of its own, for all
    who came at the same time, and not in the handler's.
    """

    def __init__(self, database: Database) -> None:
        self._members: _Recent[UserId, tuple[Member, datetime]] = _Recent()
        self._chats: _Recent[ChatId, tuple[ChatPlace, datetime]] = _Recent()
        self._reads: Batcher[Encounter, Met] = Batcher(database.reads(), recall)
        self._writes: Batcher[_ToKeep, Met] = Batcher(database.writes(), _keep)
        self._forgotten = 0

    async def meet(self, sender: Sender | None, chat: ChatInfo | None, now: datetime) -> Met:
        """The member behind a sender and the chat with our key: from memory, read, or written down."""
        member = self._fresh_member(sender, now) if sender else None
        place = self._fresh_place(chat, now) if chat else None
        encounter = Encounter(None if member else sender, None if place else chat)
        if encounter.sender is None and encounter.chat is None:
            return Met(member, place)
        met = await self._look_up(encounter, now)
        return Met(member or met.member, place or met.place)

    def forget(self, user_id: UserId) -> None:
        """His role, ban or profile changed: read him again at his next update."""
        self._forgotten += 1
        self._members.drop(user_id)

    def forget_chats(self) -> None:
        """A chat moved: read them again."""
        self._forgotten += 1
        self._chats.clear()

    def _fresh_member(self, sender: Sender, now: datetime) -> Member | None:
        member, read_at = self._members.get(sender.id) or (None, now)
        if member is None or now - read_at >= FRESH or _has_changed(member, sender, now):
            return None
        return member

    def _fresh_place(self, chat: ChatInfo, now: datetime) -> ChatPlace | None:
        place, read_at = self._chats.get(chat.id) or (None, now)
        return None if place is None or now - read_at >= FRESH or _looks_new(place, chat) else place

    async def _look_up(self, encounter: Encounter, now: datetime) -> Met:
        before = self._forgotten
        met = await self._reads.add(encounter)
        new = Encounter(
            encounter.sender
            if encounter.sender and _has_changed(met.member, encounter.sender, now)
            else None,
            encounter.chat if encounter.chat and _looks_new(met.place, encounter.chat) else None,
        )
        if new.sender or new.chat:
            kept = await self._writes.add(_ToKeep(new, now))
            met = Met(kept.member or met.member, kept.place or met.place)
        if before == self._forgotten:  # else it may have been read before what is to be forgotten was written
            self._remember(met, now)
        return met

    def _remember(self, met: Met, now: datetime) -> None:
        if met.member:
            self._members.put(met.member.id, (met.member, now))
        if met.place:
            self._chats.put(met.place.telegram_id, (met.place, now))


def _keep(hot: HotConnection, batch: Sequence[_ToKeep]) -> list[Met]:
    return keep(hot, [each.encounter for each in batch], batch[-1].now)


def _has_changed(member: Member | None, sender: Sender, now: datetime) -> bool:
    if member is None or now - member.seen_at >= SEEN_STEP:
        return True
    return member.profile != profile_of(sender)


def _looks_new(place: ChatPlace | None, chat: ChatInfo) -> bool:
    return place is None or (place.type, place.title, place.username) != looks_of(chat)


async def names_of(session: AsyncSession, ids: Collection[UserId]) -> dict[UserId, str]:
    """First and last names of members; the id where nobody of that id is known."""
    users = await session.scalars(select(User).where(User.id.in_(ids)))
    known = {user.id: " ".join(filter(None, [user.first_name, user.last_name])) for user in users}
    return {each: known.get(each) or str(each) for each in ids}


async def read_member(session: AsyncSession, user_id: UserId) -> Member | None:
    """The member as the database has him now."""
    user = await session.get(User, user_id, populate_existing=True)
    if user is None:
        return None
    raises = await session.scalars(select(RoleRaise).where(RoleRaise.user_id == user_id))
    return Member(
        id=UserId(user.id),
        profile=Profile(user.first_name, user.last_name, user.username, user.language_code, user.is_premium),
        base_role=user.role,
        raises=tuple(
            Raise(held.role, None if held.bot_id is None else BotId(held.bot_id), held.expires_at)
            for held in raises
        ),
        banned=user.banned_at is not None,
        registered_at=user.registered_at,
        seen_at=user.seen_at,
        paid=tuple(PaidTime(each.starts_at, each.ends_at) for each in await of_member(session, user_id)),
    )
