"""Polling, where there is no public address: getUpdates into the inbox, confirmed only once durable."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import msgspec
import structlog

from botyard.clock import Clock
from botyard.db.lease_keeper import LeaseKeeper
from botyard.db.leases import Lease, LeaseHolder
from botyard.errors import BotyardError
from botyard.ids import BotId
from botyard.inbox.log import Arrival, Inbox, InboxUnavailable
from botyard.ingress.registration import ALLOWED_UPDATES
from botyard.observability.metrics import Metrics, known_or_other
from botyard.observability.supervision import LeasedTasks, Work
from botyard.telegram.bots import Bot
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import Conflict, RetryAfter, TelegramError, Unauthorized
from botyard.telegram.updates import UPDATE_KINDS, NotAnUpdate, read_envelope

log = structlog.get_logger(__name__)

LONG_POLL_SECONDS = 25
LONGEST_BACKOFF = 60.0
_raw_updates = msgspec.json.Decoder(list[msgspec.Raw])


class UnreadableAnswer(BotyardError):
    """What getUpdates answered holds nothing that can be confirmed: to ask again at once would never end."""


class Poller:
    """Polls for one bot."""

    def __init__(self, bot: Bot, client: TelegramClient, inbox: Inbox, metrics: Metrics) -> None:
        self._bot = bot
        self._client = client
        self._inbox = inbox
        self._metrics = metrics
        self._offset: int | None = None
        self._failures = 0

    async def run(self) -> None:
        """Polls until cancelled."""
        while True:
            try:
                await self._poll()
                self._failures = 0
            except (TelegramError, InboxUnavailable, UnreadableAnswer) as error:
                self._failures += 1
                await asyncio.sleep(self._back_off(error))

    async def _poll(self) -> None:
        """One batch. The offset, which confirms, moves only past what the database holds."""
        params: dict[str, object] = {
            "timeout": LONG_POLL_SECONDS,
            "limit": 100,
            "allowed_updates": ALLOWED_UPDATES,
        }
        if self._offset is not None:
            params["offset"] = self._offset
        raw = await self._client.call_raw(
            self._bot.token, "getUpdates", params, timeout=LONG_POLL_SECONDS + 10.0
        )
        arrivals = self._read_all(raw)
        if arrivals:
            await self._inbox.append(*arrivals)
            self._offset = arrivals[-1].envelope.update_id + 1
            for arrival in arrivals:
                kind = known_or_other(arrival.envelope.kind, UPDATE_KINDS)
                self._metrics.updates.labels(self._bot.name, kind).inc()

    def _read_all(self, raw: bytes) -> list[Arrival]:
        """The updates of a batch that can be read. Raises `UnreadableAnswer` where there is no such one."""
        try:
            bodies = _raw_updates.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise UnreadableAnswer("getUpdates answered something that is no list of updates.") from None
        arrivals = [arrival for body in bodies if (arrival := self._read(bytes(body)))]
        if bodies and not arrivals:
            raise UnreadableAnswer("none of the updates that Telegram has waiting can be read.")
        return arrivals

    def _read(self, body: bytes) -> Arrival | None:
        try:
            return Arrival(self._bot.id, read_envelope(body), body)
        except NotAnUpdate as error:
            log.error("poll.not_an_update", bot=self._bot.name, error=error.message)
            self._metrics.errors.labels(self._bot.name, "not_an_update").inc()
            return None

    def _back_off(self, error: TelegramError | InboxUnavailable | UnreadableAnswer) -> float:
        """Says what is wrong and answers how long to wait (seconds)."""
        growing = min(LONGEST_BACKOFF, 2.0 ** (self._failures - 1))
        match error:
            case Conflict():
                hint = "another program polls with this token, or a webhook is set: stop it; trying again"
            case Unauthorized():
                hint, growing = "the token was revoked: set the new one from BotFather", LONGEST_BACKOFF
            case RetryAfter():
                hint, growing = "Telegram asked to wait", float(error.seconds)
            case _:
                hint = "trying again"
        seconds = growing * random.uniform(1.0, 1.25)  # noqa: S311 - no secret
        log.warning(
            "poll.failed",
            bot=self._bot.name,
            error=error.message,
            hint=hint,
            again_in=round(seconds, 1),
        )
        self._metrics.errors.labels(self._bot.name, "poll").inc()
        return seconds


class Polling:
    """One poller for each bot that is ours to poll: Telegram allows only one per bot."""

    def __init__(
        self,
        bots: Mapping[BotId, Bot],
        client: TelegramClient,
        inbox: Inbox,
        holder: LeaseHolder,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._bots = bots
        self._client = client
        self._inbox = inbox
        self._metrics = metrics
        names = [f"poll:{bot_id}" for bot_id in bots]
        self._keeper = LeaseKeeper(holder, "poll", names, clock, LeasedTasks(self._poller).changed)

    async def run(self) -> None:
        """Polls until cancelled, then gives the bots back."""
        try:
            await self._keeper.run()
        finally:
            await self._keeper.stop()

    def _poller(self, lease: Lease) -> Work:
        bot = self._bots[BotId(lease.number)]
        return Poller(bot, self._client, self._inbox, self._metrics).run
