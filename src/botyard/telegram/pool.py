"""The connections to one server: kept alive, no more than so many at once, handed out in turn."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import suppress

from botyard.telegram.address import Address
from botyard.telegram.connection import Connection
from botyard.telegram.dialing import open_socket

CONNECT_SECONDS = 10.0
"""How long a new connection may take, with DNS and TLS."""
KEEP_ALIVE_SECONDS = 30.0
"""How long an idle connection is kept: less than servers do, so that they seldom close it under a request."""
CLOSED = "the client is closed"


class NoConnectionError(Exception):
    """There is no connection to send anything over. The text says why."""


class Pool:
    """Connections to one address. Whoever takes one must give it back, whatever happened to it."""

    def __init__(self, address: Address, size: int) -> None:
        """`size` is how many connections there can be at once."""
        self._address = address
        self._size = size
        self._tls = _tls() if address.tls else None
        self._taken = 0  # connections in callers' hands, and those promised to them
        self._idle: list[Connection] = []  # the one that rested longest first
        self._open: set[Connection] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._connecting: set[asyncio.Timeout] = set()
        self._closed = False

    def take(self, now: float) -> Connection | None:
        """An idle connection, unless others wait or there is none."""
        # While somebody waits, all are taken: a turn is passed on without becoming free in between.
        if self._taken >= self._size:
            return None
        connection = self._pop_idle(now)
        if connection is not None:
            self._taken += 1
        return connection

    async def open(self, deadline: float) -> Connection:
        """A connection, idle or new. Waits for it until `deadline`. Raises `NoConnectionError`."""
        await self._turn(deadline)
        try:
            if self._closed:
                raise NoConnectionError(CLOSED)
            now = asyncio.get_running_loop().time()
            return self._pop_idle(now) or await self._connect(min(deadline, now + CONNECT_SECONDS))
        except BaseException:
            self._pass_on()
            raise

    def give_back(self, connection: Connection) -> None:
        """Ends the use of a connection. One whose answer is still missing is closed."""
        if connection.reusable and not self._closed:
            connection.rest(asyncio.get_running_loop().time() + KEEP_ALIVE_SECONDS)
            self._idle.append(connection)
        else:
            connection.abort("the call was given up")
        self._pass_on()

    def close(self) -> None:
        """Closes all connections, and ends everybody's waiting for one."""
        self._closed = True
        for connecting in self._connecting:
            connecting.reschedule(asyncio.get_running_loop().time())
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(NoConnectionError(CLOSED))
        self._waiting.clear()
        for connection in list(self._open):
            connection.abort(CLOSED)

    def _pop_idle(self, now: float) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_stale(now):
                return connection
            connection.abort("it was idle for too long")
        return None

    async def _turn(self, deadline: float) -> None:
        """Waits until there is one connection less than there may be, and counts it as taken."""
        if self._taken < self._size:
            self._taken += 1
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_at(deadline, _give_up, waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on()  # cancelled in the moment of its turn
            raise
        finally:
            timer.cancel()
            with suppress(ValueError):
                self._waiting.remove(waiter)

    def _pass_on(self) -> None:
        """Gives the turn to who waits longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken -= 1

    async def _connect(self, deadline: float) -> Connection:
        limit = asyncio.timeout_at(deadline)
        self._connecting.add(limit)
        try:
            async with limit:
                connection = await self._dial()
        except TimeoutError:
            reason = "time ran out"
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
        else:
            if connection.reusable and not self._closed:
                return connection
            connection.abort(CLOSED)
            reason = "the server closed the connection"
        finally:
            self._connecting.discard(limit)
        raise NoConnectionError(CLOSED if self._closed else reason)

    async def _dial(self) -> Connection:
        address = self._address
        if not address.host:
            raise OSError(0, "the address has no http:// or https:// and a host")
        opened = await open_socket(address.host, address.port)
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                self._made,
                sock=opened,
                ssl=self._tls,
                server_hostname=address.host.rstrip(".") if self._tls else None,
            )
        except BaseException:
            opened.close()
            raise
        self._open.add(connection)
        return connection

    def _made(self) -> Connection:
        return Connection(self._gone)

    def _gone(self, connection: Connection) -> None:
        self._open.discard(connection)
        with suppress(ValueError):
            self._idle.remove(connection)


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(NoConnectionError("time ran out"))


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
