"""Load on a webhook over kept-alive connections: as fast as the bot answers, or at a rate of its own.

Raw protocols and prepared bytes: what the generator costs, the bots under measurement do not get.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import cast

FIRST_USER = 1_000_000_000
FIRST_UPDATE = 100_000_000
AGAIN_SECONDS = 0.1
"""So long after a 503 the update is offered again."""
PATIENCE = 60.0
"""No phase may take longer without an answer (seconds)."""
_NAMES = ("Ana", "Paul", "Olivia", "Dmitri", "Chidi", "Mei")


class LoadFailed(Exception):
    """The bot refused an update, hung up, or fell silent."""


class Updates:
    """Requests with ever new updates: `/help`, in the private chats of many users, in a shuffled order."""

    def __init__(self, path: str, secret: str, *, users: int, now: int) -> None:
        """`now` is the date of the messages (Unix time)."""
        self.offered: Counter[int] = Counter()
        """Updates by chat, since `forget`."""
        ids = list(range(FIRST_USER, FIRST_USER + users))
        random.Random(1).shuffle(ids)
        self._next_user = cycle([(id_, _template(path, secret, id_, now)) for id_ in ids]).__next__
        self._number = FIRST_UPDATE

    def request(self) -> bytes:
        """The next update as an HTTP request."""
        user_id, template = self._next_user()
        self._number += 1
        self.offered[user_id] += 1
        return template % (self._number, self._number)

    def forget(self) -> None:
        """Counts from zero again. The numbers go on."""
        self.offered.clear()


def _template(path: str, secret: str, user_id: int, now: int) -> bytes:
    """A request that lacks the update's and the message's number, of nine digits each."""
    name = _NAMES[user_id % len(_NAMES)]
    body = (
        '{"update_id":%d,"message":{"message_id":%d,'
        f'"from":{{"id":{user_id},"is_bot":false,"first_name":"{name}","username":"user_{user_id}",'
        f'"language_code":"en"}},"chat":{{"id":{user_id},"first_name":"{name}",'
        f'"username":"user_{user_id}","type":"private"}},"date":{now},"text":"/help",'
        '"entities":[{"offset":0,"length":5,"type":"bot_command"}]}}'
    )
    length = len(body) + 2 * (9 - len("%d"))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: {length}\r\n\r\n"
    )
    return (head + body).encode()


@dataclass(frozen=True, slots=True)
class Saturation:
    """What a bot answered when each connection sent its next update as soon as it had its 200."""

    accepted: int
    began_at: float
    """`perf_counter`, as in `ended_at`, when the last 200 came."""
    ended_at: float
    cpu: float
    """The share of one core that this process (generator and fake Bot API) took."""

    @property
    def per_second(self) -> float:
        """Updates accepted per second."""
        return self.accepted / (self.ended_at - self.began_at)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a bot took to answer under a load that does not wait for it. Seconds, sorted."""

    latencies: Sequence[float]
    """From when each update was offered until its 200."""
    lateness: Sequence[float]
    """From when each update was due until the generator offered it: what a busy machine costs."""


def even_gaps(rate: float, seconds: float) -> list[float]:
    """As if the users took turns."""
    return [1 / rate] * max(1, round(rate * seconds))


def random_gaps(rate: float, seconds: float) -> list[float]:
    """As many independent users make them (Poisson arrivals). The same at each call."""
    chance = random.Random(2)
    return [chance.expovariate(rate) for _ in range(max(1, round(rate * seconds)))]


class _Connection(asyncio.Protocol):
    """One request at a time; `on_answer(connection)` after each 200. As Telegram does, it offers again."""

    def __init__(self, load: Load) -> None:
        self.transport: asyncio.Transport | None = None
        self.offered_at = 0.0
        self._request = b""
        self._load = load
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is none by its class

    def connection_lost(self, error: Exception | None) -> None:
        self._load.fail(f"the bot closed a connection ({error or 'no error'})")

    def send(self, request: bytes) -> None:
        """Writes a request, and once more as long as the bot asks for that."""
        self._request = request
        self._write()

    def _write(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            self._held = data
            return
        head = data[:end].lower()
        at = head.find(b"content-length:") + 15
        if at < 15:
            self._load.fail(f"an answer without a length: {head!r}")
        elif len(data) < end + int(head[at : head.index(b"\r", at)]):
            self._held = data
        elif data[9:12] == b"200":
            self._held = b""
            self._load.on_answer(self)
        elif data[9:12] == b"503":
            self._held = b""
            self._load.put_off += 1
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._write)
        else:
            self._load.fail(f"the bot refused an update: {data[:300]!r}")


