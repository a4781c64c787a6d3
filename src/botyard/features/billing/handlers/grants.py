"""/grant and /revoke: free time for a member, and the end of a pack, each asked back before it is done."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from botyard.errors import BotyardError
from botyard.features.billing import words
from botyard.features.billing.service import granting
from botyard.features.billing.service.granting import Act, ActId, Span
from botyard.ids import UserId
from botyard.members import entitlements, roles
from botyard.members.models import Role, User
from botyard.members.sign_in import business_role
from botyard.routing import dialogs
from botyard.routing.context import Context
from botyard.routing.keyboard import Press
from botyard.routing.registry import button, command, dialog_step

SURE = "time-sure"
WHY = "time-why"


class NotAsked(Exception):
    """There is nothing to ask back: its text is the reply, as HTML."""


@command(
    "grant",
    role=Role.ADMIN,
    description="Give a member free time",
    usage="<user> <plan> [30d|2w|3m] <reason>",
)
async def grant(ctx: Context) -> None:
    """Gives a member time with a plan for nothing: a gift, or more of what they have.
    Without a length it is the plan's own. It is added after the time that they have, and they are told.
    The reason is kept with it for good.
    """
    await _begin(ctx, "grant")


@command(
    "revoke", role=Role.ADMIN, description="End a member's plan now", usage="<user> <plan|pack> <reason>"
)
async def revoke(ctx: Context) -> None:
    """Ends at once what a member has of a plan, paid or given. No money goes back: that is a refund.
    What they pay for later begins anew. They are told, and the reason is kept for good.
    """
    await _begin(ctx, "revoke")


@dialog_step(WHY, role=Role.ADMIN)
async def time_why(ctx: Context) -> None:
    """The answer to 'why?'."""
    await _ask_back(ctx, {**ctx.dialog_data, "reason": ctx.envelope.text})


@dialog_step(SURE, role=Role.ADMIN)
async def time_sure(ctx: Context) -> None:
    """A word where a button is waited for: the question stays open."""
    ctx.reply(ctx.text("time-press"))
    await ctx.ask(SURE, **ctx.dialog_data)


@button("time", role=Role.ADMIN)
async def time_button(ctx: Context) -> None:
    """`time:yes:<act>` does what was asked for, `time:no:<act>` does not."""
    _, _, rest = ctx.envelope.text.partition(":")
    answer, _, act = rest.partition(":")
    open_now = await dialogs.look_at_dialog(ctx.session, ctx.dialog_key, ctx.now)
    if open_now is None or open_now.step != SURE or open_now.data["act"] != act or not _may(ctx):
        ctx.answer(ctx.text("time-stale"))
        return
    await dialogs.take_dialog(ctx.session, ctx.dialog_key, ctx.now)
    ctx.answer()
    if answer != "yes":
        ctx.edit(ctx.text("time-not-done"))
        return
    try:
        async with ctx.session.begin_nested():
            ctx.edit(await _do(ctx, open_now.data))
    except BotyardError as problem:
        ctx.edit(ctx.text("time-problem", problem=str(problem)))


async def _begin(ctx: Context, what: str) -> None:
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("time-private", command=what))
        return
    if not _may(ctx):
        ctx.reply(ctx.text("time-one-bot", bot=ctx.bot.name))
        return
    try:
        if len(ctx.words) < 2:
            raise NotAsked(ctx.text(f"{what}-usage"))
        data = await _read(ctx, what)
    except NotAsked as refusal:
        ctx.reply(str(refusal))
    except BotyardError as problem:
        ctx.reply(ctx.text("time-problem", problem=str(problem)))
    else:
        await _ask_back(ctx, data)


def _may(ctx: Context) -> bool:
    """The ledger is the whole business's: who is an admin of one bot only gives nothing away."""
    return business_role(ctx.member, ctx.now) >= Role.ADMIN


