"""The composition root: the features, and how the rooms are put together into one service."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from botyard.api import create_api
from botyard.clock import Clock
from botyard.console import console_url, create_console
from botyard.db.leases import LeaseHolder
from botyard.db.migrate import current_revision, newest_revision
from botyard.db.session import Database
from botyard.delivery.choosing import AT_ONCE
from botyard.delivery.dispatch import Delivery
from botyard.delivery.pacer import Rates
from botyard.feature import Feature, Site
from botyard.features import (
    access,
    account,
    billing,
    broadcasts,
    distribution,
    guides,
    promos,
    referrals,
    schedules,
    tracking,
)
from botyard.ids import BotId, UserId
from botyard.inbox import backlog
from botyard.inbox.log import Inbox
from botyard.inbox.models import UpdateState
from botyard.ingress.forwarded import ClientAddress
from botyard.ingress.poller import Polling
from botyard.ingress.registration import register_patiently
from botyard.ingress.webhook import UpdatesFirst, Webhook
from botyard.jobs.facts import Facts, Listener, RoleChanged
from botyard.jobs.queue import JobHandler
from botyard.jobs.runner import JobRunner
from botyard.jobs.scheduler import Scheduler
from botyard.jobs.schedules import Action
from botyard.members import links
from botyard.members.directory import Directory
from botyard.observability.health import Check, disk_check
from botyard.observability.http import status_routes
from botyard.observability.logs import register_secret
from botyard.observability.metrics import Metrics
from botyard.observability.supervision import Work, supervise
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bell import OutboxBell
from botyard.outbox.bulk import Pace
from botyard.outbox.models import Priority
from botyard.routing.context import House
from botyard.routing.dialogs import OpenDialogs
from botyard.routing.menus import Menus
from botyard.routing.registry import Registry
from botyard.routing.router import Router
from botyard.routing.switchboard import Switchboard, enrol_commands
from botyard.routing.texts import Texts
from botyard.routing.worker import Worker
from botyard.settings import ProcessRole, Settings
from botyard.telegram.bots import Bot, enrol, record_username
from botyard.telegram.client import TelegramClient

log = structlog.get_logger(__name__)

FEATURES: tuple[Feature, ...] = (
    access.FEATURE,
    account.FEATURE,
    billing.FEATURE,
    broadcasts.FEATURE,
    distribution.FEATURE,
    guides.FEATURE,
    promos.FEATURE,
    referrals.FEATURE,
    schedules.FEATURE,
    tracking.FEATURE,
)

LOCALES = Path(__file__).with_name("routing") / "locales"
LEAST_DISK = 100 * 2**20
OTHER_CALLS = 50
"""So many connections to Telegram besides those of a bot that broadcasts, and one long poll for each bot."""


def registry_of(features: tuple[Feature, ...]) -> Registry:
    """All handlers of these features. Raises `RegistryError` where two claim one name."""
    return Registry(
        commands=[(feature.name, each) for feature in features for each in feature.commands],
        buttons=[each for feature in features for each in feature.buttons],
        dialog_steps=[each for feature in features for each in feature.dialog_steps],
        deep_links=[each for feature in features for each in feature.deep_links],
        watchers=[each for feature in features for each in feature.watchers],
    )


REGISTRY = registry_of(FEATURES)
"""Built at import, so that two features with one command are found at once."""


@dataclass(frozen=True, slots=True)
class Service:
    """The running parts of one process: the pages it serves and the work it does beside them."""

    asgi: ASGIApp
    works: Mapping[str, Work]
    bots: Mapping[BotId, Bot]
    client: TelegramClient
    base_url: str

    async def run(self) -> None:
        """Does all its work until cancelled. A part that fails is started again; the others do not notice."""
        parts = [asyncio.create_task(supervise(name, work), name=name) for name, work in self.works.items()]
        try:
            await asyncio.wait(parts)
        finally:
            for part in parts:  # once: a second cancel would end them in the middle of putting things away
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await self.client.aclose()


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the rooms of one process share."""

    settings: Settings
    database: Database
    clock: Clock
    metrics: Metrics
    bots: dict[BotId, Bot]
    client: TelegramClient
    holder: LeaseHolder
    inbox: Inbox
    bell: OutboxBell
    switchboard: Switchboard
    menus: Menus
    texts: Texts
    listeners: tuple[Listener, ...]
    base_url: str

    @property
    def pace(self) -> Pace:
        """How fast a bot may send."""
        return Pace(self.settings.send_rate, self.settings.paid_rate)

    @property
    def counts_clicks(self) -> bool:
        """Without a public address nobody but this machine, where the sandbox is, could follow a link."""
        settings = self.settings
        return settings.click_counting and (settings.public_url is not None or settings.sandbox)


