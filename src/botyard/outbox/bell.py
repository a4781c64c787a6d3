"""The bell that tells delivery that a bot has something to send, within one process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from botyard.clock import wait_for
from botyard.ids import BotId


class Bell:
    """Wakes the sender of one bot. Only what is new in the outbox is a reason to look into it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._is_news = False

    def ring(self) -> None:
        """Something new was committed to the outbox."""
        self._is_news = True
        self._event.set()

    def nudge(self) -> None:
        """Something else has changed: a call has ended, a chat is free again."""
        self._event.set()

    def take_news(self) -> bool:
        """Whether it rang for something new since this was asked last."""
        is_news, self._is_news = self._is_news, False
        return is_news

    async def wait(self, seconds: float) -> None:
        """Returns when it rings or is nudged, or after so many seconds."""
        await wait_for(self._event, seconds)
        self._event.clear()


class OutboxBell:
    """One bell for each bot. Other processes find out by looking into the outbox now and then."""

    def __init__(self) -> None:
        self._bells: defaultdict[BotId, Bell] = defaultdict(Bell)

    def ring(self, bot_ids: Iterable[BotId]) -> None:
        """Something was committed for these bots."""
        for bot_id in bot_ids:
            self._bells[bot_id].ring()

    def of(self, bot_id: BotId) -> Bell:
        """The bot's own bell."""
        return self._bells[bot_id]
