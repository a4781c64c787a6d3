"""The calls of one bot that wait in memory: chat by chat in order, all chats side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from botyard.ids import ChatKey, OutboxId
from botyard.outbox.models import Priority
from botyard.outbox.queue import WaitingCall

CHAT_FULL = 20
"""So many calls to one chat are held in memory; a chat with more must not fill the place of others."""

Line = tuple[ChatKey | None, Priority]


class Waiting:
    """Lines of calls. Within a chat and a priority the order of queueing is the order of sending."""

    def __init__(self) -> None:
        self._lines: dict[Line, deque[WaitingCall]] = {}
        self._known: set[OutboxId] = set()
        self._left_lately: set[OutboxId] = set()
        self._busy: set[ChatKey] = set()

    @property
    def known(self) -> set[OutboxId]:
        """The calls held here or under way."""
        return self._known

    def full_chats(self) -> list[ChatKey]:
        """Chats that hold as much as they may."""
        return [
            chat for (chat, _), line in self._lines.items() if chat is not None and len(line) >= CHAT_FULL
        ]

    def about_to_load(self) -> None:
        """From here on, calls that leave are remembered: a query under way may still show them waiting."""
        self._left_lately.clear()

    def add(self, call: WaitingCall) -> None:
        """Puts a call at the end of its line, unless it is or just was here."""
        if call.id not in self._known and call.id not in self._left_lately:
            self._known.add(call.id)
            self._lines.setdefault((call.chat_key, call.priority), deque()).append(call)

    def heads(self) -> Iterator[WaitingCall]:
        """The calls that could be next, most urgent and oldest first; none of a chat that has one under way.

        Calls without a chat have no order among themselves: all of them are heads.
        """
        heads: list[WaitingCall] = []
        for (chat, _), line in self._lines.items():
            if chat is None:
                heads.extend(line)
            elif chat not in self._busy:
                heads.append(line[0])
        return iter(sorted(heads, key=lambda call: (call.priority, call.id)))

    def is_busy(self, chat: ChatKey | None) -> bool:
        """Whether a call to this chat is under way."""
        return chat in self._busy

    def start(self, call: WaitingCall) -> None:
        """The call goes under way: out of its line, and its chat rests."""
        line = self._lines[call.chat_key, call.priority]
        line.remove(call)
        if not line:
            del self._lines[call.chat_key, call.priority]
        if call.chat_key is not None:
            self._busy.add(call.chat_key)

    def done(self, call: WaitingCall) -> None:
        """The call's outcome is recorded: its chat goes on. If it is to be tried again it is loaded anew."""
        self._known.discard(call.id)
        self._left_lately.add(call.id)
        if call.chat_key is not None:
            self._busy.discard(call.chat_key)

    def __len__(self) -> int:
        return len(self._known)
