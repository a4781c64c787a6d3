"""The real service against the sandbox, over real HTTP, in the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from starlette.types import ASGIApp

from botyard import app
from botyard.clock import Clock, SystemClock
from botyard.db.session import Database
from botyard.members import roles
from botyard.sandbox import Sandbox
from botyard.sandbox.virtual_clock import InStep, VirtualClock
from botyard.settings import load_settings

OWNER, PAUL, ANA = 1001, 1002, 1003
SHOP = "7000000001:sandbox-shop-bot"
NEWS = "7000000002:sandbox-news-bot"
PATIENCE = 10.0


@dataclass
class Running:
    """A running service and the sandbox that it talks to."""

    url: str
    sandbox_url: str
    database: Database
    http: aiohttp.ClientSession
    service: app.Service
    sandbox: Sandbox
    settings: Any
    clock: Clock = field(default_factory=SystemClock)
    """What the service reads the time from."""
    secrets: dict[str, str] = field(default_factory=dict)
    working: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Has the service work."""
        self.working = asyncio.create_task(self.service.run())

    async def stop(self) -> None:
        """Has it end its work."""
        if self.working is not None:
            self.working.cancel()
            await asyncio.wait([self.working])

    async def restart(self) -> None:
        """Ends the service, and starts another on the same database, by polling."""
        await self.stop()
        self.service = await app.build(self.settings, self.database, self.clock)
        self.start()
        await self.until(lambda: _registered(self.service))

    async def control(self, method: str, path: str, /, **body: Any) -> Any:
        """A call of the sandbox's control API."""
        async with self.http.request(
            method, f"{self.sandbox_url}/control/{path}", json=body or None
        ) as response:
            answer = await response.json()
            assert response.status < 400, answer
            return answer

    async def messages(
        self, user_id: int, *, bot: str = "shop", chat_id: int | None = None
    ) -> list[dict[str, Any]]:
        """What the member's client shows of the chat."""
        return await self.control("GET", f"chats/{chat_id or user_id}/messages?bot={bot}&limit=200")

    async def say(self, user_id: int, text: str, *, bot: str = "shop", **more: Any) -> Any:
        """A member writes to a bot."""
        return await self.control("POST", "messages", bot=bot, user_id=user_id, text=text, **more)

    async def ask(self, user_id: int, text: str, *, bot: str = "shop", **more: Any) -> str:
        """A member writes, and this is the text of the bot's next message in that chat."""
        chat_id = more.get("chat_id")
        before = len(await self.replies(user_id, bot=bot, chat_id=chat_id))
        await self.say(user_id, text, bot=bot, **more)
        async with asyncio.timeout(PATIENCE):
            while len(found := await self.replies(user_id, bot=bot, chat_id=chat_id)) <= before:
                await asyncio.sleep(0.02)
        return str(found[before].get("text"))

    async def replies(
        self, user_id: int, *, bot: str = "shop", chat_id: int | None = None
    ) -> list[dict[str, Any]]:
        """The bot's messages in the chat, oldest first."""
        return [
            each for each in await self.messages(user_id, bot=bot, chat_id=chat_id) if each["from"]["is_bot"]
        ]

    async def calls(self, method: str = "") -> list[dict[str, Any]]:
        """The Bot API calls that the sandbox received."""
        journal = await self.control("GET", "journal?since=0")
        return [each for each in journal["entries"] if not method or each["method"] == method]

    async def metrics(self) -> str:
        """The text at /metrics."""
        async with self.http.get(f"{self.url}/metrics") as response:
            return await response.text()

    async def until(self, true: Any, *, seconds: float = PATIENCE) -> None:
        """Waits until an async predicate holds."""
        async with asyncio.timeout(seconds):
            while not await true():
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(
    database_url: str,
    folder: Path,
    *,
    webhook: bool = False,
    bots: Mapping[str, str] | None = None,
    owner_ids: str = str(OWNER),
    clock: VirtualClock | None = None,
    **settings: Any,
) -> AsyncIterator[Running]:
    """Starts the sandbox and the service, and stops both.

    With a `clock` both live in its time: `clock.advance(86_400)` and a day has passed for Telegram and for
    the service, while everything under way goes on.
    """
    bots = bots or {"shop": SHOP}
    time = InStep(clock) if clock else SystemClock()
    sandbox = Sandbox(clock=clock or SystemClock(), seed=1, seed_world=True)
    for name, token in bots.items():
        sandbox.world.add_bot(token, name=name)
    async with _served(sandbox.app) as sandbox_url, aiohttp.ClientSession() as http:
        listener = _listener()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        loaded = load_settings(
            environ={},
            cwd=folder,
            database_url=database_url.replace("+aiosqlite", "").replace("+psycopg", ""),
            bots=dict(bots),
            owner_ids=owner_ids or None,
            bot_api_url=sandbox_url,
            public_url=url if webhook else None,
            port=listener.getsockname()[1],
            **settings,
        )
        database = Database(database_url)
        async with database.session() as session:
            for user_id in loaded.owner_ids:
                await roles.appoint_owner(session, user_id, time.now())
        service = await app.build(loaded, database, time)
        async with _served(service.asgi, listener):
            house = Running(url, sandbox_url, database, http, service, sandbox, loaded, time)
            house.start()
            try:
                await house.until(lambda: _registered(service))
                yield house
            finally:
                await house.stop()
                await sandbox.aclose()
        await database.aclose()


async def _registered(service: app.Service) -> bool:
    return all(bot.username for bot in service.bots.values())


@asynccontextmanager
async def _served(asgi: ASGIApp, listener: socket.socket | None = None) -> AsyncIterator[str]:
    listener = listener or _listener()
    config = uvicorn.Config(
        asgi, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]  # pytest keeps its own
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@contextmanager
def _no_signals() -> Any:
    yield


def _listener() -> socket.socket:
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return listener
