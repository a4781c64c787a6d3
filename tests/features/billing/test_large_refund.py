"""A large refund needs another admin's yes; who asked for it cannot give it himself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.features.billing.shop import KENJI, buy, is_recorded, ledger, press_again, says, stock
from tests.support.outcomes import pressed, sent, told, two_bots
from tests.support.running import ANA, OWNER, PAUL, Running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def careful(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A service where more than 4,000 Stars are a large refund, with one admin beside the owner."""
    folder = tmp_path_factory.mktemp("careful")
    async with two_bots(sqlite_template, folder, large_refund="4000 XTR, 10 GBP") as house:
        await stock(house.database)
        for user_id in (OWNER, PAUL, ANA, KENJI):
            await told(house, user_id, "/start")
        await told(house, OWNER, "/role @kenji_mori ADMIN")
        yield house


async def asked(house: Running, charge: str) -> int:
    """The owner wants to give this payment back; its number."""
    row = next(each for each in await ledger(house) if each.external_id == charge)
    await told(house, OWNER, f"/refund {row.id} the wrong plan")
    await pressed(house, OWNER, "Give it back")
    return row.id


async def test_another_admin_agrees_and_then_it_goes_back(careful: Running) -> None:
    charge = await buy(careful, PAUL, "gold-3m")
    number = await asked(careful, charge)
    await says(careful, OWNER, "another admin has been asked")
    assert "the wrong plan" in await says(careful, KENJI, "A large refund", "9,500 ⭐")
    assert not await careful.calls("refundStarPayment")
    await sent(careful)
    shown = (await careful.replies(KENJI))[-1]
    yes = shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    alone = await press_again(careful, OWNER, shown["message_id"], yes)
    assert "It is you who wants this" in alone.toasts[0]
    await pressed(careful, KENJI, "Give it back")
    await is_recorded(careful, charge, rows=2)
    await says(careful, OWNER, "Kenji", "agrees", str(number))
    again = await press_again(careful, KENJI, shown["message_id"], yes)
    assert "decided already" in again.toasts[0]
    (back,) = [each for each in await ledger(careful) if each.external_id == charge and each.direction == -1]
    assert (back.by_id, back.reason) == (OWNER, "the wrong plan")


async def test_another_admin_says_no_and_nothing_goes_back(careful: Running) -> None:
    charge = await buy(careful, ANA, "gold-3m")
    await asked(careful, charge)
    await says(careful, KENJI, "A large refund", "Ana")
    await pressed(careful, KENJI, "Do not")
    await says(careful, OWNER, "does not agree")
    assert [each.direction for each in await ledger(careful, ANA)] == [1]


async def test_a_small_one_needs_nobody(careful: Running) -> None:
    charge = await buy(careful, PAUL, "gold-1m")
    await asked(careful, charge)
    await is_recorded(careful, charge, rows=2)
