"""/refer, and friends who come by its link."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from urllib.parse import urlencode

from botyard.features.referrals import service
from botyard.features.referrals.service import Verdict
from botyard.members import referral_codes
from botyard.members.referral_codes import PREFIX, link_of
from botyard.routing.context import Context
from botyard.routing.keyboard import Link
from botyard.routing.registry import command, deep_link
from botyard.settings import ReferralReward

SHARE = "https://t.me/share/url"
"""Telegram's own window to send a link to somebody (core.telegram.org/api/links, "Share links")."""


@command("refer", aliases=("affiliate",), description="Your link for friends")
async def refer(ctx: Context) -> None:
    """Shows your link for friends and what it has brought: who came, who bought, what you got for it."""
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("refer-private"))
        return
    if ctx.bot.username is None:
        ctx.reply(ctx.text("refer-later"))
        return
    link = link_of(ctx.bot.username, await referral_codes.code_of(ctx.session, ctx.member.id, ctx.now))
    lines = [ctx.text("refer-title"), "", *_promise(ctx), ctx.text("refer-link", link=link), ""]
    lines += await _results(ctx)
    share = urlencode({"url": link, "text": unescape(ctx.text("refer-share-text"))})
    ctx.reply("\n".join(lines), buttons=[[Link(ctx.text("refer-share"), f"{SHARE}?{share}")]])


@deep_link(PREFIX)
async def referred(ctx: Context) -> None:
    """Notes whose link a new member came by. Why it does not count is his business only if it is his own."""
    verdict = await service.follow(ctx.session, ctx.member.id, ctx.args, ctx.bot.id, ctx.now)
    if verdict is Verdict.OWN:
        ctx.reply(ctx.text("refer-own"))
        return
    bot = f"@{ctx.bot.username}" if ctx.bot.username else ctx.bot.name
    first_time = ctx.member.registered_at is None
    ctx.reply(ctx.text("welcome" if first_time else "welcome-back", name=ctx.member.name, bot=bot))


def _promise(ctx: Context) -> Sequence[str]:
    reward: ReferralReward | None = ctx.house.settings.referral_reward
    if reward is None:
        return ()
    if reward.percent:
        return (ctx.text("refer-promise-percent", percent=reward.percent),)
    return (ctx.text("refer-promise-days", days=reward.days),)


async def _results(ctx: Context) -> Sequence[str]:
    found = await service.results(ctx.session, ctx.member.id, ctx.now)
    lines = [ctx.text("refer-came", came=found.came, bought=found.bought)]
    if found.days:
        lines.append(ctx.text("refer-days", days=found.days))
    if found.codes:
        lines.append(ctx.text("refer-codes", count=len(found.codes), codes=", ".join(found.codes)))
    return lines
