"""What an admin is asked while he makes a broadcast, and his answers."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import msgspec

from botyard.errors import BotyardError
from botyard.features.broadcasts import albums, button_words, making
from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.audience_words import describe, read_audience
from botyard.features.broadcasts.contents import message_of
from botyard.features.broadcasts.handlers import screens
from botyard.features.broadcasts.making import Place
from botyard.features.broadcasts.message import Message
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.option_words import describe_options, read_options
from botyard.features.broadcasts.service import drafts, life
from botyard.features.broadcasts.service.drafts import BadBroadcast, Plan, WrongMoment
from botyard.features.broadcasts.variant_words import read_variant
from botyard.jobs.moment_words import read_moment
from botyard.members.consent import Topic
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.registry import DialogStep, dialog_step
from botyard.telegram.content import read_content

NAME, AUDIENCE, BUTTONS = "broadcast-name", "broadcast-audience", "broadcast-buttons"
VARIANT, WHEN = "broadcast-variant", "broadcast-when"
OPTIONS = "broadcast-options"


async def ask_name(ctx: Context) -> None:
    """Asks what a new broadcast is to be called."""
    await ctx.ask(NAME)
    ctx.reply(ctx.text("broadcast-ask-name"))


async def ask_message(ctx: Context, broadcast: Broadcast, place: Place) -> None:
    """Asks for a message. Raises `WrongMoment` where it could not be changed."""
    _require_changeable(broadcast)
    await ctx.ask(albums.STEP, broadcast_id=broadcast.id, place=asdict(place))
    ctx.reply(ctx.text("broadcast-ask-message", name=broadcast.name))


async def ask_buttons(ctx: Context, broadcast: Broadcast, number: int) -> None:
    """Asks for the buttons of a message. Raises `WrongMoment` where they could not be changed."""
    _require_changeable(broadcast)
    wordings = await drafts.wordings_of(ctx.session, broadcast)
    now = next((each.message.buttons for each in wordings if each.number == number), ())
    await ctx.ask(BUTTONS, broadcast_id=broadcast.id, number=number)
    ctx.reply(ctx.text("broadcast-ask-buttons", now=button_words.written(now)))


async def ask_audience(ctx: Context, broadcast: Broadcast) -> None:
    """Asks whom it is for. Raises `WrongMoment` once it has begun."""
    _require_new(broadcast)
    await ctx.ask(AUDIENCE, broadcast_id=broadcast.id)
    ctx.reply(ctx.text("broadcast-ask-audience", now=describe(drafts.plan_of(broadcast).audience)))


async def ask_variant(ctx: Context, broadcast: Broadcast, number: int | None) -> None:
    """Asks for whom a message is: the one of this number, or a new one. Raises `WrongMoment`."""
    _require_new(broadcast)
    await ctx.ask(VARIANT, broadcast_id=broadcast.id, number=number)
    ctx.reply(ctx.text("broadcast-ask-variant"))


async def ask_options(ctx: Context, broadcast: Broadcast) -> None:
    """Asks how it is to go: quiet hours, zone, cap, paid. Raises `WrongMoment` once it has begun."""
    _require_new(broadcast)
    await ctx.ask(OPTIONS, broadcast_id=broadcast.id)
    ctx.reply(ctx.text("broadcast-ask-options", now=describe_options(drafts.plan_of(broadcast))))


async def ask_when(ctx: Context, broadcast: Broadcast) -> None:
    """Asks when it is to start. Raises `WrongMoment` once it has begun."""
    _require_new(broadcast)
    await ctx.ask(WHEN, broadcast_id=broadcast.id)
    ctx.reply(ctx.text("broadcast-ask-when", zone=broadcast.zone))


async def set_audience(ctx: Context, broadcast: Broadcast, audience: Audience) -> None:
    """Sets whom it is for. Raises `WrongMoment`."""
    plan = replace(drafts.plan_of(broadcast), audience=audience)
    await drafts.change(ctx.session, broadcast, plan, screens.admin(ctx), ctx.now)


@dialog_step(NAME, role=Role.ADMIN)
async def name_told(ctx: Context) -> None:
    """The name of a new broadcast: it is made, and asked what it says."""
    try:
        plan = Plan(ctx.args, Topic.OFFERS)
        broadcast = await drafts.make(ctx.session, plan, ctx.bot.id, screens.admin(ctx), ctx.now)
        await ask_message(ctx, broadcast, Place(1))
    except BotyardError as problem:
        await _ask_again(ctx, NAME, problem)


@dialog_step(albums.STEP, role=Role.ADMIN, takes_any=True)
async def message_told(ctx: Context) -> None:
    """A message of any kind; the parts of an album come one by one."""
    broadcast = await _asked(ctx)
    if broadcast is None:
        return
    data = ctx.dialog_data
    album = ctx.envelope.media_group_id
    try:
        message = _message(ctx)
        if album is not None:
            await _collect(ctx, album, message)
            return
        place = Place(**data["place"])
        await making.put(ctx.session, broadcast, place, message, screens.admin(ctx), ctx.now)
    except WrongMoment as problem:
        screens.refuse(ctx, problem)
    except BotyardError as problem:
        await _ask_again(ctx, albums.STEP, problem)
    else:
        await screens.send_card(ctx, broadcast)


@dialog_step(BUTTONS, role=Role.ADMIN)
async def buttons_told(ctx: Context) -> None:
    """The buttons of a message, in lines."""
    broadcast = await _asked(ctx)
    if broadcast is None:
        return
    try:
        rows, number = button_words.read(ctx.args), ctx.dialog_data["number"]
        await making.put_buttons(ctx.session, broadcast, number, rows, screens.admin(ctx), ctx.now)
    except WrongMoment as problem:
        screens.refuse(ctx, problem)
    except BotyardError as problem:
        await _ask_again(ctx, BUTTONS, problem)
    else:
        await screens.send_card(ctx, broadcast)


@dialog_step(AUDIENCE, role=Role.ADMIN)
async def audience_told(ctx: Context) -> None:
    """Whom it is for, in words."""
    broadcast = await _asked(ctx)
    if broadcast is None:
        return
    try:
        await set_audience(ctx, broadcast, read_audience(ctx.args))
    except WrongMoment as problem:
        screens.refuse(ctx, problem)
    except BotyardError as problem:
        await _ask_again(ctx, AUDIENCE, problem)
    else:
        await screens.send_card(ctx, broadcast)


@dialog_step(VARIANT, role=Role.ADMIN)
async def variant_told(ctx: Context) -> None:
    """For whom a message is, in words; a new one is asked for then."""
    broadcast = await _asked(ctx)
    if broadcast is None:
        return
    number = ctx.dialog_data["number"]
    try:
        language, share = read_variant(ctx.args)
        if number is None:
            await ask_message(ctx, broadcast, Place(None, language, share))
            return
        by = screens.admin(ctx)
        await making.readdress(ctx.session, broadcast, number, language, share, by, ctx.now)
    except WrongMoment as problem:
        screens.refuse(ctx, problem)
    except BotyardError as problem:
        await _ask_again(ctx, VARIANT, problem)
    else:
        await screens.send_card(ctx, broadcast)


@dialog_step(OPTIONS, role=Role.ADMIN)
async def options_told(ctx: Context) -> None:
    """How it is to go, in lines."""
    broadcast = await _asked(ctx)
    if broadcast is None:
        return
    try:
        plan = read_options(ctx.args, drafts.plan_of(broadcast))
        await drafts.change(ctx.session, broadcast, plan, screens.admin(ctx), ctx.now)
    except WrongMoment as problem:
        screens.refuse(ctx, problem)
    except BotyardError as problem:
        await _ask_again(ctx, OPTIONS, problem)
    else:
        await screens.send_card(ctx, broadcast)


@dialog_step(WHEN, role=Role.ADMIN)
async def moment_told(ctx: Context) -> None:
    """When it is to start."""
    broadcast = await _asked(ctx)
    if broadcast is None:
        return
    try:
        at = read_moment(ctx.args, ctx.now, broadcast.zone)
        await life.schedule(ctx.session, broadcast, at, screens.admin(ctx), ctx.now)
    except WrongMoment as problem:
        screens.refuse(ctx, problem)
    except BotyardError as problem:
        await _ask_again(ctx, WHEN, problem)
    else:
        await screens.send_card(ctx, broadcast)


STEPS: tuple[DialogStep, ...] = (
    name_told,
    message_told,
    buttons_told,
    audience_told,
    variant_told,
    options_told,
    moment_told,
)


async def _asked(ctx: Context) -> Broadcast | None:
    """The broadcast that the question was about; None, and told so, where it is gone."""
    try:
        return await screens.mine(ctx, ctx.dialog_data["broadcast_id"])
    except BotyardError as problem:
        screens.refuse(ctx, problem)
        return None


async def _ask_again(ctx: Context, step: str, problem: BotyardError) -> None:
    screens.refuse(ctx, problem)
    await ctx.ask(step, **ctx.dialog_data)


def _message(ctx: Context) -> Message:
    content = read_content(ctx.body)
    if content is None:
        raise BadBroadcast("This message could not be read.", remedy="Send another one.")
    return message_of(content, ctx.chat.telegram_id, ctx.bot.id)


async def _collect(ctx: Context, album: str, part: Message) -> None:
    """Keeps one more part of an album; its last one is known by the silence after it."""
    data: dict[str, Any] = ctx.dialog_data
    parts = [*data.get("parts", []), msgspec.to_builtins(part)]
    kept = {"broadcast_id": data["broadcast_id"], "place": data["place"], "parts": parts}
    await ctx.ask(albums.STEP, album=album, at=ctx.now.isoformat(), **kept)
    if len(parts) == 1:
        await albums.wait(ctx.session, ctx.dialog_key, album, ctx.now)


def _require_changeable(broadcast: Broadcast) -> None:
    """Before somebody writes a text for nothing."""
    if broadcast.state.is_under_way:
        raise WrongMoment(f"{broadcast.name} is under way.", remedy="Pause it first.")
    if broadcast.state.is_over:
        raise WrongMoment(f"{broadcast.name} is over.", remedy="Make a new one.")


def _require_new(broadcast: Broadcast) -> None:
    if not broadcast.state.is_new:
        raise WrongMoment(f"{broadcast.name} has begun.", remedy="Make a new one.")
