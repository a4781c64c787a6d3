"""Running services with plans on sale, each for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.features.billing import shop as small
from tests.features.billing.stock import stock
from tests.support.outcomes import told, two_bots
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The service with two bots, and plans that can be paid in every way that Telegram has."""
    folder = tmp_path_factory.mktemp("house")
    async with two_bots(sqlite_template, folder, telegram_payment_provider_token="1:TEST:x") as house:
        await small.stock(house.database)
        await told(house, OWNER, "/start")
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The service with two bots and a small catalog. Its tests run in the module's event loop."""
    async with two_bots(sqlite_template, tmp_path_factory.mktemp("shop")) as house:
        await stock(house.database, SystemClock().now(), bot=False)
        for person in (OWNER, PAUL, ANA):
            await house.ask(person, "/start")
        yield house
