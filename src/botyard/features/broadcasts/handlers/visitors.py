"""Members and what a broadcast brought them: they press its buttons, follow its link, or leave the list."""

from __future__ import annotations

from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import visits
from botyard.features.tracking.service import CLICKS
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, is_row_number
from botyard.routing.registry import button, deep_link

MOST_VARIANT = 10**4


@button("broadcast")
async def broadcast_button(ctx: Context) -> None:
    """A press under a broadcast, by whoever got it."""
    match ctx.args.split(":"):
        case ["press", number, variant, place]:
            await _press(ctx, await _meant(ctx, number, variant), place)
        case ["leave", number, variant]:
            await _leave(ctx, await _meant(ctx, number, variant))
        case ["undo", number, variant]:
            await _undo(ctx, await _meant(ctx, number, variant))
        case _:
            ctx.answer(ctx.text("button-stale"))


@deep_link("leave")
async def leave_link(ctx: Context) -> None:
    """A member leaves the list by a link: an album has no buttons."""
    found = await _linked(ctx)
    if found is None:
        ctx.reply(ctx.text("broadcast-link-stale"))
    else:
        await _leave(ctx, found)


_Found = tuple[Broadcast, int]
"""A broadcast, and the number of one of its messages."""


async def _meant(ctx: Context, number: str, variant: str) -> _Found | None:
    """The message of a broadcast that the words name; None where they were made up, or it is gone."""
    if not (is_row_number(number) and is_row_number(variant) and int(variant) < MOST_VARIANT):
        return None
    found = await visits.message_of(ctx.session, int(number), int(variant))
    return None if found is None else (found, int(variant))


async def _linked(ctx: Context) -> _Found | None:
    match ctx.args.split("-"):
        case [number, variant]:
            return await _meant(ctx, number, variant)
    return None


async def _press(ctx: Context, found: _Found | None, place: str) -> None:
    if found is None or not is_row_number(place):
        ctx.answer(ctx.text("button-stale"))
        return
    broadcast, variant = found
    pressed = await visits.button_of(ctx.session, broadcast, variant, int(place))
    if pressed is None:
        ctx.answer(ctx.text("broadcast-over"))
        return
    await visits.count_press(ctx.session, broadcast, variant, int(place), ctx.member.id, ctx.now)
    ctx.after_commit(ctx.house.metrics.counter(CLICKS).inc)
    ctx.answer(pressed.target)


async def _leave(ctx: Context, found: _Found | None) -> None:
    if found is None:
        ctx.answer(ctx.text("button-stale"))
        return
    broadcast, variant = found
    await visits.leave(ctx.session, broadcast, variant, ctx.member.id, ctx.now)
    ctx.answer(ctx.text("broadcast-left-short"))
    if ctx.envelope.chat is not None and ctx.chat.is_private:
        undo = Press(ctx.text("broadcast-button-undo"), f"broadcast:undo:{broadcast.id}:{variant}")
        ctx.reply(ctx.text("broadcast-left", topic=broadcast.topic), buttons=[[undo]])


async def _undo(ctx: Context, found: _Found | None) -> None:
    if found is None or not await visits.come_back(ctx.session, found[0], ctx.member.id, ctx.now):
        ctx.answer(ctx.text("button-stale"))
        return
    ctx.answer(ctx.text("broadcast-back-short"))
    if ctx.envelope.chat is not None:
        ctx.edit(ctx.text("broadcast-back"))
