"""The service and the sandbox in one virtual time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.running import PAUL, running

from botyard.clock import SystemClock
from botyard.sandbox.virtual_clock import VirtualClock

START = datetime(2027, 3, 1, 12, tzinfo=UTC)


async def test_a_month_passes_for_telegram_and_for_the_service_at_once(sqlite_url, tmp_path):
    clock = VirtualClock(SystemClock())
    clock.set_now(START)
    async with running(sqlite_url, tmp_path, clock=clock) as house:
        assert "Paul" in await house.ask(PAUL, "/start")
        before = house.clock.monotonic()

        clock.advance(timedelta(days=30).total_seconds())

        answer = await house.control("GET", "clock")
        assert datetime.fromisoformat(answer["now"]) - house.clock.now() < timedelta(minutes=1)
        assert house.clock.now() >= START + timedelta(days=30)
        assert house.clock.monotonic() - before < 60
        assert "/help" in await house.ask(PAUL, "/help")  # no lease was lost
        (latest,) = (await house.replies(PAUL))[-1:]
        assert datetime.fromisoformat(latest["date"]) >= START + timedelta(days=30)
