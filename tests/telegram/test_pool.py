"""Who gets a connection, when, and what becomes of it."""

from __future__ import annotations

import asyncio
import random
import socket
import time

import pytest
from tests.telegram.raw_server import OK, RawServer, http, reset, url_of

from botyard.ids import BotToken
from botyard.telegram import pool as pool_module
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import NotSent, OutcomeUnknown

TOKEN = BotToken("123:not-a-real-secret-of-a-bot")


class Holding(RawServer):
    """Answers each request with its own text, but not before it is told to."""

    def __init__(self) -> None:
        super().__init__(self._hold)
        self.asked: list[bytes] = []
        self.ended = 0
        self.most = 0
        self._now = 0
        self._may = asyncio.Semaphore(0)

    def answer(self, count: int = 1) -> None:
        for _ in range(count):
            self._may.release()

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            while True:
                body = await self.request(reader)
                self.asked.append(body)
                ask = asyncio.ensure_future(self._may.acquire())
                gone = asyncio.ensure_future(reader.read(1))
                await asyncio.wait({ask, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    ask.cancel()
                    return
                gone.cancel()
                await asyncio.sleep(0)
                writer.write(http(b'{"ok":true,"result":%b}' % body))
        finally:
            self._now -= 1
            self.ended += 1


async def until(condition: object) -> None:
    """Waits until `condition()` holds."""
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


def ask(client: TelegramClient, number: int, timeout: float = 10.0) -> asyncio.Task[object]:
    return asyncio.create_task(client.call(TOKEN, "sendMessage", b"%d" % number, timeout=timeout))


async def test_never_more_connections_than_allowed() -> None:
    async with Holding() as server, TelegramClient(server.url, connections=3) as client:
        calls = [ask(client, number) for number in range(30)]
        server.answer(30)
        assert await asyncio.gather(*calls) == list(range(30))
        assert server.most == server.connections == 3


async def test_who_waits_longest_is_next() -> None:
    async with Holding() as server, TelegramClient(server.url, connections=1) as client:
        calls = [ask(client, number) for number in range(5)]
        await until(lambda: server.asked)
        calls[2].cancel()
        for number in (0, 1, 3, 4):
            server.answer()
            assert await calls[number] == number
            calls.append(ask(client, 10 + number))  # who comes later waits behind the others
        server.answer(4)
        await asyncio.gather(*calls[5:])
        assert server.asked == [b"0", b"1", b"3", b"4", b"10", b"11", b"13", b"14"]
        assert server.connections == 1


async def test_a_waiter_cancelled_in_the_moment_of_its_turn_passes_it_on() -> None:
    async with Holding() as server, TelegramClient(server.url, connections=1) as client:
        first, second, third = (ask(client, number) for number in (1, 2, 3))
        await until(lambda: server.asked)
        pass_on = client._pool._pass_on

        def and_cancel() -> None:
            pass_on()
            second.cancel()

        client._pool._pass_on = and_cancel  # type: ignore[method-assign]
        server.answer(2)
        assert await first == 1
        assert await asyncio.wait_for(third, 2) == 3
        assert second.cancelled()
        assert server.asked == [b"1", b"3"]


async def test_a_turn_is_passed_on_when_there_is_no_connection_to_be_had() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with TelegramClient(url_of(nobody), connections=1) as client:
            for call in [ask(client, number) for number in range(5)]:
                with pytest.raises(NotSent, match=r"refused|Connect call failed"):
                    await asyncio.wait_for(call, 3)


async def test_nobody_gets_in_between_a_turn_and_who_it_is_for() -> None:
    async with Holding() as server, TelegramClient(server.url, connections=1) as client:
        first, second = ask(client, 1), ask(client, 2)
        await until(lambda: server.asked)
        pass_on = client._pool._pass_on
        between: list[object] = []

        def and_push_in() -> None:
            pass_on()
            if not between:
                assert client._pool._idle
                between.append(client._pool.take(0))

        client._pool._pass_on = and_push_in  # type: ignore[method-assign]
        server.answer(2)
        assert [await first, await second] == [1, 2]
        assert between == [None]


@pytest.mark.parametrize("by", ["cancelling", "time"])
async def test_a_call_given_up_takes_its_connection_with_it(by: str) -> None:
    async with Holding() as server, TelegramClient(server.url, connections=1) as client:
        first = ask(client, 1, 0.2 if by == "time" else 10)
        await until(lambda: server.asked)
        second = ask(client, 2)
        if by == "cancelling":
            first.cancel()
        with pytest.raises((asyncio.CancelledError, OutcomeUnknown)):
            await first
        await until(lambda: server.ended == 1)
        server.answer()
        assert await second == 2, "not the answer to the first"
        assert server.connections == 2


async def test_an_idle_connection_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "KEEP_ALIVE_SECONDS", 0.2)
    async with Holding() as server, TelegramClient(server.url) as client:
        server.answer(5)
        for number in range(3):  # a call in between makes it stay
            assert await ask(client, number) == number
            await asyncio.sleep(0.1)
        assert (server.connections, server.ended) == (1, 0)
        await until(lambda: server.ended == 1)
        assert await ask(client, 9) == 9
        assert server.connections == 2


async def test_a_connection_that_rested_too_long_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "KEEP_ALIVE_SECONDS", 0.2)
    async with Holding() as server, TelegramClient(server.url) as client:
        server.answer(2)
        assert await ask(client, 1) == 1
        (kept,) = client._pool._idle
        time.sleep(0.3)  # the loop is busy: no timer fires
        assert client._pool.take(time.monotonic()) is None
        await until(lambda: server.ended == 1)
        assert not kept.reusable
        assert await ask(client, 2) == 2


