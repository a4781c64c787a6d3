"""A small catalog, and buying from it: what the tests of billing share."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from tests.support.outcomes import Outcome, given, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.billing.models import Doubt, Order, Payment, Plan, PlanPrice
from botyard.ids import UserId
from botyard.members import entitlements
from botyard.members.entitlements import Entitlement

KENJI = 1004
NAMES = {OWNER: "Olivia", PAUL: "Paul", ANA: "Ana", KENJI: "Kenji"}
PLANS: Sequence[dict[str, Any]] = (
    {"code": "gold-1m", "pack": "gold", "title": "Gold, 1 month", "months": 1, "prices": {"XTR": 3500}},
    {"code": "gold-3m", "pack": "gold", "title": "Gold, 3 months", "months": 3, "prices": {"XTR": 9500}},
    {
        "code": "silver-30d",
        "pack": "silver",
        "title": "Silver, 30 days",
        "days": 30,
        "prices": {"GBP": 1500, "EUR": 1750},
    },
    {"code": "both-30d", "pack": "both", "title": "Both", "days": 30, "prices": {"XTR": 4000, "EUR": 2000}},
    {
        "code": "club",
        "pack": "club",
        "title": "Club",
        "days": 30,
        "stars_subscription": True,
        "prices": {"XTR": 500},
    },
)


async def stock(database: Database) -> None:
    """Puts these plans into the catalog."""
    now = SystemClock().now()
    async with database.session() as session:
        for position, each in enumerate(PLANS):
            values = {name: value for name, value in each.items() if name != "prices"}
            plan = Plan(
                **{"stars_subscription": False, **values},
                description="Signals every day",
                stripe_subscription=False,
                features=["signals"],
                position=position,
                created_at=now,
                changed_at=now,
            )
            session.add(plan)
            await session.flush()
            prices = each["prices"].items()
            session.add_all(
                PlanPrice(plan_id=plan.id, currency=code, amount=amount) for code, amount in prices
            )


async def invoice(house: Running, user_id: int, order: str) -> dict[str, Any]:
    """The invoice that the bot sent for `/buy ...`."""
    before = await _invoices(house, user_id)
    await told(house, user_id, f"/buy {order}")

    async def is_there() -> bool:
        return len(await _invoices(house, user_id)) > len(before)

    await house.until(is_there)
    return (await _invoices(house, user_id))[-1]


async def _invoices(house: Running, user_id: int) -> list[dict[str, Any]]:
    return [each for each in await house.messages(user_id) if each.get("invoice")]


async def pay(house: Running, user_id: int, message_id: int) -> dict[str, Any]:
    """What the member's client says when he pays an invoice in the chat."""
    return await house.control("POST", "payments", bot="shop", user_id=user_id, message_id=message_id)


async def buy(house: Running, user_id: int, order: str) -> str:
    """Buys and pays; the id of the charge."""
    sent = await invoice(house, user_id, order)
    paid = await pay(house, user_id, sent["message_id"])
    assert paid["ok"], paid
    await is_recorded(house, paid["charge_id"])
    return str(paid["charge_id"])


async def is_recorded(house: Running, external_id: str, rows: int = 1) -> None:
    """Waits until the ledger has so many rows of this id."""

    async def is_so() -> bool:
        return len([each for each in await ledger(house) if each.external_id == external_id]) >= rows

    await house.until(is_so)


async def ledger(house: Running, user_id: int | None = None) -> list[Payment]:
    """The rows of the ledger, of one member or all."""
    async with house.database.reading() as session:
        rows = await session.scalars(select(Payment).order_by(Payment.id))
        return [row for row in rows if user_id in (None, row.user_id)]


async def orders(house: Running, user_id: int) -> list[Order]:
    """A member's orders."""
    async with house.database.reading() as session:
        return list(await session.scalars(select(Order).where(Order.user_id == user_id).order_by(Order.id)))


async def doubts(house: Running, user_id: int) -> list[Doubt]:
    """What is wrong with a member's payments."""
    async with house.database.reading() as session:
        return list(await session.scalars(select(Doubt).where(Doubt.user_id == user_id).order_by(Doubt.id)))


async def time_of(house: Running, user_id: int) -> list[Entitlement]:
    """What a member has had, has and will have."""
    async with house.database.reading() as session:
        return await entitlements.of_member(session, UserId(user_id))


async def says(house: Running, user_id: int, *words: str) -> str:
    """The bot's latest message to the member that has all these words in it, once there is one."""
    found: list[str] = []

    async def is_there() -> bool:
        texts = [str(each.get("text")) for each in await house.replies(user_id)]
        found[:] = [text for text in texts if all(word in text for word in words)]
        return bool(found)

    await house.until(is_there)
    return found[-1]


async def press_again(house: Running, user_id: int, message_id: int, data: str) -> Outcome:
    """What became of a press on a button that the message had before it was edited: screens lag behind."""
    chat = {"id": user_id, "type": "private", "first_name": "x"}
    query = {
        "id": secrets.token_hex(4),
        "from": {"id": user_id, "is_bot": False, "first_name": NAMES[user_id], "language_code": "en"},
        "message": {"message_id": message_id, "date": 1_800_000_000, "chat": chat},
        "chat_instance": "1",
        "data": data,
    }
    return await given(house, callback_query=query)
