"""A broadcast's messages as calls: buttons that count, and one to leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.message import (
    ButtonKind,
    Message,
    MessageButton,
    MessageKind,
    Prepared,
    prepare,
)
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import attribution, drafts
from botyard.features.broadcasts.service.drafts import Wording
from botyard.features.tracking import service as tracking

LEAVE = "No more of these"


@dataclass(frozen=True, slots=True)
class Shop:
    """What messages need of the service: where links lead through, whether they do, the bot's name."""

    base_url: str
    counts_clicks: bool
    bot_username: str | None


def label_of(broadcast_id: int, variant: int, number: int) -> str:
    """Under what the clicks on a button are counted. A press carries it too."""
    return f"broadcast:press:{broadcast_id}:{variant}:{number}"


async def messages(
    session: AsyncSession, broadcast: Broadcast, shop: Shop, now: datetime
) -> dict[int, Prepared]:
    """The calls of all its messages, by their numbers."""
    return {
        each.number: await message(session, broadcast, each, shop, now)
        for each in await drafts.wordings_of(session, broadcast)
    }


async def message(
    session: AsyncSession, broadcast: Broadcast, wording: Wording, shop: Shop, now: datetime
) -> Prepared:
    """The call of one of its messages."""
    rows = [
        [await _button(session, broadcast, wording, number, button, shop, now) for number, button in row]
        for row in numbered(wording.message)
    ]
    said = _carrying(broadcast, wording, shop.bot_username)
    if said.kind is not MessageKind.ALBUM:
        rows.append([{"text": LEAVE, "callback_data": f"broadcast:leave:{broadcast.id}:{wording.number}"}])
    elif shop.bot_username:
        link = f"https://t.me/{shop.bot_username}?start=leave-{broadcast.id}-{wording.number}"
        said = with_way_out(said, link)
    made = prepare(said, {"inline_keyboard": rows} if rows else None, paid=broadcast.paid)
    return replace(made, language=wording.language, bot_username=shop.bot_username)


def _carrying(broadcast: Broadcast, wording: Wording, bot_username: str | None) -> Message:
    """The message, whose links to the bot tell what led there."""
    html = wording.message.html
    if html is None:
        return wording.message
    html = attribution.carrying_html(html, bot_username, broadcast.id, wording.number)
    return msgspec.structs.replace(wording.message, html=html)


def trial(broadcast: Broadcast, wording: Wording, bot_username: str | None) -> Prepared:
    """The call that shows one of its messages to who makes it: nothing that he does with it counts.

    Links lead straight to where they lead, presses are answered and no more, and it costs no Star.
    """
    label = f"trial:{broadcast.id}:{wording.number}"
    rows = [
        [_plain_button(button, f"{label}:{number}") for number, button in row]
        for row in numbered(wording.message)
    ]
    said = wording.message
    if said.kind is not MessageKind.ALBUM:
        rows.append([{"text": LEAVE, "callback_data": f"{label}:0"}])
    elif bot_username:
        said = with_way_out(said, f"https://t.me/{bot_username}")
    made = prepare(said, {"inline_keyboard": rows} if rows else None)
    return replace(made, language=wording.language, bot_username=bot_username)


def with_way_out(message: Message, link: str) -> Message:
    """The message with a last line that leads off the list: an album has no button for it."""
    leave = f'<a href="{link}">{LEAVE}</a>'
    return msgspec.structs.replace(message, html=f"{message.html or ''}\n\n{leave}".strip())


def numbered(message: Message) -> list[list[tuple[int, MessageButton]]]:
    """The buttons with their numbers, counted from 1 through all rows."""
    count = 0
    rows = []
    for row in message.buttons:
        rows.append([(count + place, button) for place, button in enumerate(row, 1)])
        count += len(row)
    return rows


async def _button(
    session: AsyncSession,
    broadcast: Broadcast,
    wording: Wording,
    number: int,
    button: MessageButton,
    shop: Shop,
    now: datetime,
) -> dict[str, Any]:
    label = label_of(broadcast.id, wording.number, number)
    if button.kind in (ButtonKind.LINK, ButtonKind.TRACKED):
        url = attribution.carrying(button.target, shop.bot_username, broadcast.id, wording.number)
        button = msgspec.structs.replace(button, target=url)
    if button.kind is ButtonKind.TRACKED and shop.counts_clicks:
        url = await tracking.tracked_url(session, shop.base_url, button.target, label, now)
        return {"text": button.text, "url": url}
    return _plain_button(button, label)


def _plain_button(button: MessageButton, data: str) -> dict[str, Any]:
    match button.kind:
        case ButtonKind.PRESS:
            return {"text": button.text, "callback_data": data}
        case ButtonKind.MINI_APP:
            return {"text": button.text, "web_app": {"url": button.target}}
        case _:
            return {"text": button.text, "url": button.target}
