"""What operators do with schedules: read an order, keep it, pause, resume, run, delete; and what they see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.ids import BotId, ChatKey
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import Recurrence, zone_named
from botyard.jobs.recurrence_words import describe, read_recurrence
from botyard.jobs.schedules import Action, BadSchedule, NewSchedule, Schedule, ScheduleId, ScheduleRun
from botyard.members import audit, chats, reach
from botyard.members.audit import Actor
from botyard.members.member import ChatPlace

CATCH_UP = "catch-up"
MOST_CHATS = 200

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class WrongLine(BotyardError):
    """A line of an order is not understood, or cannot be done. `number` counts from 1."""

    def __init__(self, number: int, line: str, problem: BotyardError) -> None:
        super().__init__(problem.message, remedy=problem.remedy)
        self.number = number
        self.line = line


class Change(StrEnum):
    """What an operator does to a schedule that is there."""

    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator wants to happen, where and when."""

    name: str
    action: str
    payload: dict[str, Any]
    chats: Sequence[ChatKey]
    recurrence: Recurrence
    catch_up: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """A schedule as people see it. `last` is its latest run."""

    id: ScheduleId
    name: str
    does: str
    rhythm: str
    next: str
    """When it fires next, on the clocks of its zone; empty if it does not."""
    enabled: bool
    catch_up: bool
    places: Sequence[ChatPlace]
    last: ScheduleRun | None


async def read_order(session: AsyncSession, text: str, actions: Mapping[str, Action], now: datetime) -> Order:
    """The order that lines of text make: a name, an action with its words, `to` with chats, a rhythm.

    The rhythm may go on in further lines; `catch-up` in it is no part of it. Raises `WrongLine`.
    """
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(number, line) for number, line in numbered if line]
    lines += [(len(numbered) + 1, "")] * max(0, 4 - len(lines))  # a line that is missing is wrong
    (name_at, name), (action_at, does), (places_at, places), *rest = lines
    with _at_line(name_at, name):
        read_name(name)
    with _at_line(action_at, does):
        action, payload = await read_action(session, does, actions)
    with _at_line(places_at, places):
        keys = await _read_places(session, places, now)
    said = " ".join(line for _, line in rest).split()
    catch_up = CATCH_UP in map(str.lower, said)
    rhythm = " ".join(word for word in said if word.lower() != CATCH_UP)
    with _at_line(rest[0][0], rest[0][1]):
        recurrence = read_recurrence(rhythm, now)
    return Order(name, action, payload, keys, recurrence, catch_up)


@contextmanager
def _at_line(number: int, line: str) -> Iterator[None]:
    try:
        yield
    except BotyardError as problem:
        raise WrongLine(number, line, problem) from problem


def read_name(name: str) -> str:
    """The name, if it can be one. Raises `BadSchedule`."""
    if not _NAME.fullmatch(name):
        raise BadSchedule(
            "A name is 1 to 32 small letters, digits, - and _.", remedy="Write it like morning-guides."
        )
    return name


async def read_action(
    session: AsyncSession, words: str, actions: Mapping[str, Action]
) -> tuple[str, dict[str, Any]]:
    """The action that the words name, and its payload. Raises `BotyardError`."""
    name, _, rest = words.partition(" ")
    action = actions.get(name.lower())
    if action is None:
        known = ", ".join(sorted(actions)) or "nothing yet"
        raise BadSchedule(f"'{name[:40]}' cannot be scheduled.", remedy=f"There is: {known}.")
    return action.name, await action.read(session, rest.strip())


async def _read_places(session: AsyncSession, line: str, now: datetime) -> list[ChatKey]:
    to, *names = line.replace(",", " ").split() or [""]
    if to.lower() != "to" or not names:
        raise BadSchedule(
            "This line says where: to, and then chats.", remedy="Write it like: to -1001234567890 @club"
        )
    return await read_chats(session, names, now)


