"""/tag, /untag and /timezone: what is known about a member, told by admins and by himself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from botyard.errors import BotyardError
from botyard.ids import UserId
from botyard.members import marketing, roles
from botyard.members.audit import Actor
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.registry import command


@command("tag", role=Role.ADMIN, description="Put tags on a member", usage="<user> [word ...]")
async def tag(ctx: Context) -> None:
    """Puts words on a member, by @username or Telegram id: broadcasts can be for those who have one.
    Without a word it shows those that he has.
    """
    await _retag(ctx, on=True)


@command("untag", role=Role.ADMIN, description="Take tags off a member", usage="<user> <word ...>")
async def untag(ctx: Context) -> None:
    """Takes words off a member again, by @username or Telegram id."""
    await _retag(ctx, on=False)


@command("timezone", description="Your time zone", usage="[Europe/London]")
async def timezone(ctx: Context) -> None:
    """Shows your time zone. With a city or a name such as Europe/London it sets it: what we send unasked
    keeps to the quiet hours where you are.
    """
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("timezone-private"))  # where he lives is nobody else's business
        return
    if not ctx.args.strip():
        kept = await marketing.zone_of(ctx.session, ctx.member.id)
        ctx.reply(ctx.text("timezone-unknown") if kept is None else _shown(ctx, kept))
        return
    zone = _zones().get(_plain(ctx.args))
    if zone is None:
        ctx.reply(ctx.text("timezone-none", typed=ctx.args.strip()[:40]))
        return
    await marketing.keep_zone(ctx.session, ctx.member.id, zone)
    ctx.reply(_shown(ctx, zone))


async def _retag(ctx: Context, *, on: bool) -> None:
    who, *words = ctx.words or [""]
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("tag-private"))
        return
    if not who or not (words or on):
        ctx.reply(ctx.text("tag-usage"))
        return
    user = await roles.find_user(ctx.session, who)
    if user is None:
        ctx.reply(ctx.text("role-no-member", who=who))
        return
    user_id = UserId(user.id)
    try:
        if words:
            by = Actor(ctx.member.id, ctx.bot.id)
            tags = await marketing.retag(ctx.session, user_id, words, by, ctx.now, on=on)
        else:
            tags = await marketing.tags_of(ctx.session, user_id)
    except BotyardError as problem:
        ctx.reply(ctx.text("tag-problem", problem=str(problem)))
        return
    key = "tags" if tags else "tags-none"
    ctx.reply(ctx.text(key, name=user.first_name, tags=", ".join(tags)))


def _shown(ctx: Context, zone: str) -> str:
    try:
        time = f"{ctx.now.astimezone(ZoneInfo(zone)):%H:%M}"
    except (KeyError, ValueError, OSError):  # the zone data of a later system does not know it any more
        return ctx.text("timezone-unknown")
    return ctx.text("timezone", zone=zone, time=time)


@cache
def _zones() -> Mapping[str, str]:
    """Zones by their names and by their cities, in small letters; names go before cities.

    Not those of Etc: GMT+5 means five hours west there, which nobody means who writes it.
    """
    names = sorted(each for each in available_timezones() if not each.startswith("Etc/"))
    cities = {_plain(each.split("/")[-1]): each for each in reversed(names) if "/" in each}
    return cities | {_plain(each): each for each in names}


def _plain(typed: str) -> str:
    return " ".join(typed.replace("_", " ").lower().split())
