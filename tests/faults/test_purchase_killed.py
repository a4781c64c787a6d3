"""SIGKILL at every commit of a purchase: each payment counts once, and whoever paid has his time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.faults.dying_shop import Dying, a_dying_service, a_telegram
from tests.faults.processes import Telegram
from tests.features.billing.shop import stock

from botyard.db.session import Database
from botyard.features.billing.models import Order, Payment
from botyard.ids import UserId
from botyard.members import entitlements

COMMITS = 24
"""A purchase has fewer: the last ones are killed after it, at rest."""


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Telegram]:
    """The sandbox, which never dies."""
    async with a_telegram(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
async def service(telegram: Telegram, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Dying]:
    """botyard on SQLite, by polling."""
    async with a_dying_service(telegram, sqlite_url, tmp_path) as replica:
        yield replica


async def invoice(telegram: Telegram, service: Dying, user_id: int) -> int:
    """The number of the message with the invoice; whenever the service dies it is started again."""
    for _ in range(600):
        shown = await telegram.control("GET", f"chats/{user_id}/messages?bot=shop")
        found = [each["message_id"] for each in shown if each.get("invoice")]
        if found:
            return int(found[0])
        await service.back()
        await asyncio.sleep(0.05)
    raise AssertionError(f"no invoice: {service.log[-2000:]}")


async def pay(telegram: Telegram, service: Dying, user_id: int, message_id: int) -> str:
    """Pays as a patient person does: again, if Telegram says that the bot did not answer."""
    body = {"bot": "shop", "user_id": user_id, "message_id": message_id}
    for _ in range(5):
        paying = asyncio.create_task(telegram.control("POST", "payments", **body))
        while not paying.done():
            await service.back()
            await asyncio.sleep(0.05)
        answer = paying.result()
        if answer["ok"]:
            return str(answer["charge_id"])
    raise AssertionError(answer)


async def settled(database: Database, service: Dying, user_id: int) -> list[Any]:
    """The member's rows of the ledger once there are some, and nothing changes any more."""
    seen: list[Any] = []
    for _ in range(400):
        await service.back()
        async with database.reading() as session:
            rows = list(await session.scalars(select(Payment).where(Payment.user_id == user_id)))
        if rows and len(rows) == len(seen):
            return rows
        seen = rows
        await asyncio.sleep(0.25)
    raise AssertionError(f"the payment was lost: {service.log[-2000:]}")


async def buy_while_dying(
    telegram: Telegram, service: Dying, database: Database, user_id: int, order: str
) -> bool:
    """One purchase, in which the service dies as ordered; whether it did."""
    await telegram.control("POST", "users", id=user_id, first_name="Buyer", started=["shop"])
    starts = service.starts
    service.order.write_text(order)
    await telegram.control("POST", "messages", bot="shop", user_id=user_id, text="/buy gold-1m")
    charge = await pay(telegram, service, user_id, await invoice(telegram, service, user_id))
    rows = await settled(database, service, user_id)
    assert [(row.external_id, row.pack) for row in rows] == [(charge, "gold")], order
    async with database.reading() as session:
        had = await entitlements.of_member(session, UserId(user_id))
        states = list(await session.scalars(select(Order.state).where(Order.user_id == user_id)))
    assert len(had) == 1, order
    assert states.count("paid") == 1, order
    service.order.unlink(missing_ok=True)
    return service.starts > starts


async def receipts(telegram: Telegram, user_id: int) -> int:
    """How often the member was told that his payment has come."""
    shown = await telegram.control("GET", f"chats/{user_id}/messages?bot=shop")
    return sum("Thank you!" in str(each.get("text")) for each in shown)


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_purchase_survives_a_kill_at_each_commit(
    telegram: Telegram, service: Dying, sqlite_url: str, when: str, figures: Callable[[str], None]
) -> None:
    database = Database(sqlite_url)
    await stock(database)
    died = 0
    for number in range(1, COMMITS + 1):
        died += await buy_while_dying(telegram, service, database, 10_000 + number, f"{number} {when}")
        await service.back()
    for number in range(1, COMMITS + 1):
        async with asyncio.timeout(30):
            while not await receipts(telegram, 10_000 + number):
                await asyncio.sleep(0.1)
    figures(f"{COMMITS} purchases, killed {died} times {when} a commit")
    assert died >= COMMITS // 2
    await database.aclose()
