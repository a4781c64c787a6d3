"""The cheapest Bot API there can be: it answers at once, and counts.

Tests ask the sandbox, which knows what Telegram does. Here that knowledge would only cost time which the bots
under measurement need, so this server reads of a request just the method and the chat.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from time import perf_counter
from typing import cast

BOT_ID = 7000000001
TOKEN = f"{BOT_ID}:bench-bot"

_CHAT = re.compile(rb'chat_id["=: ]+(-?\d+)')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BOT = b'{"id":%d,"is_bot":true,"first_name":"Bench","username":"bench_bot"}' % BOT_ID
_RESULTS = {
    b"getMe": _BOT,
    b"getWebhookInfo": b'{"url":"","has_custom_certificate":false,"pending_update_count":0}',
    b"getUpdates": b"[]",
}
"""By method. What is not here gets `true`, as the methods that set something do."""


class FakeBotApi:
    """Counts the messages that reach it, chat by chat."""

    def __init__(self) -> None:
        self.delivered: Counter[int] = Counter()
        """Messages by chat, since `forget`."""
        self.count = 0
        self.last_at = 0.0
        """When the newest message came (`perf_counter`)."""
        self.last_call = b""
        """That message's body, as the bot wrote it."""
        self.url = ""
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens on a free port of this machine."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def aclose(self) -> None:
        """Stops listening, and hangs up."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.hang_up()

    def forget(self) -> None:
        """Counts from zero again."""
        self.delivered.clear()
        self.count = 0

    def answer(self, method: bytes, body: bytes) -> bytes:
        """The JSON of the result."""
        if method != b"sendMessage":
            return _RESULTS.get(method, b"true")
        found = _CHAT.search(body)
        if found is None:
            raise ValueError(f"sendMessage without a chat: {body[:200]!r}")
        self.last_at = perf_counter()
        self.last_call = body
        self.count += 1
        chat = found[1]
        self.delivered[int(chat)] += 1
        return (
            b'{"message_id":%d,"from":%s,"chat":{"id":%s,"type":"private","first_name":"Ana"},'
            b'"date":1790000000,"text":"What I can do for you"}' % (self.count, _BOT, chat)
        )

    def opened(self, connection: _Connection) -> None:
        """A bot has connected."""
        self._connections.add(connection)

    def closed(self, connection: _Connection) -> None:
        """A bot has hung up."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One kept-alive connection of a bot: requests one after the other, never pipelined."""

    def __init__(self, api: FakeBotApi) -> None:
        self._api = api
        self._transport: asyncio.Transport | None = None
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is none by its class
        self._api.opened(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._api.closed(self)

    def hang_up(self) -> None:
        """Closes the connection."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        end = data.find(b"\r\n\r\n") + 4
        if end >= 4:
            length = _LENGTH.search(data, 0, end)
            if length is None and data.startswith(b"POST"):
                raise ValueError("a body without a length: this server reads no chunks")
            if len(data) >= end + (int(length[1]) if length else 0):
                self._held = b""
                method = data[: data.index(b" HTTP/")].rpartition(b"/")[2]
                self._write(self._api.answer(method, data[end:]))
                return
        self._held = data

    def _write(self, result: bytes) -> None:
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            b'{"ok":true,"result":%s}' % (len(result) + 21, result)
        )