async def read_chats(session: AsyncSession, names: Sequence[str], now: datetime) -> list[ChatKey]:
    """The chats of these ids and @usernames. Raises `BotyardError`."""
    if len(names) > MOST_CHATS:
        raise BadSchedule(f"These are {len(names)} chats, at most {MOST_CHATS} go.", remedy="Make two.")
    keys = await chats.named(session, names, now)
    await reach.require_met(session, keys)
    return keys


async def add(session: AsyncSession, order: Order, bot_id: BotId, by: Actor, now: datetime) -> ScheduleId:
    """Keeps the schedule; `bot_id` is who posts. Raises `BadSchedule`."""
    wanted = NewSchedule(
        name=order.name,
        action=order.action,
        payload=order.payload,
        bot_id=bot_id,
        chats=order.chats,
        recurrence=order.recurrence,
        catch_up=order.catch_up,
        by=by.user_id,
    )
    schedule = await schedules.create(session, wanted, now)
    _record(session, "add", schedule, by, now, rhythm=describe(order.recurrence, now))
    return ScheduleId(schedule.id)


async def change(
    session: AsyncSession,
    schedule_id: ScheduleId,
    wanted: Change,
    actions: Mapping[str, Action],
    by: Actor,
    now: datetime,
) -> None:
    """Does it, and writes it into the audit log. Raises `NoSuchSchedule`, and `BotyardError` if it cannot."""
    schedule = await schedules.get(session, schedule_id)
    match wanted:
        case Change.PAUSE:
            schedules.pause(schedule)
        case Change.RESUME:
            schedules.resume(schedule, now)
        case Change.RUN:
            if schedule.action not in actions:
                raise BadSchedule(f"Nothing here can do '{schedule.action}' any more.", remedy="Delete it.")
            await schedule_runs.run_now(session, schedule, now)
        case Change.DELETE:
            await schedules.remove(session, schedule)
    _record(session, wanted, schedule, by, now)


async def overview(
    session: AsyncSession, schedule: Schedule, actions: Mapping[str, Action], now: datetime
) -> Overview:
    """All that there is to see of a schedule."""
    schedule_id = ScheduleId(schedule.id)
    keys = await schedules.chats_of(session, schedule_id)
    known = await chats.places_of(session, keys)
    runs = await schedule_runs.runs_of(session, schedule_id, most=1)
    action = actions.get(schedule.action)
    does = action.describe(schedule.payload) if action else f"{schedule.action} (not there any more)"
    return Overview(
        id=schedule_id,
        name=schedule.name,
        does=does,
        rhythm=rhythm_of(schedule, now),
        next=moment_of(schedule.next_at, schedule.zone),
        enabled=schedule.enabled,
        catch_up=schedule.catch_up,
        places=[known[key] for key in keys],
        last=runs[0] if runs else None,
    )


def rhythm_of(schedule: Schedule, now: datetime) -> str:
    """Its rhythm in words; what is wrong with it if it cannot be read any more."""
    try:
        return describe(schedule.recurrence, now)
    except WrongRecurrence as problem:
        return problem.message


def moment_of(moment: datetime | None, zone: str) -> str:
    """A moment on the clocks of the zone, like `Thu 2027-03-04 09:00 Europe/London`; empty for none."""
    if moment is None:
        return ""
    try:
        return f"{moment.astimezone(zone_named(zone)):%a %Y-%m-%d %H:%M} {zone}"
    except WrongRecurrence:  # the zone is gone: what else there is to see must not go with it
        return f"{moment:%a %Y-%m-%d %H:%M} UTC"


def _record(
    session: AsyncSession, what: str, schedule: Schedule, by: Actor, now: datetime, **detail: str
) -> None:
    audit.record(
        session,
        at=now,
        action=f"schedule.{what}",
        subject=f"schedule:{schedule.name}",
        actor_id=by.user_id,
        bot_id=by.bot_id,
        **detail,
    )
