"""Which bots this process delivers for: it holds their leases, shared out evenly among the replicas."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from botyard.clock import Clock
from botyard.db.lease_keeper import LeaseKeeper
from botyard.db.leases import Lease, LeaseHolder
from botyard.db.session import Database
from botyard.delivery.pacer import Pacer, Rates
from botyard.delivery.sender import Sender
from botyard.delivery.window import MARGIN, MOST_DELAY
from botyard.ids import BotId
from botyard.observability.metrics import Metrics
from botyard.observability.supervision import LeasedTasks, Work
from botyard.outbox.bell import OutboxBell
from botyard.telegram.bots import Bot
from botyard.telegram.client import TelegramClient

log = structlog.get_logger(__name__)


class Delivery:
    """One sender for each bot that is ours to deliver for."""

    def __init__(
        self,
        bots: Mapping[BotId, Bot],
        database: Database,
        client: TelegramClient,
        rates: Rates,
        bell: OutboxBell,
        holder: LeaseHolder,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._bots = bots
        self._database = database
        self._client = client
        self._rates = rates
        self._bell = bell
        self._clock = clock
        self._metrics = metrics
        names = [_lease_name(bot_id) for bot_id in bots]
        self._keeper = LeaseKeeper(holder, "delivery", names, clock, LeasedTasks(self._sender).changed)

    async def run(self) -> None:
        """Delivers until cancelled; then lets the calls under way end and gives the bots back."""
        try:
            await self._keeper.run()
        finally:
            await self._keeper.stop()

    def _sender(self, lease: Lease) -> Work:
        bot = self._bots[BotId(lease.number)]
        pacer = Pacer(self._rates)
        if lease.fence > 1 and (self._rates.bot or self._rates.paid):
            # whoever had the bot before may have sent up to its limit just now; of a crash, messages may
            # still be on their way
            delay = MOST_DELAY if lease.after_crash else 0.0
            pacer.pause_bot(self._clock.monotonic() + 1.0 + MARGIN + delay)
        log.info("delivery.taken", bot=bot.name, fence=lease.fence)
        bell = self._bell.of(bot.id)
        sender = Sender(
            bot,
            self._database,
            self._client,
            pacer,
            bell,
            self._clock,
            self._metrics,
            lease,
            is_ours=self._keeper.is_current,
        )
        return sender.run


def _lease_name(bot_id: BotId) -> str:
    return f"delivery:{bot_id}"
