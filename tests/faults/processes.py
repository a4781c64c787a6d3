"""The sandbox and the replicas of botyard as processes of their own, and the way between them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from tests.faults.service import CURE, HANDLER_SECONDS, HANDLERS

TOP = Path(__file__).parents[2]
TOKEN = "7000000001:sandbox-shop-bot"
BOT = 7000000001
PATIENCE = 60.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(
    folder: Path, name: str, module: str, *arguments: str, **environment: str
) -> subprocess.Popen[bytes]:
    fixed = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{TOP / 'src'}:{TOP}", "BOTYARD_LOG_LEVEL": "warning"}
    home = folder / name
    home.mkdir(exist_ok=True)
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=home,
            env=fixed | environment,
            stdout=log,
            stderr=log,
        )


class Telegram:
    """The sandbox alone, in its own process, by its control API."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        bots = json.dumps({"shop": TOKEN})
        arguments = ("sandbox", "--port", str(self.port))
        self.process = _start(folder, "sandbox", "botyard", *arguments, BOTYARD_BOTS=bots)
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))

    async def control(self, method: str, path: str, **body: Any) -> Any:
        """A call of the control API that must succeed."""
        url = f"{self.url}/control/{path}"
        async with self.http.request(method, url, json=body or None) as response:
            answer = await response.json()
            assert response.status < 400, answer
            return answer

    async def entries(self, of: str, since: int = 0) -> list[dict[str, Any]]:
        """All entries of the journal, or of the list of updates, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self.control("GET", f"{of}?since={since}&limit=5000")
            found += page["entries"]
            since = page["next"]
            if len(page["entries"]) < 5000:
                return found

    async def aclose(self) -> None:
        await self.http.close()
        self.process.kill()
        self.process.wait()


@dataclass
class Replica:
    """One process of botyard, started again and again."""

    name: str
    folder: Path
    environment: dict[str, str]
    role: str = "all"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    module: str = "tests.faults.service"

    def start(self) -> None:
        arguments = ("up", "--port", str(self.port), "--role", self.role)
        self.process = _start(self.folder, self.name, self.module, *arguments, **self.environment)
        self.starts += 1

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as the kernel or a power cut would do it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def ready(self) -> None:
        """Returns once it answers at its port."""
        deadline = time.monotonic() + PATIENCE
        async with aiohttp.ClientSession() as http:
            while True:
                assert self.is_alive, f"{self.name} ended: {self.log[-2000:]}"
                assert time.monotonic() < deadline, f"{self.name} does not answer: {self.log[-2000:]}"
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"http://127.0.0.1:{self.port}/healthz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.02)

    @property
    def log(self) -> str:
        return (self.folder / self.name / "log").read_text()


class Forwarder:
    """One address in front of several replicas: each connection goes to one that is there."""

    def __init__(self, ports: list[int], chance: Random) -> None:
        self._ports = ports
        self._chance = chance
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    async def aclose(self) -> None:
        assert self._server is not None
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in self._chance.sample(self._ports, len(self._ports)):
            try:
                there = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            for one in (_pipe(reader, there[1]), _pipe(there[0], writer)):
                task = asyncio.create_task(one)
                self._pipes.add(task)
                task.add_done_callback(self._pipes.discard)
            return
        writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()


@dataclass
class Installation:
    """Telegram, the replicas, and their one database."""

    telegram: Telegram
    replicas: list[Replica]
    database_url: str

    async def restart(self, replica: Replica) -> None:
        replica.start()
        await replica.ready()

    async def registered(self) -> None:
        """Returns once the webhook is set."""
        deadline = time.monotonic() + PATIENCE
        while not (await self.telegram.control("GET", "bots"))[0]["webhook_url"]:
            assert time.monotonic() < deadline, self.replicas[0].log[-2000:]
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def installation(
    database_url: str,
    folder: Path,
    chance: Random,
    *,
    replicas: int = 1,
    role: str = "all",
    handler_seconds: float | None = None,
    handlers: int | None = None,
) -> AsyncIterator[Installation]:
    """Starts the sandbox and botyard, registered by webhook, without limits on sending; ends both."""
    telegram = Telegram(folder)
    houses = [Replica(f"replica-{number}", folder, {}, role) for number in range(replicas)]
    forwarder = Forwarder([each.port for each in houses], chance)
    try:
        # With one replica the webhook goes straight to it: a forwarder would only cost time.
        port = houses[0].port if replicas == 1 else await forwarder.start()
        environment = {
            "BOTYARD_DATABASE_URL": database_url.replace("+aiosqlite", "").replace("+psycopg", ""),
            "BOTYARD_BOTS": json.dumps({"shop": TOKEN}),
            "BOTYARD_BOT_API_URL": telegram.url,
            "BOTYARD_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BOTYARD_OWNER_IDS": "1001",
            "BOTYARD_SEND_RATE": "0",
            "BOTYARD_CHAT_RATE": "0",
            "BOTYARD_GROUP_RATE": "0",
            "BOTYARD_INGRESS_RATE": "0",
            CURE: str(folder / "cure"),
        }
        if handler_seconds is not None:
            environment[HANDLER_SECONDS] = str(handler_seconds)
        if handlers is not None:
            environment[HANDLERS] = str(handlers)
        whole = Installation(telegram, houses, database_url)
        await _answers(telegram)
        for house in houses:
            house.environment = environment
            await whole.restart(house)
        await whole.registered()
        yield whole
    finally:
        for house in houses:
            if house.is_alive:
                house.kill()
        if replicas > 1:
            await forwarder.aclose()
        await telegram.aclose()


async def _answers(telegram: Telegram) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            await telegram.control("GET", "clock")
            return
        assert telegram.process.poll() is None, "the sandbox ended"
        assert time.monotonic() < deadline, "the sandbox does not answer"
        await asyncio.sleep(0.05)
