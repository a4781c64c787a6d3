"""/start, /help, /cancel, /status, /console and /admin."""

from __future__ import annotations

from collections.abc import Sequence

from botyard.features.account import service
from botyard.inbox import backlog
from botyard.inbox.models import UpdateState
from botyard.members.directory import read_member
from botyard.members.models import Role
from botyard.members.sign_in import business_role
from botyard.outbox import queue as outbox_queue
from botyard.routing.context import Context
from botyard.routing.keyboard import Link, Press
from botyard.routing.registry import command, deep_link
from botyard.telegram.text import escape


@command("start", description="Begin", usage="[payload]")
async def start(ctx: Context) -> None:
    """Registers you and says hello. A link such as t.me/bot?start=... may carry a payload with it."""
    prefix, _, rest = ctx.args.partition("-")
    source = prefix if prefix == claim.prefix else ctx.args  # a claim's token is a secret
    first_time = await service.join(ctx.session, ctx.member.id, ctx.bot.id, ctx.chat.key, source, ctx.now)
    ctx.after_commit(lambda: ctx.house.directory.forget(ctx.member.id))
    opened = ctx.house.registry.deep_links.get(prefix)
    if opened is not None:
        ctx.args = rest
        await opened.handle(ctx)
        return
    bot = f"@{ctx.bot.username}" if ctx.bot.username else ctx.bot.name
    ctx.reply(ctx.text("welcome" if first_time else "welcome-back", name=ctx.member.name, bot=bot))


@deep_link("claim")
async def claim(ctx: Context) -> None:
    """Makes the member who opens the claim link the owner of the business."""
    if not await service.claim_ownership(ctx.session, ctx.member.id, ctx.args, ctx.now):
        ctx.reply(ctx.text("claim-refused"))
        return
    await ctx.tell_role_changed(ctx.member.id)
    ctx.reply(ctx.text("claimed"))


@command("help", description="What I can do for you", usage="[command]")
async def help_command(ctx: Context) -> None:
    """Lists the commands that you may use. With a command, it tells all about that one."""
    if ctx.words:
        _help_on(ctx, ctx.words[0].removeprefix("/").lower())
        return
    lines = [
        ctx.text("help-line", command=found.name, description=found.description)
        for found in ctx.house.registry.visible(ctx.role, lambda name: ctx.house.serves(ctx.bot.id, name))
    ]
    ctx.reply("\n".join([ctx.text("help-title"), "", *lines, "", ctx.text("help-more")]))


def _help_on(ctx: Context, name: str) -> None:
    found = ctx.house.registry.find(name)
    if found is None or found.role > ctx.role or not ctx.house.serves(ctx.bot.id, found.name):
        ctx.reply(ctx.text("help-none", command=name[:32]))
        return
    usage = f" {found.usage}" if found.usage else ""
    lines = [
        ctx.text("help-line", command=found.name, description=found.description),
        "",
        escape(found.long_help),
        "",
        ctx.text("help-usage", command=found.name, usage=usage),
    ]
    if found.aliases:
        lines.append(ctx.text("help-aliases", aliases=", ".join(f"/{alias}" for alias in found.aliases)))
    if found.role > Role.PUBLIC:
        lines.append(ctx.text("help-role", role=found.role.name))
    ctx.reply("\n".join(lines))


@command("cancel", hidden=True, description="Leave a question of mine unanswered")
async def cancel(ctx: Context) -> None:
    """Closes the question that I asked you last, if it is still open: what you write next is no answer."""
    ctx.reply(ctx.text("cancelled" if await ctx.close_dialog() else "cancel-nothing"))


@command("status", aliases=("me",), description="Your role and plan")
async def status(ctx: Context) -> None:
    """Shows your role, until when you have it, what you have bought, and since when you are with us."""
    ctx.member = await read_member(ctx.session, ctx.member.id) or ctx.member  # who just paid asks at once
    member = ctx.member
    held = [each for each in member.raises if each.holds(ctx.bot.id, ctx.now) and each.role == ctx.role]
    until = max((each.expires_at for each in held if each.expires_at), default=None)
    role_line = ctx.text("status-role", role=ctx.role.name)
    if until is not None and member.base_role < ctx.role and all(each.expires_at for each in held):
        role_line = ctx.text("status-raised", role=ctx.role.name, until=f"{until:%Y-%m-%d %H:%M} UTC")
    lines = [ctx.text("status-title", name=member.name), role_line]
    if member.registered_at is None:
        lines.append(ctx.text("status-visitor"))
    else:
        lines.append(ctx.text("status-since", date=f"{member.registered_at:%Y-%m-%d}"))
    buttons: list[Sequence[Press | Link]] = []
    if ctx.chat.is_private:  # what he has paid for is nobody else's business
        for part in ctx.house.status_parts:
            more, rows = await part(ctx)
            lines += more
            buttons += rows
    ctx.reply("\n".join(lines), buttons=buttons)


@command("console", role=Role.ADMIN, description="Sign in to the operator console")
async def console(ctx: Context) -> None:
    """Sends a link that signs you in to the console. It works once, within five minutes."""
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("console-private"))
        return
    if business_role(ctx.member, ctx.now) < Role.ADMIN:
        ctx.reply(ctx.text("console-one-bot", bot=ctx.bot.name))
        return
    token = await service.console_link(ctx.session, ctx.member.id, ctx.now)
    ctx.reply(ctx.text("console-link", url=ctx.house.console_url(token)))


@command("admin", role=Role.ADMIN, hidden=True, description="Operator menu")
async def admin(ctx: Context) -> None:
    """Shows what waits and what went wrong, bot by bot."""
    connection = await ctx.session.connection()
    waiting = await backlog.count_by_state(connection, UpdateState.PENDING)
    dead = await backlog.count_by_state(connection, UpdateState.DEAD)
    outgoing = await outbox_queue.count_pending(connection)
    lines = [
        ctx.text(
            "admin-bot",
            bot=bot.name,
            pending=max(0, waiting.get(bot.id, 0) - (bot.id == ctx.bot.id)),  # this very update still waits
            outgoing=sum(count for (bot_id, _), count in outgoing.items() if bot_id == bot.id),
            dead=dead.get(bot.id, 0),
        )
        for bot in ctx.house.bots.values()
    ]
    ctx.reply("\n".join([ctx.text("admin-title"), "", *lines, "", ctx.text("admin-console")]))
