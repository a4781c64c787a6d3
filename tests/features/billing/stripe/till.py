"""Buying with Stripe in tests: the running service, the fake Stripe, and what the ledger says afterwards."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.support.fake_stripe import KEY, SECRET, FakeStripe, fake_stripe
from tests.support.outcomes import bot_of
from tests.support.running import ANA, PAUL, Running, running

from botyard.features.billing.models import Doubt, Order, OrderId, Payment, Plan, PlanPrice, Subscription, Way
from botyard.features.billing.service import catalog, orders, subscriptions
from botyard.features.billing.service.orders import Buyer
from botyard.features.billing.stripe import reconciling
from botyard.features.billing.stripe.checkout import open_checkout
from botyard.features.billing.stripe.webhook import PATH
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import runner
from botyard.jobs.models import Job, JobState
from botyard.jobs.queue import enqueue
from botyard.members import chats, entitlements
from botyard.members.entitlements import Entitlement
from botyard.money import Money
from botyard.routing import switchboard

PRICE = 14700
_numbers = itertools.count(1)


@dataclass
class Till:
    """Where tests buy. Each order is for a pack of its own, so that tests leave each other alone."""

    house: Running
    stripe: FakeStripe

    async def order(
        self, user_id: int = PAUL, *, renews: bool = False, days: int | None = None, amount: int = PRICE
    ) -> Order:
        """A new order; of one month where no days are given."""
        now = datetime.now(UTC)
        code = f"gold-{next(_numbers)}"
        async with self.house.database.session() as session:
            plan = Plan(
                code=code,
                pack=code,
                title=f"Gold & silver {code}",
                description="",
                days=days,
                months=None if days else 1,
                stars_subscription=False,
                stripe_subscription=renews,
                features=["signals"],
                position=1,
                created_at=now,
                changed_at=now,
            )
            session.add(plan)
            await session.flush()
            session.add(PlanPrice(plan_id=plan.id, currency="GBP", amount=amount))
            await session.flush()
            offer = await catalog.find_offer(session, code, now)
            buyer = Buyer(UserId(user_id), bot_of(self.house).id)
            return await orders.place(session, buyer, offer, Way.STRIPE, Money(amount, "GBP"), "", now)

    async def ask_for_checkout(self, order: Order) -> None:
        """What /buy does."""
        async with self.house.database.session() as session:
            await open_checkout(session, order, await self.chat(order.user_id), datetime.now(UTC))

    async def checkout(self, order: Order) -> str:
        """Opens a checkout for an order. Answers the id of Stripe's session."""
        await self.ask_for_checkout(order)
        await self.quiet()
        fresh = await self.read(order)
        assert fresh.reference is not None
        return fresh.reference

    async def bought(self, *, renews: bool = False, user_id: int = PAUL) -> tuple[Order, str]:
        """An order that was paid, and its PaymentIntent."""
        order = await self.order(user_id, renews=renews)
        intent = await self.stripe.pay(await self.checkout(order))
        await self.quiet()
        return order, intent

    async def quiet(self) -> None:
        """Waits until no job of billing's is left to do."""

        async def is_so() -> bool:
            async with self.house.database.read() as connection:
                waiting = select(Job.id).where(
                    Job.state == JobState.PENDING, Job.name.like("billing.%"), Job.run_at < FAR
                )
                return (await connection.execute(waiting.limit(1))).first() is None

        await self.house.until(is_so)

    async def reconcile(self) -> None:
        """Has the books compared now."""
        async with self.house.database.session() as session:
            await enqueue(session, reconciling.START_JOB, {}, datetime.now(UTC))
        await self.quiet()

    async def chat(self, user_id: int) -> ChatKey:
        """The member's private chat with the bot."""
        async with self.house.database.reading() as session:
            found = await chats.private_chat(session, UserId(user_id), BotId(bot_of(self.house).id))
        assert found is not None
        return found

    async def read(self, order: Order) -> Order:
        """The order as it is now."""
        async with self.house.database.reading() as session:
            return await session.get_one(Order, order.id)

    async def rows(self, order: Order) -> Sequence[Payment]:
        """What the ledger has of an order, oldest first."""
        async with self.house.database.reading() as session:
            found = await session.scalars(
                select(Payment).where(Payment.order_id == order.id).order_by(Payment.id)
            )
            return found.all()

    async def kinds(self, order: Order) -> list[tuple[str, int]]:
        """Kind and signed amount of each row of an order's."""
        return [(row.kind.value, row.amount * row.direction) for row in await self.rows(order)]

    async def end(self, order: Order) -> datetime | None:
        """When the time that the order bought runs out; None if there is none."""
        async with self.house.database.reading() as session:
            return await entitlements.last_end(session, UserId(order.user_id), order.pack, datetime.now(UTC))

    async def stretches(self, order: Order) -> list[Entitlement]:
        """The time that an order has bought, in order."""
        async with self.house.database.reading() as session:
            found = await entitlements.of_member(session, UserId(order.user_id))
        return [each for each in found if each.pack == order.pack]

    async def subscription(self, order: Order) -> Subscription:
        """The order's subscription."""
        async with self.house.database.reading() as session:
            found = await subscriptions.of_order(session, OrderId(order.id))
        assert found is not None
        return found

    async def doubts(self, order: Order) -> list[Doubt]:
        """What is noted about an order for the owner."""
        async with self.house.database.reading() as session:
            found = await session.scalars(select(Doubt).where(Doubt.order_id == order.id).order_by(Doubt.id))
            return list(found)

    async def texts(self, order: Order, user_id: int = PAUL) -> list[str]:
        """The bot's messages that name the order's plan."""

        async def nothing_is_under_way() -> bool:
            metrics = await self.house.metrics()
            lines = [line for line in metrics.splitlines() if line.startswith("telegram_outbox_pending{")]
            return all(line.endswith(" 0.0") for line in lines)

        await self.house.until(nothing_is_under_way)
        return [
            str(each["text"])
            for each in await self.house.replies(user_id)
            if order.plan in str(each.get("text"))
        ]

    async def button(self, label: str, user_id: int = PAUL) -> str:
        """Where the newest button of this label leads."""

        async def found() -> str | None:
            for message in reversed(await self.house.replies(user_id)):
                for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                    for each in row:
                        if each["text"] == label:
                            return str(each["url"])
            return None

        await self.house.until(found)
        return str(await found())


FAR = datetime(9000, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=31)


@asynccontextmanager
async def open_till(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Till]:
    """The service and Stripe, on a migrated database. Paul and Ana have said hello."""
    limits = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switchboard, "LOOK_SECONDS", 0.05)
        patch.setattr(runner, "LOOK_SECONDS", 0.03)
        patch.setattr(reconciling, "GRACE", timedelta(0))
        async with fake_stripe() as (stripe, address):
            given = {"stripe_secret_key": KEY, "stripe_webhook_secret": SECRET, "stripe_api_base": address}
            async with running(database_url, folder, webhook=True, **(given | limits | settings)) as house:
                stripe.webhook_url = f"{house.url}{PATH}"
                till = Till(house, stripe)
                for user_id in (PAUL, ANA):
                    await house.ask(user_id, "/start")
                await till.quiet()
                yield till
