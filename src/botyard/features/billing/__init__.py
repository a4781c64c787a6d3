"""The billing feature: plans, the ways to pay for them, the ledger, and what follows from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Feature
from botyard.features.billing.service import orders
from botyard.features.billing.stripe import checkout, looking, reconciling, refunding, webhook
from botyard.settings import Settings


async def _seed(session: AsyncSession, _settings: Settings, now: datetime) -> None:
    await orders.make_key(session, now)


FEATURE = Feature(
    name="billing",
    seed=_seed,
    texts=Path(__file__).with_name("texts"),
    # Stripe
    routes=webhook.routes,
    jobs=(*looking.JOBS, *checkout.JOBS, *refunding.JOBS, *reconciling.JOBS),
)
