"""What tests of distribution share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.features.distribution.newsroom import Newsroom, newsroom


@pytest.fixture
async def room(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    """The service with the rules of three topics, on SQLite."""
    async with newsroom(sqlite_url, tmp_path) as opened:
        yield opened
