"""The client against real servers that behave badly in every way a network can."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from tests.telegram.raw_server import OK, RawServer, http, reset, url_of

from botyard.ids import BotToken
from botyard.telegram.client import InputFile, TelegramClient
from botyard.telegram.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotSent,
    OutcomeUnknown,
    RetryAfter,
    ServerError,
    TelegramError,
    Unauthorized,
)

TOKEN = BotToken("123:not-a-real-secret-of-a-bot")
SECRET = "not-a-real-secret-of-a-bot"
OURS = ("telegram/client.py", "telegram/pool.py", "telegram/connection.py", "telegram/dialing.py")


async def failing(server: RawServer, *, timeout: float = 5.0) -> TelegramError:
    async with TelegramClient(server.url) as client:
        with pytest.raises(TelegramError) as caught:
            await client.call(TOKEN, "sendMessage", {"chat_id": 1, "text": "a"}, timeout=timeout)
    keeps_the_secret(caught.value)
    return caught.value


def keeps_the_secret(error: BaseException) -> None:
    """Neither the error nor anything that hangs on it shows the token."""
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(traceback.format_exception(error))
    for text in (shown, str(error), repr(error), repr(error.args), repr(vars(error))):
        assert SECRET not in text
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith(OURS):  # a log may show the locals
            assert SECRET not in repr(frame.f_locals)


@pytest.fixture(autouse=True)
def no_secret_in_the_logs(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        assert SECRET not in record.getMessage()
        assert SECRET not in str(record.exc_info)


class Telegram:
    """A Bot API server over aiohttp that answers what it is told and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.status = 200
        self.answer: dict[str, Any] = {"ok": True, "result": {"message_id": 7}}
        self.headers: dict[str, str] = {}
        self.peers: set[Any] = set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.peers.add(request.transport.get_extra_info("peername") if request.transport else None)
        if request.content_type == "multipart/form-data":
            fields = await request.post()
            body: Any = {
                name: (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
                for name, value in fields.items()
            }
        else:
            body = await request.json()
        self.asked.append((request.path, request.content_type, body))
        return web.json_response(self.answer, status=self.status, headers=self.headers)


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    telegram = Telegram()
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/{path:.*}", telegram.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    telegram.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield telegram
    await runner.cleanup()


@pytest.fixture
async def client(telegram: Any) -> AsyncIterator[TelegramClient]:
    async with TelegramClient(telegram.url + "/") as client:
        yield client


# what is asked


async def test_a_call_is_a_post_of_json(telegram: Telegram, client: TelegramClient) -> None:
    params = {
        "chat_id": -100,
        "text": "é😀",
        "reply_markup": {"inline_keyboard": []},
        "thread": None,
        "on": True,
    }
    assert await client.call(TOKEN, "sendMessage", params) == {"message_id": 7}
    path, content_type, body = telegram.asked[0]
    assert path == f"/bot123:{SECRET}/sendMessage"
    assert content_type == "application/json"
    assert body == {key: value for key, value in params.items() if value is not None}


async def test_parameters_in_json_go_as_they_are(telegram: Telegram, client: TelegramClient) -> None:
    await client.call(TOKEN, "sendMessage", b'{"chat_id":5,"text":"a"}')
    await client.call(TOKEN, "getMe")
    assert [body for _, _, body in telegram.asked] == [{"chat_id": 5, "text": "a"}, {}]


async def test_a_raw_result_is_still_json(telegram: Telegram, client: TelegramClient) -> None:
    assert json.loads(await client.call_raw(TOKEN, "getMe", {})) == {"message_id": 7}


async def test_a_file_is_uploaded(telegram: Telegram, client: TelegramClient) -> None:
    photo = InputFile("é.png", bytes(range(256)))
    await client.call(TOKEN, "sendPhoto", {"chat_id": 5, "caption": "a", "has_spoiler": True, "photo": photo})
    _, content_type, body = telegram.asked[0]
    assert content_type == "multipart/form-data"
    assert body == {
        "chat_id": "5",
        "caption": "a",
        "has_spoiler": "true",
        "photo": ("é.png", bytes(range(256))),
    }
    assert repr(photo) == "InputFile('é.png', 256 bytes)"


@pytest.mark.parametrize("name", ['a"b.txt', "a\\b.txt", "a;b=c.txt", "файл.txt"])
async def test_any_file_name_arrives(telegram: Telegram, client: TelegramClient, name: str) -> None:
    await client.call(TOKEN, "sendDocument", {"chat_id": 5, "document": InputFile(name, b"x")})
    assert telegram.asked[0][2]["document"] == (name, b"x")


@pytest.mark.parametrize("name", ["", "a\r\nX: y", "a\0b"])
def test_a_file_name_that_would_break_the_request_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        InputFile(name, b"x")


async def test_files_inside_an_album_are_attached(telegram: Telegram, client: TelegramClient) -> None:
    media = [{"type": "photo", "media": InputFile(name, name.encode())} for name in ("a", "b")]
    await client.call(TOKEN, "sendMediaGroup", {"chat_id": 5, "media": media})
    body = telegram.asked[0][2]
    assert [item["media"] for item in json.loads(body["media"])] == ["attach://file0", "attach://file1"]
    assert (body["file0"], body["file1"]) == (("a", b"a"), ("b", b"b"))


async def test_what_can_not_be_a_parameter_is_refused_before_sending(
    telegram: Telegram, client: TelegramClient
) -> None:
    with pytest.raises(TypeError, match="object"):
        await client.call(TOKEN, "sendMessage", {"chat_id": object()})
    with pytest.raises(ValueError, match="method"):
        await client.call(TOKEN, "../getMe", {})
    assert telegram.asked == []


async def test_connections_are_kept_and_pooled(telegram: Telegram, client: TelegramClient) -> None:
    for _ in range(5):
        await client.call(TOKEN, "getMe")
    assert len(telegram.peers) == 1
    await asyncio.gather(*(client.call(TOKEN, "getMe") for _ in range(20)))
    assert len(telegram.asked) == 25


# what is answered


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, Unauthorized),
        (409, Conflict),
        (500, ServerError),
    ],
)
async def test_refusals_come_as_their_errors(
    telegram: Telegram, client: TelegramClient, code: int, kind: type[TelegramError]
) -> None:
    telegram.status = code
    telegram.answer = {"ok": False, "error_code": code, "description": f"no: /bot123:{SECRET}/x"}
    with pytest.raises(kind) as caught:
        await client.call(TOKEN, "sendMessage", {})
    assert caught.value.description == "no: /bot***/x"
    keeps_the_secret(caught.value)


