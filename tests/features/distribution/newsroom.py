"""An admin who posts, and seven groups of subscribers: what the tests of posts share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.support.outcomes import bot_of
from tests.support.running import OWNER, PAUL, Running, running

from botyard.features.distribution.models import Copy, CopyState, Post
from botyard.jobs import runner
from botyard.members.models import AuditEntry, Chat
from botyard.routing import switchboard

GOLD, CRYPTO, FOREX = -1001000000101, -1001000000102, -1001000000103
GOLD_CRYPTO, GOLD_FOREX, CRYPTO_FOREX = -1001000000104, -1001000000105, -1001000000106
ALL_THREE = -1001000000107
TITLES = {
    GOLD: "Gold",
    CRYPTO: "Crypto",
    FOREX: "Forex",
    GOLD_CRYPTO: "Gold & Crypto",
    GOLD_FOREX: "Gold & Forex",
    CRYPTO_FOREX: "Crypto & Forex",
    ALL_THREE: "All three",
}
GROUP_MAP = {
    "gold": [GOLD],
    "crypto": [CRYPTO],
    "forex": [FOREX],
    "gold+crypto": [GOLD_CRYPTO],
    "gold+forex": [GOLD_FOREX],
    "crypto+forex": [CRYPTO_FOREX],
    "gold+crypto+forex": [ALL_THREE],
}
"""A real business: three topics, their four combinations, seven groups."""

Message = dict[str, Any]


@dataclass
class Newsroom:
    """The running service, and an admin who posts."""

    house: Running

    async def card(self) -> Message:
        """The bot's newest message to the admin."""
        return (await self.house.replies(OWNER))[-1]

    async def post(self, text: str | None = None, **more: Any) -> Message:
        """The admin writes to the bot; the message that the bot answers with."""
        before = len(await self.house.replies(OWNER))
        await self.write(text, **more)
        return await self.next_card(before)

    async def write(self, text: str | None = None, *, user_id: int = OWNER, **more: Any) -> Any:
        """Somebody writes, with or without a text."""
        if text is not None:
            more["text"] = text
        return await self.house.control("POST", "messages", bot="shop", user_id=user_id, **more)

    async def next_card(self, before: int) -> Message:
        """The bot's message after so many."""

        async def is_there() -> bool:
            return len(await self.house.replies(OWNER)) > before

        await self.house.until(is_there)
        return (await self.house.replies(OWNER))[before]

    async def shows(self, card: Message, *words: str, seconds: float = 10.0) -> Message:
        """The card once all of the words are in it."""

        async def does() -> bool:
            now = await self.again(card)
            return all(word in now["text"] for word in words)

        try:
            await self.house.until(does, seconds=seconds)
        except TimeoutError:
            raise AssertionError(f"{words} are not in:\n{(await self.again(card))['text']}") from None
        return await self.again(card)

    async def again(self, card: Message) -> Message:
        """The card as it is now."""
        return next(
            each for each in await self.house.messages(OWNER) if each["message_id"] == card["message_id"]
        )

    async def press(self, card: Message, label: str) -> str:
        """The admin presses a button; what the bot answers to the press itself."""
        return await self.press_data(card, data_of(await self.again(card), label))

    async def delete(self, card: Message) -> None:
        """The admin deletes all copies, and is asked before."""
        await self.press(card, "Delete everywhere")
        await self.shows(card, "Delete ")
        await self.press(card, "Delete ")

    async def press_data(self, card: Message, data: str) -> str:
        """A press with this data on a button of the card as it was when the admin saw it."""
        query = f"q{self.house.sandbox.world.new_id()}"
        message = {"message_id": card["message_id"], "date": 1, "text": "x"}
        message["chat"] = {"id": OWNER, "type": "private", "first_name": "Olivia"}
        sender = {
            "id": OWNER,
            "is_bot": False,
            "first_name": "Olivia",
            "last_name": "Stone",
            "language_code": "en",
        }
        payload = {"id": query, "from": sender, "chat_instance": "1", "message": message, "data": data}
        await self.house.control("POST", "updates", bot="shop", update={"callback_query": payload})

        async def is_answered() -> bool:
            return bool((await self.house.control("GET", f"callbacks/{query}"))["answered"])

        await self.house.until(is_answered)
        return str((await self.house.control("GET", f"callbacks/{query}"))["text"] or "")

    async def send(self, text: str | None = None, **more: Any) -> Message:
        """The admin posts and presses Send; the confirmation, once all is final."""
        card = await self.post(text, **more)
        await self.press(card, "Send")
        return await self.shows(card, "Sent to")

    async def copies(self, chat_id: int) -> list[Message]:
        """What the bot has put into a group and not deleted."""
        found = await self.house.messages(OWNER, chat_id=chat_id)
        return [each for each in found if each.get("from", {}).get("is_bot") and not each["deleted"]]

    async def reached(self) -> set[int]:
        """The groups in which the bot has a message."""
        return {chat_id for chat_id in TITLES if await self.copies(chat_id)}

    async def fault(self, kind: str, **more: Any) -> None:
        """Orders a fault of the sandbox."""
        order = {"kind": kind} | more  # one of its fields is called method
        async with self.house.http.post(f"{self.house.sandbox_url}/control/faults", json=order) as response:
            assert response.status < 400, await response.text()

    async def posts(self) -> list[Post]:
        """All posts, oldest first."""
        async with self.house.database.reading() as session:
            return list(await session.scalars(select(Post).order_by(Post.id)))

    async def states(self) -> dict[int, CopyState]:
        """The states of the newest post's copies, by Telegram's id of the chat."""
        post = (await self.posts())[-1]
        async with self.house.database.reading() as session:
            rows = await session.execute(
                select(Chat.telegram_id, Copy.state)
                .join(Chat, Chat.id == Copy.chat_key)
                .where(Copy.post_id == post.id)
            )
            return {row.telegram_id: row.state for row in rows}

    async def audited(self) -> list[str]:
        """The actions on posts in the audit log, oldest first."""
        async with self.house.database.reading() as session:
            found = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
            return [action for action in found if action.startswith("distribution.")]

    async def settled(self) -> None:
        """Waits until the service has nothing to do any more, as far as half a second tells."""
        await asyncio.sleep(0.5)


