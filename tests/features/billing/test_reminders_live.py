"""A reminder in the running service: it arrives at the member, by the bot that sold, with its button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.features.billing.stock import pay
from tests.support.outcomes import bot_of
from tests.support.running import ANA, Running

from botyard.clock import SystemClock
from botyard.features.billing import reminding
from botyard.jobs.queue import enqueue

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_reminder_arrives_once_with_its_button(shop: Running) -> None:
    await shop.ask(ANA, "/start", bot="news")
    now = SystemClock().now()
    bought = now - timedelta(days=28, hours=1)
    async with shop.database.session() as session:
        await pay(session, ANA, "gold-1m", bought, "c1", bot_id=bot_of(shop, "news").id, days=30)
        for _ in range(3):
            await enqueue(session, reminding.NAME, {}, now)
    found: list[dict[str, Any]] = []

    async def has_come() -> bool:
        found[:] = [each for each in await shop.replies(ANA, bot="news") if "left" in each.get("text", "")]
        return bool(found)

    await shop.until(has_come)
    (message,) = found
    assert "Gold, 1 month" in message["text"]
    assert message["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "buy:gold-1m"
    assert not [each for each in await shop.replies(ANA) if "left" in each.get("text", "")]
