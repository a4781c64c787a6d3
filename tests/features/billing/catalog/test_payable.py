"""Where only Stars can be paid, no other price is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.features.billing.catalog.shopping import buttons, data_of, restock
from tests.support.outcomes import forged, pressed, told, two_bots
from tests.support.running import OWNER, PAUL, Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLANS = """
[[plan]]
code = "gold-3m"
title = "Gold signals, 3 months"
months = 3
features = ["signals"]
prices = { GBP = 14700, EUR = 17000, XTR = 9500 }
[[plan]]
code = "silver"
title = "Silver"
months = 1
features = ["signals"]
prices = { GBP = 1500 }
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The service without a provider and without Stripe."""
    async with two_bots(sqlite_template, tmp_path_factory.mktemp("house")) as house:
        for user_id in (OWNER, PAUL):
            house.sandbox.world.users[user_id].language_code = "en"
            await told(house, user_id, "/start")
        await restock(house, PLANS)
        yield house


async def test_only_prices_in_stars_are_shown(house: Running) -> None:
    listed = await told(house, PAUL, "/plans")
    assert "<b>Gold signals, 3 months</b>\n3 months 9,500 ⭐" in listed.texts[0]
    assert "£" not in listed.texts[0]
    assert not any("Prices in" in each["text"] for each in buttons(listed)), "there is nothing to choose"
    card = await told(house, PAUL, "/plans gold-3m")
    assert "Price: <b>9,500 ⭐</b>" in card.texts[0]
    assert buttons(card)[0] == {"text": "Buy for 9,500 ⭐", "callback_data": "buy:gold-3m:-:XTR"}
    bought = await pressed(house, PAUL, "Buy for 9,500 ⭐")
    assert bought.calls[0][1]["prices"][0]["amount"] == 9500


async def test_what_cannot_be_paid_is_not_listed(house: Running) -> None:
    listed = await told(house, PAUL, "/plans")
    assert "Silver" not in listed.texts[0] + str(data_of(listed))
    assert "is not sold here" in (await told(house, PAUL, "/plans silver")).texts[0]
    assert "cannot be paid for here" in (await told(house, PAUL, "/buy silver")).texts[0]


@pytest.mark.parametrize("data", ["buy:silver", "buy:silver:-:GBP", "buy:silver:t:GBP"])
async def test_nor_is_it_sold_by_an_old_button(house: Running, data: str) -> None:
    assert "cannot be paid for here" in (await forged(house, PAUL, data)).texts[0]


async def test_an_old_button_in_another_currency_leads_to_stars(house: Running) -> None:
    bought = await forged(house, PAUL, "buy:gold-3m:-:GBP")
    assert bought.calls[0][1]["currency"] == "XTR"


async def test_an_admin_sees_that_a_plan_cannot_be_paid(house: Running) -> None:
    shown = await told(house, OWNER, "/plan show silver")
    assert "Price: none that can be paid here." in shown.texts[0]
    assert not any(data.startswith("buy:") for data in data_of(shown))
