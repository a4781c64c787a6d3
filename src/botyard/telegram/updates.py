"""Reading an update's envelope out of its bytes (Bot API, Update).

Only the bytes' outer shape can make them 'not an update'. What is inside may be of a kind or type that nobody
knew when this was written: it is kept all the same.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from botyard.errors import BotyardError
from botyard.ids import ChatId, UpdateId
from botyard.telegram.envelope import NO_LANE, PAYMENT_KINDS, ChatInfo, Envelope, ReplyTo, Sender
from botyard.telegram.tidy import NUL, tidy

LONGEST_KIND = 64

_INT64 = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
_ChatId = Annotated[ChatId, _INT64]
_ABSENT = msgspec.Raw()
_NULL = msgspec.Raw(b"null")
_MessageId = Annotated[int, _INT64]


class NotAnUpdate(BotyardError):
    """The bytes are not a JSON object with an integer `update_id`."""


def read_envelope(raw: bytes) -> Envelope:
    """The envelope of an update (Bot API, Update). Raises `NotAnUpdate`, whatever the bytes are."""
    try:
        return _read(raw) if NUL not in raw else _read(tidy(raw))
    except msgspec.DecodeError:
        # Lone surrogates are valid JSON, but not for our decoder: make them readable and look once more.
        tidied = tidy(raw)
    except (UnicodeDecodeError, RecursionError):
        raise NotAnUpdate("the body is not UTF-8, or nested too deeply") from None
    try:
        return _read(tidied)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAnUpdate("the body is not a JSON object with an update_id") from None


def _read(raw: bytes) -> Envelope:
    if not raw.isascii():
        raw.decode()  # the decoder skips texts that it need not read, whatever their bytes
    fields = _fields.decode(raw)
    update_id = _update_id.decode(fields.pop("update_id", b""))
    kind = next((name for name in fields if name in _BODIES and fields[name] != _NULL), None)
    if kind is None:
        return Envelope(update_id=update_id, kind=_foreign_kind(fields))
    try:
        return _BODIES[kind].decode(fields[kind]).envelope(update_id, kind)
    except msgspec.DecodeError:
        return Envelope(update_id=update_id, kind=kind, readable=False)


def _foreign_kind(fields: dict[str, msgspec.Raw]) -> str:
    """The name of the first field that says something. `?` is in no known name, so none can be imitated."""
    name = next((name for name in fields if fields[name] != _NULL), None)
    if name is None:
        return "empty"
    return re.sub(r"[^A-Za-z0-9_.-]", "?", name[:LONGEST_KIND]) or "?"


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_update_id = msgspec.json.Decoder(Annotated[UpdateId, msgspec.Meta(ge=0, le=2**63 - 1)])


# The bodies of the kinds: of each type of the Bot API only what the envelope tells.


class _Body(msgspec.Struct, frozen=True):
    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        raise NotImplementedError


class _RepliedTo(msgspec.Struct, frozen=True):
    """Message, as far as a reply to it needs it."""

    message_id: _MessageId
    from_: Sender | None = msgspec.field(default=None, name="from")
    sender_chat: ChatInfo | None = None


class _Message(_Body, frozen=True):
    """Message."""

    message_id: _MessageId
    chat: ChatInfo
    from_: Sender | None = msgspec.field(default=None, name="from")
    sender_chat: ChatInfo | None = None
    text: str | None = None
    caption: str | None = None
    media_group_id: str | None = None
    guest_query_id: str | None = None
    reply_to_message: _RepliedTo | None = None
    migrate_to_chat_id: _ChatId | None = None
    migrate_from_chat_id: _ChatId | None = None
    successful_payment: msgspec.Raw = _ABSENT
    refunded_payment: msgspec.Raw = _ABSENT

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        replied_to = self.reply_to_message
        return Envelope(
            update_id=update_id,
            kind=kind,
            lane=f"c{self.chat.id}",
            sender=_person(self),
            chat=self.chat,
            text=self.text or self.caption or "",
            message_id=self.message_id,
            query_id=self.guest_query_id,
            payment=next(
                (name for name in PAYMENT_KINDS if getattr(self, name) not in (_ABSENT, _NULL)), None
            ),
            media_group_id=self.media_group_id,
            reply_to=ReplyTo(replied_to.message_id, _person(replied_to)) if replied_to else None,
            migrate_to=self.migrate_to_chat_id,
            migrate_from=self.migrate_from_chat_id,
        )


def _says(field: msgspec.Raw) -> bool:
    return field not in (_ABSENT, _NULL)


def _person(message: _Message | _RepliedTo) -> Sender | None:
    """Who wrote. For a message in a chat's name `from` is a made-up user, the same for all chats: nobody."""
    return message.from_ if message.sender_chat is None else None


class _InChat(_Body, frozen=True):
    """MessageReactionUpdated, MessageReactionCountUpdated, BusinessMessagesDeleted, MessageGenerationStopped,
    ChatBoostRemoved (a boost runs out by itself: its user did nothing)."""

    chat: ChatInfo
    user: Sender | None = None
    message_id: _MessageId | None = None

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        return Envelope(
            update_id=update_id,
            kind=kind,
            lane=f"c{self.chat.id}",
            sender=self.user,
            chat=self.chat,
            message_id=self.message_id,
        )


