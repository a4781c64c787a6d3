"""/schedules: the list and a card by name; new schedules and changes, in lines."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.features.schedules import lines, orders, service
from botyard.features.schedules.handlers import card_screen, list_screen, operator
from botyard.features.schedules.orders import WrongLine
from botyard.ids import BotId
from botyard.jobs import schedules
from botyard.jobs.schedules import NoSuchSchedule, ScheduleId
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Screen
from botyard.routing.reach import warnings
from botyard.routing.registry import command


@command(
    "schedules",
    role=Role.ADMIN,
    description="What is posted again and again",
    usage="[<name> | add <name> ... | edit <name> ...]",
)
async def schedules_command(ctx: Context) -> None:
    """Lists what is posted by itself, and when next; each can be paused, posted, edited and deleted.
    With a name it shows that one. /schedules add shows how to make a new one, /schedules edit and a name
    shows the lines that can be changed.
    """
    head, _, rest = ctx.args.partition("\n")
    verb, _, name = head.partition(" ")
    name = name.strip()
    try:
        if not ctx.args:
            screen = await list_screen(ctx, page=0)
        elif verb.lower() == "add":
            screen = await _add(ctx, f"{name}\n{rest}")
        elif verb.lower() == "edit" and name:
            screen = await _edit(ctx, name, rest)
        else:
            screen = await card_screen(ctx, ScheduleId((await schedules.find(ctx.session, head.strip())).id))
    except WrongLine as wrong:
        screen = Screen(lines.wrong(ctx, wrong))
    except NoSuchSchedule as problem:
        screen = Screen(ctx.text("schedule-unknown", problem=str(problem)))
    except BotyardError as problem:
        screen = Screen(ctx.text("schedule-refused", problem=problem.message, remedy=problem.remedy))
    ctx.reply(screen.html, buttons=screen.buttons)


async def _add(ctx: Context, text: str) -> Screen:
    if not text.strip():
        return Screen(await lines.template(ctx))
    order = await orders.read_order(ctx.session, text, ctx.house.actions, ctx.now)
    schedule_id = await service.add(ctx.session, order, ctx.bot.id, operator(ctx), ctx.now)
    return await _kept(ctx, "schedule-added", schedule_id)


async def _edit(ctx: Context, name: str, text: str) -> Screen:
    schedule = await schedules.find(ctx.session, name)
    if not text.strip():
        return await lines.editing(ctx, schedule)
    old = await orders.written(ctx.session, schedule, ctx.house.actions, ctx.now)
    wanted = await orders.read_changes(ctx.session, text, old, ctx.house.actions, ctx.now)
    changed = await service.edit(ctx.session, schedule, wanted, operator(ctx), ctx.now)
    return await _kept(ctx, "schedule-edited" if changed else "schedule-unchanged", ScheduleId(schedule.id))


async def _kept(ctx: Context, key: str, schedule_id: ScheduleId) -> Screen:
    """The card of a schedule that was saved, with what is to be feared of it."""
    card = await card_screen(ctx, schedule_id)
    keys = await schedules.chats_of(ctx.session, schedule_id)
    bot_id = BotId((await schedules.get(ctx.session, schedule_id)).bot_id)
    doubts = await warnings(ctx.session, ctx.text, keys, bot_id)
    return Screen("\n\n".join([ctx.text(key), card.html, *doubts]), card.buttons)
