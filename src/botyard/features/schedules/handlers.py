"""The list of schedules and a card for each, in one message that edits itself."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.features.schedules import lines, service
from botyard.features.schedules.service import Change, Overview
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.schedules import NoSuchSchedule, RunState, ScheduleId, ScheduleRun
from botyard.members.audit import Actor
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Rows, Screen, is_row_number
from botyard.routing.registry import button
from botyard.routing.texts import Html

ON_A_PAGE = 8
RUNS_SHOWN = 10
PLACES_SHOWN = 12
DETAIL_SHOWN = 300
_VERBS = frozenset({"card", "history", "edit", "delete", "drop", "pause", "resume", "again"})


@button("schedule", role=Role.ADMIN)
async def schedule_button(ctx: Context) -> None:
    """A press beneath the list, a card or a history."""
    match ctx.args.split(":"):
        case ["list", page] if is_row_number(page):
            screen = await list_screen(ctx, int(page))
        case [verb, number] if verb in _VERBS and is_row_number(number):
            screen = await _pressed(ctx, verb, ScheduleId(int(number)))
        case ["run", number, last] if is_row_number(number) and is_row_number(last):
            screen = await _pressed(ctx, "run", ScheduleId(int(number)), last_seen=int(last))
        case _:
            ctx.answer(ctx.text("button-stale"))
            return
    ctx.edit(screen.html, buttons=screen.buttons)


async def _pressed(ctx: Context, verb: str, schedule_id: ScheduleId, *, last_seen: int = 0) -> Screen:
    try:
        match verb:
            case "pause" | "resume":
                await _change(ctx, schedule_id, Change(verb))
                ctx.answer(ctx.text(f"schedule-{verb}d"))
            case "run":
                await _run_once(ctx, schedule_id, last_seen)
            case "drop":
                await _change(ctx, schedule_id, Change.DELETE)
                ctx.answer(ctx.text("schedule-deleted"))
                return await list_screen(ctx, page=0)
            case "again":
                return await _confirm_again(ctx, schedule_id)
            case "edit":
                return await lines.editing(ctx, await schedules.get(ctx.session, schedule_id))
            case "history":
                return await _history(ctx, schedule_id)
            case "delete":
                return await _confirm(ctx, schedule_id)
        return await card_screen(ctx, schedule_id)
    except NoSuchSchedule:
        ctx.answer(ctx.text("schedule-gone"))
        return await list_screen(ctx, page=0)
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return await card_screen(ctx, schedule_id)


async def _run_once(ctx: Context, schedule_id: ScheduleId, last_seen: int) -> None:
    """Runs it now, unless it has run since the card was drawn: two taps are meant as one."""
    latest = await schedule_runs.runs_of(ctx.session, schedule_id, most=1)
    if latest and latest[0].id > last_seen:
        ctx.answer(ctx.text("schedule-ran-meanwhile"))
        return
    await _change(ctx, schedule_id, Change.RUN)
    ctx.answer(ctx.text("schedule-running"))


async def _change(ctx: Context, schedule_id: ScheduleId, wanted: Change) -> None:
    await service.change(ctx.session, schedule_id, wanted, ctx.house.actions, operator(ctx), ctx.now)


# showing


async def list_screen(ctx: Context, page: int) -> Screen:
    """All schedules, a page of them."""
    found = await schedules.listed(ctx.session)
    if not found:
        return Screen(f"{ctx.text('schedules-none')}\n\n{await lines.template(ctx)}")
    last_page = (len(found) - 1) // ON_A_PAGE
    page = min(page, last_page)
    shown = found[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    blocks = [ctx.text("schedules-title", count=len(found))]
    for each in shown:
        upcoming = service.moment_of(each.next_at, each.zone)
        state = "next" if upcoming else "over" if each.enabled else "paused"
        rhythm = service.rhythm_of(each, ctx.now)
        blocks.append(ctx.text(f"schedules-line-{state}", name=each.name, rhythm=rhythm, next=upcoming))
    rows: list[list[Press]] = [[Press(each.name, f"schedule:card:{each.id}")] for each in shown]
    turns = [
        Press(sign, f"schedule:list:{to}")
        for sign, to in (("«", page - 1), ("»", page + 1))
        if 0 <= to <= last_page
    ]
    return Screen("\n\n".join(blocks), [*rows, turns] if turns else rows)


async def card_screen(ctx: Context, schedule_id: ScheduleId) -> Screen:
    """One schedule: what it does, and what can be done with it. Raises `NoSuchSchedule`."""
    schedule = await schedules.get(ctx.session, schedule_id)
    seen = await service.overview(ctx.session, schedule, ctx.house.actions, ctx.now)
    shown = [
        ctx.text("schedule-name", name=seen.name),
        ctx.text("schedule-does", does=seen.does),
        ctx.text("schedule-to", places=_places(seen), count=len(seen.places)),
        ctx.text("schedule-rhythm", rhythm=seen.rhythm),
        _next_line(ctx, seen),
    ]
    if seen.catch_up:
        shown.append(ctx.text("schedule-catches-up"))
    if seen.last is not None:
        shown.append(ctx.text("schedule-last", run=Html(_run_line(ctx, seen.last, schedule.zone))))
    return Screen("\n".join(shown), _card_buttons(ctx, seen))


def _next_line(ctx: Context, seen: Overview) -> str:
    if seen.next:
        return ctx.text("schedule-next", next=seen.next)
    return ctx.text("schedule-over" if seen.enabled else "schedule-is-paused")


def _card_buttons(ctx: Context, seen: Overview) -> Rows:
    switch = "pause" if seen.enabled else "resume"
    run = f"schedule:again:{seen.id}" if seen.ran_lately else _run_data(seen.id, seen.last)
    return [
        [
            Press(ctx.text(f"schedule-button-{switch}"), f"schedule:{switch}:{seen.id}"),
            Press(ctx.text("schedule-button-run"), run),
        ],
        [
            Press(ctx.text("schedule-button-edit"), f"schedule:edit:{seen.id}"),
            Press(ctx.text("schedule-button-history"), f"schedule:history:{seen.id}"),
            Press(ctx.text("schedule-button-delete"), f"schedule:delete:{seen.id}"),
        ],
        [Press(ctx.text("schedule-button-all"), "schedule:list:0")],
    ]


def _run_data(schedule_id: ScheduleId, last: ScheduleRun | None) -> str:
    return f"schedule:run:{schedule_id}:{last.id if last else 0}"


def _places(seen: Overview) -> str:
    names = [place.name for place in seen.places[:PLACES_SHOWN]]
    return ", ".join([*names, "…"] if len(seen.places) > PLACES_SHOWN else names)


async def _history(ctx: Context, schedule_id: ScheduleId) -> Screen:
    schedule = await schedules.get(ctx.session, schedule_id)
    runs = await schedule_runs.runs_of(ctx.session, schedule_id, most=RUNS_SHOWN)
    shown = [_run_line(ctx, run, schedule.zone) for run in runs] or [ctx.text("schedule-no-runs")]
    html = "\n".join([ctx.text("schedule-history", name=schedule.name), "", *shown])
    return Screen(html, [[Press(ctx.text("schedule-button-back"), f"schedule:card:{schedule_id}")]])


def _run_line(ctx: Context, run: ScheduleRun, zone: str) -> str:
    sign = {RunState.DONE: "✅", RunState.FAILED: "⚠️", RunState.MISSED: "💤", RunState.QUEUED: "⏳"}[
        run.state
    ]
    at = service.moment_of(run.occurrence, zone)
    return ctx.text(
        "schedule-run",
        sign=sign,
        at=at,
        state=run.state,
        detail=f": {run.detail[:DETAIL_SHOWN]}" if run.detail else "",
    )


async def _confirm_again(ctx: Context, schedule_id: ScheduleId) -> Screen:
    """Asks first: two taps in a row were meant as one, and the second hits whatever stands there by then."""
    schedule = await schedules.get(ctx.session, schedule_id)
    latest = await schedule_runs.runs_of(ctx.session, schedule_id, most=1)
    rows = [
        [Press(ctx.text("schedule-button-back"), f"schedule:card:{schedule_id}")],
        [Press(ctx.text("schedule-button-again"), _run_data(schedule_id, next(iter(latest), None)))],
    ]
    return Screen(ctx.text("schedule-confirm-again", name=schedule.name), rows)


async def _confirm(ctx: Context, schedule_id: ScheduleId) -> Screen:
    schedule = await schedules.get(ctx.session, schedule_id)
    rows = [
        [
            Press(ctx.text("schedule-button-drop"), f"schedule:drop:{schedule_id}"),
            Press(ctx.text("schedule-button-keep"), f"schedule:card:{schedule_id}"),
        ]
    ]
    return Screen(ctx.text("schedule-confirm", name=schedule.name), rows)


def operator(ctx: Context) -> Actor:
    """Who asks."""
    return Actor(ctx.member.id, ctx.bot.id)
