"""The manifest that a feature hands to the composition root: all that it adds to the house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from starlette.routing import BaseRoute

from botyard.clock import Clock
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.ids import BotId
from botyard.jobs import receipts, schedule_runs
from botyard.jobs.facts import Facts, Listener
from botyard.jobs.queue import JobHandler
from botyard.jobs.schedule_runs import Occasion
from botyard.jobs.schedules import Action, RunState
from botyard.members import consent
from botyard.members.consent import Topic
from botyard.observability.metrics import CounterName, Metrics
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bell import OutboxBell
from botyard.outbox.bulk import Pace
from botyard.routing.arrivals import arrivals_of
from botyard.routing.context import Deny, House, StatusPart
from botyard.routing.registry import Button, Command, DeepLink, DialogStep, Watcher
from botyard.routing.texts import Texts
from botyard.settings import Settings
from botyard.telegram.bots import Bot

Result = TypeVar("Result")
Cell = str | int | bool | None

HouseRun = Callable[[House, AsyncSession, Mapping[str, Any], datetime], Awaitable[None]]
"""What a feature's job does: with the house, in one transaction, with its payload, now."""
HouseErrand = Callable[[House, Mapping[str, Any]], Awaitable[Any]]
"""What a feature's job does elsewhere first, outside of any transaction; it may be done twice."""
HouseGaveUp = Callable[[AsyncSession, Mapping[str, Any], str, datetime], Awaitable[None]]
"""What a feature does when its job has failed for the last time: with its payload, what went wrong, now."""
ActionRun = Callable[[House, AsyncSession, Occasion, datetime], Awaitable[str]]
"""What a scheduled action does on an occasion.

It answers a word or two for the history, such as `6 guides`, which come before `arrived in 3 of 4 chats`.
"""
Seed = Callable[[AsyncSession, Settings, datetime], Awaitable[None]]
"""What a feature does once at each start, in one transaction: for what the settings give it to begin with."""
Measure = Callable[[AsyncConnection, Metrics, datetime], Awaitable[None]]
"""What a feature does just before its metrics are read: it sets its gauges, from what is in the database."""


@dataclass(frozen=True, slots=True)
class HouseJob:
    """What is done for jobs of one name by a feature; with `every`, also again and again by itself."""

    name: str
    run: HouseRun
    every: timedelta | None = None
    gave_up: HouseGaveUp | None = None
    errand: HouseErrand | None = None

    def handler(self, house: House, clock: Clock) -> JobHandler:
        """The job handler for the house it is to run in."""

        async def run(session: AsyncSession, payload: Mapping[str, Any]) -> None:
            await self.run(house, session, payload, clock.now())

        async def gave_up(session: AsyncSession, payload: Mapping[str, Any], problem: str) -> None:
            assert self.gave_up is not None
            await self.gave_up(session, payload, problem, clock.now())

        errand = partial(self.errand, house) if self.errand else None
        return JobHandler(self.name, run, self.every, gave_up if self.gave_up else None, errand)


