"""Who writes, and where: members and chats by Telegram's ids, remembered between updates."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.members.member import ChatPlace, Member, Profile, Raise
from botyard.members.models import Chat, Role, RoleRaise, User
from botyard.telegram.envelope import ChatInfo, Sender

REMEMBERED = 50_000
FRESH = timedelta(seconds=5)
"""How long another replica's change may go unnoticed where a role does not matter."""
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
        self._chats: _Recent[ChatId, ChatPlace] = _Recent()

    def remembered_member(self, sender: Sender, now: datetime) -> Member | None:
        """The member, if nothing about him needs to be read or written now."""
        entry = self._members.get(sender.id)
        if entry is None:
            return None
        member, read_at = entry
        current = (
            now - read_at < FRESH
            and now - member.seen_at < SEEN_STEP
            and member.profile == profile_of(sender)
        )
        return member if current else None

    def remembered_chat(self, chat: ChatInfo) -> ChatPlace | None:
        """The chat, if nothing about it needs to be read or written now."""
        place = self._chats.get(chat.id)
        current = place is not None and (place.type, place.title) == (chat.type, chat.title)
        return place if current else None

    def remember(self, member: Member, read_at: datetime) -> None:
        """Keeps a member as a committed transaction left him."""
        self._members.put(member.id, (member, read_at))

    def remember_chat(self, place: ChatPlace) -> None:
        """Keeps a chat as a committed transaction left it."""
        self._chats.put(place.telegram_id, place)

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
    """The chat with our key: its row made or its title refreshed where it changed."""
    row = (await session.scalars(select(Chat).where(Chat.telegram_id == chat.id))).one_or_none()
    if row is None:
        await session.execute(
            insert_new(session.get_bind().dialect, Chat).values(
                telegram_id=chat.id, type=chat.type, title=chat.title, username=chat.username, created_at=now
            )
        )
        row = (await session.scalars(select(Chat).where(Chat.telegram_id == chat.id))).one()
    if (row.type, row.title, row.username) != (chat.type, chat.title, chat.username):
        row.type, row.title, row.username = chat.type, chat.title, chat.username
    return ChatPlace(ChatKey(row.id), chat.id, chat.type, chat.title)


def profile_of(sender: Sender) -> Profile:
    """The profile that an update carries."""
    return Profile(
        first_name=sender.first_name[:256],
        last_name=sender.last_name[:256] if sender.last_name else None,
        username=sender.username,
        language_code=sender.language_code,
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
