"""Who wrote, and where: rows of members and chats, made and read for many updates at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from botyard.db.hot import HotConnection, HotStatement, read_moment
from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.members.member import ChatPlace, Member, PaidTime, Profile, Raise
from botyard.members.models import Role
from botyard.telegram.envelope import ChatInfo, Sender


@dataclass(frozen=True, slots=True)
class Encounter:
    """A person, a chat, or a person in a chat, as an update tells of them."""

    sender: Sender | None
    chat: ChatInfo | None


@dataclass(frozen=True, slots=True)
class Met:
    """What the database has on them: None for who was not asked for, or is not known."""

    member: Member | None = None
    place: ChatPlace | None = None


def profile_of(sender: Sender) -> Profile:
    """The profile that an update carries, no text longer than its column."""
    return Profile(
        first_name=sender.first_name[:256],
        last_name=sender.last_name[:256] if sender.last_name else None,
        username=sender.username[:64] if sender.username else None,
        language_code=sender.language_code[:35] if sender.language_code else None,
        is_premium=bool(sender.is_premium),
    )


def looks_of(chat: ChatInfo) -> tuple[str, str | None, str | None]:
    """Type, title and username of a chat as they are kept: no longer than their columns."""
    return (
        chat.type[:16],
        chat.title[:256] if chat.title else None,
        chat.username[:64] if chat.username else None,
    )


# reading

_NUMBERS = {"number": "bigint"}
_MEMBERS = HotStatement(
    """
    SELECT id, first_name, last_name, username, language_code, is_premium, role, banned_at,
        registered_at, seen_at
    FROM users WHERE id IN (SELECT number FROM {person})
    """,
    person=_NUMBERS,
)
_RAISES = HotStatement(
    """
    SELECT user_id, role, bot_id, expires_at FROM role_raises
    WHERE user_id IN (SELECT number FROM {person}) ORDER BY id
    """,
    person=_NUMBERS,
)
_PAID = HotStatement(
    "SELECT user_id, starts_at, ends_at FROM entitlements WHERE user_id IN (SELECT number FROM {person})",
    person=_NUMBERS,
)
_PLACES = HotStatement(
    """
    SELECT id, telegram_id, type, title, username FROM chats
    WHERE telegram_id IN (SELECT number FROM {chat})
    """,
    chat=_NUMBERS,
)


def recall(hot: HotConnection, encounters: Sequence[Encounter]) -> list[Met]:
    """What is known of each."""
    members = _members(hot, {each.sender.id for each in encounters if each.sender})
    places = _places(hot, {each.chat.id for each in encounters if each.chat})
    return [
        Met(
            members.get(each.sender.id) if each.sender else None,
            places.get(each.chat.id) if each.chat else None,
        )
        for each in encounters
    ]


def _members(hot: HotConnection, ids: Collection[UserId]) -> dict[UserId, Member]:
    if not ids:
        return {}
    people = [{"number": each} for each in ids]
    raises: defaultdict[UserId, list[Raise]] = defaultdict(list)
    for user_id, role, bot_id, expires_at in hot.execute(_RAISES, person=people):
        until = None if expires_at is None else read_moment(expires_at)
        raises[user_id].append(Raise(Role(role), None if bot_id is None else BotId(bot_id), until))
    paid: defaultdict[UserId, list[PaidTime]] = defaultdict(list)
    for user_id, starts_at, ends_at in hot.execute(_PAID, person=people):
        paid[user_id].append(PaidTime(read_moment(starts_at), read_moment(ends_at)))
    return {
        user_id: Member(
            id=UserId(user_id),
            profile=Profile(first_name, last_name, username, language_code, bool(is_premium)),
            base_role=Role(role),
            raises=tuple(raises.get(user_id, ())),
            banned=banned_at is not None,
            registered_at=None if registered_at is None else read_moment(registered_at),
            seen_at=read_moment(seen_at),
            paid=tuple(paid.get(user_id, ())),
        )
        for (
            user_id,
            first_name,
            last_name,
            username,
            language_code,
            is_premium,
            role,
            banned_at,
            registered_at,
            seen_at,
        ) in hot.execute(_MEMBERS, person=people)
    }


def _places(hot: HotConnection, ids: Collection[ChatId]) -> dict[ChatId, ChatPlace]:
    rows = hot.execute(_PLACES, chat=[{"number": each} for each in ids]) if ids else []
    return {
        ChatId(telegram_id): ChatPlace(ChatKey(key), ChatId(telegram_id), *looks)
        for key, telegram_id, *looks in rows
    }


# writing

_PERSON = {
    "id": "bigint",
    "first_name": "text",
    "last_name": "text",
    "username": "text",
    "language_code": "text",
    "is_premium": "boolean",
}
# Rows that a handler has locked are passed over: its transaction may take long, and all others would wait.
_TAKE_USERNAMES = HotStatement(
    """
    UPDATE users SET username = NULL WHERE id IN (
        SELECT users.id FROM users JOIN {person} ON lower(users.username) = lower(person.username)
        WHERE users.id NOT IN (SELECT id FROM {person}) {skip_locked}
    )
    """,
    person=_PERSON,
)
_MAKE_PEOPLE = HotStatement(
    """
    INSERT INTO users (id, first_name, is_premium, role, created_at, seen_at)
    SELECT id, first_name, is_premium, 0, :now, :now FROM {person}
    WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = person.id) ON CONFLICT DO NOTHING
    """,
    person=_PERSON,
)
_REFRESH_PEOPLE = HotStatement(
    """
    UPDATE users SET first_name = person.first_name, last_name = person.last_name,
        username = person.username, language_code = person.language_code,
        is_premium = person.is_premium, seen_at = :now
    FROM {person} WHERE users.id = person.id AND users.id IN (
        SELECT id FROM users WHERE id IN (SELECT id FROM {person}) {skip_locked}
    )
    """,
    person=_PERSON,
)
_LOOKS = {"telegram_id": "bigint", "type": "text", "title": "text", "username": "text"}
_MAKE_CHATS = HotStatement(
    """
    INSERT INTO chats (telegram_id, type, created_at) SELECT telegram_id, type, :now FROM {chat}
    WHERE NOT EXISTS (SELECT 1 FROM chats WHERE chats.telegram_id = chat.telegram_id)
    ON CONFLICT DO NOTHING
    """,
    chat=_LOOKS,
)
_REFRESH_CHATS = HotStatement(
    """
    UPDATE chats SET type = chat.type, title = chat.title, username = chat.username
    FROM {chat} WHERE chats.telegram_id = chat.telegram_id AND chats.id IN (
        SELECT id FROM chats WHERE telegram_id IN (SELECT telegram_id FROM {chat}) {skip_locked}
    )
    """,
    chat=_LOOKS,
)


def keep(hot: HotConnection, encounters: Sequence[Encounter], now: datetime) -> list[Met]:
    """Makes their rows, or brings them up to date; answers what is known of each then."""
    people = _people(each.sender for each in encounters if each.sender)
    chats = {each.chat.id: looks_of(each.chat) for each in encounters if each.chat}
    if people:
        hot.execute(_TAKE_USERNAMES, person=[each for each in people if each["username"]])
        hot.execute(_MAKE_PEOPLE, person=people, now=hot.moment(now))
        hot.execute(_REFRESH_PEOPLE, person=people, now=hot.moment(now))
    if chats:
        # in one order everywhere: two processes that keep the same chats never wait for each other
        rows = [
            {"telegram_id": chat_id, "type": kind, "title": title, "username": username}
            for chat_id, (kind, title, username) in sorted(chats.items())
        ]
        hot.execute(_MAKE_CHATS, chat=rows, now=hot.moment(now))
        hot.execute(_REFRESH_CHATS, chat=rows)
    return recall(hot, encounters)


def _people(senders: Iterable[Sender]) -> list[dict[str, object]]:
    """One row each. A username is one person's at a time: whoever came last with it has it."""
    profiles = {sender.id: profile_of(sender) for sender in senders}
    owner = {profile.username.lower(): each for each, profile in profiles.items() if profile.username}
    return [
        {
            "id": user_id,
            "first_name": profile.first_name,
            "last_name": profile.last_name,
            "username": profile.username if owner.get((profile.username or "").lower()) == user_id else None,
            "language_code": profile.language_code,
            "is_premium": profile.is_premium,
        }
        for user_id, profile in sorted(profiles.items())
    ]
