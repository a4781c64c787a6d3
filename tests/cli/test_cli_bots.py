"""`botyard bots`: what Telegram has on file, where that has drifted, and putting it right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs
from tests.cli.conftest import Command, Said
from tests.ingress.knocking import bot_in_sandbox, order_fault
from tests.support.running import NEWS, PAUL, SHOP, Running, running

from botyard.ids import BotId
from botyard.ingress.registration import webhook_url
from botyard.telegram.updates import UPDATE_KINDS

BOTH = {"shop": SHOP, "news": NEWS}


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
            rows = {row["name"]: row for row in json.loads(said.out)}
            assert said.status == (0 if all(row["state"] == "ok" for row in rows.values()) else 1)
            return rows

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


async def test_a_command_that_was_switched_off_is_as_if_it_did_not_exist(
    sqlite_url: str, tmp_path: Path, botyard: Command
) -> None:
    async def call(*arguments: str) -> Said:
        variables = {"BOTYARD_DATABASE_URL": sqlite_url.replace("+aiosqlite", "")}
        return await asyncio.to_thread(botyard, *arguments, **variables)

    async with quietly(running(sqlite_url, tmp_path)) as house:
        assert "Your role" not in await house.ask(PAUL, "/start")
    said = await call("bots", "disable", "shop", "/status")
    assert (said.status, said.out) == (0, "shop does not answer to /status from now on.\n")
    async with quietly(running(sqlite_url, tmp_path)) as house:
        bot_in_sandbox(house).queue._next_id += 1000  # the same seed counts from the same id
        assert "/status" not in await house.ask(PAUL, "/help")
        switched_off = await house.ask(PAUL, "/status")
    assert (await call("bots", "enable", "shop", "status")).status == 0
    async with quietly(running(sqlite_url, tmp_path)) as house:
        bot_in_sandbox(house).queue._next_id += 2000
        assert "/status" in await house.ask(PAUL, "/help")
        assert await house.ask(PAUL, "/status") != switched_off

    for arguments, reason in [
        (("bots", "disable", "nobody", "start"), "there is no bot 'nobody'."),
        (("bots", "disable", "shop", "nothing"), "the bot has no command /nothing."),
        (("bots", "enable", "shop", "me"), "the bot has no command /me. Aliases go with their command."),
    ]:
        said = await call(*arguments)
        assert said.status == 1
        assert reason in said.err
    assert (await call("bots", "disable", "shop")).status == 2
