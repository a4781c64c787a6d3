"""Which broadcast brought a member to do something: a start, a leave, and later a payment."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.features.broadcasts.models import Broadcast, Variant, Visit, VisitKind
from botyard.ids import UserId

PREFIX = "b"
"""Of the payloads by which members come from a broadcast: `b-<broadcast>-<variant>[-<what else>]`."""
LONGEST_PAYLOAD = 64
_LINK = re.compile(r"(https?://(?:t|telegram)\.me/([A-Za-z0-9_]+))(?:\?start=([A-Za-z0-9_-]+))?")
_HREF = re.compile(r"""(href=["'])([^"'<>]+)""", re.IGNORECASE)


def carrying(url: str, bot_username: str | None, broadcast_id: int, variant: int) -> str:
    """The address; one that leads to a chat with the bot itself also tells which message led there.

    What it carries already goes along, or stays alone where both would be too long for Telegram.
    """
    found = _LINK.fullmatch(url)
    if found is None or bot_username is None or found[2].lower() != bot_username.lower():
        return url
    payload = "-".join(filter(None, [PREFIX, str(broadcast_id), str(variant), found[3]]))
    return url if len(payload) > LONGEST_PAYLOAD else f"{found[1]}?start={payload}"


def carrying_html(html: str, bot_username: str | None, broadcast_id: int, variant: int) -> str:
    """The text with all its links like that."""
    return _HREF.sub(lambda found: found[1] + carrying(found[2], bot_username, broadcast_id, variant), html)


async def visited(
    session: AsyncSession,
    broadcast_id: int,
    user_id: UserId,
    variant: int,
    kind: VisitKind,
    now: datetime,
) -> bool:
    """Writes down what a member did because of a message, if it is the first time; whether there is such one.

    Links can be forged: a message that does not exist, or of a broadcast that never began, counts nothing.
    """
    broadcast = await session.get(Broadcast, broadcast_id)
    if broadcast is None or broadcast.state.is_new:
        return False
    # asked for all numbers, because a forged one may be too large for the column
    numbers = await session.scalars(select(Variant.number).where(Variant.broadcast_id == broadcast_id))
    if variant not in set(numbers):
        return False
    values = {
        "broadcast_id": broadcast_id,
        "user_id": user_id,
        "kind": kind,
        "variant": variant,
        "at": now,
    }
    await session.execute(insert_new(session.get_bind().dialect, Visit).values(values))
    return True


async def last_touch(
    session: AsyncSession, user_id: UserId, since: datetime, until: datetime | None = None
) -> tuple[int, int] | None:
    """The broadcast, and the number of its message, that last brought the member to do something, since then.

    A start by its link, or a press that is counted; with `until`, not later than that.
    """
    brings = [VisitKind.START, VisitKind.CLICK]
    touches = select(Visit.broadcast_id, Visit.variant).where(
        Visit.user_id == user_id, Visit.kind.in_(brings), Visit.at >= since
    )
    if until is not None:
        touches = touches.where(Visit.at <= until)
    latest = touches.order_by(Visit.at.desc(), Visit.broadcast_id.desc()).limit(1)
    row = (await session.execute(latest)).first()
    return None if row is None else (row.broadcast_id, row.variant)
