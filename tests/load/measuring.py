"""One contender from its start to its end, and every figure that is taken on the way."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tests.load.contenders import SECRET, Contender, Process, WrongOutcome
from tests.load.fake_bot_api import FakeBotApi
from tests.load.generator import LoadFailed, Saturation, Updates, connected, even_gaps, random_gaps

from botyard.clock import SystemClock

START_SECONDS = 60.0
STALL_SECONDS = 15.0
"""So long without a delivery, and what is missing counts as lost."""
LONGEST_RUN = 6.0
"""So long a bot may take for its handled updates (seconds): a slow one gets fewer."""
LEAST_RUN = 500
"""So many updates it gets at least."""
OVERLOAD = 2.0
"""Seconds of load at a rate that a bot can't handle."""
AFTERMATH_SECONDS = 0.2
"""So long a reply too many has to show itself."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    users: int = 2000
    handled: int = 6000
    accept_seconds: float = 4.0
    pace_seconds: float = 4.0
    connections: int = 40
    settle_seconds: float = 1.0
    """From the first 200 until memory is read."""


Figures = dict[str, float]
"""By name; times in seconds, memory in bytes."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share."""

    api: FakeBotApi
    effort: Effort
    folder: Path


class _Session:
    """A contender under way."""

    def __init__(self, bench: Bench, process: Process, updates: Updates) -> None:
        self._bench = bench
        self._process = process
        self._updates = updates
        self.accepted = 0
        self.put_off = 0

    async def start(self) -> Figures:
        """Waits for the first 200, and then for the memory to settle."""
        ready = await self.first_200()
        await asyncio.sleep(self._bench.effort.settle_seconds)
        return {"start": ready - self._process.started_at, "memory": self._process.resident()}

    async def warm_up(self) -> float:
        """An update of each user: the bot knows them all then. How many it handled a second."""
        users = self._bench.effort.users
        saturation = await self._saturate(users)
        await self._until_delivered()
        return users / (self._bench.api.last_at - saturation.began_at)

    async def handled(self, count: int) -> Figures:
        """All work done for this many updates, from the first request to the last delivery."""
        cpu_before = self._process.cpu_seconds()
        saturation = await self._saturate(count)
        await self._until_delivered()
        seconds = self._bench.api.last_at - saturation.began_at
        return {
            "handled": count / seconds,
            "accepts": saturation.per_second,
            "cpu": (self._process.cpu_seconds() - cpu_before) / count,
            "generator": saturation.cpu,
        }

    async def accepts(self) -> Figures:
        """As many updates as it takes for some seconds, after as many as there are users."""
        await self._saturate(self._bench.effort.users)
        saturation = await self._saturate(None, self._bench.effort.accept_seconds)
        return {"durable": saturation.per_second, "generator_durable": saturation.cpu}

    async def paced(self, rate: float, seconds: float) -> Figures:
        """How long answers take at this rate (updates a second)."""
        figures: Figures = {"rate": rate}
        for prefix, gaps in (("", random_gaps(rate, seconds)), ("even_", even_gaps(rate, seconds))):
            async with connected(self._process.port, self._updates, self._bench.effort.connections) as load:
                found = await load.pace(gaps)
            self.accepted += len(gaps)
            self.put_off += load.put_off
            await self._until_delivered()
            figures |= {
                f"{prefix}p50": quantile(found.latencies, 0.5),
                f"{prefix}p99": quantile(found.latencies, 0.99),
                f"{prefix}slowest": found.latencies[-1],
                f"{prefix}late_p99": quantile(found.lateness, 0.99),
            }
        return figures

    async def _saturate(self, count: int | None, seconds: float = 120.0) -> Saturation:
        async with connected(self._process.port, self._updates, self._bench.effort.connections) as load:
            saturation = await load.saturate(count=count, seconds=seconds)
        self.accepted += saturation.accepted
        self.put_off += load.put_off
        return saturation

    async def first_200(self) -> float:
        """Offers an update until it is accepted. When that was (`perf_counter`)."""
        deadline = perf_counter() + START_SECONDS
        request = self._updates.request()
        while perf_counter() < deadline:
            if not self._process.is_running:
                raise LoadFailed("the bot ended at its start")
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._process.port)
            except OSError:
                await asyncio.sleep(0.005)
                continue
            writer.write(request)
            status = await asyncio.wait_for(reader.readline(), START_SECONDS)
            ready = perf_counter()
            writer.close()
            if b" 200 " not in status:
                raise LoadFailed(f"the first update was answered {status!r}")
            self.accepted += 1
            return ready
        raise LoadFailed("the bot did not start")

    async def _until_delivered(self) -> None:
        """Every update that was offered has one reply, in its own chat. Raises `WrongOutcome`."""
        api, offered = self._bench.api, self._updates.offered
        wanted = offered.total()
        seen, progress_at = api.count, perf_counter()
        while api.count < wanted and perf_counter() - progress_at < STALL_SECONDS:
            await asyncio.sleep(0.01)
            if api.count != seen:
                seen, progress_at = api.count, perf_counter()
        await asyncio.sleep(AFTERMATH_SECONDS)
        compare(offered, api.delivered)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of the sorted values does not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def compare(offered: Counter[int], delivered: Counter[int]) -> None:
    """Raises `WrongOutcome` unless each chat got as many replies as it sent updates."""
    lost, doubled = offered - delivered, delivered - offered
    if lost or doubled:
        raise WrongOutcome(
            f"of {offered.total()} replies {lost.total()} are lost and {doubled.total()} too many"
        )


