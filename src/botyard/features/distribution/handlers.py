"""/rules: which words send a post to which chats."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from botyard.errors import BotyardError
from botyard.features.distribution import service
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.posting_handlers import explain_in_chat
from botyard.features.distribution.service import Edit, Rule
from botyard.ids import ChatId, ChatKey
from botyard.members import chats
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.registry import command
from botyard.routing.texts import Html

RULES_SHOWN = 40
_SWITCH = {"on": True, "off": False}
_CHAT_ID = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,6}")


class NotUnderstood(BotyardError):
    """The words do not say what to do with the rules."""


@command(
    "rules",
    role=Role.ADMIN,
    description="Which words send a post where",
    usage="[add | set | remove | test] ...",
)
async def rules(ctx: Context) -> None:
    """Lists the rules of content distribution: which words send a post to which chats.
    /rules add gold+crypto = -1001234567890 makes one, /rules set 3 priority 10 changes it,
    /rules remove 3 deletes it, and /rules test <text> shows where a post would go and why.
    """
    verb, _, rest = ctx.args.partition(" ")
    do = _VERBS.get(verb.lower(), _help if ctx.args else _list)
    try:
        html = await do(ctx, rest.strip())
    except BotyardError as problem:
        html = ctx.text("rule-refused", problem=str(problem))
    ctx.reply(html)


async def _list(ctx: Context, _words: str) -> str:
    found = await service.listed(ctx.session)
    if not found:
        return f"{ctx.text('rules-none')}\n\n{ctx.text('rules-usage')}"
    lines = [_line(ctx, rule) for rule in found[:RULES_SHOWN]]
    if len(found) > RULES_SHOWN:
        lines.append(ctx.text("rules-more", count=len(found) - RULES_SHOWN))
    return "\n".join([ctx.text("rules-title"), "", *lines])


async def _help(ctx: Context, _words: str) -> str:
    return ctx.text("rules-usage")


async def _add(ctx: Context, words: str) -> str:
    kind, _, rest = words.partition(" ")
    is_regex = kind.lower() == "regex"
    pattern, equals, ids = (rest if is_regex else words).rpartition("=")
    if not equals:
        raise NotUnderstood("an '=' must stand between words and chats.", remedy="/rules add gold = -100123")
    keys = await _chat_keys(ctx, ids)
    rule_id = await service.add(ctx.session, pattern.strip(), keys, ctx.now, is_regex=is_regex)
    ctx.audit("rule.add", f"rule:{rule_id}", pattern=pattern.strip(), chats=len(keys))
    return ctx.text("rule-added", id=str(rule_id), pattern=pattern.strip(), chats=len(keys))


async def _set(ctx: Context, words: str) -> str:
    number, _, rest = words.partition(" ")
    name, _, value = rest.strip().partition(" ")
    rule_id = _rule_id(number)
    await service.edit(ctx.session, rule_id, await _edit(ctx, name.lower(), value.strip()), ctx.now)
    ctx.audit("rule.change", f"rule:{rule_id}", field=name.lower(), value=value.strip()[:200])
    rule = next(each for each in await service.listed(ctx.session) if each.id == rule_id)
    return ctx.text("rule-changed", line=Html(_line(ctx, rule)))


async def _edit(ctx: Context, name: str, value: str) -> Edit:
    switch = _SWITCH.get(value.lower())
    match name:
        case "priority" if _NUMBER.fullmatch(value):
            return Edit(priority=int(value))
        case "first" if switch is not None:
            return Edit(first_only=switch)
        case "words" if switch is not None:
            return Edit(whole_words=switch)
        case "active" if switch is not None:
            return Edit(enabled=switch)
        case "exclude":
            return Edit(excluded=tuple(word.strip() for word in value.split(",") if word.strip()))
        case "chats":
            return Edit(chats=tuple(await _chat_keys(ctx, value)))
    raise NotUnderstood(
        f"'{name} {value}' is nothing that a rule has.",
        remedy="There is: priority 10, first on, words off, active off, exclude silver, chats -100123.",
    )


async def _remove(ctx: Context, words: str) -> str:
    rule_id = _rule_id(words)
    pattern = await service.remove(ctx.session, rule_id, ctx.now)
    ctx.audit("rule.remove", f"rule:{rule_id}", pattern=pattern)
    return ctx.text("rule-removed", id=str(rule_id), pattern=pattern)


_VERBS: dict[str, Callable[[Context, str], Awaitable[str]]] = {
    "add": _add,
    "set": _set,
    "remove": _remove,
    "test": explain_in_chat,
}


def _rule_id(word: str) -> RuleId:
    if not (word.isascii() and word.isdigit() and len(word) < 19):
        raise NotUnderstood("a rule is named by its number.", remedy="/rules shows the numbers.")
    return RuleId(int(word))


async def _chat_keys(ctx: Context, words: str) -> list[ChatKey]:
    ids = [word for word in re.split(r"[\s,]+", words) if word]
    wrong = next((word for word in ids if not _CHAT_ID.fullmatch(word) or int(word) == 0), None)
    if wrong is not None:
        raise NotUnderstood(f"'{wrong}' is no chat id.", remedy="Ids of groups look like -1001234567890.")
    return await chats.keys_of(ctx.session, [ChatId(int(word)) for word in ids], ctx.now)


def _line(ctx: Context, rule: Rule) -> str:
    matching = rule.matching
    traits = [
        "regular expression" if matching.is_regex else "",
        f"priority {matching.priority}" if matching.priority else "",
        "first match only" if matching.first_only else "",
        "" if matching.whole_words else "also inside words",
        f"not with {', '.join(matching.excluded)}" if matching.excluded else "",
        "" if rule.enabled else "switched off",
    ]
    shown = ", ".join(each.name for each in rule.chats[:3])
    more = f" +{len(rule.chats) - 3}" if len(rule.chats) > 3 else ""
    notes = "; ".join(trait for trait in traits if trait)
    return ctx.text(
        "rules-line",
        id=str(rule.id),
        pattern=matching.pattern,
        chats=f"{shown}{more}",
        notes=f" ({notes})" if notes else "",
    )
