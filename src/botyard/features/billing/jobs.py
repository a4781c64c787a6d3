"""What billing does later: members get what a changed plan gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.billing.service import reprojecting
from botyard.routing.context import House


async def _reproject(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    await reprojecting.step(session, house.facts, payload["plan"], payload["after"], now)


REPROJECT = HouseJob(reprojecting.JOB, _reproject)
"""A step of giving a changed plan's features and chats to those who have it."""
