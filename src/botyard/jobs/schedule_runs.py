"""What schedules do when their moment has come: runs, each occurrence once, and how they ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.ids import BotId, ChatKey
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.queue import enqueue
from botyard.jobs.recurrence import zone_named
from botyard.jobs.schedules import RunId, RunState, Schedule, ScheduleId, ScheduleRun, chats_of, pause

LATE = timedelta(minutes=5)
"""A run that is later than this was missed: the service was down."""
FIRED_AT_ONCE = 50
KEEP_RUNS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One run, as the action gets it."""

    run_id: RunId
    schedule_id: ScheduleId
    bot_id: BotId
    chats: tuple[ChatKey, ...]
    payload: Mapping[str, Any]
    occurrence: datetime

    @property
    def receipt(self) -> str:
        """The receipt for the calls of this run."""
        return f"schedule:{self.run_id}"


# firing


async def fire_due(session: AsyncSession, now: datetime, actions: Collection[str]) -> int:
    """Queues a job for each schedule that is due, and plans its next; answers how many were due.

    `actions` are the names of those that exist. A schedule that another replica fires at this moment is
    passed over.
    """
    found = await session.scalars(
        select(Schedule)
        .where(Schedule.next_at <= now)
        .order_by(Schedule.next_at)
        .limit(FIRED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    due = found.all()
    for schedule in due:
        try:
            await _fire(session, schedule, now, actions)
            schedule.plan(now)
        except WrongRecurrence as problem:  # its time zone was renamed, say: the others must go on
            await _add_run(session, schedule, now, now, RunState.FAILED, f"Paused: {problem}")
            pause(schedule)
    return len(due)


async def run_now(session: AsyncSession, schedule: Schedule, now: datetime) -> bool:
    """Queues a run beside the rhythm. False if there is one of this very moment already."""
    return await _queue(session, schedule, now, now)


async def forget_old_runs(session: AsyncSession, now: datetime) -> None:
    """Drops what happened long ago from the histories."""
    await session.execute(delete(ScheduleRun).where(ScheduleRun.fired_at < now - KEEP_RUNS))


async def _fire(session: AsyncSession, schedule: Schedule, now: datetime, actions: Collection[str]) -> None:
    """Raises `WrongRecurrence`, before anything is done, if the rhythm cannot be read any more."""
    assert schedule.next_at is not None
    assert schedule.occurrence is not None
    was_down, rhythm = now - schedule.next_at > LATE, schedule.recurrence
    if schedule.action not in actions:
        problem = f"Nothing here can do '{schedule.action}' any more."
        await _add_run(session, schedule, schedule.occurrence, now, RunState.FAILED, problem)
    elif was_down and not (schedule.catch_up and _is_welcome(schedule, now)):
        count = rhythm.missed(schedule.occurrence, now) + 1
        problem = f"botyard was not running then: {count} missed"
        await _add_run(session, schedule, schedule.occurrence, now, RunState.MISSED, problem)
    else:
        await _queue(session, schedule, schedule.occurrence, now)


async def _queue(session: AsyncSession, schedule: Schedule, occurrence: datetime, now: datetime) -> bool:
    run_id = await _add_run(session, schedule, occurrence, now, RunState.QUEUED, "")
    if run_id is None:
        return False
    key = f"schedule:{schedule.id}@{occurrence.isoformat()}"
    await enqueue(session, f"schedule:{schedule.action}", {"run_id": run_id}, now, key=key)
    return True


async def _add_run(
    session: AsyncSession,
    schedule: Schedule,
    occurrence: datetime,
    now: datetime,
    state: RunState,
    detail: str,
) -> RunId | None:
    """Writes a run down. None if the occurrence has one: a clock was set back, and it came round again."""
    run_id = await session.scalar(
        insert_new(session.get_bind().dialect, ScheduleRun)
        .values(
            schedule_id=schedule.id,
            occurrence=occurrence,
            fired_at=now,
            finished_at=None if state is RunState.QUEUED else now,
            state=state,
            detail=detail,
        )
        .returning(ScheduleRun.id)
    )
    return None if run_id is None else RunId(run_id)


def _is_welcome(schedule: Schedule, now: datetime) -> bool:
    """Whether what was missed may be made up for at this moment: not in quiet hours, nor after the end."""
    is_over = schedule.ends_at is not None and now > schedule.ends_at
    quiet = schedule.recurrence.quiet
    is_quiet = quiet is not None and quiet.cover(now.astimezone(zone_named(schedule.zone)).time())
    return not (is_over or is_quiet)


# running


async def occasion_of(session: AsyncSession, run_id: RunId) -> Occasion | None:
    """The run with all that its action needs; None when the schedule was deleted meanwhile.

    The schedule is locked until the transaction ends: who wants to delete it waits for the run.
    """
    run = await session.get(ScheduleRun, run_id)
    schedule = await session.get(Schedule, run.schedule_id, with_for_update=True) if run else None
    if run is None or schedule is None:
        return None
    schedule_id = ScheduleId(schedule.id)
    return Occasion(
        run_id=run_id,
        schedule_id=schedule_id,
        bot_id=BotId(schedule.bot_id),
        chats=tuple(await chats_of(session, schedule_id)),
        payload=schedule.payload,
        occurrence=run.occurrence,
    )


async def note_run(session: AsyncSession, run_id: RunId, detail: str) -> None:
    """Writes down how far a run is that goes on, if it is still there."""
    await session.execute(update(ScheduleRun).where(ScheduleRun.id == run_id).values(detail=detail))


async def finish_run(
    session: AsyncSession, run_id: RunId, state: RunState, detail: str, now: datetime
) -> None:
    """Writes down how a run went, if it is still there."""
    await session.execute(
        update(ScheduleRun)
        .where(ScheduleRun.id == run_id)
        .values(state=state, detail=detail, finished_at=now)
    )


async def runs_of(session: AsyncSession, schedule_id: ScheduleId, *, most: int) -> Sequence[ScheduleRun]:
    """The latest runs of a schedule, newest first."""
    of_this = select(ScheduleRun).where(ScheduleRun.schedule_id == schedule_id)
    return (await session.scalars(of_this.order_by(ScheduleRun.occurrence.desc()).limit(most))).all()