class _BoostSource(msgspec.Struct, frozen=True):
    """ChatBoostSource."""

    source: str
    user: Sender | None = None


class _Boost(msgspec.Struct, frozen=True):
    """ChatBoost."""

    source: _BoostSource


class _BoostUpdated(_Body, frozen=True):
    """ChatBoostUpdated. Only a premium boost is its user's own act; the others are gifts and prizes."""

    chat: ChatInfo
    boost: _Boost

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        source = self.boost.source
        return Envelope(
            update_id=update_id,
            kind=kind,
            lane=f"c{self.chat.id}",
            sender=source.user if source.source == "premium" else None,
            chat=self.chat,
        )


class _Query(_Body, frozen=True):
    """InlineQuery, ShippingQuery, PreCheckoutQuery: questions of a person that want an answer."""

    id: str
    from_: Sender = msgspec.field(name="from")
    query: str = ""

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        return Envelope(
            update_id=update_id,
            kind=kind,
            lane=f"u{self.from_.id}",
            sender=self.from_,
            text=self.query,
            query_id=self.id,
        )


class _Place(msgspec.Struct, frozen=True):
    """MaybeInaccessibleMessage."""

    message_id: _MessageId
    chat: ChatInfo


class _CallbackQuery(_Body, frozen=True):
    """CallbackQuery. Without a message where the button is under an inline message."""

    id: str
    from_: Sender = msgspec.field(name="from")
    data: str = ""
    message: _Place | None = None

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        return Envelope(
            update_id=update_id,
            kind=kind,
            lane=f"u{self.from_.id}",
            sender=self.from_,
            chat=self.message.chat if self.message else None,
            text=self.data,
            message_id=self.message.message_id if self.message else None,
            query_id=self.id,
        )


class _Deed(_Body, frozen=True):
    """ChosenInlineResult, PaidMediaPurchased: what a person did, under `from`."""

    from_: Sender = msgspec.field(name="from")
    query: str = ""

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        return Envelope(
            update_id=update_id, kind=kind, lane=f"u{self.from_.id}", sender=self.from_, text=self.query
        )


class _OfUser(_Body, frozen=True):
    """BusinessConnection, ManagedBotUpdated, BotSubscriptionUpdated: what a person did, under `user`."""

    user: Sender

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        return Envelope(update_id=update_id, kind=kind, lane=f"u{self.user.id}", sender=self.user)


class _Poll(_Body, frozen=True):
    """Poll: a state, with nobody and no chat."""

    id: str

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        return Envelope(update_id=update_id, kind=kind)


class _PollAnswer(_Body, frozen=True):
    """PollAnswer, of a person or of a chat. Where the poll is, it does not say."""

    poll_id: str
    user: Sender | None = None
    voter_chat: ChatInfo | None = None

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        person = self.user if self.voter_chat is None else None
        lane = f"c{self.voter_chat.id}" if self.voter_chat else f"u{person.id}" if person else NO_LANE
        return Envelope(update_id=update_id, kind=kind, lane=lane, sender=person)


class _ChatMember(msgspec.Struct, frozen=True):
    """ChatMember."""

    status: str
    user: Sender


class _ChatMemberUpdated(_Body, frozen=True):
    """ChatMemberUpdated. Telegram orders my_chat_member by chat, chat_member by the member."""

    chat: ChatInfo
    from_: Sender = msgspec.field(name="from")
    old_chat_member: _ChatMember
    new_chat_member: _ChatMember

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        member = self.new_chat_member.user
        return Envelope(
            update_id=update_id,
            kind=kind,
            lane=f"c{self.chat.id}" if kind == "my_chat_member" else f"u{member.id}",
            sender=self.from_,
            chat=self.chat,
            member=member,
            old_status=self.old_chat_member.status,
            new_status=self.new_chat_member.status,
        )


class _ChatJoinRequest(_Body, frozen=True):
    """ChatJoinRequest."""

    chat: ChatInfo
    from_: Sender = msgspec.field(name="from")
    query_id: str | None = None

    def envelope(self, update_id: UpdateId, kind: str) -> Envelope:
        return Envelope(
            update_id=update_id,
            kind=kind,
            lane=f"u{self.from_.id}",
            sender=self.from_,
            chat=self.chat,
            query_id=self.query_id,
        )


_BODIES: dict[str, msgspec.json.Decoder[_Body]] = {
    kind: msgspec.json.Decoder(body)
    for body, kinds in {
        _Message: "message edited_message channel_post edited_channel_post business_message "
        "edited_business_message guest_message",
        _InChat: "deleted_business_messages message_reaction message_reaction_count removed_chat_boost "
        "stopped_message_generation",
        _BoostUpdated: "chat_boost",
        _Query: "inline_query shipping_query pre_checkout_query",
        _CallbackQuery: "callback_query",
        _Deed: "chosen_inline_result purchased_paid_media",
        _OfUser: "business_connection managed_bot subscription",
        _Poll: "poll",
        _PollAnswer: "poll_answer",
        _ChatMemberUpdated: "my_chat_member chat_member",
        _ChatJoinRequest: "chat_join_request",
    }.items()
    for kind in kinds.split()
}

UPDATE_KINDS = frozenset(_BODIES)
"""The 27 kinds of update of Bot API 10.3."""