class Load:
    """Connections to one bot. One of `saturate` and `pace` at a time."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self.put_off = 0
        """How often the bot answered 503."""
        self._connections: list[_Connection] = []
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_answer: Callable[[_Connection], None] = lambda _: None

    async def connect(self, port: int, connections: int) -> None:
        """Opens the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, made = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
            self._connections.append(made)

    def close(self) -> None:
        """Closes the connections."""
        self._over.cancel()
        for each in self._connections:
            if each.transport is not None:
                each.transport.close()

    def fail(self, why: str) -> None:
        """Ends what runs with `LoadFailed`."""
        if not self._over.done():
            self._over.set_exception(LoadFailed(why))

    async def saturate(self, *, count: int | None = None, seconds: float = PATIENCE) -> Saturation:
        """Offers `count` updates, or as many as the bot takes in `seconds`. Raises `LoadFailed`."""
        left = count if count is not None else 1 << 60
        flying = accepted = 0
        began_at = perf_counter()
        until = began_at + seconds
        cpu_before = time.process_time()

        def answered(connection: _Connection) -> None:
            nonlocal left, flying, accepted
            accepted += 1
            if left and perf_counter() < until:
                left -= 1
                connection.send(self._updates.request())
                return
            flying -= 1
            if not flying and not self._over.done():
                self._over.set_result(None)

        self.on_answer = answered
        for each in self._connections[:left]:
            left -= 1
            flying += 1
            each.send(self._updates.request())
        await self._end(seconds)
        ended_at = perf_counter()
        if count is not None and accepted != count:
            raise LoadFailed(f"only {accepted} of {count} updates were accepted within {seconds:.0f} s")
        cpu = (time.process_time() - cpu_before) / (ended_at - began_at)
        return Saturation(accepted, began_at, ended_at, cpu)

    async def pace(self, gaps: Sequence[float]) -> Pace:
        """Offers an update after each of these gaps (seconds), whether the bot is ready or not.

        What an update waits for a free connection counts, because that wait is the bot's. What the generator
        itself is late does not: it stands beside. Raises `LoadFailed`.
        """
        loop = asyncio.get_running_loop()
        waiting: deque[float] = deque()
        free = list(self._connections)
        latencies: list[float] = []
        lateness: list[float] = []

        def send_one(connection: _Connection, offered_at: float) -> None:
            connection.offered_at = offered_at
            connection.send(self._updates.request())

        def offer(due_at: float) -> None:
            now = perf_counter()
            lateness.append(now - due_at)
            if free:
                send_one(free.pop(), now)
            else:
                waiting.append(now)

        def answered(connection: _Connection) -> None:
            latencies.append(perf_counter() - connection.offered_at)
            if waiting:
                send_one(connection, waiting.popleft())
            else:
                free.append(connection)
            if len(latencies) == len(gaps) and not self._over.done():
                self._over.set_result(None)

        def keep_time() -> None:
            # A thread: the timers of event loops are a millisecond coarse, as long as some answers take.
            due_at = perf_counter()
            for gap in gaps:
                due_at += gap
                if (wait := due_at - perf_counter()) > 0:
                    time.sleep(wait)
                if self._over.done():
                    return
                loop.call_soon_threadsafe(offer, due_at)

        self.on_answer = answered
        with ThreadPoolExecutor(1) as pool:
            pacing = loop.run_in_executor(pool, keep_time)
            await self._end(sum(gaps))
            await pacing
        return Pace(sorted(latencies), sorted(lateness))

    async def _end(self, seconds: float) -> None:
        over = self._over
        try:
            await asyncio.wait_for(asyncio.shield(over), seconds + PATIENCE)
        except TimeoutError:
            raise LoadFailed("the bot stopped answering") from None
        finally:
            over.cancel()  # ends the pacing too
        self._over = asyncio.get_running_loop().create_future()


@asynccontextmanager
async def connected(port: int, updates: Updates, connections: int = 40) -> AsyncIterator[Load]:
    """Open connections, for one phase: servers hang up on those that stay idle."""
    load = Load(updates)
    await load.connect(port, connections)
    try:
        yield load
    finally:
        load.close()
