"""Telegram's limits, kept exactly: never more in any sliding window than allowed, and never much less.

Only the process that holds the bot's lease paces it, so no server is needed to count.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from botyard.ids import ChatKey

CHAT_BURST = 3
"""So many messages may go to one chat at once ("short bursts pass"); then the rate counts."""
MARGIN = 0.008
"""Windows are this much longer than asked, for the network shifts calls against each other a little."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Limits: messages a second for the bot and in a chat, messages a minute in a group. 0: no limit."""

    bot: float
    chat: float
    group: float


class SlidingWindow:
    """At most `most` events in any `seconds`."""

    __slots__ = ("_seconds", "_times")

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds + MARGIN
        self._times: deque[float] = deque(maxlen=most)

    def wait(self, now: float) -> float:
        """Seconds until another event is allowed; 0.0 when it is now."""
        if len(self._times) < (self._times.maxlen or 0):
            return 0.0
        return max(0.0, self._times[0] + self._seconds - now)

    def note(self, now: float) -> None:
        """An event happens now."""
        self._times.append(now)

    def idle(self, now: float) -> bool:
        """Whether nothing in it counts any more."""
        return not self._times or self._times[-1] + self._seconds <= now


class Pacer:
    """The limits of one bot. Times are monotonic seconds."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._bot = _window(rates.bot, burst=max(1, int(rates.bot)))
        self._chats: dict[ChatKey, list[SlidingWindow]] = {}
        self._bot_paused_until = 0.0
        self._chat_paused_until: dict[ChatKey, float] = {}

    def bot_wait(self, now: float, *, message: bool) -> float:
        """Seconds until this bot may make a call; a `message` also counts against its rate."""
        paused = max(0.0, self._bot_paused_until - now)
        return max(paused, self._bot.wait(now)) if message and self._bot else paused

    def chat_wait(self, now: float, chat: ChatKey, *, message: bool) -> float:
        """Seconds until a call to this chat is allowed."""
        paused = max(0.0, self._chat_paused_until.get(chat, 0.0) - now)
        if not message:
            return paused
        return max([paused, *(window.wait(now) for window in self._chats.get(chat, ()))])

    def note(self, now: float, chat: ChatKey | None, *, in_group: bool) -> None:
        """A message leaves now."""
        if self._bot:
            self._bot.note(now)
        if chat is not None:
            for window in self._windows_of(chat, in_group=in_group):
                window.note(now)

    def pause_bot(self, until: float) -> None:
        """Telegram asked this bot to be silent until then."""
        self._bot_paused_until = max(self._bot_paused_until, until)

    def pause_chat(self, chat: ChatKey, until: float) -> None:
        """Nothing goes to this chat until then."""
        self._chat_paused_until[chat] = max(self._chat_paused_until.get(chat, 0.0), until)

    def forget_idle(self, now: float) -> None:
        """Lets go of chats in which nothing counts any more."""
        for chat in [
            chat for chat, windows in self._chats.items() if all(each.idle(now) for each in windows)
        ]:
            del self._chats[chat]
        for chat in [chat for chat, until in self._chat_paused_until.items() if until <= now]:
            del self._chat_paused_until[chat]

    def _windows_of(self, chat: ChatKey, *, in_group: bool) -> list[SlidingWindow]:
        windows = self._chats.get(chat)
        if windows is None:
            per_chat = _window(self._rates.chat, burst=CHAT_BURST)
            per_group = SlidingWindow(max(1, int(self._rates.group)), 60.0) if self._rates.group else None
            wanted = [per_chat, per_group] if in_group else [per_chat]
            windows = self._chats[chat] = [window for window in wanted if window is not None]
        return windows


def _window(rate: float, *, burst: int) -> SlidingWindow | None:
    """At most `burst` at once and `rate` a second in the long run; None for no limit."""
    return SlidingWindow(burst, burst / rate) if rate else None
