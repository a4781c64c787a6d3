"""The scheduled action `promo`: posts one again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import ScheduledAction
from botyard.features.promos import posting, service
from botyard.features.promos.posting import Shop
from botyard.features.promos.service import BadPromo, PromoId
from botyard.jobs.schedule_runs import Occasion
from botyard.jobs.schedules import Action, Choice
from botyard.members.consent import Topic
from botyard.routing.context import House


async def _read(session: AsyncSession, words: str) -> dict[str, Any]:
    offer = await service.find(session, words.strip())
    if not offer.active:
        raise BadPromo(f"The promo {offer.code} is retired.", remedy="Bring it back first.")
    return {"promo": offer.id, "code": offer.code}


def _describe(payload: Mapping[str, Any]) -> str:
    return f"the promo {payload['code']}"


def _write(payload: Mapping[str, Any]) -> str:
    return f"promo {payload['code']}"


async def _choices(session: AsyncSession) -> list[Choice]:
    offers = [each for each in await service.listed(session) if each.active]
    return [Choice(f"promo {each.code}", f"The promo {each.code}") for each in offers]


async def _run(house: House, session: AsyncSession, occasion: Occasion, now: datetime) -> str:
    offer = await service.get(session, PromoId(occasion.payload["promo"]))
    shop = Shop(house.base_url, house.counts_clicks)
    await posting.post(session, shop, offer, occasion.bot_id, occasion.chats, occasion.receipt, now)
    return ""


POST_PROMO = ScheduledAction(
    Action("promo", "a promo with its buttons", "promo <code>", _read, _describe, _write, _choices),
    Topic.OFFERS,
    _run,
    posting.POSTS,
)
