"""Telegram's limits, kept exactly: never more in any sliding window than allowed, and never much less.

Only the process that holds the bot's lease paces it, so no server is needed to count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from botyard.delivery.window import Departure, Quickest, SlidingWindow
from botyard.ids import ChatKey

CHAT_BURST = 3
"""So many messages may go to one chat at once ("short bursts pass"); then the rate counts."""
BULK_SLACK = 0.3
"""Bulk that is late, as after a slow commit, may catch up so many seconds of it."""
CATCHING_UP = 2.0
"""So many times faster than usual: a burst would have to wait for itself on its way."""
IDLE_SECONDS = 1.0
"""Bulk that is later than this was not there before: it has nothing to catch up."""
TIDY_SECONDS = 1.0
"""How often chats are looked through for those in which nothing counts any more."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Limits: messages a second for the bot and in a chat, messages a minute in a group. 0: no limit.

    `paid` is the limit of a bot that pays for broadcasts (`allow_paid_broadcast`), in messages a second: what
    is paid for counts only there, the rest there and against `bot`. Without a limit of its own the rest
    counts nowhere.
    """

    bot: float
    chat: float
    group: float
    paid: float = 0.0


class BotLimit:
    """A limit on all messages of the bot, or on all that are not paid for.

    The bulk that it is for is spread over the second, and all else takes its turn in that: so a reply always
    finds a place soon.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        most = max(1, int(rate))
        self.window = SlidingWindow(most, most / rate)
        self._due_at = self._apart_at = -math.inf

    def wait(self, now: float, usual: float, *, messages: int, bulk: bool) -> float:
        """Seconds until so many more messages are allowed; 0.0 when they are now."""
        wait = self.window.wait(now, usual, messages=messages)
        return max(wait, self._due_at - now, self._apart_at - now) if bulk else wait

    def note(self, departure: Departure, *, messages: int, bulk: bool) -> None:
        """Messages are to leave."""
        self.window.note(departure, messages=messages)
        at, takes = departure.planned, messages / self._rate
        if bulk:
            was_idle = at - self._due_at > IDLE_SECONDS
            self._due_at = at if was_idle else max(self._due_at, at - BULK_SLACK)
            self._apart_at = at + takes / CATCHING_UP
        self._due_at += takes


class Pacer:
    """The limits of one bot. Times are monotonic seconds."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        whole = [BotLimit(max(rates.paid, rates.bot))] if rates.paid else []
        self._on_paid = [(limit, True) for limit in whole]
        self._on_unpaid = (
            [(BotLimit(rates.bot), True), *((each, False) for each in whole)] if rates.bot else []
        )
        self._chats: dict[ChatKey, list[SlidingWindow]] = {}
        self._bot_paused_until = 0.0
        self._chat_paused_until: dict[ChatKey, float] = {}
        self._quickest = Quickest()
        self._tidied_at = 0.0

    def bot_wait(self, now: float, *, messages: int, bulk: bool = False, paid: bool = False) -> float:
        """Seconds until this bot may make a call; the `messages` in it also count against its rate.

        `bulk` is spread evenly; what is `paid` for has a rate of its own.
        """
        wait = max(0.0, self._bot_paused_until - now)
        if not messages:
            return wait
        usual = self._quickest.seconds
        for limit, is_own in self._limits(paid=paid):
            wait = max(wait, limit.wait(now, usual, messages=messages, bulk=bulk and is_own))
        return wait

    def chat_wait(self, now: float, chat: ChatKey, *, messages: int) -> float:
        """Seconds until a call to this chat is allowed, with so many messages in it."""
        paused = max(0.0, self._chat_paused_until.get(chat, 0.0) - now)
        if not messages:
            return paused
        usual = self._quickest.seconds
        windows = self._chats.get(chat, ())
        return max([paused, *(window.wait(now, usual, messages=messages) for window in windows)])

    def note(
        self,
        at: float,
        chat: ChatKey | None,
        *,
        in_group: bool,
        bulk: bool = False,
        paid: bool = False,
        messages: int = 1,
    ) -> Departure:
        """Messages of one call, which is to leave then, take their places in every window.

        Whoever makes the call tells `leaves` and `ended`.
        """
        departure = Departure(at)
        for limit, is_own in self._limits(paid=paid):
            limit.note(departure, messages=messages, bulk=bulk and is_own)
        self._note_in_chat(departure, chat, in_group=in_group, messages=messages)
        return departure

    def recall(
        self, at: float, chat: ChatKey | None, *, in_group: bool, paid: bool = False, messages: int = 1
    ) -> None:
        """Whoever had the bot before sent this, and had its answer then."""
        departure = Departure(at, left=at, answered=at)
        for limit, _ in self._limits(paid=paid):
            limit.window.note(departure, messages=messages)
        self._note_in_chat(departure, chat, in_group=in_group, messages=messages)

    def leaves(self, departure: Departure, now: float) -> None:
        """The message leaves now, maybe later than planned."""
        departure.left = now

    def ended(self, departure: Departure, now: float) -> None:
        """The call is over. Telegram has counted the message before this, unless it never left."""
        if departure.left is None:
            for window in departure.windows:
                window.never_left(departure)
            return
        departure.answered = now
        self._know_the_way(now, now - departure.left)
        counted_at = departure.counted_at(now, self._quickest.seconds)
        for window in departure.windows:
            window.answered(departure, counted_at)

    def pause_bot(self, until: float) -> None:
        """Telegram asked this bot to be silent until then."""
        self._bot_paused_until = max(self._bot_paused_until, until)

    def bot_is_paused(self, now: float) -> bool:
        """Whether the bot has to be silent now."""
        return now < self._bot_paused_until

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

    def _limits(self, *, paid: bool) -> list[tuple[BotLimit, bool]]:
        """Those that hold for a message, and whether they are for bulk of its kind."""
        return self._on_paid if paid else self._on_unpaid

    def _note_in_chat(
        self, departure: Departure, chat: ChatKey | None, *, in_group: bool, messages: int
    ) -> None:
        if chat is not None:
            for window in self._windows_of(chat, in_group=in_group):
                window.note(departure, messages=messages)

    def _know_the_way(self, now: float, took: float) -> None:
        before = self._quickest.seconds
        self._quickest.note(now, took)
        shorter_by = before - self._quickest.seconds
        if shorter_by > 0:
            for limit, _ in self._on_unpaid or self._on_paid:
                limit.window.put_off(shorter_by)
            for windows in self._chats.values():
                for window in windows:
                    window.put_off(shorter_by)

    def _windows_of(self, chat: ChatKey, *, in_group: bool) -> list[SlidingWindow]:
        windows = self._chats.get(chat)
        if windows is None:
            windows = self._chats[chat] = []
            if self._rates.chat:
                windows.append(SlidingWindow(CHAT_BURST, CHAT_BURST / self._rates.chat))
            if self._rates.group and in_group:
                windows.append(SlidingWindow(max(1, int(self._rates.group)), 60.0))
        return windows
