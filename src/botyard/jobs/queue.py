"""Queueing work for later on the caller's own transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.jobs.models import Job, JobState

Run = Callable[[AsyncSession, Mapping[str, Any]], Awaitable[None]]
"""What a job does: in one transaction, with what was queued as its payload."""


Errand = Callable[[Mapping[str, Any]], Awaitable[Any]]
"""What a job does elsewhere first, such as asking Stripe: with its payload, outside of any transaction."""
ANSWER = "answer"
"""The name under which a job finds in its payload what its errand brought back."""

GaveUp = Callable[[AsyncSession, Mapping[str, Any], str], Awaitable[None]]
"""What is done when a job has failed for the last time: with its payload, and what went wrong."""


@dataclass(frozen=True, slots=True)
class JobHandler:
    """What is done for jobs of one name; with `every`, it is also done again and again by itself."""

    name: str
    run: Run
    every: timedelta | None = None
    gave_up: GaveUp | None = None
    errand: Errand | None = None
    """Run before the job, without a transaction, and again if the process dies: it has to be repeatable."""


async def enqueue(
    session: AsyncSession,
    name: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    run_at: datetime | None = None,
    key: str | None = None,
) -> None:
    """Queues a job with the caller's work. A `key` that was queued before is passed over."""
    await session.execute(
        insert_new(session.get_bind().dialect, Job).values(
            name=name,
            key=key,
            payload=dict(payload),
            run_at=run_at or now,
            state=JobState.PENDING,
            attempts=0,
            created_at=now,
        )
    )
