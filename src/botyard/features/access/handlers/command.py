"""/access: who is in the paid chats, who would go, and the yes or no to it."""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.features.access import screens, telling
from botyard.features.access.models import AccessChat
from botyard.features.access.rules import Decision
from botyard.features.access.service import chats, deciding
from botyard.features.access.service.deciding import PlanChanged, Said
from botyard.ids import ChatKey, UserId
from botyard.members.audit import Actor
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Screen, is_row_number
from botyard.routing.registry import button, command


@command(
    "access",
    role=Role.ADMIN,
    description="Who is in the paid chats, and who would go",
    usage="[<chat>]",
)
async def access_command(ctx: Context) -> None:
    """Shows the paid chats: what the bot lacks there, who would be removed and why, who came in without
    paying. With a chat (its id, @username or title) it shows that one.
    """
    if not ctx.chat.is_private:
        ctx.reply(ctx.text("access-private"))
        return
    try:
        if ctx.args:
            screen = await screens.card_screen(ctx, await chats.by_word(ctx.session, ctx.args, ctx.now))
        else:
            screen = await screens.list_screen(ctx)
    except BotyardError as problem:
        ctx.reply(ctx.text("access-refused", why=str(problem)))
        return
    ctx.reply(screen.html, buttons=screen.buttons)


@button("access", role=Role.ADMIN)
async def access_button(ctx: Context) -> None:
    """A press beneath one of the screens."""
    words = ctx.args.split(":")
    try:
        screen = await _pressed(ctx, words)
    except BotyardError as problem:
        ctx.answer(str(problem), alert=True)
        return
    if screen is None:
        ctx.answer(ctx.text("button-stale"))
        return
    ctx.edit(screen.html, buttons=screen.buttons)


async def _pressed(ctx: Context, words: list[str]) -> Screen | None:
    if words == ["list"]:
        return await screens.list_screen(ctx)
    if len(words) < 2 or not is_row_number(words[1]):
        return None
    chat = await chats.locked(ctx.session, ChatKey(int(words[1])))
    if chat is None:
        return None
    word, rest = words[0], words[2:]
    return await _shown(ctx, chat, word, rest) or await _done(ctx, chat, word, rest)


async def _shown(ctx: Context, chat: AccessChat, word: str, rest: list[str]) -> Screen | None:
    """A screen that was asked for."""
    match [word, *rest]:
        case ["card"]:
            return await screens.card_screen(ctx, chat)
        case ["plan"]:
            return await screens.plan_screen(ctx, chat)
        case ["who", after] if is_row_number(after):
            return await screens.who_screen(ctx, chat, int(after))
    return None


async def _done(ctx: Context, chat: AccessChat, word: str, rest: list[str]) -> Screen | None:
    """The screen after something that was to be done."""
    match [word, *rest]:
        case ["live" | "yes", seen] if is_row_number(seen):
            return await _agree(ctx, chat, word, int(seen))
        case ["dry" | "check"]:
            return await _order(ctx, chat, word)
        case ["single", "on" | "off" as how]:
            deciding.set_single_use(ctx.session, chat, _actor(ctx), ctx.now, on=how == "on")
            return await screens.card_screen(ctx, chat)
        case ["adopt" | "remove" | "ignore", whom]:
            return await _decide(ctx, chat, Decision(word), whom)
    return None


async def _agree(ctx: Context, chat: AccessChat, word: str, seen: int) -> Screen:
    """An admin's yes to a plan that he has seen."""
    terms = telling.terms_of(ctx.house)
    say_yes = deciding.go_live if word == "live" else deciding.approve
    try:
        said = await say_yes(ctx.session, chat, seen, _actor(ctx), terms, ctx.now)
    except PlanChanged as problem:  # the screen with the old number gives way to what is so now
        ctx.answer(str(problem), alert=True)
        return await screens.plan_screen(ctx, chat)
    if said is Said.WAITS:
        ctx.answer(ctx.text("access-second"), alert=True)
        await telling.ask_others(ctx.house.texts, ctx.session, chat, ctx.bot.id, ctx.member.id, seen, ctx.now)
    else:
        ctx.answer(ctx.text(f"access-said-{word}"))
        await telling.look_at_chat(ctx.session, ChatKey(chat.chat_key), ctx.now)
    return await screens.plan_screen(ctx, chat)


async def _order(ctx: Context, chat: AccessChat, word: str) -> Screen:
    if word == "dry":
        withdrawn = await deciding.go_dry(ctx.session, chat, _actor(ctx), ctx.now)
        ctx.answer(ctx.text("access-said-dry", count=withdrawn))
    else:
        deciding.compare_now(ctx.session, chat, _actor(ctx), ctx.now)
        await telling.look_at_chat(ctx.session, ChatKey(chat.chat_key), ctx.now)
        ctx.answer(ctx.text("access-said-check"))
    return await screens.card_screen(ctx, chat)


async def _decide(ctx: Context, chat: AccessChat, decision: Decision, whom: str) -> Screen | None:
    terms = telling.terms_of(ctx.house)
    if whom == "all" and decision is not Decision.REMOVE:
        count = await deciding.decide_all(ctx.session, chat, decision, _actor(ctx), terms, ctx.now)
    elif is_row_number(whom):
        count = await deciding.decide(
            ctx.session, chat, [UserId(int(whom))], decision, _actor(ctx), terms, ctx.now
        )
    else:
        return None
    ctx.answer(ctx.text("access-decided", count=count, decision=decision.value))
    await telling.look_at_chat(ctx.session, ChatKey(chat.chat_key), ctx.now)
    return await screens.who_screen(ctx, chat, 0)


def _actor(ctx: Context) -> Actor:
    return Actor(ctx.member.id, ctx.bot.id)