async def _read(ctx: Context, what: str) -> dict[str, Any]:
    """What the words ask for, to be remembered. Raises `NotAsked` and `BotyardError`."""
    who, plan, *rest = ctx.args.split(maxsplit=2)
    user = await _member(ctx, who)
    span, reason = None, rest[0] if rest else ""
    if what == "grant":
        word, _, others = reason.partition(" ")
        span = granting.read_span(word)
        reason = others if span else reason
        await granting.choose(ctx.session, plan, span)
    else:
        await granting.find_held(ctx.session, UserId(user.id), plan, ctx.now)
    return {
        "what": what,
        "user": user.id,
        "plan": plan,
        "span": asdict(span) if span else None,
        "reason": reason,
        "act": f"{ctx.bot.id}:{ctx.envelope.update_id}",
    }


async def _member(ctx: Context, who: str) -> User:
    user = await roles.find_user(ctx.session, who)
    if user is None:
        raise NotAsked(ctx.text("time-no-member", who=who))
    return user


async def _ask_back(ctx: Context, data: dict[str, Any]) -> None:
    """Says what is about to be done, with a button that does it; without a reason it asks for that first."""
    try:
        if not data["reason"].strip():
            ctx.reply(ctx.text("time-why"))
            await ctx.ask(WHY, **data)
            return
        data = {**data, "reason": granting.checked_reason(data["reason"])}
        html = await _question(ctx, data)
    except BotyardError as problem:
        ctx.reply(ctx.text("time-problem", problem=str(problem)))
        await ctx.ask(WHY, **data)
        return
    yes = Press(ctx.text(f"{data['what']}-yes"), f"time:yes:{data['act']}")
    no = Press(ctx.text("time-no"), f"time:no:{data['act']}")
    ctx.reply(html, buttons=[[yes, no]])
    await ctx.ask(SURE, **data)


async def _question(ctx: Context, data: dict[str, Any]) -> str:
    user = await ctx.session.get_one(User, data["user"])
    language = ctx.member.profile.language_code
    if data["what"] == "revoke":
        pack = await granting.find_held(ctx.session, UserId(user.id), data["plan"], ctx.now)
        html = ctx.text(
            "revoke-sure",
            name=user.first_name,
            title=pack.title,
            until=words.moment(pack.ends_at, language),
            reason=data["reason"],
        )
        way = await granting.repeating(ctx.session, UserId(user.id), pack.pack)
        return f"{html}\n\n{ctx.text('revoke-repeats', way=way.value)}" if way else html
    gift = await granting.choose(ctx.session, data["plan"], _span(data))
    until = await entitlements.last_end(ctx.session, UserId(user.id), gift.pack, ctx.now)
    html = ctx.text(
        "grant-sure",
        name=user.first_name,
        title=gift.title,
        length=words.length(gift.span, language),
        reason=data["reason"],
    )
    more = ctx.text("grant-has", until=words.moment(until, language)) if until else ctx.text("grant-has-none")
    return f"{html}\n\n{more}"


async def _do(ctx: Context, data: dict[str, Any]) -> str:
    user = await ctx.session.get_one(User, data["user"])
    user_id, facts = UserId(user.id), ctx.house.facts
    act = Act(ActId(data["act"]), data["reason"], ctx.member.id, ctx.bot.id)
    if data["what"] == "revoke":
        pack = await granting.find_held(ctx.session, user_id, data["plan"], ctx.now)
        await granting.revoke(ctx.session, facts, user_id, pack, act, ctx.now)
        return ctx.text("revoked", name=user.first_name, title=pack.title)
    gift = await granting.choose(ctx.session, data["plan"], _span(data))
    until = await granting.give(ctx.session, facts, user_id, gift, act, ctx.now)
    if until is None:
        return ctx.text("granted-before")
    language = ctx.member.profile.language_code
    return ctx.text(
        "granted",
        name=user.first_name,
        title=gift.title,
        length=words.length(gift.span, language),
        until=words.moment(until, language),
    )


def _span(data: dict[str, Any]) -> Span | None:
    return Span(**data["span"]) if data["span"] else None
