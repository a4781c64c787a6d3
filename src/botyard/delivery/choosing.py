"""Which of the waiting calls go next, and when each of them leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from botyard.clock import Clock
from botyard.delivery.intake import LOOK_SECONDS, Intake, Place
from botyard.delivery.pacer import Pacer
from botyard.delivery.waiting import Waiting
from botyard.delivery.window import Departure
from botyard.outbox.models import Priority
from botyard.outbox.queue import WaitingCall
from botyard.telegram.methods import counts_as_message

AT_ONCE = 450
"""Calls of one bot under way at the same time: 1,000 a second while an answer takes 0.3 s, and some more."""
BULK_AT_ONCE = 400
"""So many of them when the next is bulk: slow bulk must not take the last place from a reply."""
LEAD_SECONDS = 0.1
"""A message is marked as being sent so long before the limits allow it: marking it costs none of the rate."""


@dataclass(frozen=True, slots=True)
class Going:
    """A call that is about to be made, and its place among the limits."""

    call: WaitingCall
    place: Place | None
    leaves_at: float
    departure: Departure | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes now. In `pause` seconds there is more to choose, or when a call ends if it `is_full`."""

    going: Sequence[Going]
    pause: float
    is_full: bool


class Chooser:
    """Looks through one bot's waiting calls, the most urgent first."""

    def __init__(self, waiting: Waiting, intake: Intake, pacer: Pacer, clock: Clock) -> None:
        self._waiting = waiting
        self._intake = intake
        self._pacer = pacer
        self._clock = clock

    def choose(self, under_way: int) -> Choice:
        """Takes what the limits allow within `LEAD_SECONDS`, beside so many calls that are under way."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        going: list[Going] = []
        pause, is_full = LOOK_SECONDS, False
        for priority in Priority:
            room = (BULK_AT_ONCE if priority.is_bulk else AT_ONCE) - under_way
            for call in self._waiting.heads_of(priority):
                if len(going) >= room:
                    is_full = True
                    break
                if self._waiting.is_busy(call.chat_key):
                    continue
                bot_wait = self._pacer.bot_wait(
                    monotonic, messages=_messages(call), bulk=priority.is_bulk, paid=priority.is_paid
                )
                if bot_wait > LEAD_SECONDS and priority.is_bulk:  # so must all the rest of it
                    pause = min(pause, bot_wait - LEAD_SECONDS / 2)
                    break
                wait = max(bot_wait, self._own_wait(call, now, monotonic))
                if wait > LEAD_SECONDS:
                    pause = min(pause, wait - LEAD_SECONDS / 2)
                    continue
                self._waiting.start(call)
                going.append(self._going(call, monotonic + wait))
        return Choice(going, pause, is_full)

    def give_back(self, going: Sequence[Going]) -> None:
        """They could not be marked as being sent: they wait again."""
        for each in going:
            self._waiting.put_back(each.call)
            self.never_left(each)

    def never_left(self, going: Going) -> None:
        """The call is not made: its place among the limits is free again."""
        if going.departure:
            self._pacer.ended(going.departure, self._clock.monotonic())

    def _own_wait(self, call: WaitingCall, now: datetime, monotonic: float) -> float:
        """Seconds until the call's own time has come and its chat may get it."""
        own = (call.not_before - now).total_seconds() if call.not_before else 0.0
        if call.chat_key is None:
            return own
        return max(own, self._pacer.chat_wait(monotonic, call.chat_key, messages=_messages(call)))

    def _going(self, call: WaitingCall, leaves_at: float) -> Going:
        place = None if call.chat_key is None else self._intake.place(call.chat_key)
        messages = _messages(call)
        if not messages:
            return Going(call, place, leaves_at, None)
        departure = self._pacer.note(
            leaves_at,
            call.chat_key,
            in_group=self._intake.is_group(call.chat_key),
            bulk=call.priority.is_bulk,
            paid=call.priority.is_paid,
            messages=messages,
        )
        return Going(call, place, leaves_at, departure)


def _messages(call: WaitingCall) -> int:
    """How many messages count against the limits: none for a call that puts none into a chat."""
    return call.messages if counts_as_message(call.method) else 0
