"""/stats, a member's own figures, and /payments, the latest of all for admins."""

from __future__ import annotations

from math import ceil

from botyard.features.billing import row_words, words
from botyard.features.billing.models import Payment
from botyard.features.billing.service import book, bought, doubts, granting, standing
from botyard.features.billing.service.entitling import DAY
from botyard.ids import UserId
from botyard.members.directory import names_of
from botyard.members.models import Role
from botyard.members.sign_in import business_role
from botyard.routing.context import Context
from botyard.routing.registry import command

SHOWN = 10
DOUBTS_SHOWN = 5


@command("stats", role=Role.SUBSCRIBER, description="Your own figures")
async def stats(ctx: Context) -> None:
    """Shows what you have and until when, what you have paid so far, and since when you are with us."""
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("stats-private"))
        return
    language = ctx.member.profile.language_code
    lines = [ctx.text("stats-title"), ""]
    packs = await granting.held(ctx.session, ctx.member.id, ctx.now)
    for pack in packs:
        left = words.days(ceil((pack.ends_at - ctx.now) / DAY), language)
        until = words.day(pack.ends_at, language)
        lines.append(ctx.text("stats-has", title=pack.title, until=until, left=left))
        if await granting.renews(ctx.session, ctx.member.id, pack.pack):
            lines.append(ctx.text("stats-renews"))
    if not packs:
        lines.append(ctx.text("stats-nothing"))
    lines += ["", *await _paid(ctx, language)]
    since = ctx.member.registered_at
    if since is not None:
        lines.append(ctx.text("stats-since", date=words.day(since, language)))
    ctx.reply("\n".join(lines))


async def _paid(ctx: Context, language: str | None) -> list[str]:
    stands = await standing.of_member(ctx.session, ctx.member.id)
    if stands.first_at is None:
        return [ctx.text("stats-paid-nothing")]
    money = " + ".join(words.price(each, language) for each in stands.paid)
    first = words.day(stands.first_at, language)
    return [
        ctx.text("stats-paid", money=money),
        ctx.text("stats-payments", count=stands.payments, first=first),
    ]


@command("payments", role=Role.ADMIN, description="The latest payments, and what is odd about some")
async def payments(ctx: Context) -> None:
    """Shows the latest rows of the ledger and the payments that need a look, in brief.
    The console has all of them: /console.
    """
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("payments-private"))
        return
    if business_role(ctx.member, ctx.now) < Role.ADMIN:
        ctx.reply(ctx.text("time-one-bot", bot=ctx.bot.name))
        return
    lines = await _doubts(ctx)
    rows = await book.latest(ctx.session, most=SHOWN)
    names = await names_of(ctx.session, {UserId(row.user_id) for row in rows})
    lines.append(ctx.text("payments-title" if rows else "payments-none"))
    plans = await bought.plans_of(ctx.session, rows)
    for row in rows:
        lines.append(_line(ctx, row, names[UserId(row.user_id)], plans.get(row.id)))
    lines.append("")
    refundable = await book.refundable(ctx.session, rows)
    if refundable:
        lines.append(ctx.text("payments-refund", number=str(max(refundable))))
    ctx.reply("\n".join([*lines, ctx.text("payments-more")]))


def _line(ctx: Context, row: Payment, who: str, plan: str | None) -> str:
    mine = row.by_id == row.user_id
    what = ctx.text("payments-kind", kind=row_words.deed(row).value, mine="yes" if mine else "no")
    parts = [f"{row.at:%d %b}", who, " ".join(filter(None, [what, plan]))]
    if row.amount:
        parts.append(words.price(book.signed(row), ctx.member.profile.language_code))
    return ctx.text("payments-line", number=str(row.id), line=" · ".join(parts))


async def _doubts(ctx: Context) -> list[str]:
    """What needs a look, and an empty line; nothing where nothing does."""
    count = await book.count_unsettled(ctx.session)
    if not count:
        return []
    found = await doubts.unsettled(ctx.session, DOUBTS_SHOWN)
    lines = [
        ctx.text("payments-doubt", date=f"{each.at:%d %b}", kind=each.kind.value, reason=each.reason)
        for each in found
    ]
    return [ctx.text("payments-doubts", count=count), *lines, ""]
