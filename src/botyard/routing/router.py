"""From an update to its handler: payment, button, command, open dialog, free text. Roles are checked here."""

from __future__ import annotations

import re
from dataclasses import dataclass

import structlog

from botyard.members import chats, entitlements
from botyard.members.directory import read_member
from botyard.members.models import Role
from botyard.observability.metrics import CounterName, Metrics
from botyard.routing import dialogs
from botyard.routing.context import Context
from botyard.routing.registry import Command, Handle, Watcher
from botyard.telegram.envelope import Envelope

log = structlog.get_logger(__name__)

BUSINESS_KINDS = frozenset({"business_message", "edited_business_message", "deleted_business_messages"})
"""Messages of a person's own customers: neither their chats nor their writers are the bot's."""

DENIED = CounterName(
    "entitlement_denied", "Refusals to members who lack what they asked for, by feature.", ("feature",)
)
MONEY = frozenset({"pre_checkout_query", "shipping_query", "subscription"})
"""They are handled before all else and for banned members too, as are messages that tell of a payment."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{3,32}))?(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command as it was typed: `/name@bot args`."""

    name: str
    bot: str | None
    args: str


def read_command(text: str) -> Spoken | None:
    """The command that a message begins with, if it does."""
    match = _COMMAND.match(text)
    return Spoken(match[1].lower(), match[2], text[match.end() :].strip()) if match else None


@dataclass(frozen=True, slots=True)
class Handled:
    """What an update was and how it went, for the log: `command:start:ok`, `banned`."""

    what: str
    name: str = ""
    result: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.what, self.name, self.result) if part)


