"""The billing feature: plans, the ways to pay for them, the ledger, and what follows from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Feature, HouseJob
from botyard.features.billing import (
    book_pages,
    grant_tools,
    jobs,
    letters,
    linking,
    reading_stars,
    reminding,
    renewing,
    report_tools,
    returning,
    tools,
)
from botyard.features.billing.handlers import (
    buying,
    code,
    denying,
    figures,
    giving_back,
    grants,
    paying,
    plan,
    renewals,
    shop,
    status,
)
from botyard.features.billing.service import orders
from botyard.features.billing.stripe import checkout, closing, looking, reconciling, refunding, webhook
from botyard.settings import Settings


async def _seed(session: AsyncSession, _settings: Settings, now: datetime) -> None:
    await orders.make_key(session, now)


FEATURE = Feature(
    name="billing",
    commands=(
        # the catalog, for members and for admins
        shop.plans,
        plan.plan_command,
        code.code_command,
        # money in and out
        buying.buy,
        giving_back.refund,
        # time that is given and ended by hand
        grants.grant,
        grants.revoke,
        # what was earned, and what was paid
        figures.stats,
        figures.payments,
    ),
    buttons=(
        shop.plans_button,
        shop.trial,
        plan.plan_button,
        code.code_button,
        buying.buy_button,
        renewals.renewal_button,
        giving_back.refund_button,
        giving_back.second_button,
        giving_back.owed_button,
        grants.time_button,
    ),
    dialog_steps=(
        plan.plan_new,
        plan.plan_set,
        code.code_new,
        giving_back.not_refunded,
        grants.time_why,
        grants.time_sure,
    ),
    deep_links=(shop.open_plan,),
    watchers=(
        paying.pre_checkout,
        paying.shipping,
        paying.successful_payment,
        paying.refunded_payment,
        paying.subscription,
    ),
    jobs=(
        HouseJob(linking.LINK, linking.send_link),
        HouseJob(returning.REFUND, returning.write_down),
        HouseJob(renewing.CHANGE, renewing.follow),
        HouseJob(reading_stars.READ, reading_stars.read_all, every=reading_stars.EVERY),
        HouseJob(reading_stars.COMPARE, reading_stars.compare),
        jobs.REPROJECT,
        letters.TELLING,
        *reminding.JOBS,
        *looking.JOBS,
        *checkout.JOBS,
        *closing.JOBS,
        *refunding.JOBS,
        *reconciling.JOBS,
    ),
    tools=(
        tools.TOOLS,
        grant_tools.grant_tool,
        grant_tools.revoke_tool,
        report_tools.report_tool,
        report_tools.PAYMENTS,
    ),
    pages=book_pages.pages,
    routes=webhook.routes,
    status=status.status,
    deny=denying.deny,
    seed=_seed,
    texts=Path(__file__).with_name("texts"),
)
