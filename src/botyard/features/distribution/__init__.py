"""The distribution feature: an admin posts once, and each chat gets what its words are in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Feature
from botyard.features.distribution import handlers, jobs, posting_handlers, service, tools
from botyard.settings import Settings


async def _seed(session: AsyncSession, settings: Settings, now: datetime) -> None:
    await service.seed(session, settings.group_map, now)


FEATURE = Feature(
    name="distribution",
    commands=(handlers.rules, posting_handlers.distribute),
    buttons=(posting_handlers.post_pressed,),
    watchers=(posting_handlers.post_written,),
    jobs=jobs.JOBS,
    tools=(tools.distribute,),
    seed=_seed,
    texts=Path(__file__).with_name("texts"),
)
