"""The calls of one bot that wait in memory: chat by chat in order, all chats side by side."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterator
from operator import attrgetter

from botyard.ids import ChatKey, OutboxId
from botyard.outbox.models import Priority
from botyard.outbox.queue import WaitingCall

ROOM = 1000
"""A priority with so many calls in memory gets no more from the outbox."""
CHAT_MOST = 8
"""So many calls to one chat are held in memory; a chat with more must not fill the place of others."""
CHAT_FULL = 4
"""A chat with so many gets no more for now. Below `CHAT_MOST`, so that not each call sent means a query."""
FEW = 100
"""With fewer calls than these in memory, a chat whose line gets short is a reason to look for more."""

_PRIORITIES = tuple(Priority)
Line = tuple[ChatKey | None, Priority]
_age = attrgetter("id")


class Waiting:
    """Lines of calls. Within a chat and a priority the order of queueing is the order of sending."""

    def __init__(self) -> None:
        self._lines: dict[Line, list[WaitingCall]] = {}
        self._heads: dict[Priority, list[WaitingCall]] = {priority: [] for priority in Priority}
        self._held: Counter[Priority] = Counter()
        self._known: set[OutboxId] = set()
        self._left_lately: set[OutboxId] = set()
        self._busy: set[ChatKey] = set()
        self._left_behind: set[Line] = set()
        self._short: set[Priority] = set()
        self.deadlines = 0
        """How many of the calls in line must not be sent after some moment."""

    @property
    def known(self) -> set[OutboxId]:
        """The calls held here or under way."""
        return self._known

    @property
    def chats(self) -> set[ChatKey]:
        """The chats of the calls held here or under way."""
        return self._busy | {chat for chat, _ in self._lines if chat is not None}

    def open_priorities(self) -> set[Priority]:
        """The priorities of which more can be held: bulk that fills its room leaves that of the others."""
        return {priority for priority in Priority if self._held[priority] < ROOM}

    def full_chats(self) -> dict[Priority, list[ChatKey]]:
        """Chats that hold as much as they may, by priority: more urgent calls still find room."""
        full: defaultdict[Priority, list[ChatKey]] = defaultdict(list)
        for (chat, priority), line in self._lines.items():
            if chat is not None and len(line) >= CHAT_FULL:
                full[priority].append(chat)
                self._left_behind.add((chat, priority))
        return full

    def take_short(self) -> set[Priority]:
        """Priorities at which a chat's line got short since this was asked last, and little else waits."""
        short, self._short = self._short, set()
        return {priority for priority in short if self._held[priority] < FEW}

    def about_to_load(self) -> None:
        """From here on, calls that leave are remembered: a query under way may still show them waiting."""
        self._left_lately.clear()

    def add(self, call: WaitingCall) -> None:
        """Puts a call into its line, unless it is or just was here or the chat holds enough."""
        if call.id in self._known or call.id in self._left_lately:
            return
        line = call.chat_key, call.priority
        if call.chat_key is not None and len(self._lines.get(line, ())) >= CHAT_MOST:
            self._left_behind.add(line)
            return
        self._known.add(call.id)
        self._put(call)

    def heads(self) -> Iterator[WaitingCall]:
        """The calls that could be next, most urgent and oldest first; none of a chat that has one under way.

        Calls without a chat have no order among themselves: all of them are heads.
        """
        for priority in Priority:
            yield from self.heads_of(priority)

    def heads_of(self, priority: Priority) -> Iterator[WaitingCall]:
        """Those of this priority, the oldest first. Calls may be started meanwhile."""
        return iter(tuple(self._heads[priority]))

    def has_more_for(self, chat: ChatKey | None) -> bool:
        """Whether more calls to this chat wait here."""
        return chat is not None and any(self._lines_of(chat))

    def is_busy(self, chat: ChatKey | None) -> bool:
        """Whether a call to this chat is under way."""
        return chat in self._busy

    def start(self, call: WaitingCall) -> None:
        """The call, which is a head, goes under way: out of its line, and its chat rests."""
        if call.chat_key is None:
            self._hide(call)
        else:
            self._busy.add(call.chat_key)
            for line in self._lines_of(call.chat_key):
                self._hide(line[0])
        key = call.chat_key, call.priority
        line = self._lines[key]
        line.remove(call)
        self._held[call.priority] -= 1
        self.deadlines -= call.expires_at is not None
        if not line:
            del self._lines[key]
        if len(line) < CHAT_FULL and key in self._left_behind:
            self._left_behind.discard(key)
            self._short.add(call.priority)

    def put_back(self, call: WaitingCall) -> None:
        """The call is to be tried again: to its old place, before all that was queued after it."""
        self._put(call)
        self._rest_ends(call)

    def done(self, call: WaitingCall) -> None:
        """The call's outcome is recorded: its chat goes on."""
        self._known.discard(call.id)
        self._left_lately.add(call.id)
        self._rest_ends(call)

    def _put(self, call: WaitingCall) -> None:
        line = self._lines.setdefault((call.chat_key, call.priority), [])
        first = line[0] if line else None
        insort(line, call, key=_age)
        self._held[call.priority] += 1
        self.deadlines += call.expires_at is not None
        if call.chat_key is None:
            self._show(call)
        elif line[0] is call and call.chat_key not in self._busy:
            if first is not None:
                self._hide(first)
            self._show(call)

    def _rest_ends(self, call: WaitingCall) -> None:
        if call.chat_key in self._busy:
            self._busy.discard(call.chat_key)
            for line in self._lines_of(call.chat_key):
                self._show(line[0])

    def _lines_of(self, chat: ChatKey) -> list[list[WaitingCall]]:
        return [line for priority in _PRIORITIES if (line := self._lines.get((chat, priority)))]

    def _show(self, head: WaitingCall) -> None:
        insort(self._heads[head.priority], head, key=_age)

    def _hide(self, head: WaitingCall) -> None:
        heads = self._heads[head.priority]
        del heads[bisect_left(heads, head.id, key=_age)]

    def __len__(self) -> int:
        return len(self._known)
