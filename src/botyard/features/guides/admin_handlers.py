"""/guide: admins add, edit, move and retire guides, by command or with the buttons on a guide's card."""

from __future__ import annotations

import re
from typing import Any

from botyard.features.guides import cards
from botyard.features.guides.handlers import kept, show_list
from botyard.features.guides.models import Guide
from botyard.features.guides.service import editing, library
from botyard.features.guides.service.drafts import FIELDS, BadGuide, fields_of
from botyard.features.guides.service.editing import Editor
from botyard.features.guides.whence import read_whence
from botyard.features.guides.written import field_named, is_answer, read_lines
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Press
from botyard.routing.registry import button, command, dialog_step
from botyard.routing.texts import Html
from botyard.telegram.content import Content, ContentKind, read_content
from botyard.telegram.text import split_html

EDITABLE = FIELDS[:-1]
"""The fields that are edited; `active` has a button of its own."""
SHOWN = 500
"""Characters of a field's present value that a question shows."""
WORD = 16
"""Characters of an unknown word that an answer repeats."""

_ADD = re.compile(r"\S+\s+add\b\s*", re.IGNORECASE)
_EDIT = re.compile(r"\S+\s+edit\s+\S+\s+\S+\s*", re.IGNORECASE)


@command(
    "guide",
    role=Role.ADMIN,
    description="Add and change guides",
    usage="add | list | edit <n> | move <n> up|down|<place> | retire <n> | restore <n>",
)
async def guide(ctx: Context) -> None:
    """Keeps the library: adds, edits, moves, retires and restores guides. Members see it with /guides."""
    what, *rest = ctx.words or [""]
    if what.lower() == "add":
        await _add(ctx)
    elif what.lower() == "list":
        await _list(ctx)
    elif what.lower() in ("export", "import"):
        ctx.reply(ctx.text("guide-files", console=f"{ctx.house.base_url}/console/guides/import"))
    elif what.lower() in ("edit", "move", "retire", "restore") and rest:
        await _change(ctx, what.lower(), rest)
    else:
        ctx.reply(ctx.text("guide-help"))


@dialog_step("guide-add", role=Role.ADMIN)
async def guide_lines(ctx: Context) -> None:
    """The lines of a new guide, or those that were missing."""
    known: dict[str, str] = ctx.dialog_data.get("fields", {})
    content = _content(ctx)
    settled = set(known) - set(ctx.dialog_data.get("wrong", ()))
    if not _is_plain(ctx, content):
        await _ask_again(ctx, "guide-add", ctx.text("guide-only-text"))
    elif not is_answer(content.text, settled):
        await _ask_again(ctx, "guide-add", ctx.text("guide-add-unclear"))
    else:
        await _keep(ctx, known | read_lines(content))


@dialog_step("guide-field", role=Role.ADMIN)
async def guide_field(ctx: Context) -> None:
    """The new value of one field of a guide."""
    found = await kept(ctx, str(ctx.dialog_data.get("guide", "")))
    field = str(ctx.dialog_data.get("field", ""))
    content = _content(ctx)
    if found is None or field not in EDITABLE:
        ctx.reply(ctx.text("guide-gone-plain"))
    elif not _is_plain(ctx, content):
        await _ask_again(ctx, "guide-field", ctx.text("guide-only-text"))
    else:
        await _set_field(ctx, found, field, content, back=str(ctx.dialog_data.get("back", "")))


async def _ask_again(ctx: Context, step: str, html: str) -> None:
    """The question stays open as it was: what came was no answer to it."""
    ctx.reply(html, buttons=_cancel_row(ctx))
    await ctx.ask(step, **ctx.dialog_data)