async def test_too_many_requests_by_the_header(telegram: Telegram, client: TelegramClient) -> None:
    telegram.status, telegram.answer, telegram.headers = 429, {"ok": False}, {"Retry-After": "17"}
    with pytest.raises(RetryAfter) as caught:
        await client.call(TOKEN, "sendMessage", {})
    assert caught.value.seconds == 17


async def test_redirects_are_not_followed() -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(http(b"", status="302 Found", headers="Location: /else\r\n"))

    async with RawServer(elsewhere) as server:
        assert isinstance(await failing(server), ServerError)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", b'{"ok":true,"result":', b"", b'{"ok":true}', b"\xff\xfe"]
)
async def test_success_that_can_not_be_read_is_unknown(body: bytes) -> None:
    async def garbled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(http(body))

    async with RawServer(garbled) as server:
        assert isinstance(await failing(server), OutcomeUnknown)


async def test_a_large_call_is_sent_whole(telegram: Telegram, client: TelegramClient) -> None:
    await client.call(TOKEN, "sendDocument", {"chat_id": 5, "document": InputFile("a", b"x" * 20_000_000)})
    assert len(telegram.asked[0][2]["document"][1]) == 20_000_000


async def test_a_result_that_is_not_utf_8_is_unknown() -> None:
    async def garbled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(http(b'{"ok":true,"result":{"text":"\xff"}}'))

    async with RawServer(garbled) as server:
        assert isinstance(await failing(server), OutcomeUnknown)


# what goes wrong on the way


async def test_refused_is_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        async with TelegramClient(url_of(taken)) as client:
            with pytest.raises(NotSent) as caught:
                await client.call(TOKEN, "sendMessage", {})
    keeps_the_secret(caught.value)