@dataclass(frozen=True, slots=True)
class ScheduledAction:
    """Something of a feature's that schedules can do.

    What it posts is on a `topic`: private chats whose member has not said yes to that are not among the
    chats that it is given. Calls that it queues under the occasion's receipt are followed: the run is over
    when they are, it has failed if they arrived nowhere, and `counter` counts the chats that they reached.
    """

    action: Action
    topic: Topic
    run: ActionRun
    counter: CounterName | None = None

    def handler(self, house: House, clock: Clock) -> JobHandler:
        """The job handler for its runs. What it cannot do is a failed run; a bug is tried again."""

        async def run(session: AsyncSession, payload: Mapping[str, Any]) -> None:
            if receipts.is_look(payload):
                await self._look(house, session, payload, clock.now())
            else:
                await self._start(house, session, payload, clock.now())

        async def gave_up(session: AsyncSession, payload: Mapping[str, Any], problem: str) -> None:
            await schedule_runs.finish_run(session, payload["run_id"], RunState.FAILED, problem, clock.now())

        return JobHandler(self.action.job_name, run, gave_up=gave_up)

    async def _start(
        self, house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime
    ) -> None:
        occasion = await schedule_runs.occasion_of(session, payload["run_id"])
        if occasion is None:
            return
        chats = tuple(await consent.willing(session, occasion.chats, self.topic))
        unwilling = len(occasion.chats) - len(chats)
        left_out = f"; left out without a yes: {unwilling}" if unwilling else ""
        try:
            async with session.begin_nested():  # what it cannot do to the end, it has not begun
                said = await self.run(house, session, replace(occasion, chats=chats), now) if chats else ""
        except BotyardError as error:
            await schedule_runs.finish_run(session, occasion.run_id, RunState.FAILED, str(error), now)
            return
        if chats and await outbox_queue.fates(await session.connection(), occasion.receipt):
            queued = f"{said} queued for {len(chats)} {'chat' if len(chats) == 1 else 'chats'}{left_out}"
            await schedule_runs.note_run(session, occasion.run_id, queued.lstrip())
            more = {**payload, "said": said, "left_out": left_out, "chats": len(chats)}
            await receipts.follow(session, self.action.job_name, occasion.receipt, more, now)
            return
        detail = (said if chats else "to nobody") + left_out
        await schedule_runs.finish_run(session, occasion.run_id, RunState.DONE, detail, now)

    async def _look(
        self, house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime
    ) -> None:
        """Ends the run as soon as it is known what became of all that it has queued."""
        fates = await receipts.ended(session, self.action.job_name, payload, now)
        if fates is None:
            return
        say = partial(house.texts.format, None)
        arrivals = await arrivals_of(session, say, fates, payload["chats"])
        told = unescape("; ".join([arrivals.count(say), *arrivals.named(say)]))
        detail = f"{payload['said']} {told}{payload['left_out']}".lstrip()
        state = RunState.DONE if arrivals.arrived else RunState.FAILED
        await schedule_runs.finish_run(session, payload["run_id"], state, detail, now)
        if self.counter is not None:
            house.metrics.counter(self.counter).inc(arrivals.arrived)


@dataclass(frozen=True, slots=True)
class Site:
    """What a feature's pages, in the console and for the public, may use of the service."""

    database: Database
    clock: Clock
    metrics: Metrics
    bell: OutboxBell
    bots: Mapping[BotId, Bot]
    actions: Mapping[str, Action]
    texts: Texts
    settings: Settings
    base_url: str
    counts_clicks: bool
    pace: Pace
    two_person_above: int | None = None


Routes = Callable[[Site], Sequence[BaseRoute]]


class Tools(Protocol):
    """What a feature's commands on the command line work with."""

    @property
    def settings(self) -> Settings:
        """The settings, as the service would read them. Raises `SettingsError`."""

    @property
    def two_person_above(self) -> int | None:
        """The size above which a second admin has to agree; None if one is always enough."""

    @property
    def facts(self) -> Facts:
        """What a command tells facts with: the service that runs beside it listens."""

    def with_database(self, work: Callable[[Database], Awaitable[Result]]) -> Result:
        """Does some work on the configured database. Raises `BotyardError`."""

    def print_rows(self, rows: Sequence[Mapping[str, Cell]], *, as_json: bool, empty: str) -> None:
        """Prints a table for people, or JSON; `empty` where there are no rows."""


Tool = Callable[[Tools], Callable[..., None]]
"""Makes a Typer command: its name is the function's, its parameters are Typer's."""


@dataclass(frozen=True, slots=True)
class ToolGroup:
    """Commands under one word: `botyard broadcast start`."""

    name: str
    help: str
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A vertical slice. One line in `app.FEATURES` adds it; deleting its folder and that line removes it."""

    name: str
    commands: tuple[Command, ...] = ()
    buttons: tuple[Button, ...] = ()
    dialog_steps: tuple[DialogStep, ...] = ()
    deep_links: tuple[DeepLink, ...] = ()
    watchers: tuple[Watcher, ...] = ()
    listeners: tuple[Listener, ...] = ()
    jobs: tuple[HouseJob, ...] = ()
    actions: tuple[ScheduledAction, ...] = ()
    pages: Routes | None = None
    """Pages of the console, below /console."""
    routes: Routes | None = None
    """What the public may open, such as tracked links."""
    api: tuple[APIRouter, ...] = ()
    tools: tuple[Tool | ToolGroup, ...] = ()
    status: StatusPart | None = None
    deny: Deny | None = None
    seed: Seed | None = None
    measure: Measure | None = None
    texts: Path | None = None
