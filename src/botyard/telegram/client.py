"""Calling the Bot API: any method, over one pool of kept-alive connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from botyard.ids import BotToken
from botyard.telegram.address import read_address
from botyard.telegram.answers import HttpAnswer, read_answer
from botyard.telegram.connection import BrokenConnectionError
from botyard.telegram.errors import NotSent, OutcomeUnknown, TelegramError
from botyard.telegram.multipart import encode_form
from botyard.telegram.pool import CLOSED, NoConnectionError, Pool

TELEGRAM = "https://api.telegram.org"
MOST_HEADS = 1024
"""How many requests' heads are kept, one for each bot and method."""

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


class TelegramClient:
    """Calls to one Bot API server, for any number of bots. Close it, or use it as a context manager."""

    def __init__(self, base_url: str = TELEGRAM, *, connections: int = 100) -> None:
        """`connections` is how many calls can be under way at once, long polls included; others wait.

        Raises `ValueError` for a `base_url` that is none.
        """
        self._address = read_address(base_url)  # refused here, where no token is in it yet
        self._pool = Pool(self._address, connections)
        self._heads: dict[tuple[BotToken, str], bytes] = {}
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
        self._pool.close()
        await asyncio.sleep(0)  # closing takes the loop one turn

    # The timeout is an argument: only in here is it known whether time ran out before or after sending.

    async def call(
        self,
        token: BotToken,
        method: str,
        params: Params = b"{}",
        *,
        timeout: float = 30.0,  # noqa: ASYNC109 - see above
        before_sending: Callable[[], None] | None = None,
    ) -> Any:
        """The decoded `result` of a Bot API method. Raises `TelegramError`: its subclasses say what to do.

        `params` is a mapping, or bytes that are its JSON object already. An `InputFile` in the mapping, at
        any depth, is uploaded. `timeout` is in seconds, the wait for a free connection included.
        `before_sending` is called when there is a connection: if it raises, nothing is sent.
        """
        result = await self.call_raw(token, method, params, timeout=timeout, before_sending=before_sending)
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
        before_sending: Callable[[], None] | None = None,
    ) -> bytes:
        """As `call`, but the `result` is still JSON: for who decodes it himself."""
        return read_answer(token, method, await self._post(token, method, params, timeout, before_sending))

    async def _post(
        self,
        token: BotToken,
        method: str,
        params: Params,
        seconds: float,
        before_sending: Callable[[], None] | None,
    ) -> HttpAnswer:
        content_type, body = _encode(params)
        if not (method.isascii() and method.isalnum()):
            raise ValueError(f"not a Bot API method's name: {method!r}")
        if self._closed:
            raise NotSent(CLOSED, method=method)
        now = asyncio.get_running_loop().time()
        deadline = now + seconds
        failure: TelegramError
        try:
            connection = self._pool.take(now) or await self._pool.open(deadline)
        except NoConnectionError as error:
            failure = NotSent(f"no connection to the Bot API server ({error})", method=method)
        else:
            try:
                if before_sending is not None:
                    before_sending()
                # No local name for the head: it holds the token, and a traceback may show locals.
                return await connection.send(self._head(token, method), content_type, body, deadline)
            except BrokenConnectionError as error:
                failure = OutcomeUnknown(f"sent, but no answer came ({error})", method=method)
            finally:
                self._pool.give_back(connection)
        raise failure

    def _head(self, token: BotToken, method: str) -> bytes:
        """The request, up to the headers that tell of its body."""
        head = self._heads.get((token, method))
        if head is None:
            if len(self._heads) >= MOST_HEADS:
                self._heads.clear()
            head = (
                f"POST {self._address.path}/bot{token.reveal()}/{method} HTTP/1.1\r\n"
                f"Host: {self._address.authority}\r\n"
                "User-Agent: botyard\r\n"
                "Accept: application/json\r\n"
                "Accept-Encoding: identity\r\n"
            ).encode("ascii")
            self._heads[token, method] = head
        return head


def _encode(params: Params) -> tuple[bytes, Sequence[bytes]]:
    """The request's content type and its body in pieces: JSON, or multipart if there are files to upload."""
    if isinstance(params, bytes):
        return b"application/json", (params,)
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
        members = (b"%b:%b" % (msgspec.json.encode(name), value) for name, value in fields.items())
        return b"application/json", (b"{%b}" % b",".join(members),)
    texts = (
        (name, value if isinstance(value := rest[name], str) else encoded.decode())
        for name, encoded in fields.items()
    )
    return encode_form(texts, ((name, file.name, file.content) for name, file in files.items()))
