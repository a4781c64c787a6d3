"""Real delivery against the sandbox, without the rest of the house: calls go in, the journal shows them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import func, insert, select
from tests.support.running import SHOP, _served

from botyard.clock import SystemClock
from botyard.db.leases import LeaseHolder
from botyard.db.session import Database
from botyard.delivery.choosing import AT_ONCE
from botyard.delivery.dispatch import Delivery
from botyard.delivery.pacer import Rates
from botyard.ids import BotToken, ChatKey
from botyard.members.models import BotChat, Chat
from botyard.observability.metrics import Metrics
from botyard.outbox import queue
from botyard.outbox.bell import OutboxBell
from botyard.outbox.models import CallState, outbox
from botyard.outbox.queue import Call
from botyard.sandbox import Sandbox
from botyard.sandbox.journal import CallRecord
from botyard.sandbox.state import Chat as SandboxChat
from botyard.sandbox.state import ChatType, Member, Status, User
from botyard.telegram.bots import Bot, enrol
from botyard.telegram.client import TelegramClient

PATIENCE = 15.0
NO_LIMITS = Rates(0, 0, 0)
USUAL = Rates(30, 1, 20)

_names = count(1)


@dataclass
class Post:
    """A bot with an outbox, and the Telegram that it writes to."""

    database: Database
    sandbox: Sandbox
    bot: Bot
    client: TelegramClient
    clock: SystemClock = field(default_factory=SystemClock)
    bell: OutboxBell = field(default_factory=OutboxBell)
    chats: dict[int, ChatKey] = field(default_factory=dict)

    async def people(self, ids: Sequence[int]) -> list[ChatKey]:
        """Private chats with these people, who have all started the bot."""
        robot = self.sandbox.world.bots[self.bot.id]
        for user_id in ids:
            user = self.sandbox.world.users.setdefault(user_id, User(user_id, f"Person {user_id}"))
            peer = self.sandbox.world.private(robot, user).peer
            assert peer is not None
            peer.started = True
        return await self._rows(ids, "private")

    async def person(self, user_id: int = 1002) -> ChatKey:
        return (await self.people([user_id]))[0]

    async def group(self, chat_id: int, kind: ChatType = ChatType.GROUP) -> ChatKey:
        """A group that the bot is in."""
        robot = self.sandbox.world.bots[self.bot.id]
        group: SandboxChat = self.sandbox.world.add_chat(chat_id, kind, "Group")
        group.members[robot.id] = Member(robot, Status.MEMBER)
        return (await self._rows([chat_id], kind.value))[0]

    async def _rows(self, ids: Sequence[int], kind: str) -> list[ChatKey]:
        async with self.database.begin() as connection:
            now = self.clock.now()
            rows = [{"telegram_id": each, "type": kind, "created_at": now} for each in ids]
            await connection.execute(insert(Chat), rows)
            keys = await connection.execute(
                select(Chat.telegram_id, Chat.id).where(Chat.telegram_id.in_(ids))
            )
            self.chats |= {row.telegram_id: ChatKey(row.id) for row in keys}
        return [self.chats[each] for each in ids]

    def message(self, chat: ChatKey, text: str, **details: Any) -> Call:
        return Call(self.bot.id, "sendMessage", {"text": text}, chat_key=chat, **details)

    async def queue(self, *calls: Call, ring: bool = True) -> None:
        """Commits calls to the outbox, as a handler would."""
        async with self.database.begin() as connection:
            await queue.add(connection, calls, self.clock.now())
        if ring:
            self.bell.ring([self.bot.id])

    def delivery(self, rates: Rates = NO_LIMITS, *, name: str = "", base_url: str | None = None) -> Delivery:
        holder = LeaseHolder(self.database, name or f"test {next(_names)}")
        client = TelegramClient(base_url) if base_url else self.client
        return Delivery(
            {self.bot.id: self.bot},
            self.database,
            client,
            rates,
            self.bell,
            holder,
            self.clock,
            Metrics(),
        )

    @asynccontextmanager
    async def delivering(
        self, rates: Rates = NO_LIMITS, *, base_url: str | None = None
    ) -> AsyncIterator[None]:
        """Delivers meanwhile."""
        delivery = self.delivery(rates, base_url=base_url)
        working = asyncio.create_task(delivery.run())
        try:
            yield
        finally:
            working.cancel()
            await asyncio.wait([working])
            if base_url:
                await delivery._client.aclose()

    # what became of it

    async def rows(self) -> list[Any]:
        async with self.database.read() as connection:
            return list(await connection.execute(select(outbox).order_by(outbox.c.id)))

    async def states(self) -> dict[CallState, int]:
        async with self.database.read() as connection:
            found = await connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
            return {state: number for state, number in found}  # noqa: C416 - rows are no pairs to dict()

    async def settled(self, *, seconds: float = PATIENCE) -> list[Any]:
        """Waits until no call waits or is under way; answers all rows."""
        open_states = {CallState.PENDING, CallState.SENDING}

        async def is_settled() -> bool:
            return not open_states & set(await self.states())

        await until(is_settled, seconds=seconds)
        return await self.rows()

    async def bot_chat(self, key: ChatKey) -> Any:
        async with self.database.read() as connection:
            found = await connection.execute(
                select(BotChat.status, BotChat.reachable, BotChat.reason).where(BotChat.chat_key == key)
            )
            return found.one_or_none()

    def journal(self, method: str = "sendMessage", *, applied: bool | None = True) -> list[CallRecord]:
        """What Telegram received, in the order in which it came."""
        return [
            each
            for each in self.sandbox.world.calls.since(0)
            if each.method == method and applied in (None, each.applied)
        ]

    def texts(self, chat_id: int | None = None) -> list[str]:
        """The texts of the messages that were applied."""
        return [
            each.params["text"]
            for each in self.journal()
            if chat_id is None or each.params["chat_id"] == chat_id
        ]

    def times(self, chat_id: int | None = None) -> list[datetime]:
        """When they came, by Telegram's clock."""
        return [each.time for each in self.journal() if chat_id is None or each.params["chat_id"] == chat_id]

    async def received(self, number: int, *, seconds: float = PATIENCE) -> None:
        """Waits until Telegram has so many messages."""

        async def has() -> bool:
            return len(self.journal()) >= number

        await until(has, seconds=seconds)


@asynccontextmanager
async def post_office(database: Database, *, enforce_limits: bool = False) -> AsyncIterator[Post]:
    """A sandbox over HTTP and a bot in the database."""
    sandbox = Sandbox(clock=SystemClock(), seed=1, seed_world=True, enforce_limits=enforce_limits)
    sandbox.world.add_bot(SHOP, name="shop")
    async with _served(sandbox.app, listening()) as url, TelegramClient(url, connections=AT_ONCE) as client:
        async with database.begin() as connection:
            (bot,) = await enrol(connection, {"shop": BotToken(SHOP)}, SystemClock().now())
        yield Post(database, sandbox, bot, client)
        await sandbox.aclose()


def listening(port: int = 0) -> socket.socket:
    # With the protocol named, asyncio switches Nagle's algorithm off: no answer waits 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


async def until(true: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.01)


def most_in_any(times: Sequence[datetime], seconds: float) -> int:
    """The most events in any window of so many seconds."""
    moments = sorted(time.timestamp() for time in times)
    first, most = 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
