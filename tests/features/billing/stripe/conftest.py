"""One running service with Stripe for all tests of a module."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.features.billing.stripe.till import Till, open_till


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Till]:
    """The service on SQLite. Its tests run in the module's event loop."""
    folder = tmp_path_factory.mktemp("till")
    shutil.copy(sqlite_template, folder / "botyard.db")
    async with open_till(f"sqlite+aiosqlite:///{folder / 'botyard.db'}", folder) as opened:
        yield opened
