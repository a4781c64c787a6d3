"""Counting clicks: on links, which pass through here, and on buttons, whose presses members make."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from botyard.db.hot import HotConnection, HotStatement
from botyard.db.statements import insert_new
from botyard.features.tracking.models import Click, Target
from botyard.ids import UserId
from botyard.observability.metrics import CounterName

CLICKS = CounterName("marketing_clicks", "Clicks on tracked links and call-to-action buttons.")

TargetId = NewType("TargetId", int)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a tracked link leads."""

    id: TargetId
    url: str


@dataclass(frozen=True, slots=True)
class NewClick:
    """A click to count. `user_id` where it is known who clicked."""

    target: TargetId
    clicker: str
    at: datetime
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True)
class Clicks:
    """How often something was clicked, and by how many people."""

    total: int = 0
    unique: int = 0


@dataclass(frozen=True, slots=True)
class Clicker:
    """A member who clicked, how often, and when last."""

    user_id: UserId
    clicks: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Links:
    """How links are handed out here: through the click counter, where people can reach it, or straight."""

    base_url: str
    counts_clicks: bool

    async def lead(self, session: AsyncSession, url: str, label: str, now: datetime) -> str:
        """The address to hand out for `url`; its clicks are counted under `label`, if they are."""
        return await tracked_url(session, self.base_url, url, label, now) if self.counts_clicks else url


async def tracked_url(session: AsyncSession, base_url: str, url: str, label: str, now: datetime) -> str:
    """The address that counts a click under `label` and leads on to `url`. Asked again, it is the same."""
    target = await _target(session, label, url, now)
    return f"{base_url}/c/{target.token}"


async def press(session: AsyncSession, label: str, user_id: UserId, now: datetime) -> bool:
    """Counts a member's press of the button with this label; True for his first."""
    target = await _target(session, label, "", now)
    click = await session.get(Click, (target.id, f"user:{user_id}"), with_for_update=True)
    if click is not None:
        click.clicks, click.last_at = click.clicks + 1, now
        return False
    # a second press at the same moment is another update of the same lane: it waits for this one
    session.add(
        Click(
            target_id=target.id,
            clicker=f"user:{user_id}",
            user_id=user_id,
            clicks=1,
            first_at=now,
            last_at=now,
        )
    )
    await session.flush()
    return True


async def _target(session: AsyncSession, label: str, url: str, now: datetime) -> Target:
    wanted = select(Target).where(Target.label == label, Target.url == url)
    found = await session.scalar(wanted)
    if found is not None:  # as nearly always: only the first who asks makes it
        return found
    values = {"token": secrets.token_urlsafe(9), "label": label, "url": url, "created_at": now}
    await session.execute(insert_new(session.get_bind().dialect, Target).values(values))
    return (await session.scalars(wanted)).one()


async def destination_of(connection: AsyncConnection, token: str) -> Destination | None:
    """Where a tracked link leads; None for a token that nobody gave out."""
    row = (
        await connection.execute(select(Target.id, Target.url).where(Target.token == token, Target.url != ""))
    ).first()
    return Destination(TargetId(row.id), row.url) if row else None


def clicker_of(token: str, address: str, user_agent: str) -> str:
    """Tells visitors of one link apart. Of another link, or without the link, it says nothing of them."""
    return hashlib.sha256(f"{token}\n{address}\n{user_agent}".encode()).hexdigest()[:32]


_COUNT = HotStatement(
    """
    INSERT INTO clicks (target_id, clicker, user_id, clicks, first_at, last_at)
    SELECT target_id, clicker, user_id, clicks, at, at FROM {click} WHERE true
    ON CONFLICT (target_id, clicker) DO UPDATE
    SET clicks = clicks.clicks + excluded.clicks, last_at = excluded.last_at
    """,
    click={
        "target_id": "bigint",
        "clicker": "text",
        "user_id": "bigint",
        "clicks": "bigint",
        "at": "moment",
    },
)


def count_batch(hot: HotConnection, clicks: Sequence[NewClick]) -> list[None]:
    """Counts clicks on links, many in one statement."""
    counts = Counter((click.target, click.clicker) for click in clicks)
    first = {(click.target, click.clicker): click for click in reversed(clicks)}
    rows = [
        {
            "target_id": target,
            "clicker": clicker,
            "user_id": first[target, clicker].user_id,
            "clicks": counts[target, clicker],
            "at": first[target, clicker].at,
        }
        for target, clicker in sorted(counts)  # in one order everywhere, so that two batches never deadlock
    ]
    hot.execute(_COUNT, click=rows)
    return [None] * len(clicks)


async def clicks_of(session: AsyncSession, labels: Collection[str]) -> Mapping[str, Clicks]:
    """The clicks under each of these labels, all links of a label together."""
    rows = await session.execute(
        select(Target.label, func.sum(Click.clicks), func.count(func.distinct(Click.clicker)))
        .join(Click, Click.target_id == Target.id)
        .where(Target.label.in_(labels))
        .group_by(Target.label)
    )
    counted = {label: Clicks(int(total), unique) for label, total, unique in rows}
    return {label: counted.get(label, Clicks()) for label in labels}


async def clickers_of(session: AsyncSession, label: str, *, most: int) -> list[Clicker]:
    """The members who clicked under a label, latest first."""
    rows = await session.execute(
        select(Click.user_id, func.sum(Click.clicks), func.max(Click.last_at))
        .join(Target, Target.id == Click.target_id)
        .where(Target.label == label, Click.user_id.is_not(None))
        .group_by(Click.user_id)
        .order_by(func.max(Click.last_at).desc())
        .limit(most)
    )
    return [Clicker(UserId(user_id or 0), int(clicks), last_at) for user_id, clicks, last_at in rows]
