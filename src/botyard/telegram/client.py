"""Calling the Bot API: any method, over one pool of kept-alive connections."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from yarl import URL

from botyard.ids import BotToken
from botyard.telegram.answers import HttpAnswer, read_answer
from botyard.telegram.errors import NotSent, OutcomeUnknown, TelegramError

TELEGRAM = "https://api.telegram.org"
CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 30.0
"""How long an idle connection is kept: less than servers do, so that they seldom close it under a request."""
DNS_SECONDS = 300

Params = Mapping[str, object] | bytes


class InputFile:
    """A file to upload (Bot API, InputFile)."""

    # No dataclass: msgspec would encode one by itself, content and all.
    __slots__ = ("content", "name")

    def __init__(self, name: str, content: bytes) -> None:
        """`name` is what people see. Raises `ValueError` for a name with control characters."""
        if not name or not name.isprintable():
            raise ValueError(f"not a file's name: {name!r}")
        self.name = name
        self.content = content

    def __repr__(self) -> str:
        return f"InputFile({self.name!r}, {len(self.content)} bytes)"


@dataclass(slots=True)
class _Attempt:
    """One request under way. Until there is a connection, nothing of it can have been written."""

    connected: bool = False


class TelegramClient:
    """Calls to one Bot API server, for any number of bots. Close it, or use it as a context manager."""

    def __init__(self, base_url: str = TELEGRAM, *, connections: int = 100) -> None:
        """`connections` is how many calls can be under way at once, long polls included; others wait.

        Raises `ValueError` for a `base_url` that is none.
        """
        self._base_url = str(URL(base_url)).rstrip("/")  # refused here, where no token is in it yet
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections. Calls under way end with `OutcomeUnknown`, later ones with `NotSent`."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    # The timeout is an argument: only in here is it known whether time ran out before or after sending.

    async def call(
        self,
        token: BotToken,
        method: str,
        params: Params = b"{}",
        *,
        timeout: float = 30.0,  # noqa: ASYNC109 - see above
    ) -> Any:
        """The decoded `result` of a Bot API method. Raises `TelegramError`: its subclasses say what to do.

        `params` is a mapping, or bytes that are its JSON object already. An `InputFile` in the mapping, at
        any depth, is uploaded. `timeout` is in seconds, the wait for a free connection included.
        """
        result = await self.call_raw(token, method, params, timeout=timeout)
        try:
            return msgspec.json.decode(result)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        raise OutcomeUnknown("the answer was success, but its result could not be read", method=method)

    async def call_raw(
        self,
        token: BotToken,
        method: str,
        params: Params = b"{}",
        *,
        timeout: float = 30.0,  # noqa: ASYNC109 - see above
    ) -> bytes:
        """As `call`, but the `result` is still JSON: for who decodes it himself."""
        return read_answer(token, method, await self._post(token, method, params, timeout))

    async def _post(self, token: BotToken, method: str, params: Params, seconds: float) -> HttpAnswer:
        body, content_type = _encode(params)
        if self._closed:
            raise NotSent("the client is closed", method=method)
        attempt = _Attempt()
        try:
            async with self._open_session().post(
                self._url(token, method),
                data=body,
                headers=content_type,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
                allow_redirects=False,
                trace_request_ctx=attempt,
            ) as response:
                return await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = _failure(error, attempt, method)
        # Raised out here: an aiohttp error holds the URL, hence the token, and must not become the context.
        raise failure

    def _url(self, token: BotToken, method: str) -> URL:
        if not (method.isascii() and method.isalnum()):
            raise ValueError(f"not a Bot API method's name: {method!r}")
        return URL(f"{self._base_url}/bot{token.reveal()}/{method}", encoded=True)

    def _open_session(self) -> aiohttp.ClientSession:
        # Made at the first call: aiohttp wants a running loop.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections,
                    ttl_dns_cache=DNS_SECONDS,
                    keepalive_timeout=KEEP_ALIVE_SECONDS,
                    socket_factory=_socket,
                ),
                headers={"User-Agent": "botyard", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[_note_connection()],
            )
        return self._session


def _encode(params: Params) -> tuple[bytes | aiohttp.FormData, dict[str, str]]:
    """The request's body and its content type: JSON, or multipart where there are files to upload."""
    json = {"Content-Type": "application/json"}
    if isinstance(params, bytes):
        return params, json
    files: dict[str, InputFile] = {}

    def attach(value: object) -> str:
        """Moves a file out of another value and leaves a reference (Bot API, Sending files)."""
        if not isinstance(value, InputFile):
            raise TypeError(f"a Bot API parameter can't be a {type(value).__name__}")
        name = f"file{len(files)}"
        files[name] = value
        return f"attach://{name}"

    top_files = {name: value for name, value in params.items() if isinstance(value, InputFile)}
    rest = {name: value for name, value in params.items() if value is not None and name not in top_files}
    fields = {name: msgspec.json.encode(value, enc_hook=attach) for name, value in rest.items()}
    files.update(top_files)
    if not files:
        return b"{%s}" % b",".join(b"%s:%s" % (msgspec.json.encode(k), v) for k, v in fields.items()), json
    form = aiohttp.FormData(quote_fields=False)
    for name, encoded in fields.items():
        value = rest[name]
        form.add_field(name, value if isinstance(value, str) else encoded.decode())
    for name, file in files.items():
        form.add_field(name, file.content, filename=file.name, content_type="application/octet-stream")
    return form, {}


async def _read(response: aiohttp.ClientResponse) -> HttpAnswer:
    retry_after = response.headers.get("Retry-After")
    try:
        body = await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError):
        if response.status < 400:
            raise
        body = b""  # the status alone says that it was refused
    return HttpAnswer(response.status, body, retry_after)


def _failure(error: Exception, attempt: _Attempt, method: str) -> TelegramError:
    """What a broken transport means. Only the kind of the error is told: its text may hold the URL."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    if isinstance(error, TimeoutError):
        reason = "time ran out"
    if attempt.connected:
        return OutcomeUnknown(f"sent, but no answer came ({reason})", method=method)
    return NotSent(f"no connection to the Bot API server ({reason})", method=method)


def _note_connection() -> aiohttp.TraceConfig:
    """Notes on each `_Attempt` that it got a connection, new or kept: from then on it may have been sent."""
    trace = aiohttp.TraceConfig()

    async def connected(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.connected = True

    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(connected)
    return trace


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that notices a dead peer within a minute, also while a long poll is silent."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