async def measure_all(bench: Bench, contender: Contender, rate: float | None = None) -> Figures:
    """Every figure of a contender that does all the work in one process.

    `rate` is that of the paced load (updates a second): half of what it handles itself where it is None.
    """
    effort = bench.effort
    async with _running(bench, contender) as session:
        figures = await session.start()
        speed = await session.warm_up()
        figures |= await session.handled(min(effort.handled, max(LEAST_RUN, int(speed * LONGEST_RUN))))
        rate = rate or figures["handled"] / 2
        # Who can't keep up only falls further behind: a short time shows it as well.
        seconds = effort.pace_seconds if rate < figures["handled"] else min(OVERLOAD, effort.pace_seconds)
        figures |= await session.paced(rate, seconds)
        return figures | {"put_off": session.put_off}


async def measure_acks(bench: Bench, contender: Contender, rate: float) -> Figures:
    """How long a contender's answers take at this rate (updates a second)."""
    async with _running(bench, contender) as session:
        await session.first_200()
        await session.warm_up()
        return await session.paced(rate, bench.effort.pace_seconds)


async def measure_accepts(bench: Bench, contender: Contender) -> Figures:
    """Updates accepted a second by a process that does nothing else. It is killed then: all are stored."""
    async with _running(bench, contender, kill=True) as session:
        await session.first_200()
        return await session.accepts()


async def learn_text(bench: Bench, contender: Contender) -> str:
    """What botyard answers to the command, so that others can answer the same."""
    async with _running(bench, contender) as session:
        await session.first_200()
        await session.warm_up()
    return str(json.loads(bench.api.last_call)["text"])


@asynccontextmanager
async def _running(bench: Bench, contender: Contender, *, kill: bool = False) -> AsyncIterator[_Session]:
    now = int(SystemClock().now().timestamp())
    updates = Updates(contender.path, SECRET, users=bench.effort.users, now=now)
    bench.api.forget()
    process = Process(contender, bench.folder)
    session = _Session(bench, process, updates)
    try:
        yield session
        # In a thread: what the bot finishes at its end, it finishes with the fake Bot API's help.
        await asyncio.to_thread(process.stop, kill=kill)
        contender.check(session.accepted)
        if not kill:
            compare(updates.offered, bench.api.delivered)
    except (LoadFailed, WrongOutcome) as error:
        error.add_note(f"{contender.name}; the end of its log:\n{process.last_words()}")
        raise
    finally:
        process.stop(kill=True)
