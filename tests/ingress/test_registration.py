"""Telling Telegram where updates go, and what the command line says of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.ingress.knocking import all_handled, another_service, bot_in_sandbox, order_fault, stored
from tests.support.running import NEWS, PAUL, SHOP, Running, running

from botyard import cli
from botyard.cli import opening
from botyard.ids import BotId
from botyard.ingress.registration import webhook_url
from botyard.telegram.envelope import UPDATE_KINDS

BOTH = {"shop": SHOP, "news": NEWS}


async def set_webhooks(house: Running) -> list[dict[str, Any]]:
    return [call["params"] for call in await house.calls("setWebhook")]


# at start


async def test_the_webhook_is_set_with_secret_and_every_kind_and_drops_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path, webhook=True, bots=BOTH) as house:
        by_url = {params["url"]: params for params in await set_webhooks(house)}
        assert set(by_url) == {f"{house.url}/telegram/{name}/webhook" for name in BOTH}
        for params in by_url.values():
            assert set(params["allowed_updates"]) == UPDATE_KINDS
            assert params.get("drop_pending_updates", False) is False
            assert params["secret_token"]
        for bot in house.service.bots.values():
            hook = bot_in_sandbox(house, bot.name).webhook
            assert hook.secret == bot.webhook_secret
            assert len(bot.webhook_secret) >= 32
            assert bot.token.reveal() not in hook.url


async def test_a_secret_from_the_settings_is_used(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True, webhook_secret="a-long-random-word") as house:
        assert bot_in_sandbox(house).webhook.secret == "a-long-random-word"
        await house.ask(PAUL, "/start")


async def test_starting_again_changes_nothing_and_loses_nothing(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True) as house:
        await house.ask(PAUL, "/start")
        secret = bot_in_sandbox(house).webhook.secret
        for start in (2, 3):

            async def set_again(start: int = start) -> bool:
                return len(await set_webhooks(house)) == start

            async with another_service(house, sqlite_url, bots={"shop": SHOP}, public_url=house.url):
                await house.say(PAUL, "/status")
                await house.until(set_again)
        assert bot_in_sandbox(house).webhook.secret == secret
        calls = await set_webhooks(house)
        assert len(calls) == 3
        assert all(call.get("drop_pending_updates", False) is False for call in calls)

        async def came() -> bool:
            return len(await stored(house.database)) == 3

        await house.until(came)
        await house.until(lambda: all_handled(house.database))


async def test_while_telegram_is_away_it_is_tried_again(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, webhook=True) as house:
        before = len(await house.calls("getMe"))
        await order_fault(house, method="getMe", kind="reset_before", times=1)
        await order_fault(house, method="setWebhook", kind="retry_after", retry_after=1, times=1)
        with capture_logs() as lines:
            async with another_service(
                house, sqlite_url, bots={"shop": SHOP}, public_url=house.url, wait=False
            ):

                async def registered() -> bool:
                    return any(line["event"] == "bot.registered" for line in lines)

                await house.until(registered)
        failures = [line for line in lines if line["event"] == "bot.not_registered"]
        assert [line["again_in"] for line in failures] == [1.0, 1.0]
        assert {line["log_level"] for line in failures} == {"error"}
        assert len(await house.calls("getMe")) == before + 3


async def test_a_token_of_another_bot_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, bots=BOTH) as house:
        # the server takes the shop's token for another bot's: nothing of that bot may be touched
        house.sandbox.world.bots[BotId(7000000001)].id = 7000000077
        before = len(await set_webhooks(house))
        with capture_logs() as lines:
            service = another_service(
                house, sqlite_url, bots=BOTH, public_url="https://b.example", wait=False
            )
            async with service:

                async def told() -> bool:
                    events = {(line["event"], line.get("bot")) for line in lines}
                    return {("bot.not_registered", "shop"), ("bot.registered", "news")} <= events

                await house.until(told)
        refusal = next(line for line in lines if line["event"] == "bot.not_registered")
        assert "belongs to another bot" in refusal["error"]
        assert "BotFather" in refusal["error"]
        assert [params["url"] for params in (await set_webhooks(house))[before:]] == [
            "https://b.example/telegram/news/webhook"
        ]


# botyard bots list, botyard bots sync


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def botyard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Runs a command of `botyard` in this process, with these environment variables only."""
    monkeypatch.setattr(opening, "configure_logging", lambda *_: None)  # pytest's own stays as it is
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> Said:
        with monkeypatch.context() as patch:
            patch.setattr("os.environ", {"COLUMNS": "200", **environment})
            patch.setattr(sys, "argv", ["botyard", *arguments])
            capsys.readouterr()
            try:
                cli.main()
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run


@asynccontextmanager
async def quietly(house: AbstractAsyncContextManager[Running]) -> AsyncIterator[Running]:
    """The service beside the command must not log to the standard output that the command writes to."""
    with capture_logs():
        async with house as running_house:
            yield running_house


