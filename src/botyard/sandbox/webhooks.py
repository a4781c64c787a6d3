"""Delivery of updates to webhooks, with Telegram's order, patience and retries."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from email.utils import parsedate_to_datetime

import aiohttp
import structlog
from starlette.datastructures import Headers

from botyard.sandbox.body import Body, read_body
from botyard.sandbox.calls import BotApi
from botyard.sandbox.errors import ApiError
from botyard.sandbox.queues import QueuedUpdate
from botyard.sandbox.state import Bot, Webhook
from botyard.sandbox.world import World

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
RETRY_DELAYS = (0.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds after the first failures; later ones wait `SLOW_RETRY`, at random."""
SLOW_RETRY = (60.0, 120.0)
LONGEST_RETRY_AFTER = 3600.0
TIMEOUT = 60.0
GONE_FOR = 23 * 3600.0
"""A webhook that answers 410 for so long is removed."""
NOT_IN_ANSWER = ("get", "setwebhook", "deletewebhook", "close", "logout")
log = structlog.get_logger()


class Couriers:
    """One courier for each bot that has a webhook."""

    def __init__(self, world: World, api: BotApi) -> None:
        self._world = world
        self._api = api
        self._couriers: dict[int, Courier] = {}
        self._session: aiohttp.ClientSession | None = None

    def on_update(self, bot: Bot, update: QueuedUpdate | None) -> None:
        """Sends a new update on its way, or (None) begins anew because the webhook has changed."""
        if update is None:
            if courier := self._couriers.pop(bot.id, None):
                courier.stop()
            if bot.webhook.url:
                self._couriers[bot.id] = Courier(self._world, self._api, bot, self._connection())
        elif courier := self._couriers.get(bot.id):
            courier.take(update)

    def _connection(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=TIMEOUT)
            )
        return self._session

    async def aclose(self) -> None:
        """Stops all deliveries. Undelivered updates stay in their queues."""
        for courier in self._couriers.values():
            courier.stop()
        self._couriers.clear()
        if self._session:
            await self._session.close()


class Courier:
    """Delivers one bot's updates to one webhook: in order within a lane, lanes side by side."""

    def __init__(self, world: World, api: BotApi, bot: Bot, session: aiohttp.ClientSession) -> None:
        self._world = world
        self._api = api
        self._bot = bot
        self._hook: Webhook = bot.webhook
        self._session = session
        self._lanes: defaultdict[str, deque[QueuedUpdate]] = defaultdict(deque)
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._connections = asyncio.Semaphore(self._hook.max_connections)
        for update in bot.queue.waiting():
            self.take(update)

    def take(self, update: QueuedUpdate) -> None:
        """Puts an update at the end of its lane."""
        self._lanes[update.lane].append(update)
        if update.lane not in self._workers:
            self._workers[update.lane] = asyncio.create_task(self._walk(update.lane))

    def stop(self) -> None:
        for worker in self._workers.values():
            worker.cancel()
        self._workers.clear()

    async def _walk(self, name: str) -> None:
        lane = self._lanes[name]
        try:
            while lane:
                await self._deliver(lane[0])
                lane.popleft()
        finally:
            self._workers.pop(name, None)
            self._lanes.pop(name, None)

    async def _deliver(self, update: QueuedUpdate) -> None:
        """Tries until the bot has the update, it expires, or somebody dropped it."""
        failures = 0
        while self._is_due(update):
            async with self._connections:
                wait = await self._attempt(update, failures)
            if wait is None:
                return
            failures += 1
            await self._world.clock.sleep(wait)

    def _is_due(self, update: QueuedUpdate) -> bool:
        if update in self._bot.queue and update.expires > self._world.clock.monotonic():
            return True
        self._bot.queue.remove(update)
        return False

    async def _attempt(self, update: QueuedUpdate, failures: int) -> float | None:
        """One delivery. None when it succeeded, otherwise the seconds to wait."""
        update.attempts += 1
        try:
            async with self._session.post(
                self._hook.url,
                data=json.dumps(update.json),
                headers=self._headers(),
                allow_redirects=False,
            ) as response:
                if 200 <= response.status < 300:
                    self._succeeded(update)
                    await self._carry_out(response)
                    return None
                reason, status = (
                    f"Wrong response from the webhook: {response.status} {response.reason}",
                    response.status,
                )
                retry_after = _retry_after(response.headers.get("Retry-After"), self._world.clock.timestamp())
        except TimeoutError:
            reason, status, retry_after = "Read timeout expired", 0, None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason, status, retry_after = f"Connection failed: {type(error).__name__}", 0, None
        self._failed(update, reason, status)
        return self._delay(failures, update.lane) if retry_after is None else retry_after

    def _headers(self) -> dict[str, str]:
        secret = {SECRET_HEADER: self._hook.secret} if self._hook.secret else {}
        return {"Content-Type": "application/json", **secret}

    def _succeeded(self, update: QueuedUpdate) -> None:
        self._hook.gone_since = None
        self._world.delivered(self._bot, update, "webhook")

    def _failed(self, update: QueuedUpdate, reason: str, status: int) -> None:
        hook, clock = self._hook, self._world.clock
        hook.last_error_date, hook.last_error_message = clock.timestamp(), reason
        self._world.report(update)
        if status != 410:
            hook.gone_since = None
        elif hook.gone_since is None:
            hook.gone_since = clock.monotonic()
        elif clock.monotonic() - hook.gone_since >= GONE_FOR and self._bot.webhook is hook:
            self._bot.webhook = Webhook()
            self._world.on_update(self._bot, None)

    def _delay(self, failures: int, lane: str) -> float:
        if failures < len(RETRY_DELAYS):
            return RETRY_DELAYS[failures]
        shortest, longest = SLOW_RETRY
        return shortest + (longest - shortest) * self._world.chance.draw("retry", self._bot.id, lane)

    async def _carry_out(self, response: aiohttp.ClientResponse) -> None:
        """The method call that the answer's body may hold. Nobody learns its result."""
        try:
            body = await read_body(Headers(dict(response.headers)), await response.read())
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            log.info("sandbox.webhook_answer_ignored", bot=self._bot.id, reason=str(error))
            return
        method = _method_in(body)
        if method:
            await self._api.call(self._bot, method, body.params, body.files)


def _method_in(body: Body) -> str | None:
    method = body.params.pop("method", None)
    if not isinstance(method, str) or method.lower().startswith(NOT_IN_ANSWER):
        return None
    return method


def _retry_after(header: str | None, now: int) -> float | None:
    """The wait that a Retry-After header (seconds or a date) asks for, at most an hour."""
    if header is None:
        return None
    try:
        seconds = (
            float(header) if header.strip().isdigit() else parsedate_to_datetime(header).timestamp() - now
        )
    except ValueError:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
