"""All messages about payments are lost for 25 hours, longer than Telegram tries: Telegram's book has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete
from tests.features.billing.shop import ledger, says, stock, time_of
from tests.support.running import ANA, OWNER, PAUL, Running, running

from botyard.clock import SystemClock
from botyard.jobs.models import Job
from botyard.sandbox.virtual_clock import VirtualClock

SHOP = 7000000001
START = datetime(2027, 3, 1, 12, tzinfo=UTC)
NOT_MESSAGES = ["callback_query", "pre_checkout_query", "my_chat_member"]


async def ordered(house: Running, user_id: int, plan: str) -> dict[str, Any]:
    """How the member can pay what he has ordered."""
    await house.say(user_id, f"/buy {plan}")
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        for each in await house.replies(user_id):
            keys = [key for row in each.get("reply_markup", {}).get("inline_keyboard", []) for key in row]
            links = [key["url"] for key in keys if "t.me/$" in key.get("url", "")]
            found.extend({"invoice_link": link} for link in links)
            if each.get("invoice"):
                found.append({"message_id": each["message_id"]})
        return bool(found)

    await house.until(is_there)
    return found[-1]


async def pay(house: Running, user_id: int, how: dict[str, Any]) -> str:
    """Pays; the id of the charge, of which the bot is not told."""
    paid = await house.control("POST", "payments", bot="shop", user_id=user_id, **how)
    assert paid["ok"], paid
    return str(paid["charge_id"])


async def test_payments_of_a_day_without_messages_are_credited_once(sqlite_url: str, tmp_path: Path) -> None:
    clock = VirtualClock(SystemClock())
    clock.set_now(START)
    limits = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}
    async with running(sqlite_url, tmp_path, webhook=True, clock=clock, **limits) as house:
        await stock(house.database)
        for user_id in (OWNER, PAUL, ANA):
            await house.ask(user_id, "/start")
        gold, club = await ordered(house, PAUL, "gold-1m"), await ordered(house, ANA, "club")
        bot = house.sandbox.world.bots[SHOP]
        usual, bot.allowed_updates = bot.allowed_updates, NOT_MESSAGES
        once, first = await pay(house, PAUL, gold), await pay(house, ANA, club)
        renewed = await house.control("POST", "subscriptions", charge_id=first, action="renew")
        charges = {once, first, renewed["charge_id"]}

        async with house.database.session() as session:  # the book of this hour was read before they paid
            await session.execute(delete(Job).where(Job.name == "billing.read_stars"))
        clock.advance(timedelta(hours=25).total_seconds())

        async def all_known() -> bool:
            return {row.external_id for row in await ledger(house)} >= charges

        await house.until(all_known, seconds=20)
        bot.allowed_updates = usual
        rows = await ledger(house)
        assert sorted(row.external_id for row in rows) == sorted(charges)
        assert {row.external_id: row.kind for row in rows}[renewed["charge_id"]] == "renewal"
        assert all(row.at < START + timedelta(hours=1) for row in rows), "they count from when they were made"
        assert [each.plan for each in await time_of(house, PAUL)] == ["gold-1m"]
        had = await time_of(house, ANA)
        assert [each.starts_at for each in had[1:]] == [each.ends_at for each in had[:-1]]
        assert await says(house, PAUL, "Thank you!")
        assert await says(house, OWNER, "compared with ours")

        clock.advance(timedelta(hours=3).total_seconds())
        await house.ask(PAUL, "/status")
        assert len(await ledger(house)) == 3
