"""/role: who is what, for good, for a while, or for one bot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botyard.ids import BotId, UserId
from botyard.members import roles
from botyard.members.models import Role, User
from botyard.routing.context import Context
from botyard.routing.registry import command, dialog_step
from botyard.routing.texts import Html

_SPAN = re.compile(r"(\d{1,4})([dhw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class NotARoleChange(Exception):
    """Nothing is changed: the words are unclear, or the member may not. Its text is the reply, as HTML."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What an owner asked for: who, which role, and for how long or where if not for good and everywhere."""

    who: str
    role: Role
    until: datetime | None = None
    only_bot: BotId | None = None

    @property
    def is_raise(self) -> bool:
        """Whether it is for a while or for one bot only."""
        return self.until is not None or self.only_bot is not None


@command(
    "role", role=Role.OWNER, description="Change a member's role", usage="<user> <role> [7d] [bot:<name>]"
)
async def role(ctx: Context) -> None:
    """Changes a member's role: by @username or Telegram id, or in reply to a message of theirs.
    With a span (12h, 7d, 2w) or a date (2027-01-31) the role ends by itself.
    With bot:<name> it holds for that bot only.
    """
    if not ctx.words:
        ctx.reply(ctx.text("role-ask"))
        await ctx.ask("role")
        return
    await _change(ctx)


@dialog_step("role", role=Role.OWNER)
async def role_answer(ctx: Context) -> None:
    """The answer to 'whose role, and which?'."""
    await _change(ctx)


async def _change(ctx: Context) -> None:
    try:
        if ctx.member.base_role < Role.OWNER:  # else a delegate of a week could make himself owner for good
            raise NotARoleChange(ctx.text("role-delegate"))
        change = _read(ctx)
        user = await roles.find_user(ctx.session, change.who)
        if user is None:
            raise NotARoleChange(ctx.text("role-no-member", who=change.who))
        reply = await (_raise(ctx, user, change) if change.is_raise else _set(ctx, user, change.role))
    except NotARoleChange as refusal:
        reply = str(refusal)
    ctx.reply(reply)


async def _set(ctx: Context, user: User, wanted: Role) -> str:
    user_id, name = UserId(user.id), user.first_name
    try:
        before = await roles.change_role(
            ctx.session, user_id, wanted, ctx.now, by=ctx.member.id, bot_id=ctx.bot.id
        )
    except roles.LastOwner:
        return ctx.text("role-last-owner", name=name)
    except roles.NotGiven:
        return ctx.text("role-not-given")
    await ctx.tell_role_changed(user_id)
    key = "role-unchanged" if before is wanted else "role-changed"
    return ctx.text(key, name=name, before=before.name, after=wanted.name)


async def _raise(ctx: Context, user: User, change: RoleChange) -> str:
    user_id, name = UserId(user.id), user.first_name
    try:
        await roles.raise_role(
            ctx.session,
            user_id,
            change.role,
            ctx.now,
            by=ctx.member.id,
            only_bot=change.only_bot,
            until=change.until,
        )
    except roles.NotGiven:
        return ctx.text("role-not-given")
    except roles.RoleTooLow:
        return ctx.text("role-too-low", name=name, role=user.role.name)
    await ctx.tell_role_changed(user_id, until=change.until)
    return ctx.text("role-raised", name=name, role=change.role.name, scope=Html(_scope(ctx, change)))


def _scope(ctx: Context, change: RoleChange) -> str:
    until = f"{change.until:%Y-%m-%d %H:%M} UTC" if change.until else ""
    if change.only_bot is None:
        return ctx.text("role-scope-all", until=until)
    bot = ctx.house.bots[change.only_bot].name
    return ctx.text("role-scope-both" if until else "role-scope-bot", bot=bot, until=until)


def _read(ctx: Context) -> RoleChange:
    """What the words ask for. Raises `NotARoleChange`."""
    words = ctx.words
    replied_to = ctx.envelope.reply_to.sender if ctx.envelope.reply_to else None
    if replied_to is not None and words and _role(words[0]) is not None:
        words = [str(replied_to.id), *words]
    wanted = _role(words[1]) if len(words) >= 2 else None
    if wanted is None:
        raise NotARoleChange(ctx.text("role-usage", bot=ctx.bot.name))
    until: datetime | None = None
    only_bot: BotId | None = None
    for word in words[2:]:
        if word.startswith("bot:"):
            only_bot = _bot(ctx, word.removeprefix("bot:"))
        else:
            until = _moment(ctx, word)
    return RoleChange(words[0], wanted, until, only_bot)


def _role(word: str) -> Role | None:
    return Role.__members__.get(word.upper())


def _bot(ctx: Context, name: str) -> BotId:
    for bot in ctx.house.bots.values():
        if name.lower() in (bot.name, (bot.username or "").lower()):
            return bot.id
    known = ", ".join(bot.name for bot in ctx.house.bots.values())
    raise NotARoleChange(ctx.text("role-no-bot", bot=name, bots=known))


def _moment(ctx: Context, word: str) -> datetime:
    span = _SPAN.fullmatch(word.lower())
    try:
        until = ctx.now + int(span[1]) * _UNITS[span[2]] if span else _date(word)
    except (ValueError, OverflowError):
        raise NotARoleChange(ctx.text("role-usage", bot=ctx.bot.name)) from None
    if until <= ctx.now:
        raise NotARoleChange(ctx.text("role-no-date", until=word))
    return until


def _date(word: str) -> datetime:
    """A date, with or without time and zone (else UTC). Raises `ValueError` and `OverflowError`."""
    moment = datetime.fromisoformat(word)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
