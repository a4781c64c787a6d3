"""The buttons beneath a broadcast's card: what is changed, and what is done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from botyard.errors import BotyardError
from botyard.features.broadcasts import cards, making
from botyard.features.broadcasts.handlers import dialogs, screens
from botyard.features.broadcasts.making import Place
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import approval, drafts, life, testing
from botyard.features.broadcasts.service.drafts import NoSuchBroadcast
from botyard.members.consent import Topic
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Screen, is_row_number
from botyard.routing.registry import button


@button("broadcasts", role=Role.ADMIN)
async def broadcasts_button(ctx: Context) -> None:
    """A press beneath the list or a card. The broadcast's lock makes two presses take turns."""
    screen: Screen | None
    if ctx.envelope.chat is None or not ctx.chat.is_private:
        ctx.answer(ctx.text("button-stale"))
        return
    match ctx.args.split(":"):
        case ["new"]:
            await dialogs.ask_name(ctx)
            return
        case ["list", page] if is_row_number(page):
            screen = await screens.listing(ctx, min(int(page), 10**6))
        case [verb, number, *more] if verb in _PRESSES and _are_numbers(number, *more) and len(more) < 2:
            screen = await _pressed(ctx, verb, int(number), int(more[0]) if more else 0)
        case _:
            ctx.answer(ctx.text("button-stale"))
            return
    if screen is not None:
        ctx.edit(screen.html, buttons=screen.buttons)


def _are_numbers(*words: str) -> bool:
    return all(map(is_row_number, words))


async def _pressed(ctx: Context, verb: str, number: int, which: int) -> Screen | None:
    try:
        broadcast = await screens.mine(ctx, number)
    except NoSuchBroadcast:
        ctx.answer(ctx.text("broadcast-gone"))
        return await screens.listing(ctx, 0)
    try:
        return await _PRESSES[verb](ctx, broadcast, which)
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return await screens.card(ctx, broadcast)


Handle = Callable[[Context, Broadcast, int], Awaitable[Screen | None]]


async def _card(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    return await screens.card(ctx, broadcast)


# what it is


async def _message(ctx: Context, broadcast: Broadcast, which: int) -> None:
    await dialogs.ask_message(ctx, broadcast, Place(which))


async def _buttons(ctx: Context, broadcast: Broadcast, which: int) -> None:
    await dialogs.ask_buttons(ctx, broadcast, which)


async def _audience(ctx: Context, broadcast: Broadcast, _which: int) -> None:
    await dialogs.ask_audience(ctx, broadcast)


async def _topics(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    return cards.topics(ctx.text, broadcast)


async def _topic(ctx: Context, broadcast: Broadcast, which: int) -> Screen:
    topics = list(Topic)
    if which >= len(topics):
        ctx.answer(ctx.text("button-stale"))
        return await screens.card(ctx, broadcast)
    plan = replace(drafts.plan_of(broadcast), topic=topics[which])
    await drafts.change(ctx.session, broadcast, plan, screens.admin(ctx), ctx.now)
    return await screens.card(ctx, broadcast)


async def _options(ctx: Context, broadcast: Broadcast, _which: int) -> None:
    await dialogs.ask_options(ctx, broadcast)


async def _variants(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    return cards.variants(ctx.text, await screens.look(ctx, broadcast))


async def _variant(ctx: Context, broadcast: Broadcast, which: int) -> Screen:
    seen = await screens.look(ctx, broadcast)
    found = next((each for each in seen.wordings if each.number == which), None)
    if found is None:
        ctx.answer(ctx.text("button-stale"))
        return cards.card(ctx.text, seen)
    return cards.variant(ctx.text, seen, found)


async def _add(ctx: Context, broadcast: Broadcast, _which: int) -> None:
    await dialogs.ask_variant(ctx, broadcast, None)


async def _who(ctx: Context, broadcast: Broadcast, which: int) -> None:
    await dialogs.ask_variant(ctx, broadcast, which)


async def _remove(ctx: Context, broadcast: Broadcast, which: int) -> Screen:
    await making.remove(ctx.session, broadcast, which, screens.admin(ctx), ctx.now)
    return await _variants(ctx, broadcast, 0)


async def _test(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    await testing.send(ctx.session, broadcast, screens.admin(ctx), ctx.bot.username, ctx.now)
    ctx.answer(ctx.text("broadcast-tested"))
    return await screens.card(ctx, broadcast)


async def _drop(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    return cards.sure_question(ctx.text, broadcast, "broadcast-drop", "dropped")


async def _dropped(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    await drafts.drop(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    ctx.answer(ctx.text("broadcast-dropped"))
    return await screens.listing(ctx, 0)


# its life


async def _when(ctx: Context, broadcast: Broadcast, _which: int) -> None:
    await dialogs.ask_when(ctx, broadcast)


async def _unschedule(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    await life.unschedule(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    return await screens.card(ctx, broadcast)


async def _start(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    if not broadcast.state.is_new:
        ctx.answer(ctx.text("broadcast-has-begun"))
        return await screens.card(ctx, broadcast)
    found = await screens.preflight_of(ctx, broadcast)
    return cards.start_question(ctx.text, broadcast, found)


async def _go(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    begun = await life.start(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    key = "broadcast-started" if begun else "broadcast-has-begun"
    ctx.answer(ctx.text("broadcast-waits-for-second" if await _waits(ctx, broadcast) else key))
    return await screens.card(ctx, broadcast)


async def _pause(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    await life.pause(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    ctx.answer(ctx.text("broadcast-paused"))
    return await screens.card(ctx, broadcast)


async def _resume(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    await life.resume(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    waits = await _waits(ctx, broadcast)
    ctx.answer(ctx.text("broadcast-waits-for-second" if waits else "broadcast-resumed"))
    return await screens.card(ctx, broadcast)


async def _waits(ctx: Context, broadcast: Broadcast) -> bool:
    """Whether what was just started waits for a second admin all the same: its next step asks him."""
    return await approval.needs_second(ctx.session, broadcast, ctx.house.two_person_above, ctx.now)


async def _cancel(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    await life.cancel(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    ctx.answer(ctx.text("broadcast-cancelled"))
    return await screens.card(ctx, broadcast)


async def _retry(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    count = await life.retry(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    ctx.answer(ctx.text("broadcast-retried", count=count))
    return await screens.card(ctx, broadcast)


async def _delete(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    return cards.sure_question(ctx.text, broadcast, "broadcast-delete", "deleted")


async def _deleted(ctx: Context, broadcast: Broadcast, _which: int) -> Screen:
    await life.delete_sent(ctx.session, broadcast, screens.admin(ctx), ctx.now)
    return await screens.card(ctx, broadcast)


_PRESSES: Mapping[str, Handle] = {
    "card": _card,
    "message": _message,
    "buttons": _buttons,
    "audience": _audience,
    "topics": _topics,
    "topic": _topic,
    "options": _options,
    "variants": _variants,
    "variant": _variant,
    "add": _add,
    "who": _who,
    "remove": _remove,
    "test": _test,
    "drop": _drop,
    "dropped": _dropped,
    "when": _when,
    "unschedule": _unschedule,
    "start": _start,
    "go": _go,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "retry": _retry,
    "delete": _delete,
    "deleted": _deleted,
}
"""What each button does: with the broadcast, and the number of one of its messages."""
