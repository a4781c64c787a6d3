"""A broadcast of a running service, people who write to it meanwhile, and what the sandbox saw of both."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

from sqlalchemy import insert, select
from tests.load.contenders import Contender, Process, Store, botyard
from tests.load.fake_bot_api import BOT_ID, TOKEN
from tests.load.generator import LoadFailed
from tests.load.measuring import quantile
from tests.support.running import _served

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.ids import BotId, ChatKey
from botyard.members.models import Chat
from botyard.outbox import queue
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.sandbox import Sandbox
from botyard.sandbox.faults import FaultKind
from botyard.sandbox.journal import CallRecord
from botyard.sandbox.posting import post_from_account
from botyard.sandbox.state import User

SETTLE_SECONDS = 2.0
FIRST_RECIPIENT, FIRST_WRITER, WRITERS = 1_000_000, 2_000_000, 300
NEWS, QUESTION = "News for everybody", "/help"
SPARE = 1.05
"""So much more is queued than can be sent in the time that is measured."""
STALL_SECONDS = 30.0
_seeds = count(1)


@dataclass(frozen=True, slots=True)
class Load:
    """A broadcast at `rate` messages a second for so many seconds, and people who write meanwhile."""

    title: str
    rate: int
    seconds: float
    is_paid: bool
    questions: float
    """How many people write in a second."""

    @property
    def recipients(self) -> int:
        """How many people the broadcast goes to."""
        return int(self.rate * self.seconds * SPARE) + self.rate


@dataclass(frozen=True, slots=True)
class Found:
    """What the journal says."""

    load: str
    share: float
    """Messages that came, of those that were allowed."""
    most: int
    """In any sliding second; of those not paid for in `most_unpaid`."""
    most_unpaid: int
    refused: int
    replies: int
    reply_p50: float
    reply_p99: float
    """From when a person wrote until the reply had come (seconds)."""
    cpu: float
    """The share of a core that the service took; `sandbox_cpu` is that of the sandbox and this program."""
    sandbox_cpu: float


class Service:
    """A running botyard with its database and its sandbox."""

    def __init__(self, store: Store, sandbox: Sandbox, process: Process, database: Database) -> None:
        self.name = store.name
        self.process = process
        self._sandbox = sandbox
        self._database = database
        self._asked: list[tuple[int, float]] = []

    async def run(self, load: Load) -> Found:
        """Queues the broadcast, waits for its end, and judges. Raises `LoadFailed`."""
        began = self._sandbox.world.calls.next
        await self._queue(load)
        asking = asyncio.create_task(self._ask(load))
        try:
            first_at = await self._first_message(began)
            cpu, own_cpu, started = self.process.cpu_seconds(), _own_cpu(), perf_counter()
            await asyncio.sleep(load.seconds)
            took = perf_counter() - started
            cpu, own_cpu = (self.process.cpu_seconds() - cpu) / took, (_own_cpu() - own_cpu) / took
        finally:
            asking.cancel()
        await self._until_all_sent(began, load)
        calls = [each for each in self._sandbox.world.calls.since(began) if each.method == "sendMessage"]
        return self._judge(load, calls, first_at, cpu=cpu, own_cpu=own_cpu)

    async def _queue(self, load: Load) -> None:
        people = range(FIRST_RECIPIENT, FIRST_RECIPIENT + load.recipients)
        _private_chats(self._sandbox, people)
        now = SystemClock().now()
        async with self._database.begin() as connection:
            known = set(await connection.scalars(select(Chat.telegram_id)))
            rows = [{"telegram_id": each, "type": "private", "created_at": now} for each in people]
            missing = [row for row in rows if row["telegram_id"] not in known]
            if missing:
                await connection.execute(insert(Chat), missing)
            found = await connection.scalars(
                select(Chat.id).where(Chat.telegram_id.between(people[0], people[-1]))
            )
            params = {"text": NEWS} | ({"allow_paid_broadcast": True} if load.is_paid else {})
            priority = Priority.PAID_BROADCAST if load.is_paid else Priority.BROADCAST
            calls = [
                Call(BotId(BOT_ID), "sendMessage", params, chat_key=ChatKey(key), priority=priority)
                for key in found
            ]
            for start in range(0, len(calls), 1000):
                await queue.add(connection, calls[start : start + 1000], now)

    async def _first_message(self, began: int) -> float:
        deadline = perf_counter() + STALL_SECONDS
        while perf_counter() < deadline:
            for call in self._sandbox.world.calls.since(began):
                if call.params.get("text") == NEWS:
                    return call.time.timestamp()
            await asyncio.sleep(0.02)
        raise LoadFailed("the broadcast did not begin")

    async def _ask(self, load: Load) -> None:
        """People write at random moments, one after the other."""
        world = self._sandbox.world
        robot, chance = world.bots[BOT_ID], random.Random(3)
        self._asked.clear()
        while True:
            user = world.users[FIRST_WRITER + len(self._asked) % WRITERS]
            self._asked.append((user.id, world.clock.now().timestamp()))
            entity = {"type": "bot_command", "offset": 0, "length": len(QUESTION)}
            post_from_account(
                world, world.private(robot, user), user, {"text": QUESTION, "entities": [entity]}
            )
            await asyncio.sleep(chance.expovariate(load.questions))

    async def _until_all_sent(self, began: int, load: Load) -> None:
        wanted = load.recipients + len(self._asked)
        seen, progress_at = -1, perf_counter()
        while perf_counter() - progress_at < STALL_SECONDS:
            calls = self._sandbox.world.calls.since(began)
            count = sum(call.method == "sendMessage" and call.applied for call in calls)
            if count >= wanted:
                await asyncio.sleep(0.5)  # one too many would show itself
                return
            if count != seen:
                seen, progress_at = count, perf_counter()
            await asyncio.sleep(0.1)
        raise LoadFailed(f"of {wanted} messages {seen} came")

    def _judge(
        self, load: Load, calls: Sequence[CallRecord], first_at: float, *, cpu: float, own_cpu: float
    ) -> Found:
        news = Counter(call.params["chat_id"] for call in calls if call.applied and _is_news(call))
        if len(news) != load.recipients or news.total() != load.recipients:
            raise LoadFailed(f"{load.recipients} recipients, {len(news)} reached, {news.total()} messages")
        times = sorted(call.time.timestamp() for call in calls)
        unpaid = sorted(
            call.time.timestamp() for call in calls if not call.params.get("allow_paid_broadcast")
        )
        waits = sorted(self._waits(calls))
        return Found(
            load=load.title,
            share=sum(first_at <= at < first_at + load.seconds for at in times) / (load.rate * load.seconds),
            most=most_in_any(times, 1.0),
            most_unpaid=most_in_any(unpaid, 1.0),
            refused=sum(call.status == 429 for call in calls),
            replies=len(waits),
            reply_p50=quantile(waits, 0.5),
            reply_p99=quantile(waits, 0.99),
            cpu=cpu,
            sandbox_cpu=own_cpu,
        )

    def _waits(self, calls: Sequence[CallRecord]) -> list[float]:
        """Seconds from each question to its reply. Raises `LoadFailed` for a reply lost or doubled."""
        replies: dict[int, list[float]] = {}
        for call in calls:
            if call.applied and not _is_news(call):
                replies.setdefault(call.params["chat_id"], []).append(call.time.timestamp())
        waits = []
        for user_id, asked_at in self._asked:
            if not replies.get(user_id):
                raise LoadFailed(f"{user_id} wrote and got no reply")
            waits.append(replies[user_id].pop(0) - asked_at)
        if any(replies.values()):
            raise LoadFailed("a reply came twice")
        return waits


def most_in_any(times: Sequence[float], seconds: float) -> int:
    """The most of these sorted moments in any window of so many seconds."""
    first = most = 0
    for last, moment in enumerate(times):
        while moment - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def _is_news(call: CallRecord) -> bool:
    return bool(call.params.get("text") == NEWS)


def _own_cpu() -> float:
    spent = os.times()
    return spent.user + spent.system


def _private_chats(sandbox: Sandbox, people: Sequence[int]) -> None:
    """These people have all started the bot."""
    world = sandbox.world
    for user_id in people:
        user = world.users.setdefault(user_id, User(user_id, f"Person {user_id}"))
        peer = world.private(world.bots[BOT_ID], user).peer
        assert peer is not None
        peer.started = True


def _contender(url: str, store: Store) -> Contender:
    """`botyard up` as it comes: with its limits, and by polling."""
    lifted = botyard(url, store, role="all")
    environment = {
        name: value
        for name, value in lifted.environment.items()
        if not name.endswith(("_RATE", "PUBLIC_URL", "WEBHOOK_SECRET"))
    }
    return Contender(lifted.name, lifted.port, lifted.path, lifted.arguments, environment)


@asynccontextmanager
async def service(store: Store, folder: Path, way: float) -> AsyncIterator[Service]:
    """A service that has registered with its sandbox. `way` seconds pass before a message arrives there."""
    # Each another seed: updates that begin at the last one's ids would pass for the same.
    sandbox = Sandbox(clock=SystemClock(), seed=next(_seeds), seed_world=False, enforce_limits=True)
    sandbox.world.add_bot(TOKEN, name="main")
    _private_chats(sandbox, range(FIRST_WRITER, FIRST_WRITER + WRITERS))
    if way:
        sandbox.faults.add(FaultKind.SLOW, method="sendMessage", seconds=way)
    async with _served(sandbox.app) as url:
        process = Process(_contender(url, store), folder)
        database = Database(_for_botyard(store.url))
        try:
            deadline = perf_counter() + STALL_SECONDS
            while not any(call.method == "setMyCommands" for call in sandbox.world.calls.since(0)):
                if perf_counter() > deadline or not process.is_running:
                    raise LoadFailed("the service did not start")
                await asyncio.sleep(0.1)
            await asyncio.sleep(SETTLE_SECONDS)
            yield Service(store, sandbox, process, database)
        except LoadFailed as error:
            error.add_note(process.last_words())
            raise
        finally:
            await database.aclose()
            await asyncio.to_thread(process.stop)
            await sandbox.aclose()


def _for_botyard(address: str) -> str:
    return address.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+psycopg:")
