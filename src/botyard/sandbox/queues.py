"""A bot's update queue: what waits for it, in order, until it confirms or the update expires."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botyard.sandbox.virtual_clock import VirtualClock

DAY = 24 * 3600.0
LIFETIMES = {
    "callback_query": 150.0,
    "shipping_query": 150.0,
    "pre_checkout_query": 150.0,
    "inline_query": 30.0,
    "chosen_inline_result": 600.0,
}
"""Seconds that Telegram keeps an update which waits for a quick answer; all others are kept a day."""
LONGEST_QUEUE = 100_000
OFFSET_SLACK = 10
"""An offset further than this past the newest update starts from the oldest again."""

KINDS = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "guest_message",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
        "managed_bot",
        "subscription",
        "stopped_message_generation",
    }
)
"""All kinds of updates of Bot API 10.3."""
BY_CHAT = frozenset({"message", "edited_message", "channel_post", "edited_channel_post", "my_chat_member"})
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(eq=False)
class QueuedUpdate:
    """One update on its way. `via` is how it reached the bot: pending, polling or webhook."""

    seq: int
    time: datetime
    bot_id: int
    update_id: int
    kind: str
    payload: dict[str, Any]
    lane: str
    expires: float
    attempts: int = 0
    delivered: bool = False
    delivered_at: datetime | None = None
    via: str = "pending"

    @property
    def json(self) -> dict[str, Any]:
        """The Update object as the bot gets it."""
        return {"update_id": self.update_id, self.kind: self.payload}


class UpdateQueue:
    """Updates in the order of their ids, from a first id that is anybody's guess (as on Telegram)."""

    def __init__(self, clock: VirtualClock, first_id: int) -> None:
        self._clock = clock
        self._next_id = first_id
        self._pending: dict[int, QueuedUpdate] = {}
        self._arrived = asyncio.Event()
        self._poll = 0
        self.closed = False
        self.ended_by = "other getUpdates request; make sure that only one bot instance is running"

    def __len__(self) -> int:
        self._drop_expired()
        return len(self._pending)

    def next_id(self) -> int:
        number, self._next_id = self._next_id, self._next_id + 1
        return number

    def add(self, update: QueuedUpdate) -> bool:
        """Puts an update at the end. False when the queue is full: Telegram drops such updates silently."""
        if len(self._pending) >= LONGEST_QUEUE:
            return False
        self._pending[update.update_id] = update
        self._wake()
        return True

    def waiting(self) -> list[QueuedUpdate]:
        """All updates that have not expired, oldest first."""
        self._drop_expired()
        return list(self._pending.values())

    def remove(self, update: QueuedUpdate) -> None:
        self._pending.pop(update.update_id, None)

    def clear(self) -> None:
        self._pending.clear()

    def __contains__(self, update: QueuedUpdate) -> bool:
        return self._pending.get(update.update_id) is update

    def confirm(self, offset: int) -> None:
        """Forgets what getUpdates' `offset` confirms; a negative one keeps only so many of the newest."""
        self._drop_expired()
        ids = list(self._pending)
        if offset > self._next_id + OFFSET_SLACK:
            return
        confirmed = ids[:offset] if offset < 0 else [one for one in ids if one < offset]
        for update_id in confirmed:
            del self._pending[update_id]

    def begin_poll(self) -> int:
        """Ends the poll that may be under way and returns the number of the new one."""
        return self.end_polls("other getUpdates request; make sure that only one bot instance is running")

    def end_polls(self, reason: str) -> int:
        self._poll += 1
        self.ended_by = reason
        self._wake()
        return self._poll

    def close(self) -> None:
        """Ends all polls for good: the sandbox stops."""
        self.closed = True
        self._wake()

    def is_current(self, poll: int) -> bool:
        return poll == self._poll

    async def wait(self, seconds: float) -> None:
        """Returns when something happened here, or after so many real seconds."""
        try:
            await asyncio.wait_for(self._arrived.wait(), max(seconds, 0))
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = asyncio.Event()

    def _drop_expired(self) -> None:
        now = self._clock.monotonic()
        for update in [one for one in self._pending.values() if one.expires <= now]:
            del self._pending[update.update_id]


def lane_of(kind: str, payload: dict[str, Any]) -> str:
    """The queue within which Telegram keeps the order of webhook deliveries (telegram-bot-api's source)."""
    if kind in BY_CHAT:
        chat = payload.get("chat")
        return f"chat:{chat.get('id') if isinstance(chat, dict) else None}"
    if isinstance(sender := payload.get("from"), dict):
        return f"user:{sender.get('id')}"
    return f"kind:{kind}"


def is_wanted(kind: str, allowed: frozenset[str] | None) -> bool:
    """Whether a bot subscribed to this kind; `None` is Telegram's default list."""
    return kind in allowed if allowed else kind not in NOT_BY_DEFAULT