class Router:
    """Finds who wrote, what he wants and whether he may, and lets the handler do it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def route(self, ctx: Context) -> Handled:
        """Handles one update; answers what it was and how it went."""
        envelope = ctx.envelope
        if not envelope.readable:
            return Handled("unreadable")
        if envelope.kind in BUSINESS_KINDS:
            return await self._watch(ctx, envelope.kind)
        await self._find_out(ctx)
        await self._note_fate_of_chat(ctx)
        if envelope.kind in MONEY or envelope.payment:  # money is money, whoever it comes from
            return await self._watch(ctx, envelope.payment or envelope.kind)
        if _is_from_person(envelope) and ctx.member.banned and envelope.kind != "chat_member":
            return Handled("banned")
        return await self._choose(ctx)

    async def _choose(self, ctx: Context) -> Handled:
        envelope = ctx.envelope
        if not _is_from_person(envelope):
            return await self._watch(ctx, envelope.kind)
        if envelope.kind == "callback_query":
            return await self._press(ctx)
        if envelope.kind == "message":
            spoken = read_command(envelope.text)
            if spoken is not None:
                return await self._command(ctx, spoken)
            if await self._continue_dialog(ctx):
                return Handled("dialog")
        watched = await self._watch(ctx, envelope.kind)
        if watched.what == "ignored" and envelope.kind == "message" and envelope.text and ctx.chat.is_private:
            ctx.reply(ctx.text("not-understood"))
            return Handled("text")
        return watched

    async def _watch(self, ctx: Context, kind: str) -> Handled:
        taken = False
        for watcher in ctx.house.registry.watchers.get(kind, []):
            if await self._may_watch(ctx, watcher):
                taken = await watcher.handle(ctx) or taken
        return Handled("watched" if taken else "ignored")

    async def _may_watch(self, ctx: Context, watcher: Watcher) -> bool:
        if watcher.role is Role.PUBLIC:
            return True
        # Nearly everybody who writes is no admin: memory will do to say so.
        by_role = _is_from_person(ctx.envelope) and ctx.role >= watcher.role
        return by_role and await self._may(ctx, watcher.role)

    # who and where

    async def _find_out(self, ctx: Context) -> None:
        envelope = ctx.envelope
        sender = envelope.sender if _is_from_person(envelope) else None
        met = await ctx.house.directory.meet(sender, envelope.chat, ctx.now)
        if met.member is not None:
            ctx.member = met.member
        if met.place is not None:
            ctx.chat = met.place

    async def _note_fate_of_chat(self, ctx: Context) -> None:
        """What became of the chat, and of the bot in it, is so whoever did it: a banned member too."""
        if ctx.envelope.kind == "my_chat_member":
            await self._note_own_status(ctx)
        if ctx.envelope.migrate_to is not None:
            await self._move_chat(ctx)

    async def _note_own_status(self, ctx: Context) -> None:
        envelope = ctx.envelope
        status = envelope.new_status or "left"
        if ctx.chat.is_private and status == "kicked":
            status = "blocked"  # in a private chat Telegram says 'kicked' for a bot that was blocked
        await chats.note_status(await ctx.session.connection(), ctx.bot.id, ctx.chat.key, status, ctx.now)
        log.info("bot.status", bot=ctx.bot.name, chat=ctx.chat.telegram_id, status=status)

    async def _move_chat(self, ctx: Context) -> None:
        assert ctx.envelope.migrate_to is not None
        connection = await ctx.session.connection()
        await chats.move_chat(connection, ctx.chat.telegram_id, ctx.envelope.migrate_to)
        ctx.after_commit(ctx.house.directory.forget_chats)

    # what

    async def _press(self, ctx: Context) -> Handled:
        prefix, _, rest = ctx.envelope.text.partition(":")
        press = ctx.house.registry.buttons.get(prefix)
        if press is None:
            ctx.answer(ctx.text("button-stale"))
            return Handled("button", result="stale")
        if not await self._may(ctx, press.role):
            ctx.answer(ctx.text("role-needed-plain", role=press.role.name), alert=True)
            ctx.audit("button.denied", prefix, role=ctx.role.name, needs=press.role.name)
            return Handled("button", press.prefix, "denied")
        ctx.args = rest
        await press.handle(ctx)
        ctx.answer()
        return Handled("button", prefix, "ok")

    async def _command(self, ctx: Context, spoken: Spoken) -> Handled:
        if spoken.bot is not None and spoken.bot.lower() != (ctx.bot.username or "").lower():
            return Handled("other-bot")
        found = ctx.house.registry.find(spoken.name)
        if found is None or not ctx.house.serves(ctx.bot.id, found.name):
            return self._unknown_command(ctx, spoken)
        ctx.args = spoken.args
        if not await self._may(ctx, found.role):
            return await self._deny(ctx, found)
        if not await self._has(ctx, found.needs):
            return await self._refuse_without(ctx, found)
        ctx.end_dialog()  # a command is a change of subject
        await self._run(ctx, found.name, found.handle)
        return Handled("command", found.name, "ok")

    async def _run(self, ctx: Context, name: str, handle: Handle) -> None:
        try:
            await handle(ctx)
        except BaseException:
            self._metrics.commands.labels(name, "error").inc()
            raise
        ctx.after_commit(self._metrics.commands.labels(name, "ok").inc)

    def _unknown_command(self, ctx: Context, spoken: Spoken) -> Handled:
        if not ctx.chat.is_private and spoken.bot is None:
            return Handled("command", result="unknown")  # in a group it may be meant for another bot
        ctx.after_commit(self._metrics.commands.labels("other", "unknown").inc)
        bot_id = ctx.bot.id
        nearest = ctx.house.registry.nearest(
            spoken.name, ctx.role, lambda name: ctx.house.serves(bot_id, name)
        )
        if nearest is None:
            ctx.reply(ctx.text("command-unknown", command=spoken.name))
        else:
            ctx.reply(ctx.text("command-nearest", command=spoken.name, nearest=nearest.name))
        return Handled("command", result="unknown")

    async def _deny(self, ctx: Context, found: Command) -> Handled:
        if found.role is Role.SUBSCRIBER and ctx.house.deny is not None:
            await ctx.house.deny(ctx, "")
        else:
            ctx.reply(ctx.text("role-needed", command=found.name, role=found.role.name))
        ctx.audit("command.denied", f"/{found.name}", role=ctx.role.name, needs=found.role.name)
        ctx.after_commit(self._metrics.commands.labels(found.name, "denied").inc)
        return Handled("command", found.name, "denied")

    async def _has(self, ctx: Context, feature: str) -> bool:
        """Whether the member has a feature; admins have all."""
        if not feature or ctx.role >= Role.ADMIN:
            return True
        return await entitlements.has(ctx.session, ctx.member.id, feature, ctx.now)

    async def _refuse_without(self, ctx: Context, found: Command) -> Handled:
        ctx.after_commit(self._metrics.counter(DENIED).labels(found.needs).inc)
        ctx.after_commit(self._metrics.commands.labels(found.name, "denied").inc)
        if ctx.house.deny is None:
            ctx.reply(ctx.text("feature-needed", command=found.name))
        else:
            await ctx.house.deny(ctx, found.needs)
        return Handled("command", found.name, "denied")

    async def _continue_dialog(self, ctx: Context) -> bool:
        if not await ctx.house.open_dialogs.is_open(ctx.dialog_key):
            return False
        if not ctx.envelope.text and not await self._takes_any(ctx):
            return False
        open_dialog = await dialogs.take_dialog(ctx.session, ctx.dialog_key, ctx.now)
        if open_dialog is not None and open_dialog.album not in (None, ctx.envelope.media_group_id):
            return False  # only more of an album was waited for
        step = ctx.house.registry.dialog_steps.get(open_dialog.step) if open_dialog else None
        if open_dialog is None or step is None or not await self._may(ctx, step.role):
            return False
        ctx.args, ctx.dialog_data = ctx.envelope.text, open_dialog.data
        await step.handle(ctx)
        return True

    async def _takes_any(self, ctx: Context) -> bool:
        """Whether the open dialog takes a message without a text; one that does not goes on waiting."""
        waiting = await dialogs.look_at_dialog(ctx.session, ctx.dialog_key, ctx.now)
        step = ctx.house.registry.dialog_steps.get(waiting.step) if waiting else None
        return step is not None and step.takes_any

    async def _may(self, ctx: Context, needed: Role) -> bool:
        """The one place where roles are checked. What not everybody may is checked against the database."""
        if needed is Role.PUBLIC:
            return True
        fresh = await read_member(ctx.session, ctx.member.id)
        if fresh is None or fresh.banned:
            return False
        ctx.member = fresh
        return ctx.role >= needed


def _is_from_person(envelope: Envelope) -> bool:
    """Whether a person did it. Bots are not answered: two that answer each other never come to an end."""
    return envelope.sender is not None and not envelope.sender.is_bot
