"""Finding the broadcast that is meant, and showing how it is."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.features.broadcasts import cards, following
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import drafts, overview, preflight
from botyard.features.broadcasts.service.drafts import NoSuchBroadcast
from botyard.features.broadcasts.service.overview import Overview
from botyard.features.broadcasts.service.preflight import Preflight
from botyard.members.audit import Actor
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Screen

ON_A_PAGE = 8


async def mine(ctx: Context, number: int) -> Broadcast:
    """The broadcast of this number, locked. Raises `NoSuchBroadcast`, also for another bot's.

    An admin may be one of a single bot only, and files and posts to copy are good for that bot alone.
    """
    broadcast = await drafts.locked(ctx.session, number)
    if broadcast.bot_id != ctx.bot.id:
        raise NoSuchBroadcast(
            f"There is no broadcast {number} of this bot.", remedy="The list has those that are there."
        )
    return broadcast


async def look(ctx: Context, broadcast: Broadcast) -> Overview:
    """How it is now."""
    async with ctx.house.database.reading() as counting:
        return await overview.look(ctx.session, counting, broadcast, ctx.now)


async def card(ctx: Context, broadcast: Broadcast) -> Screen:
    """Its card for the message whose button was pressed; it follows from now on what it shows."""
    seen = await look(ctx, broadcast)
    if seen.moves:
        await following.follow(
            ctx.session,
            broadcast,
            ctx.chat.key,
            ctx.member.id,
            ctx.now,
            message_id=ctx.envelope.message_id,
        )
    return cards.card(ctx.text, seen)


async def send_card(ctx: Context, broadcast: Broadcast) -> None:
    """Sends its card as a new message; it follows from now on what it shows."""
    seen = await look(ctx, broadcast)
    screen = cards.card(ctx.text, seen)
    receipt = following.receipt_of(broadcast, ctx.now)
    ctx.reply(screen.html, buttons=screen.buttons, receipt=receipt)
    if seen.moves:
        await following.follow(ctx.session, broadcast, ctx.chat.key, ctx.member.id, ctx.now, receipt=receipt)


async def listing(ctx: Context, page: int) -> Screen:
    """The broadcasts of this bot, newest first."""
    skip = page * ON_A_PAGE
    found, total = await drafts.listed(ctx.session, skip=skip, most=ON_A_PAGE, bot_id=ctx.bot.id)
    new = Press(ctx.text("broadcast-button-new"), "broadcasts:new")
    if not total:
        return Screen(ctx.text("broadcasts-none"), [[new]])
    if not found:
        return await listing(ctx, (total - 1) // ON_A_PAGE)
    lines = [
        ctx.text("broadcasts-line", id=str(each.id), name=each.name, state=cards.state_of(each))
        for each in found
    ]
    rows = [[Press(f"{each.id}. {each.name}", f"broadcasts:card:{each.id}")] for each in found]
    turns = [
        Press(sign, f"broadcasts:list:{to}")
        for sign, to in (("«", page - 1), ("»", page + 1))
        if 0 <= to <= (total - 1) // ON_A_PAGE
    ]
    html = "\n".join([ctx.text("broadcasts-title", count=total), "", *lines])
    return Screen(html, [*rows, *([turns] if turns else []), [new]])


async def preflight_of(ctx: Context, broadcast: Broadcast) -> Preflight:
    """What is to be known before it starts."""
    house = ctx.house
    return await preflight.check(
        ctx.session, broadcast, house.pace, ctx.now, bots=house.bots, above=house.two_person_above
    )


def refuse(ctx: Context, problem: BotyardError) -> None:
    """Tells in a message why something does not work."""
    ctx.reply(ctx.text("broadcast-problem-with", problem=str(problem)))


def admin(ctx: Context) -> Actor:
    """Who asks."""
    return Actor(ctx.member.id, ctx.bot.id)