def environment_of(house: Running, url: str, **more: str) -> dict[str, str]:
    return {
        "BOTYARD_DATABASE_URL": url.replace("+aiosqlite", ""),
        "BOTYARD_BOTS": json.dumps(BOTH),
        "BOTYARD_BOT_API_URL": house.sandbox_url,
        **more,
    }


async def test_the_list_shows_drift_and_sync_mends_it(
    sqlite_url: str, tmp_path: Path, botyard: Command
) -> None:
    async with quietly(running(sqlite_url, tmp_path, webhook=True, bots=BOTH)) as house:
        environment = environment_of(house, sqlite_url, BOTYARD_PUBLIC_URL=house.url)

        async def call(*arguments: str) -> Said:
            return await asyncio.to_thread(botyard, *arguments, **environment)

        async def listed() -> dict[str, dict[str, Any]]:
            said = await call("bots", "list", "--json")
            assert said.status == 0
            return {row["name"]: row for row in json.loads(said.out)}

        rows = await listed()
        assert rows["shop"] == {
            "name": "shop",
            "id": 7000000001,
            "username": "shop_bot",
            "mode": "webhook",
            "pending": 0,
            "state": "ok",
        }
        table = await call("bots", "list")
        assert table.status == 0
        assert "shop_bot" in table.out
        assert "ok" in table.out
        assert (await call("bots", "sync")).out.count("was right; menus queued") == 2

        shop, news = bot_in_sandbox(house, "shop"), bot_in_sandbox(house, "news")
        shop.webhook.url = "https://elsewhere.example/hook"
        news.allowed_updates = frozenset(UPDATE_KINDS - {"chat_member", "subscription"})
        rows = await listed()
        assert rows["shop"]["state"] == (
            "drifted: run 'botyard bots sync' (Telegram has https://elsewhere.example/hook)"
        )
        assert rows["news"]["state"] == (
            "drifted: run 'botyard bots sync' (Telegram does not send chat_member, subscription)"
        )
        said = await call("bots", "sync")
        assert said.status == 0
        assert said.out.count("repaired") == 2
        assert {row["state"] for row in (await listed()).values()} == {"ok"}
        assert shop.webhook.url == webhook_url(house.url, next(iter(house.service.bots.values())))
        assert set(news.allowed_updates) == UPDATE_KINDS

        # what Telegram refuses for one bot leaves the others well served, and is a failure
        await order_fault(house, method="setWebhook", bot="shop", kind="server_error", times=1)
        said = await call("bots", "sync")
        assert said.status == 1
        assert "shop: failed: setWebhook: Internal Server Error: restart" in said.out
        assert "news: @news_bot, webhook, was right" in said.out

        # a token that belongs to another bot too
        house.sandbox.world.bots[BotId(7000000001)].id = 7000000077
        said = await call("bots", "sync")
        assert said.status == 1
        assert "shop: failed: the token of bot 'shop' belongs to another bot." in said.out
        assert "news: @news_bot, webhook, was right" in said.out
        for part in (SHOP, NEWS, SHOP.partition(":")[2]):
            assert part not in said.out + said.err + table.out


async def test_the_list_says_what_telegram_says(sqlite_url: str, tmp_path: Path, botyard: Command) -> None:
    async with quietly(running(sqlite_url, tmp_path, bots=BOTH)) as house:
        environment = environment_of(house, sqlite_url)
        await order_fault(house, method="getWebhookInfo", bot="shop", kind="server_error", times=1)
        said = await asyncio.to_thread(botyard, "bots", "list", "--json", **environment)
        rows = {row["name"]: row for row in json.loads(said.out)}
        assert (rows["shop"]["mode"], rows["news"]["mode"]) == (None, "polling")
        assert "restart" in rows["shop"]["state"]
        assert rows["news"]["state"] == "ok"

        # a webhook that somebody set by hand: this deployment polls
        await house.http.post(
            f"{house.sandbox_url}/bot{NEWS}/setWebhook", json={"url": "http://127.0.0.1:9/x"}
        )
        said = await asyncio.to_thread(botyard, "bots", "list", **environment)
        assert "drifted" in said.out
        said = await asyncio.to_thread(botyard, "bots", "sync", **environment)
        assert "news: @news_bot, polling, repaired" in said.out
        assert bot_in_sandbox(house, "news").webhook.url == ""


async def test_without_bots_the_list_says_how_to_set_one(sqlite_url: str, botyard: Command) -> None:
    variables = {"BOTYARD_DATABASE_URL": sqlite_url.replace("+aiosqlite", "")}
    said = await asyncio.to_thread(botyard, "bots", "list", **variables)
    assert (said.status, said.out) == (0, "No bot is set: see BOTYARD_BOTS.\n")
    said = await asyncio.to_thread(botyard, "bots", "list", "--json", **variables)
    assert json.loads(said.out) == []