async def test_an_unknown_host_is_not_sent() -> None:
    async with TelegramClient("http://no-such-host.invalid") as client:
        with pytest.raises(NotSent) as caught:
            await client.call(TOKEN, "sendMessage", {})
    keeps_the_secret(caught.value)


async def test_a_server_without_tls_is_not_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(100))

    received: list[bytes] = []
    async with RawServer(hang_up) as server, TelegramClient(server.url.replace("http", "https")) as client:
        with pytest.raises(NotSent) as caught:
            await client.call(TOKEN, "sendMessage", {}, timeout=5.0)
    keeps_the_secret(caught.value)
    assert b"sendMessage" not in b"".join(received)


async def test_a_connection_that_does_not_come_in_time_is_not_sent() -> None:
    # A full backlog: the kernel answers no further handshake.
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        async with TelegramClient(url_of(full)) as client:
            with pytest.raises(NotSent) as caught:
                await client.call(TOKEN, "sendMessage", {}, timeout=0.3)
    keeps_the_secret(caught.value)


async def test_time_that_runs_out_while_all_connections_are_taken_is_not_sent() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await asyncio.sleep(5)

    async with RawServer(silent) as server, TelegramClient(server.url, connections=1) as client:
        first = asyncio.create_task(client.call(TOKEN, "getUpdates", {}, timeout=1.0))
        await asyncio.sleep(0.1)
        with pytest.raises(NotSent) as caught:
            await client.call(TOKEN, "sendMessage", {}, timeout=0.2)
        keeps_the_secret(caught.value)
        with pytest.raises(OutcomeUnknown):
            await first
        assert len(server.requests) == 1


async def test_the_caller_is_asked_last_before_sending(telegram: Telegram, client: TelegramClient) -> None:
    class ChangedMyMind(Exception):
        pass

    def refuse() -> None:
        raise ChangedMyMind

    heard: list[str] = []
    await client.call(TOKEN, "getMe", before_sending=lambda: heard.append("now"))
    with pytest.raises(ChangedMyMind):
        await client.call(TOKEN, "sendMessage", {"chat_id": 1, "text": "a"}, before_sending=refuse)
    await client.call(TOKEN, "getMe", before_sending=lambda: heard.append("now"))
    assert heard == ["now", "now"]
    assert [path.rpartition("/")[2] for path, *_ in telegram.asked] == ["getMe", "getMe"]
    assert len(telegram.peers) == 1, "the connection can still be used"


async def test_who_never_gets_a_connection_is_not_asked() -> None:
    asked: list[str] = []
    async with TelegramClient("http://127.0.0.1:9") as client:
        with pytest.raises(NotSent):
            await client.call(TOKEN, "getMe", before_sending=lambda: asked.append("now"))
    assert not asked


async def test_no_answer_in_time_is_unknown() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await asyncio.sleep(5)

    async with RawServer(silent) as server:
        assert isinstance(await failing(server, timeout=0.2), OutcomeUnknown)
        assert len(server.requests) == 1


async def test_half_an_answer_in_time_is_unknown() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(OK[:-5])
        await asyncio.sleep(5)

    async with RawServer(slow) as server:
        assert isinstance(await failing(server, timeout=0.2), OutcomeUnknown)


@pytest.mark.parametrize("read_first", [False, True])
@pytest.mark.parametrize("end", [reset, asyncio.StreamWriter.close])
async def test_a_connection_that_ends_under_a_request_is_unknown(
    read_first: bool, end: Callable[[asyncio.StreamWriter], None]
) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if read_first:
            await server.request(reader)
        else:
            await reader.readexactly(1)
        end(writer)

    async with RawServer(hang_up) as server:
        assert isinstance(await failing(server), OutcomeUnknown)
        assert server.connections == 1, "not tried again behind our back"


