"""The bell that tells delivery that a bot has something to send, within one process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from botyard.ids import BotId


class OutboxBell:
    """One event per bot. Other processes find out by looking into the outbox now and then."""

    def __init__(self) -> None:
        self._bells: defaultdict[BotId, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, bot_ids: Iterable[BotId]) -> None:
        """Something was committed for these bots."""
        for bot_id in bot_ids:
            self._bells[bot_id].set()

    def of(self, bot_id: BotId) -> asyncio.Event:
        """The bot's own bell: wait for it, then clear it."""
        return self._bells[bot_id]
