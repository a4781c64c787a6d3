"""Polling against the sandbox: nothing confirmed that is not durable, and patience with what goes wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs
from tests.ingress.knocking import all_handled, another_service, bot_in_sandbox, order_fault, stored
from tests.ingress.test_webhook import samples
from tests.support.running import PAUL, SHOP, Running, _served, running

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.ids import BotId, BotToken
from botyard.inbox.log import Inbox
from botyard.ingress.poller import Poller
from botyard.observability.metrics import Metrics
from botyard.telegram.bots import Bot, enrol
from botyard.telegram.client import TelegramClient
from botyard.telegram.updates import UPDATE_KINDS

REFUSE = {
    "sqlite": [
        "CREATE TRIGGER refuse BEFORE INSERT ON updates BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        "DROP TRIGGER refuse",
    ],
    "postgresql": [
        "ALTER TABLE updates ADD CONSTRAINT refuse CHECK (false) NOT VALID",
        "ALTER TABLE updates DROP CONSTRAINT refuse",
    ],
}


async def polls(house: Running) -> list[dict[str, Any]]:
    """The journal's getUpdates calls: they are written down when they are answered."""
    return await house.calls("getUpdates")


def moment(call: dict[str, Any]) -> float:
    return datetime.fromisoformat(call["time"]).timestamp()


@asynccontextmanager
async def an_inbox_that_refuses(database: Database) -> AsyncIterator[None]:
    refuse, accept = REFUSE["sqlite" if database.is_sqlite else "postgresql"]
    async with database.begin() as connection:
        await connection.execute(text(refuse))
    yield
    async with database.begin() as connection:
        await connection.execute(text(accept))


async def test_the_offset_passes_only_what_is_durable(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as house:
        await house.ask(PAUL, "/start")
        confirmed = (await stored(house.database))[-1].update_id + 1
        async with an_inbox_that_refuses(house.database):
            refused = [(await house.say(PAUL, "/status"))["update"]["update_id"] for _ in range(3)]

            async def failed_twice() -> bool:
                errors = samples(await house.metrics(), "telegram_errors_total")
                return errors.get('bot_name="shop",kind="poll"', 0) >= 2

            await house.until(failed_twice)
            assert len(bot_in_sandbox(house).queue) == 3  # Telegram still has them
            assert len(await stored(house.database)) == 1

        async def came() -> bool:
            return len(await stored(house.database)) == 4

        await house.until(came)
        await house.until(lambda: all_handled(house.database))
        assert [row.update_id for row in await stored(house.database)][1:] == refused

        async def confirmed_all() -> bool:
            return len(bot_in_sandbox(house).queue) == 0

        await house.until(confirmed_all)
        offsets = [call["params"].get("offset") for call in await polls(house)]
        assert offsets[0] is None
        asked_again = [offset for offset in offsets[1:] if offset == confirmed]
        assert len(asked_again) >= 2  # the same question until the answer was kept


async def test_every_kind_is_asked_for_by_name(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as house:
        await house.ask(PAUL, "/start")
        params = (await polls(house))[0]["params"]
        assert set(params["allowed_updates"]) == UPDATE_KINDS
        assert {"chat_member", "chat_join_request", "message_reaction", "subscription"} <= UPDATE_KINDS
        assert params["limit"] == 100


async def test_two_pollers_are_told_and_nothing_comes_twice(sqlite_url: str, tmp_path: Path) -> None:
    with capture_logs() as lines:
        async with running(sqlite_url, tmp_path) as house:
            await house.ask(PAUL, "/start")
            rival = f"{house.sandbox_url}/bot{SHOP}/getUpdates"
            answer = await house.http.post(rival, json={"timeout": 0, "offset": -1})  # ends botyard's poll
            assert answer.status == 200

            async def told() -> bool:
                return any(line["event"] == "poll.failed" for line in lines)

            await house.until(told)
            first = next(line for line in lines if line["event"] == "poll.failed")
            assert "another program polls" in first["hint"]
            assert 1.0 <= first["again_in"] <= 1.3
            assert first["log_level"] == "warning"
            assert SHOP not in repr(lines)
            await house.ask(PAUL, "/status")
            assert len(await stored(house.database)) == 2
            conflict = [call for call in await polls(house) if call["status"] == 409]
            after = [call for call in await polls(house) if call["seq"] > conflict[0]["seq"]]
            assert moment(after[0]) - moment(conflict[0]) >= 1.0
            errors = samples(await house.metrics(), "telegram_errors_total")
            assert errors == {'bot_name="shop",kind="poll"': 1}


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        ({"kind": "reset_before"}, 1.0),
        ({"kind": "server_error"}, 1.0),
        ({"kind": "retry_after", "retry_after": 2}, 2.0),
    ],
    ids=["connection lost", "500", "429"],
)
async def test_what_fails_is_tried_again_after_a_while(
    sqlite_url: str, tmp_path: Path, fault: dict[str, Any], least: float
) -> None:
    async with running(sqlite_url, tmp_path) as house:
        await house.ask(PAUL, "/start")
        await order_fault(house, method="getUpdates", times=1, **fault)
        await house.say(PAUL, "/status")  # ends the poll under way; the next one meets the fault
        await house.say(PAUL, "/status")

        async def came() -> bool:
            return len(await stored(house.database)) == 3

        await house.until(came)
        calls = await polls(house)
        failed = next(call for call in calls if call["status"] != 200)
        following = next(call for call in calls if call["seq"] > failed["seq"])
        assert moment(following) - moment(failed) >= least


