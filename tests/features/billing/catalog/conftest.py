"""One running service for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.outcomes import two_bots
from tests.support.running import Running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The service with two bots, which takes cards. Its tests run in the module's event loop."""
    folder = tmp_path_factory.mktemp("house")
    async with two_bots(sqlite_template, folder, telegram_payment_provider_token="1:TEST:x") as house:
        yield house
