"""What updates and answers of Telegram's say of members, rights and requests to join."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from botyard.features.access.rules import Standing
from botyard.features.access.service.chats import Rights
from botyard.telegram.envelope import Sender

ADMINS = ("creator", "administrator")


class ChatMember(msgspec.Struct, frozen=True):
    """ChatMember, as far as access needs it."""

    status: str
    user: Sender
    is_member: bool = True
    """Only a restricted one may be out of the chat."""
    can_invite_users: bool = False
    can_restrict_members: bool = False

    @property
    def standing(self) -> Standing:
        """What he is to the chat. Bots count as admins: nobody removes them."""
        if self.status == "kicked":
            return Standing.BANNED
        if self.status == "left" or (self.status == "restricted" and not self.is_member):
            return Standing.OUT
        return Standing.ADMIN if self.status in ADMINS or self.user.is_bot else Standing.IN

    @property
    def is_here(self) -> bool:
        """Whether he is in the chat."""
        return self.standing in (Standing.IN, Standing.ADMIN)

    @property
    def rights(self) -> Rights:
        """What he may do to others; the creator may do all."""
        if self.status == "creator":
            return Rights(is_admin=True, can_invite=True, can_restrict=True)
        is_admin = self.status == "administrator"
        return Rights(is_admin, is_admin and self.can_invite_users, is_admin and self.can_restrict_members)

    @property
    def name(self) -> str:
        """First and last name."""
        return " ".join(part for part in (self.user.first_name, self.user.last_name) if part)


class InviteLink(msgspec.Struct, frozen=True):
    """ChatInviteLink."""

    invite_link: str = ""


class Change(msgspec.Struct, frozen=True):
    """ChatMemberUpdated."""

    date: int
    old_chat_member: ChatMember
    new_chat_member: ChatMember
    from_: Sender = msgspec.field(name="from")
    invite_link: InviteLink | None = None
    via_join_request: bool = False

    @property
    def at(self) -> datetime:
        """When it was."""
        return datetime.fromtimestamp(self.date, UTC)

    @property
    def is_entry(self) -> bool:
        """Whether he came in by it."""
        return self.new_chat_member.is_here and not self.old_chat_member.is_here


class JoinRequest(msgspec.Struct, frozen=True):
    """ChatJoinRequest."""

    date: int
    user_chat_id: int
    invite_link: InviteLink | None = None
    query_id: str | None = None

    @property
    def at(self) -> datetime:
        """When he asked."""
        return datetime.fromtimestamp(self.date, UTC)


class _Update(msgspec.Struct, frozen=True):
    chat_member: Change | None = None
    my_chat_member: Change | None = None
    chat_join_request: JoinRequest | None = None


def read_change(body: bytes) -> Change | None:
    """What a chat_member or my_chat_member update says; None if it cannot be read."""
    try:
        update = msgspec.json.decode(body, type=_Update)
    except msgspec.DecodeError:
        return None
    return update.chat_member or update.my_chat_member


def read_request(body: bytes) -> JoinRequest | None:
    """What a chat_join_request update says; None if it cannot be read."""
    try:
        return msgspec.json.decode(body, type=_Update).chat_join_request
    except msgspec.DecodeError:
        return None


def read_member(answer: Any) -> ChatMember | None:
    """What getChatMember has answered; None if it cannot be read."""
    try:
        return msgspec.convert(answer, ChatMember)
    except msgspec.ValidationError:
        return None


def read_members(answer: Any) -> list[ChatMember]:
    """What getChatAdministrators has answered, without what cannot be read."""
    return [each for each in map(read_member, answer if isinstance(answer, list) else []) if each]
