"""Telling Telegram where updates go, at each start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from structlog.testing import capture_logs
from tests.ingress.knocking import all_handled, another_service, bot_in_sandbox, order_fault, stored
from tests.support.running import NEWS, PAUL, SHOP, Running, running

from botyard.ids import BotId
from botyard.telegram.updates import UPDATE_KINDS

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
