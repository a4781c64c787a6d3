"""The simulated Telegram: its accounts and chats, and the updates that bots get from them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from botyard.ids import BotToken
from botyard.sandbox.chance import Chance
from botyard.sandbox.errors import ControlError
from botyard.sandbox.journal import CallRecord, EventHub, Log, iso
from botyard.sandbox.queues import DAY, LIFETIMES, QueuedUpdate, UpdateQueue, is_wanted, lane_of
from botyard.sandbox.rendering import PERMISSIONS, admin_rights
from botyard.sandbox.state import (
    Account,
    Bot,
    CallbackQuery,
    Chat,
    ChatType,
    Invoice,
    Json,
    Member,
    Payment,
    Peer,
    Poll,
    Question,
    Status,
    StoredFile,
    User,
)
from botyard.sandbox.virtual_clock import VirtualClock


class World:
    """Everything there is, in memory. Ids are Telegram ids; randomness comes from a seed."""

    def __init__(self, clock: VirtualClock, seed: int, log_size: int) -> None:
        self.clock = clock
        self.random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        """For ids, which must never come twice."""
        self.chance = Chance(seed)
        """For what may be repeated: faults and the waits between retries."""
        self.events = EventHub()
        self.calls: Log[CallRecord] = Log(log_size)
        self.updates: Log[QueuedUpdate] = Log(log_size)
        self.on_update: Callable[[Bot, QueuedUpdate | None], None] = lambda _bot, _update: None
        """Called with every new update of a bot, and with None when its webhook has changed."""
        self.bots: dict[int, Bot] = {}
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.private_chats: dict[tuple[int, int], Chat] = {}
        self.moved_chats: dict[int, int] = {}
        self.files: dict[str, StoredFile] = {}
        self.callbacks: dict[str, CallbackQuery] = {}
        self.questions: dict[str, Question] = {}
        """Pre-checkout and shipping queries that wait for the bot, by id."""
        self.invoices: dict[str, Invoice] = {}
        self.invoices_in_chat: dict[tuple[int, int, int], Invoice] = {}
        self.payments: dict[str, Payment] = {}
        self.polls: dict[str, Poll] = {}

    # Accounts

    def add_bot(self, token: str, *, name: str, username: str | None = None) -> Bot:
        """Makes a bot, or renames the one with this token. Another token of a known bot replaces its token.

        Raises `ControlError` for something that is no token.
        """
        try:
            bot_id = BotToken(token).bot_id
        except ValueError as error:
            raise ControlError("token must be '<digits>:<letters, digits, - and _>'.") from error
        bot = self.bots.get(bot_id)
        if bot is None:
            queue = UpdateQueue(self.clock, self.random.randrange(100_000_000, 900_000_000))
            bot = Bot(bot_id, token, name, username or self._bot_username(name, bot_id), queue)
            self.bots[bot_id] = bot
        bot.token, bot.name, bot.username = token, name, username or bot.username
        self.changed()
        return bot

    def _bot_username(self, name: str, bot_id: int) -> str:
        plain = re.sub(r"[^A-Za-z0-9_]", "", name.replace(" ", "_").replace("-", "_")) or f"bot{bot_id}"
        wanted = plain if plain.lower().endswith("bot") else f"{plain}_bot"
        taken = {bot.username.lower() for bot in self.bots.values()}
        return wanted if wanted.lower() not in taken else f"{plain}_{bot_id}_bot"

    def bot_with(self, token: str) -> Bot | None:
        """The bot whose token this is, if there is one."""
        number = token.partition(":")[0]
        bot = (
            self.bots.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 20 else None
        )
        return bot if bot and bot.token == token else None

    def find_bot(self, reference: object) -> Bot:
        """A bot by id, name or username. Raises `ControlError` if there is none."""
        wanted = str(reference).lstrip("@").lower()
        for bot in self.bots.values():
            if wanted in {str(bot.id), bot.name.lower(), bot.username.lower()}:
                return bot
        raise ControlError(f"There is no bot {str(reference)[:64]!r}: make it with POST bots.", status=404)

    def find_user(self, user_id: object) -> User:
        """A person by id. Raises `ControlError` if there is none."""
        user = self.users.get(user_id) if isinstance(user_id, int) else None
        if user is None:
            raise ControlError(f"There is no user {str(user_id)[:32]}: make one with POST users.", status=404)
        return user

    def account(self, account_id: int) -> Account | None:
        return self.users.get(account_id) or self.bots.get(account_id)

    # Chats

    def private(self, bot: Bot, user: User) -> Chat:
        """The private chat of a bot and a user; it exists as soon as someone asks for it."""
        key = (bot.id, user.id)
        if key not in self.private_chats:
            self.private_chats[key] = Chat(user.id, ChatType.PRIVATE, peer=Peer(bot, user))
        return self.private_chats[key]

    def find_group(self, chat_id: object) -> Chat:
        """A group or channel by id. Raises `ControlError` if there is none."""
        if isinstance(chat_id, int):
            chat_id = self.moved_chats.get(chat_id, chat_id)
            if chat_id in self.chats:
                return self.chats[chat_id]
        raise ControlError(f"There is no chat {str(chat_id)[:32]}: make it with POST chats.", status=404)

    def find_chat(self, bot: Bot | None, user: User, chat_id: object) -> Chat:
        """Where a user acts: a group or channel, or by default the private chat with the bot."""
        if chat_id is None or chat_id == user.id:
            if bot is None:
                raise ControlError("bot is missing: a private chat is between a user and a bot.")
            return self.private(bot, user)
        return self.find_group(chat_id)

    def known_chat(self, reference: object) -> Chat | None:
        """The group or channel that a `chat_id` names, by id or @username; None for private chats too."""
        text = str(reference)
        if text.startswith("@"):
            wanted = text[1:].lower()
            return next((one for one in self.chats.values() if (one.username or "").lower() == wanted), None)
        return self.chats.get(int(text)) if text.removeprefix("-").isdecimal() and len(text) < 20 else None

    def add_chat(self, chat_id: int, kind: ChatType, title: str, username: str | None = None) -> Chat:
        """Makes a group or channel, or renames the one with this id. All permissions are granted."""
        chat = self.chats.setdefault(chat_id, Chat(chat_id, kind, title))
        chat.type, chat.title, chat.username = kind, title, username or chat.username
        chat.permissions = chat.permissions or dict.fromkeys(PERMISSIONS, True)
        self.changed()
        return chat

    def member(self, chat: Chat, account_id: int) -> Member | None:
        """Someone's standing in a group or channel as of now: bans and restrictions end by themselves."""
        member = chat.members.get(account_id)
        if member and member.until and member.until <= self.clock.timestamp():
            if member.status is Status.KICKED:
                member.status, member.until = Status.LEFT, 0
            elif member.status is Status.RESTRICTED:
                member.status = Status.MEMBER if member.is_present else Status.LEFT
                member.rights, member.until = {}, 0
        return member

    def bots_in(self, chat: Chat) -> list[tuple[Bot, Member]]:
        """The bots that are in a group or channel."""
        return [
            (member.account, member)
            for member in chat.members.values()
            if isinstance(member.account, Bot) and member.here
        ]

    def all_rights(self, chat: Chat) -> dict[str, bool]:
        """What an administrator gets when nobody says otherwise."""
        return dict.fromkeys(admin_rights(chat), True)

    # Updates

    def enqueue(self, bot: Bot, kind: str, payload: Json, *, forced: bool = False) -> Json | None:
        """Gives a bot an update and returns it; None if the bot is subscribed to other kinds only."""
        if not forced and not is_wanted(kind, bot.allowed_updates):
            return None
        expires = self.clock.monotonic() + LIFETIMES.get(kind, DAY)
        update = self.updates.append(
            lambda seq: QueuedUpdate(
                seq,
                self.clock.now(),
                bot.id,
                bot.queue.next_id(),
                kind,
                payload,
                lane_of(kind, payload),
                expires,
            )
        )
        bot.queue.add(update)
        self.report(update)
        self.on_update(bot, update)
        return update.json

    def delivered(self, bot: Bot, update: QueuedUpdate, via: str) -> None:
        """Notes that an update reached its bot."""
        if not update.delivered:
            update.delivered, update.via, update.delivered_at = True, via, self.clock.now()
            self.report(update)
        if via == "webhook":
            bot.queue.remove(update)

    def report(self, update: QueuedUpdate) -> None:
        if self.events.listening:
            self.events.publish("update", update_entry(update))

    def changed(self) -> None:
        """Tells the page to look again at bots, users, chats and menus."""
        self.events.publish("world", {})

    # Numbers

    def new_id(self) -> str:
        """An id of a query, poll or the like: a large number in a string, as Telegram has them."""
        return str(self.random.randrange(10**17, 10**18))

    def new_token(self, length: int) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
        return "".join(self.random.choices(letters, k=length))


def update_entry(update: QueuedUpdate) -> Json:
    """An entry of the control API's list of updates."""
    return {
        "seq": update.seq,
        "time": iso(update.time),
        "bot": update.bot_id,
        "update": update.json,
        "via": update.via,
        "delivered": update.delivered,
        "delivered_at": iso(update.delivered_at) if update.delivered_at else None,
        "attempts": update.attempts,
    }