ACTIONS: Mapping[str, Action] = {
    each.action.name: each.action for feature in FEATURES for each in feature.actions
}
"""What can be scheduled."""


async def build(
    settings: Settings, database: Database, clock: Clock, *, extra: Sequence[BaseRoute] = ()
) -> Service:
    """Puts the rooms together. The database is migrated already; `extra` are routes such as the sandbox's."""
    parts = await _shared_parts(settings, database, clock)
    works: dict[str, Work] = {"switchboard": parts.switchboard.run}
    if settings.role in (ProcessRole.ALL, ProcessRole.WEB):
        works |= _ingress_works(parts)
    if settings.role in (ProcessRole.ALL, ProcessRole.WORKER):
        works |= _worker_works(parts)
    webhook = Webhook(
        parts.bots, parts.inbox, settings.ip_allowlist, settings.ingress_rate, clock, parts.metrics
    )
    asgi: ASGIApp = UpdatesFirst(webhook, Starlette(routes=[*_routes(parts, webhook), *extra]))
    if settings.trusted_proxies:
        asgi = ClientAddress(asgi, settings.trusted_proxies)
    return Service(asgi, works, parts.bots, parts.client, parts.base_url)


async def _shared_parts(settings: Settings, database: Database, clock: Clock) -> _Parts:
    async with database.begin() as connection:
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
        enrolled = await enrol(connection, settings.bots, clock.now(), secret=secret)
    for bot in enrolled:
        register_secret(bot.webhook_secret)
    async with database.session() as session:
        await enrol_commands(session, enrolled, REGISTRY)
        for feature in FEATURES:
            if feature.seed:
                await feature.seed(session, settings, clock.now())
    switchboard = Switchboard(database)
    await switchboard.read()
    bots = {bot.id: bot for bot in enrolled}
    menus = Menus(REGISTRY, switchboard.serves)
    return _Parts(
        settings=settings,
        database=database,
        clock=clock,
        metrics=Metrics(),
        bots=bots,
        client=TelegramClient(settings.bot_api_url, connections=AT_ONCE + OTHER_CALLS + len(bots)),
        holder=LeaseHolder(database, f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"),
        inbox=Inbox(database, clock),
        bell=OutboxBell(),
        switchboard=switchboard,
        menus=menus,
        texts=Texts([LOCALES, *(feature.texts for feature in FEATURES if feature.texts)]),
        listeners=_listeners(menus, bots, clock),
        base_url=base_url(settings),
    )


def _ingress_works(parts: _Parts) -> dict[str, Work]:
    works: dict[str, Work] = {
        f"registration {bot.name}": partial(_register, parts, bot) for bot in parts.bots.values()
    }
    if parts.settings.public_url is None and parts.bots:
        works["polling"] = Polling(
            parts.bots, parts.client, parts.inbox, parts.holder, parts.clock, parts.metrics
        ).run
    return works


def _worker_works(parts: _Parts) -> dict[str, Work]:
    settings, database, clock = parts.settings, parts.database, parts.clock
    house = House(
        database=database,
        registry=REGISTRY,
        texts=parts.texts,
        directory=Directory(database),
        open_dialogs=OpenDialogs(database),
        facts=Facts(parts.listeners),
        bots=parts.bots,
        metrics=parts.metrics,
        actions=ACTIONS,
        counts_clicks=parts.counts_clicks,
        pace=parts.pace,
        serves=parts.switchboard.serves,
        base_url=parts.base_url,
        console_url=partial(console_url, parts.base_url),
        two_person_above=settings.two_person_above,
        settings=settings,
        status_parts=[feature.status for feature in FEATURES if feature.status],
        deny=next((feature.deny for feature in FEATURES if feature.deny), None),
    )
    router = Router(parts.metrics)
    worker = Worker(house, router, parts.inbox, parts.bell, parts.bots, parts.holder, clock, parts.metrics)
    jobs = [
        *(listener.handler() for listener in parts.listeners),
        _forget_links(clock),
        *(job.handler(house, clock) for feature in FEATURES for job in feature.jobs),
        *(action.handler(house, clock) for feature in FEATURES for action in feature.actions),
    ]
    runner = JobRunner(database, jobs, clock, after_each=lambda: parts.bell.ring(parts.bots))
    works: dict[str, Work] = {"worker": worker.run, "jobs": runner.run, "errands": runner.run_errands}
    works["schedules"] = Scheduler(database, clock, ACTIONS).run
    if parts.bots:
        rates = Rates(settings.send_rate, settings.chat_rate, settings.group_rate, settings.paid_rate)
        works["delivery"] = Delivery(
            parts.bots, database, parts.client, rates, parts.bell, parts.holder, clock, parts.metrics
        ).run
    return works


def _routes(parts: _Parts, webhook: Webhook) -> list[BaseRoute]:
    settings, database, clock = parts.settings, parts.database, parts.clock
    site = Site(
        database=database,
        clock=clock,
        metrics=parts.metrics,
        bell=parts.bell,
        bots=parts.bots,
        actions=ACTIONS,
        texts=parts.texts,
        base_url=parts.base_url,
        counts_clicks=parts.counts_clicks,
        pace=parts.pace,
        two_person_above=settings.two_person_above,
        settings=settings,
    )
    console = create_console(
        database,
        parts.bots,
        clock,
        base_url=parts.base_url,
        mode="webhook" if settings.public_url else "polling",
        pages=[page for feature in FEATURES if feature.pages for page in feature.pages(site)],
    )
    api = create_api(
        database,
        parts.bots,
        clock,
        metrics=parts.metrics,
        routers=[router for feature in FEATURES for router in feature.api],
    )
    return [
        Route("/telegram/{bot_name}/webhook", webhook, methods=["POST"]),
        *status_routes(parts.metrics, partial(_refresh_gauges, parts), partial(_readiness, parts)),
        *console,
        Mount("/api/v1", api),
        *(route for feature in FEATURES if feature.routes for route in feature.routes(site)),
    ]


async def _register(parts: _Parts, bot: Bot) -> None:
    """Tells Telegram where this bot's updates go, learns its username, and sets its menus."""
    registration = await register_patiently(parts.client, bot, parts.settings.public_url)
    async with parts.database.session() as session:
        named = await record_username(await session.connection(), bot, registration.username)
        await parts.menus.set_all(session, named, parts.clock.now())
    parts.bots[bot.id] = named
    parts.bell.ring([bot.id])
    log.info("bot.registered", bot=bot.name, username=named.username, mode=registration.mode)


def facts_of(clock: Clock) -> Facts:
    """What a command tells facts with: the service that runs beside it listens."""
    return Facts(_listeners(Menus(REGISTRY, lambda _bot, _name: True), {}, clock))


def base_url(settings: Settings) -> str:
    """The address under which people reach this service."""
    return settings.public_url or f"http://{_visible_host(settings.host)}:{settings.port}"


def _listeners(menus: Menus, bots: Mapping[BotId, Bot], clock: Clock) -> tuple[Listener, ...]:
    async def set_menus(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        await menus.set_for(session, bots.values(), UserId(payload["user_id"]), clock.now())

    own = Listener(RoleChanged, "menus", set_menus)
    return (own, *(each for feature in FEATURES for each in feature.listeners))


def _forget_links(clock: Clock) -> JobHandler:
    async def forget(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        await links.forget_old_links(session, clock.now())

    return JobHandler("links.forget", forget, every=timedelta(hours=1))


async def _refresh_gauges(parts: _Parts) -> None:
    """Reads how much waits. When the database is away the gauges stay as they were."""
    try:
        async with parts.database.read() as connection:
            pending = await backlog.count_by_state(connection, UpdateState.PENDING)
            dead = await backlog.count_by_state(connection, UpdateState.DEAD)
            outgoing = await outbox_queue.count_pending(connection)
            for feature in FEATURES:
                if feature.measure:
                    await feature.measure(connection, parts.metrics, parts.clock.now())
    except (SQLAlchemyError, OSError) as error:
        log.warning("metrics.database", error=type(error).__name__)
        return
    for bot in parts.bots.values():
        parts.metrics.inbox_pending.labels(bot.name).set(pending.get(bot.id, 0))
        parts.metrics.dead_letters.labels(bot.name).set(dead.get(bot.id, 0))
        for priority in Priority:
            gauge = parts.metrics.outbox_pending.labels(bot.name, priority.name.lower())
            gauge.set(outgoing.get((bot.id, priority), 0))


async def _readiness(parts: _Parts) -> list[Check]:
    folder = parts.settings.data_dir  # on PostgreSQL it may never have been made
    while not folder.exists():
        folder = folder.parent
    checks = [disk_check(folder, LEAST_DISK)]
    try:
        async with asyncio.timeout(2.0), parts.database.read() as connection:
            revision = await connection.run_sync(current_revision)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        detail = f"It does not answer ({type(error).__name__})."
        return [*checks, Check("database", ok=False, detail=detail, remedy="Look at the database server.")]
    newest = newest_revision()
    migrated = Check(
        "migrations",
        ok=revision == newest,
        detail=f"The schema is at {revision}, this version works with {newest}.",
        remedy="" if revision == newest else "Run 'botyard db upgrade'.",
    )
    return [*checks, Check("database", ok=True, detail="It answers."), migrated]


def _visible_host(host: str) -> str:
    """The host as people type it: a service that listens everywhere is also here."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104
