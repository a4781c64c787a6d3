"""How schedules are written in lines: what to copy and change, and what to look at where a line is wrong."""

from __future__ import annotations

import re

from botyard.features.schedules import orders
from botyard.features.schedules.orders import Part, WrongLine
from botyard.jobs.schedules import Schedule
from botyard.members import reach
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Screen
from botyard.routing.texts import Html


async def template(ctx: Context) -> str:
    """An order to copy, and all that can stand in it. It can be sent as it is, but for the second chat."""
    actions = sorted(ctx.house.actions.values(), key=lambda each: each.name)
    # without what may be left out
    usage = re.sub(r" \[[^]]*\]", "", actions[0].usage) if actions else "..."
    known = await reach.groups_met(ctx.session, most=1)
    chat = str(known[0].telegram_id) if known else "-1001234567890"
    return "\n\n".join([ctx.text("schedule-template", usage=usage, chat=chat), _what(ctx), _when(ctx)])


async def editing(ctx: Context, schedule: Schedule) -> Screen:
    """The lines of a schedule, to copy and change."""
    old = await orders.written(ctx.session, schedule, ctx.house.actions, ctx.now)
    html = ctx.text("schedule-edit", name=schedule.name, lines=old.lines)
    return Screen(html, [[Press(ctx.text("schedule-button-back"), f"schedule:card:{schedule.id}")]])


def wrong(ctx: Context, line: WrongLine) -> str:
    """What is wrong, which line it is, and how such a line is written."""
    said = line.line[:80] if line.line else ctx.text("schedule-line-empty")
    blocks = [
        ctx.text("schedule-wrong-line", problem=line.message, remedy=line.remedy, line=line.number, said=said)
    ]
    if line.part is Part.WHAT:
        blocks.append(_what(ctx))
    elif line.part is Part.WHEN:
        blocks.append(_when(ctx))
    return "\n\n".join([*blocks, ctx.text("schedule-send-again")])


def _what(ctx: Context) -> str:
    actions = sorted(ctx.house.actions.values(), key=lambda each: each.name)
    said = "\n".join(ctx.text("schedule-action", usage=each.usage, title=each.title) for each in actions)
    return ctx.text("schedule-what", actions=Html(said))


def _when(ctx: Context) -> str:
    return ctx.text("schedule-when")
