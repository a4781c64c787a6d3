"""What is done by itself: old runs leave the histories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.jobs import schedule_runs
from botyard.routing.context import House


async def _forget_runs(
    _house: House, session: AsyncSession, _payload: Mapping[str, Any], now: datetime
) -> None:
    await schedule_runs.forget_old_runs(session, now)


JOBS = (HouseJob("schedules.forget", _forget_runs, every=timedelta(days=1)),)
