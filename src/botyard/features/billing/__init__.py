"""The billing feature: plans, the ways to pay for them, the ledger, and what follows from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Feature, HouseJob
from botyard.features.billing import linking, reading_stars, renewing, returning
from botyard.features.billing.handlers import buying, giving_back, paying, renewals
from botyard.features.billing.service import orders
from botyard.settings import Settings


async def _seed(session: AsyncSession, _settings: Settings, now: datetime) -> None:
    await orders.make_key(session, now)


FEATURE = Feature(
    name="billing",
    commands=(buying.buy, giving_back.refund),
    buttons=(
        buying.buy_button,
        renewals.renewal_button,
        giving_back.refund_button,
        giving_back.owed_button,
    ),
    dialog_steps=(giving_back.not_refunded,),
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
    ),
    seed=_seed,
    texts=Path(__file__).with_name("texts"),
)