@pytest.mark.parametrize("end", [reset, asyncio.StreamWriter.close])
async def test_a_kept_connection_that_ends_under_a_request_is_unknown_and_sent_once(
    end: Callable[[asyncio.StreamWriter], None],
) -> None:
    async def tire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(OK)
        await reader.readexactly(1)  # the next request reaches us, and we are gone
        seen.append(True)
        end(writer)

    seen: list[bool] = []
    async with RawServer(tire) as server, TelegramClient(server.url) as client:
        assert await client.call(TOKEN, "getMe", {}) is True
        with pytest.raises(OutcomeUnknown) as caught:
            await client.call(TOKEN, "sendMessage", {"text": "once"})
        keeps_the_secret(caught.value)
        await asyncio.sleep(0.05)
        assert server.connections == 1
        assert seen == [True]
        assert await client.call(TOKEN, "getMe", {}) is True, "the next call gets a new connection"
        assert server.connections == 2


@pytest.mark.parametrize("end", [reset, asyncio.StreamWriter.close])
async def test_a_kept_connection_that_ended_while_idle_is_not_used(
    end: Callable[[asyncio.StreamWriter], None],
) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.02)
        end(writer)

    async with RawServer(once) as server, TelegramClient(server.url) as client:
        for _ in range(3):
            assert await client.call(TOKEN, "getMe", {}) is True
            await asyncio.sleep(0.1)
        assert (server.connections, len(server.requests)) == (3, 3)


GARBAGE = [
    b"nonsense\r\n\r\n",
    b"HTTP/1.1 2x0 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ok"\r\n',
    b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ok":true',
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n",
    b"",
    b"\0" * 100,
]


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
async def test_an_answer_that_is_not_http_is_unknown(answer: bytes) -> None:
    async def garbled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(answer)
        await writer.drain()

    async with RawServer(garbled) as server:
        assert isinstance(await failing(server), OutcomeUnknown)
        assert server.connections == 1


async def test_a_refusal_whose_body_is_cut_off_is_still_a_refusal() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 100\r\n\r\n{")

    async with RawServer(cut) as server:
        error = await failing(server)
        assert isinstance(error, RetryAfter)
        assert error.seconds == 3


async def test_a_chunked_answer_is_read() -> None:
    async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b'{"ok":tr', b'ue,"result":[1]}', b""):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    async with RawServer(chunked) as server, TelegramClient(server.url) as client:
        assert await client.call(TOKEN, "getMe", {}) == [1]


async def test_a_cancelled_call_is_cancelled_and_leaves_the_client_usable() -> None:
    async def first_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        if len(server.requests) == 1:
            await asyncio.sleep(5)
        writer.write(OK)

    async with RawServer(first_silent) as server, TelegramClient(server.url, connections=1) as client:
        call = asyncio.create_task(client.call(TOKEN, "sendMessage", {}))
        await asyncio.sleep(0.1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await client.call(TOKEN, "getMe", {}, timeout=2.0) is True


async def test_closing_ends_the_calls_under_way() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await asyncio.sleep(5)

    async with RawServer(silent) as server:
        client = TelegramClient(server.url)
        call = asyncio.create_task(client.call(TOKEN, "sendMessage", {}))
        await asyncio.sleep(0.1)
        await client.aclose()
        with pytest.raises(OutcomeUnknown):
            await call


@pytest.mark.parametrize("url", ["http://[bad", "http://host:port"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        TelegramClient(url)
    assert SECRET not in str(caught.value)


async def test_an_address_without_a_scheme_is_not_sent() -> None:
    async with TelegramClient("no-scheme") as client:
        with pytest.raises(NotSent) as caught:
            await client.call(TOKEN, "sendMessage", {})
    keeps_the_secret(caught.value)


async def test_a_closed_client_sends_nothing() -> None:
    client = TelegramClient("http://127.0.0.1:9")
    await client.aclose()
    with pytest.raises(NotSent, match="closed"):
        await client.call(TOKEN, "sendMessage", {})


async def test_connections_are_watched_by_the_kernel() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(OK)
        await reader.read(1)

    async with RawServer(answer) as server, TelegramClient(server.url) as client:
        await client.call(TOKEN, "getMe", {})
        (kept,) = client._pool._idle
        assert kept._transport is not None
        kept_socket = kept._transport.get_extra_info("socket")
        assert kept_socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert kept_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert kept_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
