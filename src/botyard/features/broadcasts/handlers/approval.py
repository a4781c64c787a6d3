"""The buttons under the question whether a broadcast may start, and those of a test."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.features.broadcasts import asking
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.service import approval, drafts, testing
from botyard.features.broadcasts.service.drafts import NoSuchBroadcast
from botyard.members.audit import Actor
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import is_row_number
from botyard.routing.registry import button


@button("approve", role=Role.ADMIN)
async def approve_button(ctx: Context) -> None:
    """`approve:<yes | no | show>:<broadcast>:<stamp>`. The broadcast's lock makes two presses take turns."""
    match ctx.args.split(":"):
        case ["yes" | "no" | "show" as verb, number, stamp] if is_row_number(number) and is_row_number(stamp):
            pass
        case _:
            ctx.answer(ctx.text("button-stale"))
            return
    try:
        broadcast = await drafts.locked(ctx.session, int(number))
        if broadcast.bot_id != ctx.bot.id or not approval.is_asked(broadcast, int(stamp)):
            ctx.answer(ctx.text("broadcast-asked-over"), alert=True)
        elif verb == "show":
            await testing.show(ctx.session, broadcast, ctx.member.id, ctx.bot.username, ctx.now)
        else:
            await _decide(ctx, broadcast, agrees=verb == "yes")
    except NoSuchBroadcast:
        ctx.answer(ctx.text("broadcast-asked-over"), alert=True)
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)


async def _decide(ctx: Context, broadcast: Broadcast, *, agrees: bool) -> None:
    by, is_second = Actor(ctx.member.id, ctx.bot.id), approval.waits_for_second(broadcast)
    again = "-again" if broadcast.state is BroadcastState.ASKING_AGAIN else ""
    key = f"broadcast-{'agreed' if agrees else 'refused'}{again}"
    told = await asking.tell_starter(
        ctx.house.texts, ctx.session, broadcast, f"{key}-by", who=ctx.member.name
    )  # before it is a draft again, which nobody has started
    is_his_own = approval.starter_of(broadcast) == ctx.member.id
    await (approval.agree if agrees else approval.refuse)(ctx.session, broadcast, by, ctx.now)
    ctx.edit(ctx.text(key, name=broadcast.name))
    if is_second and not is_his_own:
        for call in told:
            ctx.queue(call)


@button("trial")
async def trial_button(ctx: Context) -> None:
    """A press beneath a message that was sent as a test: answered as it will be, and not counted."""
    match ctx.args.split(":"):
        case [number, variant, "0"] if is_row_number(number) and is_row_number(variant):
            ctx.answer(ctx.text("broadcast-trial-leave"))
            return
        case [number, variant, place] if all(map(is_row_number, (number, variant, place))):
            answer = await _answer(ctx, int(number), int(variant), int(place))
        case _:
            answer = None
    ctx.answer(ctx.text("button-stale") if answer is None else answer)


async def _answer(ctx: Context, number: int, variant: int, place: int) -> str | None:
    try:
        return await testing.answer_to(ctx.session, number, variant, place)
    except NoSuchBroadcast:
        return None
