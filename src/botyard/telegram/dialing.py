"""Opening a TCP connection to whichever of a host's addresses answers first (RFC 8305, Happy Eyeballs)."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any, TypeAlias

ATTEMPT_SECONDS = 0.25
"""How long one address is tried alone (RFC 8305, Connection Attempt Delay)."""

# What getaddrinfo tells of one address: family, kind, protocol, canonical name, and where to connect.
_Found: TypeAlias = tuple[int, int, int, str, Any]


async def open_socket(host: str, port: int) -> socket.socket:
    """A connected socket. Raises `OSError` or `UnicodeError` if no address of the host takes a connection."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    untried = deque(_by_turns(found))
    if len(untried) == 1:
        return await _connected(untried[0])
    attempts: set[asyncio.Task[socket.socket]] = set()
    failures: list[BaseException] = []
    try:
        while untried or attempts:
            if untried:
                attempts.add(asyncio.create_task(_connected(untried.popleft())))
            done, _ = await asyncio.wait(
                attempts,
                timeout=ATTEMPT_SECONDS if untried else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for attempt in done:
                attempts.discard(attempt)
                failure = attempt.exception()
                if failure is None:
                    return attempt.result()
                failures.append(failure)
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(_discard)
    raise failures[0] if failures else OSError("the host has no address")


def _by_turns(found: Sequence[_Found]) -> list[_Found]:
    """The addresses with their families by turns, beginning with the one that the system prefers."""
    preferred = [entry for entry in found if entry[0] == found[0][0]]
    others = [entry for entry in found if entry[0] != found[0][0]]
    return [entry for entry in chain(*zip_longest(preferred, others)) if entry is not None]


async def _connected(found: _Found) -> socket.socket:
    """A socket that notices a dead peer within a minute, also while a long poll is silent."""
    family, kind, protocol, _, address = found
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, option):
                opened.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        await asyncio.get_running_loop().sock_connect(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened


def _discard(attempt: asyncio.Task[socket.socket]) -> None:
    """Closes what an attempt opened after another had won."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()
