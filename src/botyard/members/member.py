"""A member as handlers see him: a snapshot, with the one rule that says which role he has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from botyard.ids import BotId, ChatId, ChatKey, UserId
from botyard.members.models import Role


@dataclass(frozen=True, slots=True)
class Raise:
    """A role above the member's own, for one bot (`bot_id`) or all, until a date or for good."""

    role: Role
    bot_id: BotId | None
    expires_at: datetime | None

    def holds(self, bot_id: BotId, now: datetime) -> bool:
        """Whether it counts for this bot at this moment."""
        return self.bot_id in (None, bot_id) and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class PaidTime:
    """From `starts_at` until just before `ends_at` a member has something that he paid for or was given."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What Telegram tells of a person in each update."""

    first_name: str
    last_name: str | None
    username: str | None
    language_code: str | None
    is_premium: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A person known to the business."""

    id: UserId
    profile: Profile
    base_role: Role
    raises: tuple[Raise, ...]
    banned: bool
    registered_at: datetime | None
    seen_at: datetime
    paid: tuple[PaidTime, ...] = ()

    def role(self, bot_id: BotId, now: datetime) -> Role:
        """The highest of the member's own role, of the raises that hold for this bot now, and of SUBSCRIBER,
        which is who has paid time.
        """
        role = self.base_role
        if self.raises:
            role = max([role, *(held.role for held in self.raises if held.holds(bot_id, now))])
        if role < Role.SUBSCRIBER and any(each.starts_at <= now < each.ends_at for each in self.paid):
            return Role.SUBSCRIBER
        return role

    @property
    def name(self) -> str:
        """First and last name."""
        return " ".join(part for part in (self.profile.first_name, self.profile.last_name) if part)


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """A chat: our key, Telegram's id and its kind (`private`, `group`, `supergroup`, `channel`)."""

    key: ChatKey
    telegram_id: ChatId
    type: str
    title: str | None = None
    username: str | None = None

    @property
    def is_private(self) -> bool:
        """Whether only the member and the bot are in it."""
        return self.type == "private"

    @property
    def name(self) -> str:
        """What people call it: its title, its username, or its id where nothing more is known."""
        return self.title or (f"@{self.username}" if self.username else str(self.telegram_id))

    def link_to(self, message_id: int) -> str | None:
        """The address of a message in it, for its members. None where Telegram has none.

        Private chats and groups that are no supergroups have none (core.telegram.org/api/links).
        """
        if self.username:
            return f"https://t.me/{self.username}/{message_id}"
        number = str(self.telegram_id)
        return f"https://t.me/c/{number[4:]}/{message_id}" if number.startswith("-100") else None
