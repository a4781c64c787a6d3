"""What the sandbox's world is made of: accounts, chats, members, messages, links, queries."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botyard.sandbox.queues import UpdateQueue

Json = dict[str, Any]
"""An object in the Bot API's own shape."""


class ChatType(StrEnum):
    """What kind of chat it is (Bot API, Chat.type)."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class Status(StrEnum):
    """What someone is to a chat (Bot API, ChatMember)."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"


ADMINISTRATORS = frozenset({Status.CREATOR, Status.ADMINISTRATOR})
PRESENT = frozenset({Status.CREATOR, Status.ADMINISTRATOR, Status.MEMBER})


@dataclass(eq=False)
class User:
    """A person."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_premium: bool = False


@dataclass(eq=False)
class Webhook:
    """Where a bot's updates are sent; an empty URL means that it polls."""

    url: str = ""
    secret: str | None = field(default=None, repr=False)
    max_connections: int = 40
    ip_address: str | None = None
    has_certificate: bool = False
    last_error_date: int | None = None
    last_error_message: str | None = None
    gone_since: float | None = None


@dataclass(eq=False)
class Bot:
    """A bot: its profile, its menus, its updates."""

    id: int
    token: str = field(repr=False)
    name: str
    username: str
    queue: UpdateQueue = field(repr=False)
    webhook: Webhook = field(default_factory=Webhook)
    allowed_updates: frozenset[str] | None = None
    reads_all_group_messages: bool = False
    answers_inline: bool = True
    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[str, int, int], dict[str, list[Json]]] = field(default_factory=dict)
    menu_buttons: dict[int | None, Json] = field(default_factory=dict)
    transactions: list[Json] = field(default_factory=list)
    last_message_id: int = 0
    """Telegram numbers all private chats of an account together."""

    @property
    def first_name(self) -> str:
        return self.names.get("") or self.name


Account = User | Bot


@dataclass(eq=False)
class Member:
    """Someone's standing in a group or channel. `rights`: of an administrator or a restricted member."""

    account: Account
    status: Status
    rights: dict[str, bool] = field(default_factory=dict)
    custom_title: str | None = None
    until: int = 0
    is_present: bool = True
    """Restricted members may be in the chat or out of it."""
    promoted_by: int | None = None

    @property
    def here(self) -> bool:
        return self.status in PRESENT or (self.status is Status.RESTRICTED and self.is_present)

    @property
    def rules(self) -> bool:
        return self.status in ADMINISTRATORS

    def may(self, right: str) -> bool:
        """Whether an administrator holds a right; the creator holds all."""
        return self.status is Status.CREATOR or (self.rules and self.rights.get(right, False))


@dataclass(eq=False)
class InviteLink:
    """A way into a chat. `asks`: whoever comes through it has to be approved."""

    url: str
    creator: Account
    name: str | None = None
    expires: int | None = None
    member_limit: int | None = None
    asks: bool = False
    primary: bool = False
    revoked: bool = False
    subscription_period: int | None = None
    subscription_price: int | None = None
    joined: set[int] = field(default_factory=set)


@dataclass(eq=False)
class JoinRequest:
    """Someone who waits to be let into a chat."""

    user: User
    date: int
    link: InviteLink | None
    query_id: str | None = None
    """What the bot that was assigned to deal with requests must name in its answer."""
    query_bot: Bot | None = None
    query_ends: float = 0.0


@dataclass(eq=False)
class Peer:
    """The two ends of a private chat."""

    bot: Bot
    user: User
    started: bool = False
    blocked: bool = False
    open_until: float = 0.0
    """Until then (virtual seconds) a bot may write first: five minutes after a join request."""


@dataclass(eq=False)
class Message:
    """`content` holds the Bot API fields that say what it is: text and entities, photo and caption, ..."""

    message_id: int
    chat: Chat
    date: int
    sender: Account | None
    content: Json
    sender_chat: Chat | None = None
    reply_to: Message | None = None
    reply_markup: Json | None = None
    edit_date: int | None = None
    forward_origin: Json | None = None
    details: Json = field(default_factory=dict)
    """Further Bot API fields: media_group_id, has_protected_content, ..."""
    is_service: bool = False
    deleted: bool = False
    reactions: dict[int, list[Json]] = field(default_factory=dict)


@dataclass(eq=False)
class Chat:
    """A chat. A private one has a `peer` instead of members and belongs to one bot and one user."""

    id: int
    type: ChatType
    title: str | None = None
    username: str | None = None
    description: str | None = None
    peer: Peer | None = None
    members: dict[int, Member] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=dict)
    links: dict[str, InviteLink] = field(default_factory=dict)
    requests: dict[int, JoinRequest] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    last_message_id: int = 0

    @property
    def is_private(self) -> bool:
        return self.peer is not None

    @property
    def is_channel(self) -> bool:
        return self.type is ChatType.CHANNEL


@dataclass(eq=False)
class CallbackQuery:
    """A pressed button and what the bot made of it."""

    id: str
    bot: Bot
    user: User
    expires: float
    answered: bool = False
    text: str | None = None
    show_alert: bool = False
    url: str | None = None


@dataclass(eq=False)
class Question:
    """A pre-checkout, shipping or inline query that waits for the bot. `answer`: its call's parameters."""

    id: str
    bot: Bot
    expires: float
    answer: Json | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class StoredFile:
    """A file that can be sent again by its id. Files that came as an id or an address have no bytes."""

    file_id: str
    unique_id: str
    kind: str
    name: str | None = None
    mime_type: str | None = None
    data: bytes | None = None
    path: str = ""


@dataclass(eq=False)
class Invoice:
    """What can be paid: the parameters of sendInvoice or createInvoiceLink."""

    bot: Bot
    terms: Json
    slug: str = ""


@dataclass(eq=False)
class Payment:
    """A completed payment, by its charge id."""

    charge_id: str
    bot: Bot
    user: User
    invoice: Invoice
    amount: int
    subscription_until: int | None = None
    subscription_canceled: bool = False
    refunded: bool = False


@dataclass(eq=False)
class Poll:
    """A poll's message keeps `json`; votes are by user."""

    json: Json
    bot: Bot | None
    votes: dict[int, list[int]] = field(default_factory=dict)
