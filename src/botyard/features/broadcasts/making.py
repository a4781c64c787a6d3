"""Messages put into a broadcast: into the place of an old one, or as one more variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts import contents
from botyard.features.broadcasts.message import Message, MessageButton, MessageKind
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import drafts
from botyard.features.broadcasts.service.drafts import BadBroadcast, Wording
from botyard.ids import BotId
from botyard.members.audit import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """Which of a broadcast's messages is meant: the one of this number, or a new one for these members.

    `share` is its percentage of those of its language; None: as much as each other message gets.
    """

    number: int | None
    language: str | None = None
    share: int | None = None


async def put(
    session: AsyncSession, broadcast: Broadcast, place: Place, message: Message, by: Actor, now: datetime
) -> None:
    """Puts a message there; the buttons of the old one stay. Raises `BadBroadcast` and `WrongMoment`."""
    wordings = await drafts.wordings_of(session, broadcast)
    if place.number is None:
        number = max((each.number for each in wordings), default=0) + 1
        wordings = _shared_out(wordings, Wording(number, message, place.language), place.share)
    elif wordings:
        before = _wording(wordings, place.number)
        if message.kind is not MessageKind.ALBUM:
            message = msgspec.structs.replace(message, buttons=before.message.buttons)
        wordings = _with(wordings, replace(before, message=message))
    else:
        wordings = [Wording(1, message)]
    await drafts.word(session, broadcast, wordings, by, now)


async def put_buttons(
    session: AsyncSession,
    broadcast: Broadcast,
    number: int,
    rows: tuple[tuple[MessageButton, ...], ...],
    by: Actor,
    now: datetime,
) -> None:
    """Puts other buttons under one of its messages. Raises `BadBroadcast` and `WrongMoment`."""
    wordings = await drafts.wordings_of(session, broadcast)
    before = _wording(wordings, number)
    message = msgspec.structs.replace(before.message, buttons=rows)
    contents.checked(message, BotId(broadcast.bot_id))
    await drafts.word(session, broadcast, _with(wordings, replace(before, message=message)), by, now)


async def readdress(
    session: AsyncSession,
    broadcast: Broadcast,
    number: int,
    language: str | None,
    share: int | None,
    by: Actor,
    now: datetime,
) -> None:
    """Says anew for whom one of its messages is. Raises `BadBroadcast` and `WrongMoment`."""
    wordings = await drafts.wordings_of(session, broadcast)
    changed = replace(_wording(wordings, number), language=language)
    others = [each for each in wordings if each.number != number]
    await drafts.word(session, broadcast, _shared_out(others, changed, share), by, now)


async def remove(session: AsyncSession, broadcast: Broadcast, number: int, by: Actor, now: datetime) -> None:
    """Takes one of its messages out. Raises `BadBroadcast` for the last one, and `WrongMoment`."""
    wordings = await drafts.wordings_of(session, broadcast)
    gone = _wording(wordings, number)
    await drafts.word(session, broadcast, [each for each in wordings if each != gone], by, now)


def _shared_out(others: Sequence[Wording], added: Wording, percent: int | None) -> list[Wording]:
    """All of them, by their numbers: the added one with its percentage, its like with the rest."""
    alike = [each for each in others if each.language == added.language]
    total = sum(each.share for each in alike)
    if percent is None:
        added = replace(added, share=max(1, round(total / len(alike))) if alike else 1)
        return sorted([*others, added], key=lambda each: each.number)
    rest = 100 - percent
    scaled = {each.number: max(1, round(each.share * rest / total)) for each in alike}
    changed = [replace(each, share=scaled.get(each.number, each.share)) for each in others]
    return sorted([*changed, replace(added, share=percent)], key=lambda each: each.number)


def _wording(wordings: Sequence[Wording], number: int) -> Wording:
    found = next((each for each in wordings if each.number == number), None)
    if found is None:
        raise BadBroadcast(f"It has no message {number}.", remedy="Write one first.")
    return found


def _with(wordings: Sequence[Wording], changed: Wording) -> list[Wording]:
    return [changed if each.number == changed.number else each for each in wordings]
