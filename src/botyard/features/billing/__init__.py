"""The billing feature: plans, the ways to pay for them, the ledger, and what follows from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Feature
from botyard.features.billing import jobs, tools
from botyard.features.billing.handlers import code, denying, plan, shop, status
from botyard.features.billing.service import orders
from botyard.settings import Settings


async def _seed(session: AsyncSession, _settings: Settings, now: datetime) -> None:
    await orders.make_key(session, now)


FEATURE = Feature(
    name="billing",
    seed=_seed,
    # the catalog
    commands=(shop.plans, plan.plan_command, code.code_command),
    buttons=(shop.plans_button, shop.trial, plan.plan_button, code.code_button),
    dialog_steps=(plan.plan_new, plan.plan_set, code.code_new),
    deep_links=(shop.open_plan,),
    status=status.status,
    deny=denying.deny,
    texts=Path(__file__).with_name("texts"),
    jobs=(jobs.REPROJECT,),
    tools=(tools.TOOLS,),
)