def labels(card: Message) -> list[str]:
    """The texts of the buttons under a message."""
    rows: Sequence[Sequence[Mapping[str, str]]] = (card.get("reply_markup") or {}).get("inline_keyboard", [])
    return [each["text"] for row in rows for each in row]


def data_of(card: Message, label: str) -> str:
    """The data of the first button whose text begins so."""
    rows = (card.get("reply_markup") or {}).get("inline_keyboard", [])
    found = [each for row in rows for each in row if each["text"].startswith(label)]
    assert found, f"no button {label} among {labels(card)}"
    return str(found[0].get("callback_data") or found[0].get("url"))


@asynccontextmanager
async def newsroom(
    database_url: str,
    folder: Path,
    *,
    group_map: Mapping[str, list[int]] | None = None,
    webhook: bool = False,
) -> AsyncIterator[Newsroom]:
    """The service with the rules of a map, in groups where its bot may write. Jobs are looked for often."""
    more: dict[str, Any] = {"send_rate": 0, "chat_rate": 0, "group_rate": 0, "webhook": webhook}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switchboard, "LOOK_SECONDS", 0.05)
        patch.setattr(runner, "LOOK_SECONDS", 0.05)
        async with running(database_url, folder, group_map=dict(group_map or GROUP_MAP), **more) as house:
            shop = bot_of(house).id
            for chat_id, title in TITLES.items():
                members = [{"user_id": OWNER, "status": "creator"}, {"user_id": PAUL, "status": "member"}]
                members.append({"user_id": shop, "status": "administrator"})
                await house.control("POST", "chats", id=chat_id, title=title, members=members)
            room = Newsroom(house)
            await house.ask(OWNER, "/start")
            yield room
