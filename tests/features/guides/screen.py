"""A member's screen with the library on it: what it shows, and what he presses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from tests.support.outcomes import Outcome, given, told
from tests.support.running import Running

_queries = itertools.count(1)


@dataclass
class Screen:
    """The one message of the library."""

    house: Running
    user_id: int
    text: str = ""
    keyboard: list[list[dict[str, str]]] = field(default_factory=list)
    answer: str = ""
    """What the last press was answered with."""
    methods: list[str] = field(default_factory=list)
    """What the bot did last."""

    @property
    def labels(self) -> list[str]:
        return [each["text"] for row in self.keyboard for each in row]

    @property
    def data(self) -> list[str]:
        return [each["callback_data"] for row in self.keyboard for each in row if "callback_data" in each]

    def link(self, label: str) -> str:
        return next(each["url"] for row in self.keyboard for each in row if each["text"] == label)

    async def open(self, text: str = "/guides") -> Screen:
        """Writes something."""
        self._show(await told(self.house, self.user_id, text))
        return self

    async def press(self, label: str) -> Screen:
        """Presses the button whose label begins so."""
        presses = [each for row in self.keyboard for each in row if "callback_data" in each]
        return await self.forge(
            next(each["callback_data"] for each in presses if each["text"].startswith(label))
        )

    async def forge(self, data: str) -> Screen:
        """Presses a button with this data, whether there is one or not."""
        query = {
            "id": f"press-{next(_queries)}",
            "from": {"id": self.user_id, "is_bot": False, "first_name": "Presser"},
            "message": {
                "message_id": await self._last_message(),
                "date": 1,
                "chat": {"id": self.user_id, "type": "private", "first_name": "Presser"},
            },
            "chat_instance": "1",
            "data": data,
        }
        self._show(await given(self.house, callback_query=query))
        return self

    async def _last_message(self) -> int:
        async def is_there() -> bool:
            return bool(await self.house.replies(self.user_id))

        await self.house.until(is_there)
        return int((await self.house.replies(self.user_id))[-1]["message_id"])

    def _show(self, outcome: Outcome) -> None:
        assert outcome.how.endswith((":ok", ":denied", "dialog", "text")), outcome
        self.answer = ""
        self.methods = [method for method, _ in outcome.calls]
        for method, params in outcome.calls:
            if method == "answerCallbackQuery":
                self.answer = params["text"]
            else:
                self.text = params["text"]
                self.keyboard = params.get("reply_markup", {}).get("inline_keyboard", [])
