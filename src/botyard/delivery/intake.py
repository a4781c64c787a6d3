"""From the outbox into memory: what waits there, and where it is to go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from botyard.clock import Clock
from botyard.db.hot import HotConnection, HotStatement
from botyard.db.session import Database
from botyard.delivery.waiting import Waiting
from botyard.ids import BotId, ChatId, ChatKey
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bell import Bell
from botyard.outbox.models import Priority
from botyard.outbox.queue import WaitingCall

LOOK_SECONDS = 0.25
"""How often the outbox is looked into for what another process queued."""
LOAD_AT_ONCE = 500
LOADS_IN_A_ROW = 10
"""So many queries at most before something is sent."""
CHATS_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """A chat as Telegram knows it now."""

    chat_id: ChatId
    type: str

    @property
    def is_group(self) -> bool:
        """Whether the limit on groups holds here."""
        return self.type in ("group", "supergroup")


class Intake:
    """Fills one bot's `Waiting` from the outbox, when there is a reason to look."""

    def __init__(self, bot_id: BotId, database: Database, waiting: Waiting, bell: Bell, clock: Clock) -> None:
        self._bot_id = bot_id
        self._database = database
        self._waiting = waiting
        self._bell = bell
        self._clock = clock
        self._look_at = 0.0
        self._more: set[Priority] = set()
        self._places: dict[ChatKey, Place] = {}

    def place(self, key: ChatKey) -> Place:
        """Where a call in memory is to go."""
        return self._places[key]

    def is_group(self, key: ChatKey | None) -> bool:
        """Whether the limit on groups holds for this chat."""
        return key in self._places and self._places[key].is_group

    def moved(self, key: ChatKey, new: ChatId) -> None:
        """The group became a supergroup with this id."""
        self._places[key] = Place(new, "supergroup")

    async def fill(self) -> None:
        """Brings what is new, if something may be, and what was left behind when there was no room."""
        open_now = self._waiting.open_priorities()
        short = self._waiting.take_short()
        wanted = open_now if self._is_due() else open_now & (self._more | short)
        for _ in range(LOADS_IN_A_ROW):
            if not wanted:
                return
            await self._load(wanted)
            wanted = self._waiting.open_priorities() & self._more

    def _is_due(self) -> bool:
        now = self._clock.monotonic()
        if self._bell.take_news() or now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            return True
        return False

    async def _load(self, priorities: Collection[Priority]) -> None:
        self._waiting.about_to_load()
        known, full_chats = tuple(self._waiting.known), self._waiting.full_chats()
        now, places = self._clock.now(), self._places.keys()

        def read(hot: HotConnection) -> tuple[list[WaitingCall], dict[ChatKey, Place]]:
            calls = outbox_queue.load_waiting(
                hot,
                self._bot_id,
                now,
                priorities=priorities,
                known=known,
                full_chats=full_chats,
                most=LOAD_AT_ONCE,
            )
            return calls, _places(hot, {call.chat_key for call in calls} - places)

        calls, learnt = await self._database.read_batch(read)
        self._remember(learnt, {call.chat_key for call in calls})
        for call in calls:
            if call.chat_key is None or call.chat_key in self._places:
                self._waiting.add(call)
        self._more.difference_update(priorities)
        if len(calls) == LOAD_AT_ONCE:  # in the order of priority, so the more urgent ones are all here
            self._more |= {priority for priority in priorities if priority >= calls[-1].priority}

    async def learn(self, keys: Collection[ChatKey | None]) -> None:
        """From here on `place` knows these chats."""
        unknown = set(keys) - self._places.keys()
        self._remember(await self._database.read_batch(lambda hot: _places(hot, unknown)), keys)

    def _remember(self, places: Mapping[ChatKey, Place], keys: Collection[ChatKey | None]) -> None:
        if places and len(self._places) > CHATS_REMEMBERED:
            needed = self._waiting.chats | set(keys)
            self._places = {key: place for key, place in self._places.items() if key in needed}
        self._places |= places


_PLACES = HotStatement(
    "SELECT id, telegram_id, type FROM chats WHERE id IN (SELECT number FROM {chat})",
    chat={"number": "bigint"},
)


def _places(hot: HotConnection, keys: Collection[ChatKey | None]) -> dict[ChatKey, Place]:
    wanted = [{"number": key} for key in keys if key is not None]
    rows = hot.execute(_PLACES, chat=wanted) if wanted else []
    return {ChatKey(key): Place(ChatId(telegram_id), kind) for key, telegram_id, kind in rows}
