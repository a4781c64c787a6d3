"""What operators do with schedules: keep, edit, pause, resume, run, delete; and what they see of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.schedules.orders import Order
from botyard.ids import BotId
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import zone_named
from botyard.jobs.recurrence_words import describe
from botyard.jobs.schedules import (
    Action,
    BadSchedule,
    NewSchedule,
    Revision,
    Schedule,
    ScheduleId,
    ScheduleRun,
)
from botyard.members import audit, chats
from botyard.members.audit import Actor
from botyard.members.member import ChatPlace

JUST_NOW = timedelta(minutes=1)


class Change(StrEnum):
    """What an operator does to a schedule that is there."""

    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    DELETE = "delete"


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
    ran_lately: bool
    """Whether it ran a moment ago, or still does: somebody who has it run now may have tapped twice."""


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


async def edit(session: AsyncSession, schedule: Schedule, wanted: Revision, by: Actor, now: datetime) -> bool:
    """Changes it, and writes that into the audit log; False where nothing is to change.

    Raises `BadSchedule`.
    """
    if not wanted.changed:
        return False
    await schedules.revise(session, schedule, wanted, now)
    _record(session, "edit", schedule, by, now, changed=wanted.changed)
    return True


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
    latest = next(iter(await schedule_runs.runs_of(session, schedule_id, most=1)), None)
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
        last=latest,
        ran_lately=latest is not None and (latest.finished_at is None or now - latest.fired_at < JUST_NOW),
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
