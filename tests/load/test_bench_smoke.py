"""The harness of `make bench` works: what it finds, and what it lets nobody get away with."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import pytest
from tests.load.contenders import WrongOutcome, sqlite_store
from tests.load.fake_bot_api import TOKEN, FakeBotApi
from tests.load.generator import FIRST_USER, LoadFailed, Updates, connected, even_gaps, random_gaps
from tests.load.measuring import compare
from tests.load.report import ROWS, SQLITE

from botyard.db import migrate

TOP = Path(__file__).parents[2]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_very_short_bench_finds_every_figure(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    sizes = "--rounds 1 --users 30 --handled 60 --accept-seconds 0.2 --pace-seconds 0.3 --settle-seconds 0"
    run = subprocess.run(
        [sys.executable, "-m", "tests.load.bench", "--sqlite-only", "--json", str(file), *sizes.split()],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert "fully handled updates/s" in run.stdout
    found = json.loads(file.read_text())
    assert set(found["ratios"][SQLITE]) == {row.key for row in ROWS}
    assert all(ratio > 0 for ratio in found["ratios"][SQLITE].values())


async def test_a_reply_lost_and_another_doubled_do_not_cancel_out() -> None:
    compare(Counter({1: 2, 2: 1}), Counter({1: 2, 2: 1}))
    with pytest.raises(WrongOutcome, match="1 are lost and 1 too many"):
        compare(Counter({1: 2, 2: 1}), Counter({1: 1, 2: 2}))


def test_an_update_that_was_answered_but_not_stored_is_noticed(tmp_path: Path) -> None:
    with sqlite_store(tmp_path) as store:
        migrate.upgrade(store.url.replace("sqlite:", "sqlite+aiosqlite:"))
        store.check_stored(0)
        with pytest.raises(WrongOutcome, match="1 updates were accepted, 0 are stored"):
            store.check_stored(1)


async def test_the_fake_bot_api_reads_json_and_forms() -> None:
    api = FakeBotApi()
    await api.start()
    url = f"{api.url}/bot{TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as http:
        for body in ({"json": {"chat_id": 7, "text": "a"}}, {"data": {"chat_id": "7", "text": "a" * 9000}}):
            async with http.post(url, **body) as response:
                answer = await response.json()
            assert answer["result"]["chat"]["id"] == 7
    await api.aclose()
    assert api.delivered == {7: 2}


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "refused an update"),
        (b"", "closed a connection"),
    ],
)
async def test_the_generator_takes_nothing_but_200(refusal: bytes, why: str) -> None:
    server, port = await _answering(refusal)
    updates = Updates("/webhook", "secret", users=2, now=0)
    async with server, connected(port, updates, connections=2) as load:
        with pytest.raises(LoadFailed, match=why):
            await load.saturate(count=10)


async def test_an_update_that_was_put_off_is_offered_again() -> None:
    server, port = await _answering(OK, first=[b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"])
    updates = Updates("/webhook", "secret", users=1, now=0)
    async with server, connected(port, updates, connections=1) as load:
        found = await load.saturate(count=3)
        assert load.put_off == 1

    assert found.accepted == 3
    assert updates.offered == {FIRST_USER: 3}


async def test_the_wait_for_a_free_connection_counts() -> None:
    """One connection and answers that take 20 ms: at 100 a second each update waits longer than the last."""
    server, port = await _answering(OK, seconds=0.02)
    updates = Updates("/webhook", "secret", users=2, now=0)
    async with server, connected(port, updates, connections=1) as load:
        latencies = (await load.pace(even_gaps(100, 0.3))).latencies

    assert len(latencies) == 30
    assert latencies[0] >= 0.02
    assert latencies[-1] > 0.2
    assert updates.offered == {FIRST_USER: 15, FIRST_USER + 1: 15}


def test_random_arrivals_keep_the_rate_and_are_the_same_for_all() -> None:
    gaps = random_gaps(1000, 4)
    assert len(gaps) == 4000
    assert 3.6 < sum(gaps) < 4.4
    assert gaps == random_gaps(1000, 4)


async def _answering(
    answer: bytes, *, seconds: float = 0.0, first: Iterable[bytes] = ()
) -> tuple[asyncio.Server, int]:
    """A server that gives each request this answer, after those that come `first`; an empty one hangs up."""

    answers = iter(first)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536) and answer:
            await asyncio.sleep(seconds)
            writer.write(next(answers, answer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]
