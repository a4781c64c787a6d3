"""The distribution feature: rules that say which posts go to which chats, by the words in them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Feature
from botyard.features.distribution import handlers, service, tools
from botyard.settings import Settings


async def _seed(session: AsyncSession, settings: Settings, now: datetime) -> None:
    await service.seed(session, settings.group_map, now)


FEATURE = Feature(
    name="distribution",
    commands=(handlers.rules,),
    tools=(tools.distribute,),
    seed=_seed,
    texts=Path(__file__).with_name("texts"),
)
