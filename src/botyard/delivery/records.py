"""What the outbox is told of a bot's calls: that they are about to be made, and what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from botyard.db.batcher import Batcher
from botyard.db.hot import HotConnection, in_one_trip
from botyard.db.leases import Lease
from botyard.db.session import Database
from botyard.ids import ChatId, ChatKey, OutboxId
from botyard.members import chats
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import ClaimedCall, Outcome
from botyard.telegram.bots import Bot

log = structlog.get_logger(__name__)

_THE_DATABASES = (SQLAlchemyError, OSError)
SHARE_SECONDS = 0.005
"""So long a call waits for others to share the commit that marks it, or that of its outcome."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an answer taught about a chat: its new id (`moved_to`), or that it cannot be reached."""

    chat_key: ChatKey
    chat_id: ChatId
    moved_to: ChatId | None
    unreachable: bool


class Records:
    """The outbox's rows of one bot, for as long as this process holds the bot's lease."""

    def __init__(self, bot: Bot, database: Database, lease: Lease) -> None:
        self._bot = bot
        self._database = database
        self._lease = lease
        self._claims: Batcher[Collection[OutboxId], Sequence[ClaimedCall]] = Batcher(
            database.writes(), self._claim, within=SHARE_SECONDS
        )
        self._outcomes: Batcher[Outcome, None] = Batcher(
            database.writes(), self._record, within=SHARE_SECONDS
        )

    async def claim(self, ids: Collection[OutboxId]) -> Sequence[ClaimedCall]:
        """Marks calls as being sent; answers those that may now be sent."""
        return await self._claims.add(ids)

    async def write_down(self, outcome: Outcome, lesson: Lesson | None) -> None:
        """Records an outcome, however long the database is away: what is known must not be lost."""
        while True:
            try:
                await (self._outcomes.add(outcome) if lesson is None else self._learn(outcome, lesson))
            except Exception as error:  # noqa: BLE001 - whatever it is, the chat must go on
                kind = type(error).__name__
                log.error("delivery.not_recorded", bot=self._bot.name, call=outcome.id, error=kind)
                if isinstance(error, (DataError, IntegrityError)) or not isinstance(error, _THE_DATABASES):
                    # It stays 'sending' and is settled as interrupted when the bot is next taken over.
                    return
                await asyncio.sleep(1.0)
            else:
                return

    def _claim(
        self, hot: HotConnection, batch: Sequence[Collection[OutboxId]]
    ) -> list[Sequence[ClaimedCall]]:
        return [outbox_queue.claim(hot, ids, self._lease) for ids in batch]

    def _record(self, hot: HotConnection, batch: Sequence[Outcome]) -> list[None]:
        outbox_queue.record(hot, batch, fence=self._lease.fence)
        return [None] * len(batch)

    async def _learn(self, outcome: Outcome, lesson: Lesson) -> None:
        """Records an outcome together with what it says of the chat."""
        async with self._database.begin() as connection:
            await in_one_trip(connection, lambda hot: self._record(hot, [outcome]))
            if lesson.moved_to is not None:
                await chats.move_chat(connection, lesson.chat_id, lesson.moved_to)
            if lesson.unreachable:
                status = "blocked" if lesson.chat_id > 0 else "kicked"
                await chats.note_status(
                    connection, self._bot.id, lesson.chat_key, status, outcome.at, reason=outcome.error
                )