async def test_a_webhook_left_behind_goes_and_what_waits_stays(sqlite_url: str, tmp_path: Path) -> None:
    """Another deployment set a webhook that nobody answers any more; botyard starts without an address."""
    other = {"ghost": "7000000009:sandbox-ghost-bot"}
    (tmp_path / "second").mkdir()
    async with running(sqlite_url, tmp_path) as house:
        ghost = house.sandbox.world.add_bot(other["ghost"], name="ghost")
        api = f"{house.sandbox_url}/bot{other['ghost']}"
        await house.http.post(f"{api}/setWebhook", json={"url": "http://127.0.0.1:9/nobody"})
        for word in ("/start", "/help", "/status"):
            await house.say(PAUL, word, bot="ghost")
        assert len(ghost.queue) == 3
        with capture_logs() as lines:
            async with another_service(house, sqlite_url, bots=other):
                await house.until(lambda: _three_by(house, BotId(7000000009)))
        assert ghost.webhook.url == ""
        deletions = await house.calls("deleteWebhook")
        assert [call["params"].get("drop_pending_updates", False) for call in deletions] == [False]
        warning = next(line for line in lines if line["event"] == "webhook.removed")
        assert (warning["log_level"], warning["url"]) == ("warning", "http://127.0.0.1:9/nobody")


async def _three_by(house: Running, bot_id: BotId) -> bool:
    return [row.bot_id for row in await stored(house.database)].count(bot_id) == 3


async def test_an_answer_that_cannot_be_read_is_no_reason_to_hurry(sqlite_url: str) -> None:
    """What no Bot API server should answer: asked again at once, it would go on for ever at full speed."""
    results = [b'[{"update_id": "x"}]', b'[{"update_id": -1}]', b"{}", b"null", b'["\xff"]', b"[1, 2]"]
    asked: Counter[str] = Counter()

    async def answer(request: Request) -> Response:
        number = request.path_params["token"].partition(":")[0]
        asked[number] += 1
        return Response(b'{"ok":true,"result":%s}' % results[int(number)], media_type="application/json")

    broken = Starlette(routes=[Route("/bot{token}/getUpdates", answer, methods=["POST"])])
    tokens = [BotToken(f"{number}:sandbox-broken-bot") for number in range(len(results))]
    database, metrics = Database(sqlite_url), Metrics()
    async with _served(broken) as url, TelegramClient(url) as client:
        pollers = [
            Poller(Bot(token.bot_id, str(token.bot_id), token, "secret"), client, inbox, metrics)
            for token, inbox in ((token, Inbox(database, SystemClock())) for token in tokens)
        ]
        polling = [asyncio.create_task(poller.run()) for poller in pollers]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in polling)
        for task in polling:
            task.cancel()
    await database.aclose()
    assert asked == {str(number): 1 for number in range(len(results))}
    for number in asked:
        labels = {"bot_name": number, "kind": "poll"}
        assert metrics.registry.get_sample_value("telegram_errors_total", labels) == 1


async def test_what_cannot_be_read_costs_no_neighbour(database: Database) -> None:
    offsets: list[object] = []

    async def answer(request: Request) -> Response:
        offsets.append((await request.json()).get("offset"))
        updates = b'{"update_id":7,"message":{}},{"update_id":"x"},{"update_id":9,"poll":{"id":"p"}}'
        if len(offsets) > 1:
            await asyncio.sleep(0.2)
            updates = b""
        return Response(b'{"ok":true,"result":[%s]}' % updates, media_type="application/json")

    odd = Starlette(routes=[Route("/bot{token}/getUpdates", answer, methods=["POST"])])
    token = BotToken(SHOP)
    async with database.begin() as connection:
        (bot,) = await enrol(connection, {"shop": token}, SystemClock().now())
    async with _served(odd) as url, TelegramClient(url) as client:
        poller = Poller(bot, client, Inbox(database, SystemClock()), Metrics())
        polling = asyncio.create_task(poller.run())
        async with asyncio.timeout(5):
            while len(offsets) < 2:
                await asyncio.sleep(0.01)
        polling.cancel()
    assert offsets == [None, 10]
    assert [row.update_id for row in await stored(database)] == [7, 9]
