"""/schedules: a list and a card for each, in one message that edits itself; and new ones, in lines."""

from __future__ import annotations

import re

from botyard.errors import BotyardError
from botyard.features.schedules import service
from botyard.features.schedules.service import Change, Overview, WrongLine
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.schedules import NoSuchSchedule, RunState, ScheduleId, ScheduleRun
from botyard.members import reach
from botyard.members.audit import Actor
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Rows, Screen, is_row_number
from botyard.routing.reach import warnings
from botyard.routing.registry import button, command
from botyard.routing.texts import Html

ON_A_PAGE = 8
RUNS_SHOWN = 10
PLACES_SHOWN = 12


@command(
    "schedules",
    role=Role.ADMIN,
    description="What is posted again and again",
    usage="[<name> | add <name> ...]",
)
async def schedules_command(ctx: Context) -> None:
    """Lists what is posted by itself, and when next; each can be paused, run, looked into and deleted.
    With a name it shows that one. /schedules add shows how to make a new one.
    """
    word, _, rest = ctx.args.partition("\n")
    verb, _, name = word.partition(" ")
    if not ctx.args:
        screen = await _list(ctx, page=0)
    elif verb.lower() == "add":
        screen = await _add(ctx, f"{name.strip()}\n{rest}")
    else:
        screen = await _named(ctx, word.strip())
    ctx.reply(screen.html, buttons=screen.buttons)


@button("schedule", role=Role.ADMIN)
async def schedule_button(ctx: Context) -> None:
    """A press beneath the list, a card or a history."""
    match ctx.args.split(":"):
        case ["list", page] if is_row_number(page):
            screen = await _list(ctx, int(page))
        case ["card" | "history" | "delete" | "drop" | "pause" | "resume" as verb, number] if is_row_number(
            number
        ):
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
                return await _list(ctx, page=0)
            case "history":
                return await _history(ctx, schedule_id)
            case "delete":
                return await _confirm(ctx, schedule_id)
        return await _card(ctx, schedule_id)
    except NoSuchSchedule:
        ctx.answer(ctx.text("schedule-gone"))
        return await _list(ctx, page=0)
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return await _card(ctx, schedule_id)


async def _run_once(ctx: Context, schedule_id: ScheduleId, last_seen: int) -> None:
    """Runs it now, unless it has run since the card was drawn: two taps are meant as one."""
    latest = await schedule_runs.runs_of(ctx.session, schedule_id, most=1)
    if latest and latest[0].id > last_seen:
        ctx.answer(ctx.text("schedule-ran-meanwhile"))
        return
    await _change(ctx, schedule_id, Change.RUN)
    ctx.answer(ctx.text("schedule-running"))


async def _change(ctx: Context, schedule_id: ScheduleId, wanted: Change) -> None:
    await service.change(ctx.session, schedule_id, wanted, ctx.house.actions, _operator(ctx), ctx.now)


# making


async def _add(ctx: Context, lines: str) -> Screen:
    if not lines.strip():
        return Screen(await _template(ctx))
    try:
        order = await service.read_order(ctx.session, lines, ctx.house.actions, ctx.now)
        schedule_id = await service.add(ctx.session, order, ctx.bot.id, _operator(ctx), ctx.now)
    except WrongLine as wrong:
        said = ctx.text("schedule-line-empty") if not wrong.line else wrong.line[:80]
        problem = ctx.text("schedule-wrong-line", line=wrong.number, said=said, problem=str(wrong))
        return Screen(f"{problem}\n\n{await _template(ctx)}")
    except BotyardError as problem:
        return Screen(ctx.text("schedule-refused", problem=str(problem)))
    card = await _card(ctx, schedule_id)
    blocks = [ctx.text("schedule-added"), card.html]
    blocks += await warnings(ctx.session, ctx.text, order.chats, ctx.bot.id)
    return Screen("\n\n".join(blocks), card.buttons)


