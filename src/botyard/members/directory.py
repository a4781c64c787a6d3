"""Who writes, and where: members and chats by Telegram's ids, remembered between updates."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.session import Database
from botyard.db.statements import insert_new
from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.members.member import ChatPlace, Member, Profile, Raise
from botyard.members.models import Chat, Role, RoleRaise, User
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


class Directory:
    """Members and chats. What it remembers is only ever what a committed transaction wrote."""

    def __init__(self) -> None:
        self._members: _Recent[UserId, tuple[Member, datetime]] = _Recent()
        self._chats: _Recent[ChatId, tuple[ChatPlace, datetime]] = _Recent()

    async def find_member(self, database: Database, sender: Sender, now: datetime) -> Member | None:
        """The member, if nothing about him needs to be written: from memory, or read beside the writer."""
        member, read_at = self._members.get(sender.id) or (None, now)
        if member is None or now - read_at >= FRESH:
            async with database.reading() as session:
                member = await read_member(session, sender.id)
            if member is not None:
                self.remember(member, now)
        if member is None or now - member.seen_at >= SEEN_STEP or member.profile != profile_of(sender):
            return None
        return member

    async def find_chat(self, database: Database, chat: ChatInfo, now: datetime) -> ChatPlace | None:
        """The chat, if nothing about it needs to be written: from memory, or read beside the writer."""
        place, read_at = self._chats.get(chat.id) or (None, now)
        if place is None or now - read_at >= FRESH:
            async with database.reading() as session:
                row = await _chat_row(session, chat.id)
            place = None if row is None else _place(row)
            if place is not None:
                self.remember_chat(place, now)
        if place is None or (place.type, place.title, place.username) != _looks_of(chat):
            return None
        return place

    def remember(self, member: Member, read_at: datetime) -> None:
        """Keeps a member as a committed transaction left him."""
        self._members.put(member.id, (member, read_at))

    def remember_chat(self, place: ChatPlace, read_at: datetime) -> None:
        """Keeps a chat as a committed transaction left it."""
        self._chats.put(place.telegram_id, (place, read_at))

    def forget(self, user_id: UserId) -> None:
        """His role, ban or profile changed: read him again at his next update."""
        self._members.drop(user_id)

    def forget_chats(self) -> None:
        """A chat moved: read them again."""
        self._chats.clear()


async def meet(session: AsyncSession, sender: Sender, now: datetime) -> Member:
    """The member behind a sender: his row made or its profile refreshed where it changed."""
    profile = profile_of(sender)
    user = await session.get(User, sender.id)
    if user is None:
        user = await _insert_user(session, sender.id, profile, now)
    if profile.username and profile.username != user.username:
        await _take_username(session, user, profile.username)
    _refresh(user, profile, now)
    raises = await session.scalars(select(RoleRaise).where(RoleRaise.user_id == user.id))
    return snapshot(user, tuple(raises))


async def read_member(session: AsyncSession, user_id: UserId) -> Member | None:
    """The member as the database has him now."""
    user = await session.get(User, user_id, populate_existing=True)
    if user is None:
        return None
    raises = await session.scalars(select(RoleRaise).where(RoleRaise.user_id == user_id))
    return snapshot(user, tuple(raises))


async def place_chat(session: AsyncSession, chat: ChatInfo, now: datetime) -> ChatPlace:
    """The chat with our key: its row made or its looks refreshed where they changed."""
    kind, title, username = _looks_of(chat)
    row = await _chat_row(session, chat.id)
    if row is None:
        await session.execute(
            insert_new(session.get_bind().dialect, Chat).values(
                telegram_id=chat.id, type=kind, title=title, username=username, created_at=now
            )
        )
        row = await _chat_row(session, chat.id)
        assert row is not None
    row.type, row.title, row.username = kind, title, username
    return _place(row)


async def _chat_row(session: AsyncSession, chat_id: ChatId) -> Chat | None:
    return (await session.scalars(select(Chat).where(Chat.telegram_id == chat_id))).one_or_none()


def _place(row: Chat) -> ChatPlace:
    return ChatPlace(ChatKey(row.id), ChatId(row.telegram_id), row.type, row.title, row.username)


def _looks_of(chat: ChatInfo) -> tuple[str, str | None, str | None]:
    """Type, title and username as they are kept: no longer than their columns."""
    return (
        chat.type[:16],
        chat.title[:256] if chat.title else None,
        chat.username[:64] if chat.username else None,
    )


def profile_of(sender: Sender) -> Profile:
    """The profile that an update carries."""
    return Profile(
        first_name=sender.first_name[:256],
        last_name=sender.last_name[:256] if sender.last_name else None,
        username=sender.username[:64] if sender.username else None,
        language_code=sender.language_code[:35] if sender.language_code else None,
        is_premium=bool(sender.is_premium),
    )


def snapshot(user: User, raises: tuple[RoleRaise, ...] = ()) -> Member:
    """The frozen picture of a member's row and raises."""
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
    )


async def _take_username(session: AsyncSession, user: User, username: str) -> None:
    """A username is one person's at a time: whoever had it before has given it up."""
    await session.execute(
        update(User)
        .where(func.lower(User.username) == username.lower(), User.id != user.id)
        .values(username=None)
    )


def _refresh(user: User, profile: Profile, now: datetime) -> None:
    user.first_name, user.last_name = profile.first_name, profile.last_name
    user.username, user.language_code = profile.username, profile.language_code
    user.is_premium = profile.is_premium
    if now - user.seen_at >= SEEN_STEP:
        user.seen_at = now


async def _insert_user(session: AsyncSession, user_id: UserId, profile: Profile, now: datetime) -> User:
    # Two lanes may meet the same person at the same moment: the second insert must not fail.
    await session.execute(
        insert_new(session.get_bind().dialect, User).values(
            id=user_id,
            first_name=profile.first_name,
            is_premium=profile.is_premium,
            role=Role.PUBLIC,
            created_at=now,
            seen_at=now,
        )
    )
    return await session.get_one(User, user_id)
