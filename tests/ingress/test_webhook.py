"""The webhook over real HTTP: every status of the contract, and 200 only for what is durable."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
import uvicorn
from structlog.testing import capture_logs
from tests.ingress.knocking import (
    SECRET_HEADER,
    all_handled,
    knock,
    message,
    nothing_can_be_written,
    postgres_away,
    secret_of,
    stored,
    stored_ids_now,
)
from tests.support.running import NEWS, SHOP, Running, running

from botyard.inbox.log import STORE_SECONDS
from botyard.inbox.models import UpdateState

MIB = 1024 * 1024
BOTH = {"shop": SHOP, "news": NEWS}


def samples(exposition: str, name: str) -> dict[str, float]:
    """The samples of one metric, by their labels as written."""
    found = re.findall(rf"^{name}{{(.*?)}} (\S+)$", exposition, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


# 200


async def test_what_is_answered_200_is_in_the_database(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, webhook=True) as house:

        async def send_and_look(update_id: int) -> None:
            answer = await knock(house, message(update_id))
            assert (answer.status, answer.text) == (200, "")
            assert update_id in stored_ids_now(database_url)

        await asyncio.gather(*(send_and_look(update_id) for update_id in range(1, 31)))
        rows = await stored(house.database)
        assert {row.update_id for row in rows} == set(range(1, 31))
        row = next(row for row in rows if row.update_id == 7)
        assert json.loads(row.body) == message(7)
        assert (row.kind, row.lane) == ("message", "7000000001:c1002")


async def test_the_answer_does_not_begin_before_the_commit(database_url: str, tmp_path: Path) -> None:
    """The ASGI events by hand: no `http.response.start` while the commit waits for somebody else's lock."""
    async with running(database_url, tmp_path, webhook=True) as house:
        events: list[dict[str, Any]] = []
        body = json.dumps(message(77)).encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/telegram/shop/webhook",
            "headers": [(SECRET_HEADER.lower().encode(), secret_of(house).encode())],
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Any) -> None:
            events.append({**event, "committed": 77 in await asyncio.to_thread(stored_ids_now, database_url)})

        async with nothing_can_be_written(database_url):
            handling = asyncio.ensure_future(house.service.asgi(scope, receive, send))
            await asyncio.sleep(0.3)
            assert events == []
            assert not handling.done()
        await handling
        assert [(event["type"], event["committed"]) for event in events] == [
            ("http.response.start", True),
            ("http.response.body", True),
        ]
        assert events[0]["status"] == 200


async def test_the_same_update_again_is_200_and_one_row(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True) as house:
        answers = await asyncio.gather(*(knock(house, message(5)) for _ in range(50)))
        assert {answer.status for answer in answers} == {200}
        assert len(await stored(house.database)) == 1


# 400, 401, 403, 404, 405, 413


async def test_who_may_not_and_what_is_not_accepted(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True, bots=BOTH) as house:
        secret, other = secret_of(house), secret_of(house, "news")
        refused: list[tuple[int, Mapping[str, str]]] = [
            (401, {}),
            (401, {SECRET_HEADER: ""}),
            (401, {SECRET_HEADER: "wrong"}),
            (401, {SECRET_HEADER: secret[:-1]}),
            (401, {SECRET_HEADER: secret + "x"}),
            (401, {SECRET_HEADER: secret.swapcase()}),
            (401, {SECRET_HEADER: f"{secret},{secret}"}),
            (401, {SECRET_HEADER: other}),
        ]
        for status, headers in refused:
            assert (await knock(house, message(1), headers=headers)).status == status, headers
        twice = aiohttp.typedefs.CIMultiDict([(SECRET_HEADER, secret), (SECRET_HEADER, secret)])
        assert (await knock(house, message(1), headers=twice)).status == 401

        assert (await knock(house, message(1), bot="nobody", headers={SECRET_HEADER: secret})).status == 404
        assert (await knock(house, message(1), bot="SHOP", headers={SECRET_HEADER: secret})).status == 404
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            address = f"{house.url}/telegram/shop/webhook"
            async with house.http.request(method, address, headers={SECRET_HEADER: secret}) as response:
                assert response.status == 405, method
                assert response.headers["Allow"] == "POST"
        for body in (b"", b"[]", b"null", b"{}", b"update_id=1", b'{"update_id":1', b'{"update_id":"1"}'):
            answer = await knock(house, body)
            assert answer.status == 400, body
            assert "update" in answer.text or "UTF-8" in answer.text
        assert await stored(house.database) == []


async def raw_post(house: Running, headers: str, *pieces: bytes) -> bytes:
    """A POST written piece by piece; answers all that came back until the server closed or fell silent."""
    port = int(house.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /telegram/shop/webhook HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {secret_of(house)}\r\n"
    writer.write(f"{head}{headers}\r\n\r\n".encode())
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)
    finally:
        writer.close()


