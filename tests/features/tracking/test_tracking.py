"""Tracked links: where they lead, and whose clicks count."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from tests.support.outcomes import count_of
from tests.support.running import ANA, PAUL, Running, running

from botyard.clock import ManualClock, SystemClock
from botyard.db.session import Database
from botyard.features.tracking import service
from botyard.features.tracking.service import Clicks
from botyard.ids import UserId

URL = "https://telegra.ph/Stops-01-01?a=1&b=2"
PHONE = {"User-Agent": "Mozilla/5.0 (Android 15)"}


async def link(house: Running, label: str = "guide:1", url: str = URL) -> str:
    async with house.database.session() as session:
        return await service.tracked_url(session, house.url, url, label, SystemClock().now())


async def clicks(house: Running, label: str = "guide:1") -> Clicks:
    async with house.database.reading() as session:
        return (await service.clicks_of(session, [label]))[label]


async def follow(house: Running, address: str, **headers: str) -> aiohttp.ClientResponse:
    async with house.http.get(address, allow_redirects=False, headers=headers or PHONE) as response:
        return response


async def test_a_link_counts_and_leads_on(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as house:
        address = await link(house)
        assert address.startswith(f"{house.url}/c/")
        assert await link(house) == address, "one guide has one link"
        assert await link(house, label="guide:2") != address

        for _ in range(2):
            response = await follow(house, address)
            assert (response.status, response.headers["Location"]) == (302, URL)
            assert response.headers["Cache-Control"] == "no-store"
        await follow(house, address, **{"User-Agent": "Mozilla/5.0 (iPhone)"})
        assert await clicks(house) == Clicks(total=3, unique=2)
        assert await count_of(house, "marketing_clicks_total") == 3


@pytest.mark.parametrize("agent", ["TelegramBot (like TwitterBot)", "curl/8.5", "WhatsApp/2 Preview"])
async def test_a_preview_is_no_click(sqlite_url: str, tmp_path: Path, agent: str) -> None:
    async with running(sqlite_url, tmp_path) as house:
        address = await link(house)
        assert (await follow(house, address, **{"User-Agent": agent})).status == 302
        async with house.http.head(address, allow_redirects=False, headers=PHONE) as response:
            assert response.status == 302
        assert await clicks(house) == Clicks()


async def test_a_token_that_nobody_gave_out_leads_nowhere(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as house:
        for token in ("nothing", "%00", "x" * 5000):
            assert (await follow(house, f"{house.url}/c/{token}")).status == 404


async def test_presses_count_by_member(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        connection = await session.connection()
        for user_id in (PAUL, ANA):
            await connection.exec_driver_sql(
                "INSERT INTO users (id, first_name, is_premium, role, created_at, seen_at) VALUES "
                f"({user_id}, 'x', false, 0, '2027-01-01 00:00:00+00', '2027-01-01 00:00:00+00')"
            )
        assert await service.press(session, "promo:1", UserId(PAUL), clock.now())
        assert not await service.press(session, "promo:1", UserId(PAUL), clock.now())
        clock.advance(1)
        assert await service.press(session, "promo:1", UserId(ANA), clock.now())
    async with database.reading() as session:
        assert (await service.clicks_of(session, ["promo:1", "other"])) == {
            "promo:1": Clicks(3, 2),
            "other": Clicks(),
        }
        found = await service.clickers_of(session, "promo:1", most=10)
        assert [(each.user_id, each.clicks) for each in found] == [(ANA, 1), (PAUL, 2)]