@button("guide", role=Role.ADMIN)
async def press(ctx: Context) -> None:
    """A button for admins on a guide's card, `<what>:<guide>:...:<list>`, or a question's Cancel, `c`."""
    what, _, rest = ctx.args.partition(":")
    number, _, rest = rest.partition(":")
    field = ""
    if what == "f":
        field, _, rest = rest.partition(":")
    if what == "c":
        await _cancel(ctx)
        return
    if not ctx.chat.is_private:  # a group shares its cards: no place to edit anything
        ctx.answer(ctx.text("guide-edit-private"), alert=True)
        return
    found = await kept(ctx, number)
    if found is None:
        ctx.answer(ctx.text("guide-gone-plain"), alert=True)
        await show_list(ctx, read_whence(rest))
    elif what == "e":
        _ask_which(ctx, found, rest)
    elif what == "f" and field in map(str, range(len(EDITABLE))):
        await _ask_value(ctx, found, EDITABLE[int(field)], rest)
    elif what in ("u", "d", "x", "o", "k"):
        await _press_on_card(ctx, what, found, rest)
    else:
        ctx.answer(ctx.text("button-stale"))


async def _cancel(ctx: Context) -> None:
    if await ctx.close_dialog():
        ctx.edit(ctx.text("cancelled"))
    else:  # it was answered, or it is another admin's
        ctx.answer(ctx.text("cancel-nothing"))


async def _press_on_card(ctx: Context, what: str, found: Guide, back: str) -> None:
    if what == "k":
        ctx.end_dialog()
    else:
        changed = await _do(ctx, found, {"u": "up", "d": "down", "x": "retire", "o": "restore"}[what])
        ctx.answer("" if changed else ctx.text("guide-unchanged"))
    await _show_card(ctx, found, back, edit=True)


async def _do(ctx: Context, found: Guide, what: str) -> bool:
    """Moves, retires or restores. Whether that changed anything."""
    if what in ("retire", "restore"):
        return await editing.set_active(ctx.session, found, _editor(ctx), active=what == "restore")
    if not found.active:
        return False
    place = {"up": found.position - 1, "down": found.position + 1}.get(what)
    return await editing.move(ctx.session, found, int(what) if place is None else place, _editor(ctx))


async def _change(ctx: Context, what: str, words: list[str]) -> None:
    found = await kept(ctx, words[0])
    if found is None:
        ctx.reply(ctx.text("guide-unknown", number=_short(words[0])))
    elif what == "edit":
        await _edit(ctx, found, words[1:])
    elif what == "move":
        await _move(ctx, found, words[1:])
    else:
        await _do_and_show(ctx, found, what)


async def _edit(ctx: Context, found: Guide, words: list[str]) -> None:
    field = field_named(words[0]) if words else ""
    if not words:
        await _show_card(ctx, found, "")
    elif field == "position":
        await _move(ctx, found, words[1:])
    elif field not in EDITABLE:
        fields = ", ".join(EDITABLE)
        ctx.reply(ctx.text("guide-fields", field=_short(words[0]), fields=fields, number=str(found.id)))
    elif len(words) == 1:
        await _ask_value(ctx, found, field)
    else:
        content = _content(ctx)
        if not _is_plain(ctx, content):
            ctx.reply(ctx.text("guide-only-text-here"))
            return
        command_words = _EDIT.match(content.text)
        value = content.without_first(command_words.end() if command_words else 0)
        await _set_field(ctx, found, field, value)


async def _move(ctx: Context, found: Guide, words: list[str]) -> None:
    order = words[0].lower() if words else ""
    if re.fullmatch(r"up|down|[1-9][0-9]{0,5}", order):
        await _do_and_show(ctx, found, order)
    else:
        ctx.reply(ctx.text("guide-help"))


async def _do_and_show(ctx: Context, found: Guide, what: str) -> None:
    if await _do(ctx, found, what):
        await _show_card(ctx, found, "")
    else:
        ctx.reply(ctx.text("guide-unchanged"))


async def _add(ctx: Context) -> None:
    content = _content(ctx)
    if not _is_plain(ctx, content):
        ctx.reply(ctx.text("guide-only-text-here"))
        return
    said = _ADD.match(content.text)
    lines = content.without_first(said.end() if said else len(content.text))
    if lines.text:
        await _keep(ctx, read_lines(lines))
        return
    known = library.some_names(await library.categories(ctx.session))
    ctx.reply(ctx.text("guide-add-ask", known=known or "-"), buttons=_cancel_row(ctx))
    await ctx.ask("guide-add")


