"""Telegram's limits, kept exactly: never more in any sliding window than allowed, and never much less.

Only the process that holds the bot's lease paces it, so no server is needed to count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from botyard.delivery.window import Departure, Quickest, SlidingWindow
from botyard.ids import ChatKey

CHAT_BURST = 3
"""So many messages may go to one chat at once ("short bursts pass"); then the rate counts."""
BULK_SLACK = 0.1
"""Bulk that is late by no more than this may catch up."""
TIDY_SECONDS = 1.0
"""How often chats are looked through for those in which nothing counts any more."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Limits: messages a second for the bot and in a chat, messages a minute in a group. 0: no limit."""

    bot: float
    chat: float
    group: float


class Pacer:
    """The limits of one bot. Times are monotonic seconds."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._bot = _window(rates.bot, burst=max(1, int(rates.bot)))
        self._chats: dict[ChatKey, list[SlidingWindow]] = {}
        self._bulk_at = 0.0
        self._bot_paused_until = 0.0
        self._chat_paused_until: dict[ChatKey, float] = {}
        self._quickest = Quickest()
        self._tidied_at = 0.0

    def bot_wait(self, now: float, *, messages: int, bulk: bool = False) -> float:
        """Seconds until this bot may make a call; the `messages` in it also count against its rate.

        `bulk` is spread evenly over the second, so that a reply always finds a place soon.
        """
        paused = max(0.0, self._bot_paused_until - now)
        if not messages or self._bot is None:
            return paused
        window = self._bot.wait(now, self._quickest.seconds, messages=messages)
        return max(paused, window, self._bulk_at - now if bulk else 0.0)

    def chat_wait(self, now: float, chat: ChatKey, *, messages: int) -> float:
        """Seconds until a call to this chat is allowed, with so many messages in it."""
        paused = max(0.0, self._chat_paused_until.get(chat, 0.0) - now)
        if not messages:
            return paused
        usual = self._quickest.seconds
        windows = self._chats.get(chat, ())
        return max([paused, *(window.wait(now, usual, messages=messages) for window in windows)])

    def note(
        self, at: float, chat: ChatKey | None, *, in_group: bool, bulk: bool = False, messages: int = 1
    ) -> Departure:
        """Messages of one call take their places in every window.

        Whoever makes the call tells `leaves` and `answered`.
        """
        departure = Departure(at)
        if self._bot and bulk:
            self._bulk_at = max(self._bulk_at, at - BULK_SLACK) + messages / self._rates.bot
        self._take_places(departure, chat, in_group=in_group, messages=messages)
        return departure

    def recall(self, at: float, chat: ChatKey | None, *, in_group: bool, messages: int = 1) -> None:
        """Whoever had the bot before sent this, and had its answer then."""
        self._take_places(Departure(at, answered=at), chat, in_group=in_group, messages=messages)

    def leaves(self, departure: Departure, now: float) -> None:
        """The message leaves now, maybe later than planned."""
        departure.left = now

    def answered(self, departure: Departure, now: float) -> None:
        """Telegram has answered: the message was counted before this."""
        departure.answered = now
        before = self._quickest.seconds
        self._quickest.note(now, now - departure.left)
        usual = self._quickest.seconds
        if usual < before:
            for window in self._windows():
                window.put_off(before - usual)
        counted_at = departure.counted_at(now, usual)
        for window in departure.windows:
            window.answered(departure, counted_at)

    def pause_bot(self, until: float) -> None:
        """Telegram asked this bot to be silent until then."""
        self._bot_paused_until = max(self._bot_paused_until, until)

    def pause_chat(self, chat: ChatKey, until: float) -> None:
        """Nothing goes to this chat until then."""
        self._chat_paused_until[chat] = max(self._chat_paused_until.get(chat, 0.0), until)

    def forget_idle(self, now: float) -> None:
        """Lets go of chats in which nothing counts any more, now and then."""
        if now < self._tidied_at + TIDY_SECONDS:
            return
        self._tidied_at = now
        usual = self._quickest.seconds
        for chat in [
            chat for chat, windows in self._chats.items() if all(each.idle(now, usual) for each in windows)
        ]:
            del self._chats[chat]
        for chat in [chat for chat, until in self._chat_paused_until.items() if until <= now]:
            del self._chat_paused_until[chat]

    def _take_places(
        self, departure: Departure, chat: ChatKey | None, *, in_group: bool, messages: int
    ) -> None:
        if self._bot:
            self._bot.note(departure, messages=messages)
        if chat is not None:
            for window in self._windows_of(chat, in_group=in_group):
                window.note(departure, messages=messages)

    def _windows_of(self, chat: ChatKey, *, in_group: bool) -> list[SlidingWindow]:
        windows = self._chats.get(chat)
        if windows is None:
            per_chat = _window(self._rates.chat, burst=CHAT_BURST)
            per_group = SlidingWindow(max(1, int(self._rates.group)), 60.0) if self._rates.group else None
            wanted = [per_chat, per_group] if in_group else [per_chat]
            windows = self._chats[chat] = [window for window in wanted if window is not None]
        return windows

    def _windows(self) -> Iterator[SlidingWindow]:
        if self._bot:
            yield self._bot
        for windows in self._chats.values():
            yield from windows


def _window(rate: float, *, burst: int) -> SlidingWindow | None:
    """At most `burst` at once and `rate` a second in the long run; None for no limit."""
    return SlidingWindow(burst, burst / rate) if rate else None
