"""Base URLs, and reaching what they name."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.telegram.raw_server import OK, RawServer

from botyard.ids import BotToken
from botyard.telegram import dialing
from botyard.telegram.address import Address, read_address
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import NotSent

TOKEN = BotToken("123:not-a-real-secret-of-a-bot")


@pytest.mark.parametrize(
    ("url", "address", "authority"),
    [
        ("https://api.telegram.org", Address("api.telegram.org", 443, True, ""), "api.telegram.org"),
        ("https://API.example:443/", Address("api.example", 443, True, ""), "api.example"),
        ("http://h:8081/sandbox/", Address("h", 8081, False, "/sandbox"), "h:8081"),
        ("http://h:443/a/b", Address("h", 443, False, "/a/b"), "h:443"),
        ("https://h:80", Address("h", 80, True, ""), "h:80"),
        ("http://[::1]:81/", Address("::1", 81, False, ""), "[::1]:81"),
        ("https://[2001:DB8::1]", Address("2001:db8::1", 443, True, ""), "[2001:db8::1]"),
        (
            "http://höst.example/é b",
            Address("xn--hst-sna.example", 80, False, "/%C3%A9%20b"),
            "xn--hst-sna.example",
        ),
    ],
)
def test_an_address_is_taken_apart(url: str, address: Address, authority: str) -> None:
    assert read_address(url) == address
    assert address.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "http://[bad",
        "http://h:port",
        "http://h:99999",
        "http://user:hidden@h",
        "http://user@h",
        "http://h/?a=b",
        "http://h/#a",
        "http://faß.example",
        "http://a b",
        "http://" + "é" * 70,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address") as caught:
        TelegramClient(url)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("url", ["no-scheme", "ftp://h", "//h", ""])
async def test_what_http_can_not_reach_is_not_sent(url: str) -> None:
    async with TelegramClient(url) as client:
        with pytest.raises(NotSent, match="http"):
            await client.call(TOKEN, "getMe")


async def test_a_name_that_dns_can_not_take_is_not_sent() -> None:
    for host in ("a..b", "a" * 70):
        async with TelegramClient(f"http://{host}") as client:
            with pytest.raises(NotSent):
                await client.call(TOKEN, "getMe")


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        asked.append(await reader.readuntil(b"{}"))
        writer.write(OK)


asked: list[bytes] = []


async def test_the_request_is_the_same_each_time() -> None:
    asked.clear()
    async with RawServer(answer) as server, TelegramClient(server.url + "/sandbox/") as client:
        for _ in range(2):
            await client.call(TOKEN, "getMe")
    head, _, body = asked[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /sandbox/bot123:not-a-real-secret-of-a-bot/getMe HTTP/1.1"
    assert f"Host: {server.url.removeprefix('http://')}" in lines
    assert {"Content-Length: 2", "Content-Type: application/json", "Accept-Encoding: identity"} <= set(lines)
    assert body == b"{}"
    assert asked == [asked[0]] * 2


async def test_heads_of_requests_are_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botyard.telegram.client.MOST_HEADS", 3)
    asked.clear()
    async with RawServer(answer) as server, TelegramClient(server.url) as client:
        for number in range(10):
            await client.call(TOKEN, f"get{number}")
        assert len(client._heads) <= 3
        assert [f"/get{number} ".encode() in head for number, head in enumerate(asked)] == [True] * 10


@pytest.mark.parametrize("listen", ["127.0.0.1", "::1"])
async def test_a_host_is_found_at_either_of_its_addresses(listen: str) -> None:
    try:
        server = await asyncio.start_server(answer, listen, 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = server.sockets[0].getsockname()[1]
    host = f"[{listen}]" if ":" in listen else listen
    async with server:
        for name in (host, "localhost") if listen == "127.0.0.1" else (host,):
            async with TelegramClient(f"http://{name}:{port}") as client:
                assert await client.call(TOKEN, "getMe") is True


def found(*addresses: tuple[str, int]) -> Any:
    async def getaddrinfo(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    return getaddrinfo


class Loop:
    """The running loop, with names that are found where the test says."""

    def __init__(self, *addresses: tuple[str, int]) -> None:
        self._loop = asyncio.get_running_loop()
        self.getaddrinfo = found(*addresses)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    loop = Loop(*addresses)
    monkeypatch.setattr("botyard.telegram.dialing.asyncio.get_running_loop", lambda: loop)


async def test_an_address_that_is_silent_or_refuses_does_not_hold_up_the_others() -> None:
    with (
        socket.socket() as full,
        socket.socket() as filler,
        socket.socket() as refusing,
        socket.socket() as good,
    ):
        for each in (full, refusing, good):
            each.bind(("127.0.0.1", 0))
        full.listen(0)
        filler.connect(full.getsockname())
        good.listen()
        silent, refused, ready = (each.getsockname() for each in (full, refusing, good))
        for addresses in ((silent, ready), (refused, ready), (silent, refused, ready), (ready, silent)):
            with pytest.MonkeyPatch.context() as monkeypatch:
                resolving(monkeypatch, *addresses)
                opened = await asyncio.wait_for(dialing.open_socket("any", 1), 2)
            assert opened.getpeername() == ready
            opened.close()
        with pytest.MonkeyPatch.context() as monkeypatch:
            resolving(monkeypatch, refused, refused)
            with pytest.raises(ConnectionRefusedError):
                await dialing.open_socket("any", 1)


def test_families_take_turns() -> None:
    six, four = ([(family, 1, 6, "", n) for n in range(3)] for family in (socket.AF_INET6, socket.AF_INET))
    turns = dialing._by_turns([*six, *four[:2]])
    assert turns == [six[0], four[0], six[1], four[1], six[2]]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of `localhost` in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key", folder / "certificate"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    (folder / "both").write_text(key.read_text() + certificate.read_text())
    return folder / "both"


@pytest.mark.parametrize("case", ["right", "other host", "unknown authority"])
async def test_tls_is_checked(certificate: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if case != "unknown authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    named: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    asked.clear()
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        host = "127.0.0.1" if case == "other host" else "localhost"
        port = server.sockets[0].getsockname()[1]
        async with TelegramClient(f"https://{host}:{port}") as client:
            if case == "right":
                for _ in range(2):
                    assert await client.call(TOKEN, "getMe") is True
                assert named == ["localhost"]
            else:
                with pytest.raises(NotSent, match="certificate verify failed"):
                    await client.call(TOKEN, "getMe")
    assert len(asked) == (2 if case == "right" else 0)


def test_the_service_loads_no_http_framework_for_its_calls() -> None:
    """aiohttp takes 9 MB and is for the sandbox alone."""
    script = "import sys, botyard.app; print({'aiohttp', 'yarl'} & set(sys.modules))"
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ, check=True
    )
    assert shown.stdout.strip() == "set()"
