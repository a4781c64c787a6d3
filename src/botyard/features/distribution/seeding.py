"""The first rules, made of the settings at a start of the service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.distribution.service import rules
from botyard.members import audit
from botyard.settings import Settings


async def seed(session: AsyncSession, settings: Settings, now: datetime) -> None:
    """Makes rules of `BOTYARD_GROUP_MAP`, once. Raises `BotyardError` for a keyword that no rule can have."""
    count = await rules.seed_from(session, settings.group_map, now)
    if count:
        audit.record(session, at=now, action="rule.seed", subject="rules", count=count)
