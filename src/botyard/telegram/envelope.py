"""What must be known of an update before its handler reads it: kind, lane, sender, chat, text."""

from __future__ import annotations

from typing import Annotated

import msgspec

from botyard.ids import ChatId, UpdateId, UserId

NO_LANE = "-"
PAYMENT_KINDS = ("successful_payment", "refunded_payment")
"""The service messages that tell of money (Bot API, Message). Each has one only."""

_INT64 = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
_UserId = Annotated[UserId, _INT64]
_ChatId = Annotated[ChatId, _INT64]


class Sender(msgspec.Struct, frozen=True):
    """A person or bot (Bot API, User)."""

    id: _UserId
    is_bot: bool = False
    first_name: str = ""
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_premium: bool = False


class ChatInfo(msgspec.Struct, frozen=True):
    """A chat (Bot API, Chat). `type` is private, group, supergroup, channel, or what Telegram adds."""

    id: _ChatId
    type: str
    title: str | None = None
    username: str | None = None
    is_forum: bool = False


class ReplyTo(msgspec.Struct, frozen=True):
    """The message that a message replies to, in the same chat."""

    message_id: int
    sender: Sender | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope of an update. All texts in it are free of NUL and of lone surrogates."""

    update_id: UpdateId
    kind: str
    """One of `UPDATE_KINDS`; else the name of the field that nobody knew; or `empty`."""
    lane: str = NO_LANE
    """Updates of one lane are handled in order: `c<chat id>`, `u<user id>`, or `-` where there is neither."""
    sender: Sender | None = None
    """Who did it; None where nobody did, or a chat did (an anonymous administrator, a channel)."""
    chat: ChatInfo | None = None
    """Where it happened."""
    text: str = ""
    """A message's text or caption, a button's data, an inline query."""
    message_id: int | None = None
    query_id: str | None = None
    """What an answer must name: a callback, inline, shipping, pre-checkout, guest or join request query."""
    payment: str | None = None
    """The kind of a message that tells of money: one of `PAYMENT_KINDS`."""
    media_group_id: str | None = None
    """The album that a message is a part of."""
    reply_to: ReplyTo | None = None
    member: Sender | None = None
    """Whose membership changed (my_chat_member, chat_member), from `old_status` to `new_status`."""
    old_status: str | None = None
    new_status: str | None = None
    migrate_to: ChatId | None = None
    """The new id of this group, which became a supergroup."""
    migrate_from: ChatId | None = None
    """The old id of this supergroup, which was a group."""
    readable: bool = True
    """False where a known kind is not as the Bot API 10.3 describes it: then only `kind` can be relied on."""

    @property
    def urgent(self) -> bool:
        """Whether the lane goes first: what is ordered by user has a deadline (callbacks, pre-checkout)."""
        return self.lane.startswith("u")