async def test_a_body_over_one_mebibyte_is_413(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True) as house:
        # announced: refused before a byte of it was sent
        assert b" 413 " in await raw_post(house, f"Content-Length: {MIB + 1}")
        # in chunks: refused once it has grown too large, although it would go on for ever
        chunk = b"%x\r\n%s\r\n" % (2**16, b"x" * 2**16)
        assert b" 413 " in await raw_post(house, "Transfer-Encoding: chunked", *[chunk] * 17)
        # a length of 5,000 digits is no reason to fall over
        assert b" 500 " not in await raw_post(house, f"Content-Length: {'9' * 5000}")

        padding = MIB - len(json.dumps(message(1, "")))
        assert (await knock(house, message(1, "x" * padding))).status == 200
        assert (await knock(house, message(2, "x" * (padding + 1)))).status == 413
        assert [row.update_id for row in await stored(house.database)] == [1]


async def test_a_caller_who_hangs_up_leaves_nothing_behind(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True) as house:
        body = json.dumps(message(1)).encode()
        with pytest.raises((asyncio.TimeoutError, asyncio.IncompleteReadError)):
            async with asyncio.timeout(0.2):
                await raw_post(house, f"Content-Length: {len(body)}", body[:20])
        assert (await knock(house, message(2))).status == 200
        assert [row.update_id for row in await stored(house.database)] == [2]


@asynccontextmanager
async def as_in_production(house: Running) -> AsyncIterator[str]:
    """The same service behind a server that, as in `botyard up`, leaves the client's address alone."""
    config = uvicorn.Config(
        house.service.asgi, port=0, log_config=None, access_log=False, lifespan="off", proxy_headers=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


PROXY, STRANGER, LISTED = "127.0.0.1", "127.0.0.2", "127.0.0.9"
ADDRESSES: list[tuple[str, str | None, int]] = [
    (LISTED, None, 200),
    (PROXY, None, 403),  # trusted, not allowed
    (PROXY, "149.154.167.99", 200),
    (PROXY, "2001:67c:4e8::1", 200),
    (PROXY, "::ffff:149.154.167.99", 200),
    (PROXY, "149.154.167.99:443", 200),
    (PROXY, "8.8.8.8, 149.154.167.99", 200),
    (PROXY, "149.154.167.99, 127.0.0.1", 200),  # two proxies in a row
    (PROXY, "149.154.167.99, 8.8.8.8", 403),  # what stands left was written by the caller
    (PROXY, "8.8.8.8", 403),
    (PROXY, "unknown", 403),
    (PROXY, "", 403),
    (STRANGER, "149.154.167.99", 403),  # no proxy of ours: his word counts for nothing
    (STRANGER, None, 403),
]


async def test_addresses(sqlite_url: str, tmp_path: Path) -> None:
    lists = {
        "ip_allowlist": f"149.154.160.0/20,2001:67c:4e8::/48,{LISTED}/32",
        "trusted_proxies": f"{PROXY}/32",
    }
    async with running(sqlite_url, tmp_path, **lists) as house, as_in_production(house) as url:
        found = []
        for number, (peer, forwarded, _) in enumerate(ADDRESSES):
            headers = {SECRET_HEADER: secret_of(house)}
            if forwarded is not None:
                headers["X-Forwarded-For"] = forwarded
            connector = aiohttp.TCPConnector(local_addr=(peer, 0))
            async with aiohttp.ClientSession(connector=connector) as http:
                answer = await knock(house, message(number), headers=headers, url=url, http=http)
            found.append((peer, forwarded, answer.status))
        assert found == ADDRESSES
        let_in = [number for number, (_, _, status) in enumerate(ADDRESSES) if status == 200]
        assert [row.update_id for row in await stored(house.database)] == let_in
        failures = samples(await house.metrics(), "telegram_verification_failures_total")
        assert failures == {'bot_name="shop",reason="address"': len(ADDRESSES) - len(let_in)}


# 429


async def test_a_bot_over_its_limit_is_429_and_the_other_is_not(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True, bots=BOTH, ingress_rate="3") as house:
        wrong = {SECRET_HEADER: "wrong"}
        for _ in range(10):  # strangers do not use up the bot's allowance
            assert (await knock(house, message(1), headers=wrong)).status == 401
        answers = [await knock(house, message(update_id)) for update_id in range(1, 9)]
        accepted = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status == 429]
        assert 3 <= len(accepted) < 8
        assert len(accepted) + len(refused) == 8
        assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
        assert (await knock(house, message(1), bot="news")).status == 200
        await asyncio.sleep(1.05)
        assert (await knock(house, message(9))).status == 200
        assert len(await stored(house.database)) == len(accepted) + 2
        errors = samples(await house.metrics(), "telegram_errors_total")
        assert errors['bot_name="shop",kind="rate"'] == len(refused)


