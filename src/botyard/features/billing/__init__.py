"""The billing feature: plans, the ways to pay for them, the ledger, and what follows from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Feature
from botyard.features.billing import book_pages, grant_tools, reminding, report_tools, telling
from botyard.features.billing.handlers import figures, grants
from botyard.features.billing.service import orders
from botyard.settings import Settings


async def _seed(session: AsyncSession, _settings: Settings, now: datetime) -> None:
    await orders.make_key(session, now)


FEATURE = Feature(
    name="billing",
    commands=(
        # time that is given and ended by hand
        grants.grant,
        grants.revoke,
        # what was earned, and what was paid
        figures.stats,
        figures.payments,
    ),
    buttons=(grants.time_button,),
    dialog_steps=(grants.time_why, grants.time_sure),
    jobs=(
        telling.TELLING,
        *reminding.JOBS,
    ),
    tools=(
        grant_tools.grant_tool,
        grant_tools.revoke_tool,
        report_tools.report_tool,
        report_tools.PAYMENTS,
    ),
    pages=book_pages.pages,
    seed=_seed,
    texts=Path(__file__).with_name("texts"),
)