async def test_nobody_gets_the_answer_of_another_whatever_goes_wrong() -> None:
    chance = random.Random(7)

    async def moody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            answer = http(b'{"ok":true,"result":%b}' % await server.request(reader))
            mood = chance.random()
            await asyncio.sleep(chance.random() * 0.02)
            cut = chance.randrange(len(answer)) if mood < 0.1 else len(answer)
            writer.write(answer[:cut])
            await writer.drain()
            if mood < 0.2:
                (reset if mood < 0.05 else asyncio.StreamWriter.close)(writer)
                return

    async def one(client: TelegramClient, number: int) -> object:
        call = ask(client, number, timeout=chance.choice([0.01, 0.05, 5, 5]))
        if chance.random() < 0.2:
            asyncio.get_running_loop().call_later(chance.random() * 0.05, call.cancel)
        return (await asyncio.gather(call, return_exceptions=True))[0]

    async with RawServer(moody) as server, TelegramClient(server.url, connections=7) as client:
        outcomes = await asyncio.gather(*(one(client, number) for number in range(1500)))
        assert (client._pool._taken, len(client._pool._waiting)) == (0, 0)
        assert len(client._pool._idle) == len(client._pool._open) <= 7
    answered = [(number, outcome) for number, outcome in enumerate(outcomes) if isinstance(outcome, int)]
    assert all(number == outcome for number, outcome in answered)
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds == {int, NotSent, OutcomeUnknown, asyncio.CancelledError}
    # Who was not sent was not received, and nobody was sent twice.
    received = [int(request.rpartition(b"\r\n\r\n")[2]) for request in server.requests]
    assert len(received) == len(set(received))
    assert not {n for n, outcome in enumerate(outcomes) if isinstance(outcome, NotSent)} & set(received)
    assert len(answered) > 300


async def test_closing_ends_every_kind_of_waiting() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        client = TelegramClient(url_of(full), connections=1)
        connecting, waiting = ask(client, 1), ask(client, 2)
        await asyncio.sleep(0.1)
        await client.aclose()
        for call in (connecting, waiting):
            with pytest.raises(NotSent, match="closed"):
                await asyncio.wait_for(call, 1)


async def test_closing_in_the_moment_of_a_turn_opens_no_connection() -> None:
    async with Holding() as server:
        client = TelegramClient(server.url, connections=1)
        first, second = ask(client, 1), ask(client, 2)
        await until(lambda: server.asked)
        pass_on = client._pool._pass_on

        def and_close() -> None:
            pass_on()
            client._pool.close()

        client._pool._pass_on = and_close  # type: ignore[method-assign]
        first.cancel()
        with pytest.raises(NotSent, match="closed"):
            await asyncio.wait_for(second, 1)
        await asyncio.sleep(0.05)
        assert server.connections == 1


async def test_closing_closes_every_connection() -> None:
    async with Holding() as server:
        async with TelegramClient(server.url) as client:
            calls = [ask(client, number) for number in range(3)]
            await until(lambda: len(server.asked) == 3)
            server.answer(2)
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        await until(lambda: server.ended == 3)
    assert any(isinstance(outcome, OutcomeUnknown) for outcome in outcomes)


async def test_a_connection_closed_before_anything_was_sent_is_not_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.write(OK)

    received: list[bytes] = []
    async with RawServer(hang_up) as server, TelegramClient(server.url) as client:
        connection = await client._pool.open(asyncio.get_running_loop().time() + 5)
        connection.abort("gone")
        client._pool.give_back(connection)
        assert client._pool.take(0) is None
        await asyncio.sleep(0.05)
        assert received == [b""]
        assert await client.call(TOKEN, "getMe") is True