async def test_a_limit_of_zero_is_none(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True, ingress_rate="0") as house:
        answers = await asyncio.gather(*(knock(house, message(update_id)) for update_id in range(1, 101)))
        assert {answer.status for answer in answers} == {200}


# 503


async def test_a_database_that_cannot_write_is_503_in_time_and_nothing_is_lost(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path, webhook=True) as house:
        assert (await knock(house, message(1))).status == 200
        async with nothing_can_be_written(database_url):
            began = monotonic()
            answers = await asyncio.gather(*(knock(house, message(update_id)) for update_id in range(2, 12)))
            assert monotonic() - began < STORE_SECONDS + 1
            assert {answer.status for answer in answers} == {503}
            assert {answer.headers["Retry-After"] for answer in answers} == {"1"}
        # by itself, and Telegram offers again what was refused
        answers = await asyncio.gather(*(knock(house, message(update_id)) for update_id in range(2, 12)))
        assert {answer.status for answer in answers} == {200}
        await house.until(lambda: all_handled(house.database))
        rows = await stored(house.database)
        assert sorted(row.update_id for row in rows) == list(range(1, 12))
        assert {row.state for row in rows} == {UpdateState.DONE}
        assert {json.loads(row.body)["message"]["text"] for row in rows} == {"/status"}
        errors = samples(await house.metrics(), "telegram_errors_total")
        assert errors['bot_name="shop",kind="store"'] == 10


@pytest.mark.postgres
async def test_a_server_that_went_away_is_503_and_comes_back(postgres_url: str, tmp_path: Path) -> None:
    async with running(postgres_url, tmp_path, webhook=True) as house:
        assert (await knock(house, message(1))).status == 200
        with postgres_away(postgres_url):
            began = monotonic()
            answers = await asyncio.gather(*(knock(house, message(update_id)) for update_id in range(2, 12)))
            assert {answer.status for answer in answers} == {503}
            assert monotonic() - began < STORE_SECONDS + 1
            async with house.http.get(f"{house.url}/readyz") as ready:
                assert ready.status == 503
        answers = await asyncio.gather(*(knock(house, message(update_id)) for update_id in range(2, 12)))
        assert {answer.status for answer in answers} == {200}
        await house.until(lambda: all_handled(house.database), seconds=20)
        rows = await stored(house.database)
        assert sorted(row.update_id for row in rows) == list(range(1, 12))
        assert {row.state for row in rows} == {UpdateState.DONE}


# what is counted, and what is said


async def test_metrics(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, bots=BOTH) as house:
        await knock(house, message(1))
        await knock(house, message(1), bot="news")
        await knock(house, {"update_id": 2, "poll": {"id": "p"}})
        await knock(house, {"update_id": 3, "hologram_" + "x" * 40: {}})
        await knock(house, message(4), headers={SECRET_HEADER: "wrong"})
        await knock(house, message(4), bot="who-" + "x" * 40, headers={SECRET_HEADER: "wrong"})
        await knock(house, b"{}")
        text = await house.metrics()
        assert samples(text, "telegram_updates_total") == {
            'bot_name="shop",type="message"': 1,
            'bot_name="news",type="message"': 1,
            'bot_name="shop",type="poll"': 1,
            'bot_name="shop",type="other"': 1,
        }
        assert samples(text, "telegram_verification_failures_total") == {
            'bot_name="shop",reason="secret"': 1,
            'bot_name="other",reason="unknown_bot"': 1,
        }
        assert samples(text, "telegram_errors_total")['bot_name="shop",kind="not_an_update"'] == 1
        accepted = re.search(r'^telegram_update_seconds_count{stage="accept"} (\S+)$', text, re.MULTILINE)
        assert accepted is not None
        assert float(accepted[1]) == 4


async def test_no_secret_is_logged_or_answered(sqlite_url: str, tmp_path: Path) -> None:
    """Not even to the mask of the logs: the events themselves are free of them."""
    with capture_logs() as lines:
        async with running(sqlite_url, tmp_path, webhook=True) as house:
            secret, guess = secret_of(house), "guessed-" + "s" * 30
            answers = [
                await knock(house, message(1)),
                await knock(house, message(2), headers={SECRET_HEADER: guess}),
                await knock(house, b'{"update_id": "x"}'),
                await knock(house, message(3), bot="nobody", headers={SECRET_HEADER: secret}),
            ]
            async with nothing_can_be_written(sqlite_url):
                answers.append(await knock(house, message(4)))
            assert [answer.status for answer in answers] == [200, 401, 400, 404, 503]
            said = " ".join(f"{answer.text} {dict(answer.headers)}" for answer in answers)
            said += await house.metrics()
    assert any(line["event"] == "webhook.not_stored" for line in lines)
    for hidden in (secret, guess, SHOP, SHOP.partition(":")[2]):
        assert hidden not in said
        assert hidden not in repr(lines)
