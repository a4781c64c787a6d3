"""A small business: plans of two packs, a bot, members whom it can write to, and its house."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from botyard import app
from botyard.db.session import Database
from botyard.features.billing.models import (
    Direction,
    Kind,
    Order,
    OrderState,
    Payment,
    Plan,
    PlanPrice,
    Source,
    Way,
)
from botyard.features.billing.service import ledger
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.ids import BotId, BotToken, UserId
from botyard.jobs.facts import Facts
from botyard.members.directory import Directory
from botyard.members.models import BotChat, Chat, Role, User
from botyard.money import Money
from botyard.observability.metrics import Metrics
from botyard.outbox.bulk import Pace
from botyard.routing.context import House
from botyard.routing.dialogs import OpenDialogs
from botyard.routing.texts import Texts
from botyard.settings import load_settings
from botyard.telegram.bots import Bot
from botyard.telegram.bots import bots as bot_rows

SHOP = BotId(700)
NOBODY = Facts(())
PLANS = (
    ("gold-1m", "gold", "Gold, 1 month", 1, 4900),
    ("gold-3m", "gold", "Gold, 3 months", 3, 14700),
    ("silver-1m", "silver", "Silver, 1 month", 1, 1900),
)


async def stock(database: Database, now: datetime, *, bot: bool = True) -> None:
    """Puts plans on sale, and adds the bot unless it is there."""
    async with database.session() as session:
        if bot:
            await session.execute(
                insert(bot_rows).values(
                    id=SHOP, name="shop", username="shop_bot", webhook_secret="s", created_at=now
                )
            )
        for number, (code, pack, title, months, pounds) in enumerate(PLANS, 1):
            session.add(
                Plan(
                    id=number,
                    code=code,
                    pack=pack,
                    title=title,
                    description="",
                    months=months,
                    stars_subscription=False,
                    stripe_subscription=False,
                    features=["signals"],
                    position=number,
                    created_at=now,
                    changed_at=now,
                )
            )
            await session.flush()
            session.add_all(
                [
                    PlanPrice(plan_id=number, currency="GBP", amount=pounds),
                    PlanPrice(plan_id=number, currency="XTR", amount=pounds // 2),
                ]
            )


async def meet(
    database: Database, user_id: int, now: datetime, name: str = "Ana", *, bot_id: int | None = SHOP
) -> UserId:
    """A member, with a private chat that the bot can write to unless `bot_id` is None."""
    async with database.session() as session:
        session.add(
            User(
                id=user_id,
                first_name=name,
                is_premium=False,
                role=Role.PUBLIC,
                registered_at=now,
                created_at=now,
                seen_at=now,
            )
        )
        await session.flush()
        if bot_id is not None:
            chat = Chat(telegram_id=user_id, type="private", created_at=now)
            session.add(chat)
            await session.flush()
            session.add(
                BotChat(bot_id=bot_id, chat_key=chat.id, status="member", reachable=True, changed_at=now)
            )
    return UserId(user_id)


async def pay(
    session: AsyncSession,
    user_id: int,
    plan: str,
    at: datetime,
    external_id: str,
    *,
    bot_id: BotId | None = SHOP,
    source: Source = Source.STRIPE,
    money: Money | None = None,
    kind: Kind = Kind.CHARGE,
    days: int | None = None,
) -> Payment:
    """A payment for a plan, at its price in pounds unless it says otherwise."""
    code, pack, _, months, pounds = next(each for each in PLANS if each[0] == plan)
    entry = Entry(
        kind=kind,
        source=source,
        direction=Direction.IN,
        external_id=external_id,
        money=money or Money(pounds, "GBP"),
        at=at,
        plan=code,
        pack=pack,
        days=days,
        months=None if days else months,
    )
    found = await ledger.record(session, NOBODY, entry, About(user_id=UserId(user_id), bot_id=bot_id), at)
    assert found is not None
    return found


async def refund(
    session: AsyncSession,
    of: Payment,
    at: datetime,
    amount: int | None = None,
    *,
    external_id: str = "",
    kind: Kind = Kind.REFUND,
) -> None:
    """Money of a payment that goes back: all, or so much."""
    entry = Entry(
        kind=kind,
        source=of.source,
        direction=Direction.OUT,
        external_id=external_id or of.external_id,
        money=Money(of.amount if amount is None else amount, of.currency),
        at=at,
        refers_to=f"{of.source}:{of.external_id}",
    )
    assert await ledger.record(session, NOBODY, entry, About(user_id=UserId(of.user_id)), at)


@cache
def _texts() -> Texts:
    return Texts([app.LOCALES, *(each.texts for each in app.FEATURES if each.texts)])


def house_of(database: Database, **settings: str) -> House:
    """What jobs and handlers may know of a service on this database."""
    return House(
        database=database,
        registry=app.REGISTRY,
        texts=_texts(),
        directory=Directory(database),
        open_dialogs=OpenDialogs(database),
        facts=NOBODY,
        bots={SHOP: Bot(SHOP, "shop", BotToken("700:token"), "s", "shop_bot")},
        metrics=Metrics(),
        actions={},
        counts_clicks=False,
        pace=Pace(30.0, 1000.0),
        serves=lambda _bot, _name: True,
        settings=load_settings(environ={}, **settings),
        base_url="http://shop.test",
        console_url=lambda token: token,
    )


def subscription_order(user_id: int, now: datetime) -> Order:
    """An order of a plan that Stripe renews, paid."""
    return Order(
        user_id=user_id,
        bot_id=SHOP,
        plan_id=1,
        plan="gold-1m",
        pack="gold",
        title="Gold, 1 month",
        months=1,
        way=Way.STRIPE,
        renews=True,
        amount=4900,
        currency="GBP",
        discount=0,
        state=OrderState.PAID,
        created_at=now,
        expires_at=now,
    )
