"""/broadcast: makes, tests and starts a broadcast in chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from botyard.errors import BotyardError
from botyard.features.broadcasts import button_words, cards, making
from botyard.features.broadcasts.audience_words import read_audience
from botyard.features.broadcasts.contents import message_of
from botyard.features.broadcasts.handlers import dialogs, screens
from botyard.features.broadcasts.making import Place
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import drafts, life
from botyard.features.broadcasts.service.drafts import Plan
from botyard.jobs.moment_words import read_moment
from botyard.members.consent import Topic
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import is_row_number
from botyard.routing.registry import command
from botyard.telegram.content import read_replied


@command(
    "broadcast",
    role=Role.ADMIN,
    description="Send a message to many members",
    usage="[new <name> | <number> | audience <number> <words>]",
)
async def broadcast_command(ctx: Context) -> None:
    """Lists broadcasts and makes new ones: write the message, say who gets it, test it, start it.
    /broadcast new <name> begins one, in reply to a message with that message. With a number it shows that
    one. /broadcast help tells what can be done in words.
    """
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("broadcast-private"))  # whom it goes to is nobody else's business
        return
    word, rest = _first_word(ctx.args)
    try:
        if word == "":
            screen = await screens.listing(ctx, 0)
            ctx.reply(screen.html, buttons=screen.buttons)
        elif is_row_number(word):
            await screens.send_card(ctx, await screens.mine(ctx, int(word)))
        elif word == "new":
            await _new(ctx, rest)
        else:
            await _named(ctx, word, rest)
    except BotyardError as problem:
        screens.refuse(ctx, problem)


async def _new(ctx: Context, name: str) -> None:
    if not name:
        await dialogs.ask_name(ctx)
        return
    replied = read_replied(ctx.body)
    message = message_of(replied, ctx.chat.telegram_id, ctx.bot.id) if replied else None
    by = screens.admin(ctx)
    broadcast = await drafts.make(ctx.session, Plan(name, Topic.OFFERS), ctx.bot.id, by, ctx.now)
    if message is None:
        await dialogs.ask_message(ctx, broadcast, Place(1))
        return
    await making.put(ctx.session, broadcast, Place(1), message, by, ctx.now)
    await screens.send_card(ctx, broadcast)


async def _named(ctx: Context, verb: str, rest: str) -> None:
    """`<verb> <number> <words>`."""
    number, words = _first_word(rest)
    do = _VERBS.get(verb)
    if do is None or not is_row_number(number):
        ctx.reply(ctx.text("broadcast-help"))
        return
    broadcast = await screens.mine(ctx, int(number))
    if await do(ctx, broadcast, words):
        await screens.send_card(ctx, broadcast)


async def _audience(ctx: Context, broadcast: Broadcast, words: str) -> bool:
    await dialogs.set_audience(ctx, broadcast, read_audience(words))
    return True


async def _topic(ctx: Context, broadcast: Broadcast, words: str) -> bool:
    topic = next((each for each in Topic if each == words.lower()), None)
    if topic is None:
        known = ", ".join(Topic)
        raise drafts.BadBroadcast(f"'{words[:40]}' is no topic.", remedy=f"There are: {known}.")
    plan = replace(drafts.plan_of(broadcast), topic=topic)
    await drafts.change(ctx.session, broadcast, plan, screens.admin(ctx), ctx.now)
    return True


async def _buttons(ctx: Context, broadcast: Broadcast, words: str) -> bool:
    rows = button_words.read(words)
    wordings = await drafts.wordings_of(ctx.session, broadcast)
    number = wordings[0].number if wordings else 1
    await making.put_buttons(ctx.session, broadcast, number, rows, screens.admin(ctx), ctx.now)
    return True


async def _schedule(ctx: Context, broadcast: Broadcast, words: str) -> bool:
    at = read_moment(words, ctx.now, broadcast.zone)
    await life.schedule(ctx.session, broadcast, at, screens.admin(ctx), ctx.now)
    return True


async def _start(ctx: Context, broadcast: Broadcast, _words: str) -> bool:
    if not broadcast.state.is_new:
        return True
    found = await screens.preflight_of(ctx, broadcast)
    screen = cards.start_question(ctx.text, broadcast, found)
    ctx.reply(screen.html, buttons=screen.buttons)
    return False


async def _pause(ctx: Context, broadcast: Broadcast, _words: str) -> bool:
    await life.pause(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    return True


async def _resume(ctx: Context, broadcast: Broadcast, _words: str) -> bool:
    await life.resume(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    return True


async def _cancel(ctx: Context, broadcast: Broadcast, _words: str) -> bool:
    await life.cancel(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    return True


_VERBS: Mapping[str, Callable[[Context, Broadcast, str], Awaitable[bool]]] = {
    "audience": _audience,
    "topic": _topic,
    "buttons": _buttons,
    "schedule": _schedule,
    "start": _start,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
}
"""What can be said of a broadcast; each answers whether its card is to be shown then."""


def _first_word(words: str) -> tuple[str, str]:
    """The first word in small letters, and the rest as it was written."""
    first, *rest = words.split(maxsplit=1) or [""]
    return first.lower(), rest[0].strip() if rest else ""
