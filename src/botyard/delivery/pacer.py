"""Telegram's limits, kept exactly: never more in any sliding window than allowed, and never much less.

Only the process that holds the bot's lease paces it, so no server is needed to count.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from botyard.ids import ChatKey

CHAT_BURST = 3
"""So many messages may go to one chat at once ("short bursts pass"); then the rate counts."""
MARGIN = 0.005
"""Windows are this many seconds longer than asked: two clocks never agree to the last bit."""
MOST_DELAY = 0.25
"""Later than this after leaving, a message surely has arrived; from then on only Telegram is slow."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Limits: messages a second for the bot and in a chat, messages a minute in a group. 0: no limit."""

    bot: float
    chat: float
    group: float


BULK_SLACK = 0.1
"""Bulk that is late by no more than this may catch up."""
QUICKEST_SECONDS = 30.0
"""How long a quick answer is remembered: after that the way to Telegram may have become longer."""
ANSWERS_TO_KNOW = 100
"""With fewer answers of late, the quickest of them is no measure of the way."""


@dataclass(slots=True, eq=False)
class Departure:
    """A message on its way. Telegram counts it at some moment between its leaving and its answer."""

    left: float
    answered: float | None = None

    def counted_at(self, now: float, usual: float) -> float:
        """The latest moment at which Telegram may have counted it.

        `usual` seconds from leaving to answer are the way itself; what took longer may have been delay on
        the way there, and the next message may be quicker.
        """
        delay = (now if self.answered is None else self.answered) - self.left - usual
        return self.left + min(max(0.0, delay), MOST_DELAY)


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of one message in a window: that of its departure, or `later` seconds after it."""

    departure: Departure
    later: float

    def counted_at(self, now: float, usual: float) -> float:
        return self.departure.counted_at(now, usual) + self.later


class SlidingWindow:
    """At most `most` messages in any `seconds`."""

    __slots__ = ("_most", "_places", "_seconds")

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds + MARGIN
        self._places: deque[_Place] = deque()

    def wait(self, now: float, usual: float = 0.0, *, messages: int = 1) -> float:
        """Seconds until so many more messages are allowed; 0.0 when they are now.

        More than ever fit, as an album may be, wait for an empty window.
        """
        self._forget(now, usual)
        over = len(self._places) + min(messages, self._most) - 1 - self._most
        if over < 0:
            return 0.0
        counted = sorted(each.counted_at(now, usual) for each in self._places)
        return max(0.0, counted[over] + self._seconds - now)

    def note(self, departure: Departure, *, messages: int = 1) -> None:
        """Messages leave together. What does not fit takes the place of messages of the windows to come."""
        self._places.extend(_Place(departure, each // self._most * self._seconds) for each in range(messages))

    def idle(self, now: float, usual: float = 0.0) -> bool:
        """Whether nothing in it counts any more."""
        self._forget(now, usual)
        return not self._places

    def _forget(self, now: float, usual: float) -> None:
        while self._places and self._places[0].counted_at(now, usual) + self._seconds <= now:
            self._places.popleft()


class Quickest:
    """The shortest time from leaving to answer of late: that is the way itself, without any delay."""

    def __init__(self) -> None:
        self._since = 0.0
        self._before, self._lately = math.inf, math.inf
        self._answers_before, self._answers_lately = 0, 0

    @property
    def seconds(self) -> float:
        """0.0 as long as too little is known: the first answers are slow, for they had to connect."""
        if self._answers_before + self._answers_lately < ANSWERS_TO_KNOW:
            return 0.0
        return min(self._before, self._lately)

    def note(self, now: float, took: float) -> None:
        """An answer came now, after so many seconds."""
        if now - self._since > QUICKEST_SECONDS:
            self._since = now
            self._before, self._lately = self._lately, math.inf
            self._answers_before, self._answers_lately = self._answers_lately, 0
        self._lately = min(self._lately, took)
        self._answers_lately += 1


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
        if self._bot:
            self._bot.note(departure, messages=messages)
            if bulk:
                self._bulk_at = max(self._bulk_at, at - BULK_SLACK) + messages / self._rates.bot
        if chat is not None:
            for window in self._windows_of(chat, in_group=in_group):
                window.note(departure, messages=messages)
        return departure

    def leaves(self, departure: Departure, now: float) -> None:
        """The message leaves now, maybe later than planned."""
        departure.left = now

    def answered(self, departure: Departure, now: float) -> None:
        """Telegram has answered: the message was counted before this."""
        departure.answered = now
        self._quickest.note(now, now - departure.left)

    def pause_bot(self, until: float) -> None:
        """Telegram asked this bot to be silent until then."""
        self._bot_paused_until = max(self._bot_paused_until, until)

    def pause_chat(self, chat: ChatKey, until: float) -> None:
        """Nothing goes to this chat until then."""
        self._chat_paused_until[chat] = max(self._chat_paused_until.get(chat, 0.0), until)

    def forget_idle(self, now: float) -> None:
        """Lets go of chats in which nothing counts any more."""
        for chat in [
            chat
            for chat, windows in self._chats.items()
            if all(each.idle(now, self._quickest.seconds) for each in windows)
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