async def _keep(ctx: Context, fields: dict[str, str]) -> None:
    """Adds the guide; where something is missing or wrong it asks for that alone."""
    try:
        added = await editing.add(ctx.session, fields, _editor(ctx))
    except BadGuide as error:
        html = ctx.text("guide-add-again", problems=Html(_as_list(ctx, error)))
        ctx.reply(html, buttons=_cancel_row(ctx))
        await ctx.ask("guide-add", fields=fields, wrong=[name for name, _ in error.faults])
        return
    await _show_card(ctx, added, "")


async def _set_field(ctx: Context, found: Guide, field: str, content: Content, back: str = "") -> None:
    value = content.html if field == "body" else content.text
    value = "" if value.strip() in ("-", "\u2013") else value
    try:
        changed = await editing.change(ctx.session, found, {field: value}, _editor(ctx))
    except BadGuide as error:
        html = ctx.text("guide-edit-again", problems=Html(_as_list(ctx, error)))
        ctx.reply(html, buttons=_cancel_row(ctx))
        await ctx.ask("guide-field", guide=found.id, field=field, back=back)
        return
    if not changed:
        ctx.reply(ctx.text("guide-unchanged"))
    await _show_card(ctx, found, back)


def _ask_which(ctx: Context, found: Guide, back: str) -> None:
    presses = [
        Press(name.capitalize(), f"guide:f:{found.id}:{number}:{back}")
        for number, name in enumerate(EDITABLE)
    ]
    rows = [presses[start : start + 2] for start in range(0, len(presses), 2)]
    cancel = Press(ctx.text("guide-to-card"), f"guide:k:{found.id}:{back}")
    ctx.edit(ctx.text("guide-edit-which", title=found.title), buttons=[*rows, [cancel]])


async def _ask_value(ctx: Context, found: Guide, field: str, back: str | None = None) -> None:
    """Asks in the card itself, to which Cancel then leads back; after a command in a message of its own."""
    value = fields_of(found)[field]
    present = f"{value[:SHOWN]}…" if len(value) > SHOWN else value or "-"
    html = ctx.text("guide-edit-ask", field=field, value=present)
    if back is None:
        ctx.reply(html, buttons=_cancel_row(ctx))
    else:
        ctx.edit(html, buttons=[[Press(ctx.text("guide-cancel"), f"guide:k:{found.id}:{back}")]])
    await ctx.ask("guide-field", guide=found.id, field=field, back=back or "")


def _cancel_row(ctx: Context) -> list[list[Press]]:
    return [[Press(ctx.text("guide-cancel"), "guide:c")]]


async def _show_card(ctx: Context, found: Guide, back: str, *, edit: bool = False) -> None:
    mark = await library.mark_of(ctx.session, found, ctx.member.id)
    view = await cards.card(ctx, found, mark, read_whence(back))
    show: Any = ctx.edit if edit else ctx.reply
    show(view.html, buttons=view.buttons)


async def _list(ctx: Context) -> None:
    lines: list[str] = []
    category = None
    for each in await library.all_guides(ctx.session):
        if each.category != category:
            category = each.category
            lines += ["", ctx.text("guide-title", title=category)]
        key = "guide-list-line" if each.active else "guide-list-retired"
        lines.append(ctx.text(key, number=str(each.id), title=each.title, code=each.language))
    for part in split_html("\n".join(lines).strip() or ctx.text("guides-none-admin")):
        ctx.reply(part)


def _content(ctx: Context) -> Content:
    content = read_content(ctx.body)
    assert content is not None, "a command or an answer is a message"
    return content


def _is_plain(ctx: Context, content: Content) -> bool:
    """Whether it is text and nothing else: a photo that comes while a question is open is rather a post."""
    return content.kind is ContentKind.TEXT and ctx.envelope.media_group_id is None


def _short(word: str) -> str:
    return word if len(word) <= WORD else f"{word[:WORD]}…"


def _editor(ctx: Context) -> Editor:
    return Editor(ctx.member.id, ctx.now, ctx.bot.id)


def _as_list(ctx: Context, error: BadGuide) -> str:
    return "\n".join(ctx.text("guide-problem", problem=each) for each in error.problems)
