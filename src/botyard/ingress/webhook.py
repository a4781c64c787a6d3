"""The webhook: Telegram's updates, checked, stored, and only then answered 200.

A bare ASGI application: nothing runs after the answer, and nothing is validated that is not needed to store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import ceil
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from botyard.clock import Clock
from botyard.ids import BotId
from botyard.inbox.log import Arrival, Inbox, InboxUnavailable
from botyard.ingress.rate import RateLimit
from botyard.ingress.verify import client_address, is_allowed, secret_matches
from botyard.observability.metrics import OTHER, Metrics, Stage, known_or_other
from botyard.settings.formats import IpNetwork
from botyard.telegram.bots import Bot
from botyard.telegram.updates import UPDATE_KINDS, NotAnUpdate, read_envelope

log = structlog.get_logger(__name__)

LARGEST_BODY = 1024 * 1024
PATH = re.compile(r"/telegram/([^/]+)/webhook")
SECRET_HEADER = b"x-telegram-bot-api-secret-token"


class Refused(Exception):
    """The request gets this status, with one sentence that says why."""

    def __init__(self, status: int, why: str, reason: str, *, retry_after: int | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.reason = reason
        self.retry_after = retry_after


class Webhook:
    """`POST /telegram/{bot_name}/webhook` for all bots of the service."""

    def __init__(
        self,
        bots: Mapping[BotId, Bot],
        inbox: Inbox,
        allowlist: tuple[IpNetwork, ...],
        rate: float,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """`allowlist`: networks that may call (empty: all). `rate`: updates a second for each bot, 0: any."""
        self._bots = {bot.name: bot for bot in bots.values()}
        self._limits = {bot.name: RateLimit(rate, clock=clock) for bot in bots.values()}
        self._inbox = inbox
        self._allowlist = allowlist
        self._metrics = metrics
        self._accept_seconds = metrics.update_seconds.labels(Stage.ACCEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request (ASGI); `bot_name` is in the path parameters."""
        started = perf_counter()
        name: str = scope["path_params"]["bot_name"]
        try:
            bot = self._admit(name, scope)
            body = await _read_body(scope, receive)
            await self._store(bot, body)
        except Refused as refused:
            self._count(name, refused)
            await _answer(send, refused.status, refused.why, retry_after=refused.retry_after)
        else:
            await _answer(send, 200, "")
            self._accept_seconds.observe(perf_counter() - started)

    def _admit(self, name: str, scope: Scope) -> Bot:
        """The bot that this caller may speak to. Raises `Refused`."""
        bot = self._bots.get(name)
        if bot is None:
            raise Refused(404, "no bot of this name", "unknown_bot")
        headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        if not self._is_let_in(scope):
            raise Refused(403, "this address is not allowed", "address")
        given = [value for key, value in headers if key == SECRET_HEADER]
        expected = bot.webhook_secret.encode()
        if not secret_matches(given[0] if len(given) == 1 else None, expected):
            raise Refused(401, "wrong or missing secret", "secret")
        wait = self._limits[name].admit()
        if wait > 0:
            raise Refused(429, "too many updates", "rate", retry_after=max(1, ceil(wait)))
        return bot

    def _is_let_in(self, scope: Scope) -> bool:
        if not self._allowlist:
            return True
        client = scope.get("client")  # behind trusted proxies `ClientAddress` has put the caller's own here
        return is_allowed(client_address(client[0] if client else None, (), ()), self._allowlist)

    async def _store(self, bot: Bot, body: bytes) -> None:
        """Returns once the update is durable. Raises `Refused`."""
        try:
            envelope = read_envelope(body)
        except NotAnUpdate as error:
            raise Refused(400, error.message, "not_an_update") from None
        try:
            await self._inbox.append(Arrival(bot.id, envelope, body))
        except InboxUnavailable as error:
            log.error("webhook.not_stored", bot=bot.name, error=error.message)
            raise Refused(
                503, "the update could not be stored, offer it again", "store", retry_after=1
            ) from None
        self._metrics.updates.labels(bot.name, known_or_other(envelope.kind, UPDATE_KINDS)).inc()

    def _count(self, name: str, refused: Refused) -> None:
        bot_name = known_or_other(name, self._bots) if refused.reason != "unknown_bot" else OTHER
        if refused.status in (401, 403, 404):
            self._metrics.verification_failures.labels(bot_name, refused.reason).inc()
        else:
            self._metrics.errors.labels(bot_name, refused.reason).inc()


class UpdatesFirst:
    """The whole service (ASGI), with a short way in for updates.

    Finding a page, and catching what may go wrong on it, costs more than to store an update.
    """

    def __init__(self, webhook: Webhook, rest: ASGIApp) -> None:
        self._webhook = webhook
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, or hands it on."""
        found = PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None or scope["method"] != "POST":
            await self._rest(scope, receive, send)
            return
        scope["path_params"] = {"bot_name": found[1]}
        await self._webhook(scope, receive, send)


async def _read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises `Refused` as soon as it is known to be too large."""
    declared = next((value for key, value in scope["headers"] if key == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > LARGEST_BODY:
        raise Refused(413, "larger than 1 MiB", "too_large")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the request ended early", "disconnected")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST_BODY:
            raise Refused(413, "larger than 1 MiB", "too_large")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if len(chunks) != 1 else chunk


async def _answer(send: Send, status: int, why: str, *, retry_after: int | None = None) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(why.encode())),
    ]
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": why.encode()})