async def _template(ctx: Context) -> str:
    actions = sorted(ctx.house.actions.values(), key=lambda each: each.name)
    said = "\n".join(ctx.text("schedule-action", usage=each.usage, title=each.title) for each in actions)
    # without what may be left out, so that it can be sent as it is
    usage = re.sub(r" \[[^]]*\]", "", actions[0].usage) if actions else "..."
    known = await reach.groups_met(ctx.session, most=1)
    chat = str(known[0].telegram_id) if known else "-1001234567890"
    return ctx.text("schedule-template", usage=usage, chat=chat, actions=Html(said))


# showing


async def _list(ctx: Context, page: int) -> Screen:
    found = await schedules.listed(ctx.session)
    if not found:
        return Screen(f"{ctx.text('schedules-none')}\n\n{await _template(ctx)}")
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


async def _named(ctx: Context, name: str) -> Screen:
    try:
        return await _card(ctx, ScheduleId((await schedules.find(ctx.session, name)).id))
    except NoSuchSchedule:
        return Screen(ctx.text("schedule-unknown", name=name[:64]))


async def _card(ctx: Context, schedule_id: ScheduleId) -> Screen:
    schedule = await schedules.get(ctx.session, schedule_id)
    seen = await service.overview(ctx.session, schedule, ctx.house.actions, ctx.now)
    lines = [
        ctx.text("schedule-name", name=seen.name),
        ctx.text("schedule-does", does=seen.does),
        ctx.text("schedule-to", places=_places(seen), count=len(seen.places)),
        ctx.text("schedule-rhythm", rhythm=seen.rhythm),
        _next_line(ctx, seen),
    ]
    if seen.catch_up:
        lines.append(ctx.text("schedule-catches-up"))
    if seen.last is not None:
        lines.append(ctx.text("schedule-last", run=Html(_run_line(ctx, seen.last, schedule.zone))))
    return Screen("\n".join(lines), _card_buttons(ctx, seen))


def _next_line(ctx: Context, seen: Overview) -> str:
    if seen.next:
        return ctx.text("schedule-next", next=seen.next)
    return ctx.text("schedule-over" if seen.enabled else "schedule-is-paused")


def _card_buttons(ctx: Context, seen: Overview) -> Rows:
    switch = "pause" if seen.enabled else "resume"
    last = seen.last.id if seen.last else 0
    return [
        [
            Press(ctx.text(f"schedule-button-{switch}"), f"schedule:{switch}:{seen.id}"),
            Press(ctx.text("schedule-button-run"), f"schedule:run:{seen.id}:{last}"),
        ],
        [
            Press(ctx.text("schedule-button-history"), f"schedule:history:{seen.id}"),
            Press(ctx.text("schedule-button-delete"), f"schedule:delete:{seen.id}"),
        ],
        [Press(ctx.text("schedule-button-all"), "schedule:list:0")],
    ]


def _places(seen: Overview) -> str:
    names = [place.name for place in seen.places[:PLACES_SHOWN]]
    return ", ".join([*names, "…"] if len(seen.places) > PLACES_SHOWN else names)


async def _history(ctx: Context, schedule_id: ScheduleId) -> Screen:
    schedule = await schedules.get(ctx.session, schedule_id)
    runs = await schedule_runs.runs_of(ctx.session, schedule_id, most=RUNS_SHOWN)
    lines = [_run_line(ctx, run, schedule.zone) for run in runs] or [ctx.text("schedule-no-runs")]
    html = "\n".join([ctx.text("schedule-history", name=schedule.name), "", *lines])
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
        detail=f": {run.detail[:200]}" if run.detail else "",
    )


async def _confirm(ctx: Context, schedule_id: ScheduleId) -> Screen:
    schedule = await schedules.get(ctx.session, schedule_id)
    rows = [
        [
            Press(ctx.text("schedule-button-drop"), f"schedule:drop:{schedule_id}"),
            Press(ctx.text("schedule-button-keep"), f"schedule:card:{schedule_id}"),
        ]
    ]
    return Screen(ctx.text("schedule-confirm", name=schedule.name), rows)


def _operator(ctx: Context) -> Actor:
    return Actor(ctx.member.id, ctx.bot.id)
