"""Telegram's sending limits (Bot API FAQ, "My bot is hitting limits"). Off until someone switches them on.

What carries `allow_paid_broadcast` counts against 1,000 messages a second, the rest against 30. Those of both
kinds together are no more than 1,000.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque

from botyard.sandbox.errors import too_many_requests
from botyard.sandbox.state import ChatType, Json
from botyard.sandbox.world import World

BOT_PER_SECOND = 30
PAID_PER_SECOND = 1000
CHAT_BURST = 5
GROUP_PER_MINUTE = 20
GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


class Window:
    """So many in a sliding span of seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def wait(self, now: float, span: float, most: int, count: int) -> float:
        """Seconds until `count` more fit; 0 if they fit now."""
        while self._times and self._times[0] <= now - span:
            self._times.popleft()
        over = len(self._times) + count - most
        if over <= 0 or not self._times:
            return 0.0
        return self._times[min(over, len(self._times)) - 1] + span - now

    def add(self, now: float, count: int) -> None:
        self._times.extend([now] * count)


class Bucket:
    """One a second, and `CHAT_BURST` at once after a silence."""

    def __init__(self) -> None:
        self._tokens = float(CHAT_BURST)
        self._at = 0.0

    def wait(self, now: float) -> float:
        self._tokens = min(CHAT_BURST, self._tokens + now - self._at)
        self._at = now
        return 0.0 if self._tokens >= 1 else 1 - self._tokens

    def take(self, count: int) -> None:
        self._tokens -= count


class Limits:
    """Counts what bots send and refuses what is too much."""

    def __init__(self, world: World, *, enforce: bool = False) -> None:
        self._world = world
        self._clock = world.clock
        self.enforce = enforce
        self._bots: defaultdict[int, Window] = defaultdict(Window)
        self._unpaid: defaultdict[int, Window] = defaultdict(Window)
        self._chats: defaultdict[tuple[int, str], Bucket] = defaultdict(Bucket)
        self._groups: defaultdict[tuple[int, str], Window] = defaultdict(Window)
        self._webhooks: defaultdict[int, Window] = defaultdict(Window)

    def spend(self, bot_id: int, method: str, params: Json) -> None:
        """Counts a call. Raises `ApiError` 429 with the seconds to wait if it exceeds a limit."""
        count = _messages_in(method, params)
        if not self.enforce:
            return
        if method == "setwebhook":
            self._pace_webhook(bot_id)
        if not count:
            return
        now = self._clock.monotonic()
        chat = self._world.known_chat(params.get("chat_id"))
        place = (bot_id, str(chat.id if chat else params.get("chat_id")))
        whole, unpaid = self._bots[bot_id], self._unpaid[bot_id]
        is_paid = params.get("allow_paid_broadcast") is True
        is_group = chat is not None and chat.type in GROUPS
        wait = max(
            whole.wait(now, 1.0, PAID_PER_SECOND, 1),
            0.0 if is_paid else unpaid.wait(now, 1.0, BOT_PER_SECOND, 1),
            self._chats[place].wait(now),
            self._groups[place].wait(now, 60.0, GROUP_PER_MINUTE, 1) if is_group else 0.0,
        )
        if wait > 0:
            raise too_many_requests(max(math.ceil(wait), 1))
        whole.add(now, count)
        if not is_paid:
            unpaid.add(now, count)
        self._chats[place].take(count)
        if is_group:
            self._groups[place].add(now, count)

    def _pace_webhook(self, bot_id: int) -> None:
        """setWebhook is refused more than once a second."""
        now, window = self._clock.monotonic(), self._webhooks[bot_id]
        if window.wait(now, 1.0, 1, 1) > 0:
            raise too_many_requests(1)
        window.add(now, 1)


def _messages_in(method: str, params: Json) -> int:
    """How many messages a call puts into a chat."""
    if method == "sendchataction" or not method.startswith(("send", "copymessage", "forwardmessage")):
        return 0
    many = params.get("media") if method == "sendmediagroup" else params.get("message_ids")
    return max(len(many), 1) if isinstance(many, list) else 1
