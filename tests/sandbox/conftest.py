"""A sandbox behind a real socket, and the two ways to talk to it: as a bot and as a tester."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiogram.types
import httpx
import pytest
import uvicorn
from pydantic import TypeAdapter

import telegram
from botyard.sandbox import Sandbox
from botyard.sandbox.params import METHODS

TOKEN = "700:test-token"  # far too short for a real one
OWNER, PAUL, ANA, KENJI = 1001, 1002, 1003, 1004
GROUP, CHANNEL = -1001000000001, -1001000000002


@dataclass
class House:
    """One running sandbox with one bot in it."""

    sandbox: Sandbox
    url: str
    http: httpx.AsyncClient
    bot: int = 700

    async def raw(
        self, method: str, params: dict[str, Any] | None = None, token: str = TOKEN
    ) -> httpx.Response:
        """A Bot API call with a JSON body."""
        return await self.http.post(f"{self.url}/bot{token}/{method}", json=params or {})

    async def call(self, method: str, **params: Any) -> Any:
        """The result of a call that must succeed."""
        answer = (await self.raw(method, params)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def error(self, method: str, **params: Any) -> str:
        """The description of a call that must fail."""
        response = await self.raw(method, params)
        answer = response.json()
        assert not answer["ok"], answer
        assert answer["error_code"] == response.status_code
        return str(answer["description"])

    async def post(self, path: str, **body: Any) -> Any:
        """A control request that must succeed."""
        response = await self.http.post(f"{self.url}/control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, path: str, **body: Any) -> str:
        """The error of a control request that must be refused."""
        response = await self.http.post(f"{self.url}/control/{path}", json=body)
        assert 400 <= response.status_code < 500, response.text
        return str(response.json()["error"])

    async def get(self, path: str, **query: Any) -> Any:
        response = await self.http.get(f"{self.url}/control/{path}", params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def write(self, text: str = "hello", user: int = OWNER, **fields: Any) -> Any:
        """A user writes to the bot; the update that the bot gets."""
        return (await self.post("messages", bot=self.bot, user_id=user, text=text, **fields))["update"]

    async def updates(self, **params: Any) -> list[Any]:
        """Fetches and confirms what waits for the bot."""
        found = await self.call("getUpdates", **params)
        if found:
            await self.call("getUpdates", offset=found[-1]["update_id"] + 1)
        return list(found)

    async def texts(self, chat: int = OWNER) -> list[str]:
        """What a client would show as texts in a chat."""
        shown = await self.get(f"chats/{chat}/messages", bot=self.bot)
        return [message.get("text") or message.get("caption") or "" for message in shown]

    async def until_text(self, text: str, chat: int = OWNER, seconds: float = 15) -> None:
        """Waits until a message with this text is in the chat."""
        async with asyncio.timeout(seconds):
            while text not in await self.texts(chat):
                await asyncio.sleep(0.05)

    async def join_group(self, chat: int = GROUP, status: str = "administrator", **fields: Any) -> None:
        await self.post(f"chats/{chat}/members", user_id=self.bot, status=status, **fields)


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """An ASGI application behind a real socket on a free port; its address."""
    # The protocol is named so that asyncio switches Nagle's algorithm off: 40 ms less for each answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])  # without the main loop, which only waits for the end
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await server.shutdown(sockets=[listener])


@pytest.fixture
async def house() -> AsyncIterator[House]:
    sandbox = Sandbox(seed=7)
    sandbox.world.add_bot(TOKEN, name="main", username="main_bot")
    async with serving(sandbox.app) as url, httpx.AsyncClient(timeout=30) as client:
        yield House(sandbox, url, client)
        await sandbox.aclose()
    everything_has_telegrams_shape(sandbox)


def everything_has_telegrams_shape(sandbox: Sandbox) -> None:
    """After every test: both frameworks' models take every result and every update that there was."""
    for record in sandbox.world.calls.since(0):
        if record.applied and record.answer:
            result = record.answer["result"]
            returning = METHODS[record.method.lower()].__returning__
            TypeAdapter(returning).validate_python(result)
            if isinstance(result, dict) and "chat" in result and "date" in result:
                telegram.Message.de_json(result, None)
    for update in sandbox.world.updates.since(0):
        aiogram.types.Update.model_validate(update.json)
        assert telegram.Update.de_json(update.json, None).update_id == update.update_id


@dataclass
class Received:
    """One request at a test's own webhook."""

    headers: dict[str, str]
    update: dict[str, Any]


class WebhookServer:
    """A bot's webhook. `answers` are (status, headers, body) for each request, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], Any]] = [(200, {}, None)]
        self.received: list[Received] = []
        self.url = ""
        self.delay = 0.0
        self.active = 0
        self.most_active = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.received.append(Received(headers, json.loads(body)))
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        await asyncio.sleep(self.delay)
        self.active -= 1
        status, extra, answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        content = json.dumps(answer).encode() if answer is not None else b""
        wire = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        wire += [(name.encode(), value.encode()) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": wire})
        await send({"type": "http.response.body", "body": content})

    async def until(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """Waits for so many requests; their updates."""
        async with asyncio.timeout(seconds):
            while len(self.received) < count:
                await asyncio.sleep(0.01)
        return [one.update for one in self.received]


@pytest.fixture
async def webhook() -> AsyncIterator[WebhookServer]:
    server = WebhookServer()
    async with serving(server) as url:
        server.url = f"{url}/hook"
        yield server
