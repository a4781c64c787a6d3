"""One kept-alive HTTP/1.1 connection: a request out, its answer in, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from botyard.telegram.answers import HttpAnswer

MOST_OF_A_HEAD = 64 * 2**10
"""Bytes that may come before a status is known, the informational answers (1xx) included."""
MOST_OF_AN_ANSWER = 64 * 2**20
"""Bytes of an answer, as they come over the wire."""


class BrokenConnectionError(Exception):
    """A request was written, but no whole answer came. The text says why, and nothing of the request."""


class _UnexpectedError(Exception):
    """Something that an answer can't have. Raised in the parser's callbacks, it stops the parser."""


class Connection(asyncio.Protocol):
    """A connection, from its making on. It is given up after anything but a whole, clean answer."""

    __slots__ = (
        "_answer",
        "_body",
        "_clean",
        "_complete",
        "_deadline",
        "_framed",
        "_loop",
        "_on_close",
        "_parser",
        "_received",
        "_retry_after",
        "_status",
        "_timer",
        "_timer_at",
        "_transport",
        "reusable",
    )

    def __init__(self, on_close: Callable[[Connection], None]) -> None:
        """`on_close` is called once, as soon as the connection can't be used any more."""
        self._loop = asyncio.get_running_loop()
        self._on_close = on_close
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._deadline = 0.0
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self.reusable = False
        """Whether a request may be sent: it is open, and the answer before came to a clean end."""
        self._reset()

    def _reset(self) -> None:
        self._status = 0  # 0 until the headers of the final answer are complete
        self._body: bytes | bytearray = b""
        self._retry_after: str | None = None
        self._framed = False  # its end is told, not that of the connection
        self._complete = False
        self._clean = False  # and the connection may be used again
        self._received = 0

    # what the pool and the client ask for

    def send(
        self, head: bytes, content_type: bytes, body: Sequence[bytes], deadline: float
    ) -> asyncio.Future[HttpAnswer]:
        """Writes a request, of which `head` is everything but its body's headers.

        The future ends with the answer or, at `deadline` at the latest, with a `BrokenConnectionError`.
        """
        assert self._transport is not None
        assert self.reusable
        self.reusable = False
        self._reset()
        self._answer = answer = self._loop.create_future()
        self._watch(deadline)
        length = sum(map(len, body))
        head = b"%bContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (head, content_type, length)
        self._transport.writelines((head, *body))
        return answer

    def rest(self, until: float) -> None:
        """Lets the connection wait for its next request, but not longer than `until`."""
        self._watch(until)

    def is_stale(self, now: float) -> bool:
        """Whether the connection has rested for too long."""
        return now >= self._deadline

    def abort(self, reason: str) -> None:
        """Closes the connection now. A request under way ends with `BrokenConnectionError`, except that
        a refusal whose body is missing is an answer: the status alone says that it was refused.
        """
        answer, self._answer = self._answer, None
        if self._transport is not None:
            transport, self._transport = self._transport, None
            self.reusable = False
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            transport.abort()
            self._on_close(self)
        if answer is None or answer.done():
            return
        if self._status >= 400:
            answer.set_result(HttpAnswer(self._status, b"", self._retry_after))
        else:
            answer.set_exception(BrokenConnectionError(reason))

    # time

    def _watch(self, deadline: float) -> None:
        # A timer that fires too early is set again then, which is far cheaper than one for each request.
        self._deadline = deadline
        if self._timer is None or deadline < self._timer_at:
            self._set_timer(deadline)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._look_at_the_time)

    def _look_at_the_time(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline:
            self._set_timer(self._deadline)
        else:
            self.abort("time ran out")

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        self.reusable = True

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        if self._answer is None:
            self.abort("it sent something that nobody had asked for")
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not self._complete:
                self.abort("the answer is not HTTP")
                return
            self._clean = False  # more came than the answer
        if self._complete:
            self._finish()
            return
        self._received += len(data)
        if self._received > (MOST_OF_AN_ANSWER if self._status else MOST_OF_A_HEAD):
            self.abort("the answer is too large")

    def eof_received(self) -> None:
        """Called by asyncio: nothing more will come, so the connection is of no more use."""
        if self._answer is not None and self._status and not self._framed:
            self._finish()  # an answer that ends with its connection (RFC 9112, 6.3)
        else:
            self.abort("the server closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.abort(getattr(exc, "strerror", None) or "the connection was lost")

    def _finish(self) -> None:
        """Hands the answer over. A connection that may not be used again is closed."""
        answer, self._answer = self._answer, None
        assert answer is not None
        if not answer.done():
            body = self._body if isinstance(self._body, bytes) else bytes(self._body)
            answer.set_result(HttpAnswer(self._status, body, self._retry_after))
        self._body = b""
        if not self._clean or self._transport is None or self._transport.get_write_buffer_size():
            self.abort("it was used up")
            return
        self.reusable = True

    # the parser's side

    def on_message_begin(self) -> None:
        """Called by the parser."""
        if self._complete:
            raise _UnexpectedError

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser: for trailers too, which count for nothing."""
        length = len(name)
        if self._status or length < 11:
            return
        if length == 11:
            if name.lower() == b"retry-after" and self._retry_after is None:
                self._retry_after = value.decode("latin-1").strip()
        elif length in {14, 17}:
            self._framed |= name.lower() in {b"content-length", b"transfer-encoding"}

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        status = self._parser.get_status_code()
        if status >= 200:
            self._status = status

    def on_body(self, piece: bytes) -> None:
        """Called by the parser."""
        if not self._body:
            self._body = piece
        elif isinstance(self._body, bytearray):
            self._body += piece
        else:
            self._body = bytearray(self._body) + piece

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._status:
            self._complete = True
            self._clean = self._parser.should_keep_alive()  # it knows only here
        else:  # it was informational (1xx): the answer is still to come
            self._retry_after = None
            self._framed = False
