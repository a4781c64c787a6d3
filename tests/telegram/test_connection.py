"""Answers in every form that HTTP/1.1 has, and when a connection is used again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.telegram.raw_server import OK, RawServer, http, reset

from botyard.ids import BotToken
from botyard.telegram import connection as connection_module
from botyard.telegram.client import InputFile, TelegramClient
from botyard.telegram.errors import BadRequest, OutcomeUnknown, RetryAfter, ServerError

TOKEN = BotToken("123:not-a-real-secret-of-a-bot")
TRUE = b'{"ok":true,"result":true}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Answering = Callable[[asyncio.StreamWriter, int], Awaitable[None]]


def answering(answer: Answering) -> RawServer:
    """A server that reads each request and then runs `answer`, which is told the request's number."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await server.request(reader)
            await answer(writer, len(server.requests))

    server = RawServer(serve)
    return server


def saying(*answers: bytes) -> RawServer:
    """A server that answers with these bytes, request for request."""

    async def answer(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(answers[number - 1])

    return answering(answer)


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        CHUNKED + b'5;a=b\r\n{"ok"\r\n14\r\n:true,"result":true}\r\n0\r\nX-Sum: 1\r\n\r\n',
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
    ],
    ids=["length", "chunked", "after 1xx"],
)
async def test_an_answer_may_come_byte_by_byte(answer: bytes) -> None:
    async def dribble(writer: asyncio.StreamWriter, number: int) -> None:
        for byte in answer:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.0005)

    async with answering(dribble) as server, TelegramClient(server.url) as client:
        for _ in range(2):
            assert await client.call(TOKEN, "getMe") is True
        assert server.connections == 1


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_an_answer_may_end_with_its_connection(version: str) -> None:
    async def until_the_end(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(f"HTTP/{version} 200 OK\r\n\r\n".encode())
        for piece in (TRUE[:7], TRUE[7:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.close()

    async with answering(until_the_end) as server, TelegramClient(server.url) as client:
        for _ in range(2):
            assert await client.call(TOKEN, "getMe") is True
        assert server.connections == 2


async def test_an_answer_that_should_end_with_its_connection_but_is_reset_is_unknown() -> None:
    async def cut(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + TRUE)
        await writer.drain()
        await asyncio.sleep(0.05)
        reset(writer)

    async with answering(cut) as server, TelegramClient(server.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.call(TOKEN, "sendMessage")


@pytest.mark.parametrize(
    "answer",
    [http(TRUE).replace(b"Length: 25", b"Length: 100"), CHUNKED + b"%x\r\n%b\r\n" % (len(TRUE), TRUE)],
    ids=["length", "chunked"],
)
async def test_what_is_missing_may_be_nothing_but_the_end(answer: bytes) -> None:
    async def cut(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(answer)
        writer.close()

    async with answering(cut) as server, TelegramClient(server.url) as client:
        with pytest.raises(OutcomeUnknown, match="closed the connection"):
            await client.call(TOKEN, "sendMessage")


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (OK, 1),
        (http(TRUE, headers="Connection: close\r\n"), 2),
        (http(TRUE).replace(b"HTTP/1.1", b"HTTP/1.0"), 2),
        (http(TRUE, headers="Connection: keep-alive\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"), 1),
        (OK + OK, 2),
        (OK + b"x", 2),
    ],
    ids=["1.1", "close", "1.0", "1.0 kept", "two answers", "surplus"],
)
async def test_a_connection_is_used_again_only_after_a_clean_answer(answer: bytes, connections: int) -> None:
    async with saying(answer, answer) as server, TelegramClient(server.url) as client:
        for _ in range(2):
            assert await client.call(TOKEN, "getMe") is True
        assert server.connections == connections


async def test_an_answer_that_nobody_asked_for_is_no_answer() -> None:
    async def twice(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(http(b'{"ok":true,"result":%d}' % number))
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(http(b'{"ok":true,"result":"stray"}'))

    async with answering(twice) as server, TelegramClient(server.url) as client:
        for number in (1, 2, 3):
            assert await client.call(TOKEN, "getMe") == number
            await asyncio.sleep(0.1)
        assert server.connections == 3


async def test_switching_protocols_is_unknown() -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    for answer in (upgrade, b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK):
        async with saying(answer) as server, TelegramClient(server.url) as client:
            with pytest.raises(OutcomeUnknown, match="not HTTP"):
                await client.call(TOKEN, "sendMessage", timeout=5)


async def test_headers_of_an_informational_answer_are_not_the_answers() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 77\r\nContent-Length: 0\r\n\r\n"
    refusal = http(b"", status="429 Too Many Requests", headers="Retry-After: 3 \r\n")
    async with saying(interim + refusal) as server, TelegramClient(server.url) as client:
        with pytest.raises(RetryAfter) as caught:
            await client.call(TOKEN, "sendMessage")
        assert caught.value.seconds == 3


async def test_a_trailer_is_not_a_header_of_the_next_answer() -> None:
    trailed = CHUNKED + b"%x\r\n%b\r\n0\r\nRetry-After: 77\r\n\r\n" % (len(TRUE), TRUE)
    refusal = http(b"", status="429 Too Many Requests")
    async with saying(trailed, refusal) as server, TelegramClient(server.url) as client:
        assert await client.call(TOKEN, "getMe") is True
        with pytest.raises(RetryAfter) as caught:
            await client.call(TOKEN, "sendMessage")
        assert caught.value.seconds == 5
        assert server.connections == 1


async def test_an_answer_without_a_body_ends_at_once() -> None:
    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with saying(answer, OK) as server, TelegramClient(server.url) as client:
        with pytest.raises(OutcomeUnknown, match="could not be read"):
            await client.call(TOKEN, "sendMessage", timeout=2)
        assert await client.call(TOKEN, "getMe") is True
        assert server.connections == 1


async def pour(writer: asyncio.StreamWriter, what: bytes) -> None:
    while True:
        writer.write(what)
        await writer.drain()


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
async def test_headers_without_end_are_unknown(start: bytes) -> None:
    more = b"HTTP/1.1 100 Continue\r\n\r\n" if b"100" in start else b"X" * 100
    more = b"X: y\r\n" * 20 if start.endswith(b"OK\r\n") else more

    async def endless(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(start)
        await pour(writer, more)

    async with answering(endless) as server, TelegramClient(server.url) as client:
        with pytest.raises(OutcomeUnknown, match="too large"):
            await client.call(TOKEN, "sendMessage", timeout=20)


@pytest.mark.parametrize(("status", "error"), [("200 OK", OutcomeUnknown), ("502 Bad Gateway", ServerError)])
async def test_a_body_without_end_is_given_up(
    status: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
        await pour(writer, b" " * 10_000)

    monkeypatch.setattr(connection_module, "MOST_OF_AN_ANSWER", 2**20)
    async with answering(endless) as server, TelegramClient(server.url) as client:
        with pytest.raises(error):
            await client.call(TOKEN, "sendMessage", timeout=20)


async def test_a_large_answer_is_read_whole() -> None:
    text = b"x" * 20_000_000
    answer = http(b'{"ok":true,"result":"%b"}' % text)
    async with saying(answer) as server, TelegramClient(server.url) as client:
        assert await client.call(TOKEN, "getUpdates") == text.decode()


async def test_a_refusal_before_the_upload_is_read_counts() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"", status="413 Payload Too Large"))
        ended.append(len(await reader.read()) < 50_000_000)

    ended: list[bool] = []
    async with RawServer(refuse) as server, TelegramClient(server.url) as client:
        for _ in range(2):
            with pytest.raises(BadRequest, match="Too Large"):
                await client.call(TOKEN, "sendDocument", {"document": InputFile("a", b"x" * 50_000_000)})
        assert server.connections == 2, "half a request was on the first"
        await asyncio.sleep(0.5)
    assert ended == [True, True]


async def test_a_refusal_whose_body_never_ends_counts_when_time_is_out() -> None:
    async def stall(writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9\r\nContent-Length: 10\r\n\r\n{")
        await asyncio.sleep(5)

    async with answering(stall) as server, TelegramClient(server.url) as client:
        with pytest.raises(RetryAfter) as caught:
            await client.call(TOKEN, "sendMessage", timeout=0.3)
        assert caught.value.seconds == 9


async def test_each_call_on_one_connection_has_its_own_time() -> None:
    async def later(writer: asyncio.StreamWriter, number: int) -> None:
        await asyncio.sleep({1: 0, 2: 0.6, 3: 0, 4: 5}[number])
        writer.write(OK)

    async with answering(later) as server, TelegramClient(server.url, connections=1) as client:
        assert await client.call(TOKEN, "getMe", timeout=0.3) is True
        assert await client.call(TOKEN, "getMe", timeout=5) is True, "the time of the call before is over"
        assert await client.call(TOKEN, "getMe", timeout=60) is True
        started = asyncio.get_running_loop().time()
        with pytest.raises(OutcomeUnknown, match="time ran out"):
            await client.call(TOKEN, "getMe", timeout=0.3)
        assert 0.2 < asyncio.get_running_loop().time() - started < 2
        assert server.connections == 1
