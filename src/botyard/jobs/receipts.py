"""Following calls by their receipt: a job looks again, after growing pauses, until none is under way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.jobs.queue import enqueue
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Fate

FIRST_LOOK = 0.5
"""Seconds until the first look; every further pause is twice as long."""
SLOWEST_LOOK = 60.0


async def follow(
    session: AsyncSession,
    job: str,
    receipt: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    after: float = FIRST_LOOK,
) -> None:
    """Has a job of this name look what became of the calls; it asks `ended` with the payload that it gets."""
    full = {**payload, "receipt": receipt, "after": after}
    await enqueue(session, job, full, now, run_at=now + timedelta(seconds=after))


def is_look(payload: Mapping[str, Any]) -> bool:
    """Whether a job's payload was made by `follow`."""
    return "after" in payload


async def ended(
    session: AsyncSession, job: str, payload: Mapping[str, Any], now: datetime
) -> list[Fate] | None:
    """What became of the calls. None while one is under way: then the job will look again."""
    fates = await outbox_queue.fates(await session.connection(), payload["receipt"])
    if not any(fate.is_open for fate in fates):
        return fates
    after = min(SLOWEST_LOOK, max(FIRST_LOOK, payload["after"] * 2))
    await follow(session, job, payload["receipt"], payload, now, after=after)
    return None
