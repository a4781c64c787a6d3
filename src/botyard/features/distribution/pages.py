"""The console's pages of distribution: the rules, the form of one, and where a post would go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from html import unescape
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import (
    Form,
    Page,
    Refusal,
    Templates,
    Tone,
    number_in,
    page_of,
    read_form,
    redirect,
    signed_in,
)
from botyard.errors import BotyardError
from botyard.feature import Site
from botyard.features.distribution import rule_words
from botyard.features.distribution.captions import LONGEST_TEMPLATE, check_template
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.patterns import LONGEST_PATTERN, check_pattern
from botyard.features.distribution.rule_content import (
    HIGHEST_PRIORITY,
    ButtonRows,
    LinkButton,
    RuleContent,
    check_buttons,
)
from botyard.features.distribution.rule_doubts import doubts_of
from botyard.features.distribution.service import rules
from botyard.features.distribution.service.explaining import missed, places
from botyard.features.distribution.service.plans import plan
from botyard.features.distribution.service.rules import KeptRule, NoSuchRule
from botyard.features.tracking import service as tracking
from botyard.features.tracking.service import Clicks
from botyard.ids import ChatKey
from botyard.members import audit, reach
from botyard.members.chats import places_of

HOME = "/console/distribution"
RULES_ON_PAGE = 50
MOST_GROUPS = 200
LONGEST_POST = 4096

templates = Templates(Path(__file__).with_name("templates"))
Read = TypeVar("Read")


def pages(site: Site) -> Sequence[BaseRoute]:
    """All pages of distribution."""
    return [
        Page("/distribution", partial(_list, site), title="Distribution"),
        Route("/distribution/rules/new", partial(_new, site), methods=["GET", "POST"]),
        Route("/distribution/rules/{id:int}", partial(_edit, site), methods=["GET", "POST"]),
        Route("/distribution/rules/{id:int}/delete", partial(_delete, site), methods=["POST"]),
        Route("/distribution/try", partial(_try, site), methods=["GET", "POST"]),
    ]


async def _list(site: Site, request: Request) -> Response:
    words = request.query_params.get("q", "").strip()[:LONGEST_PATTERN].replace("\0", "")
    page = page_of(request)
    async with site.database.reading() as session:
        found = await rules.listed(session, search=words, skip=page * RULES_ON_PAGE, most=RULES_ON_PAGE)
        chats = await places_of(session, {key for rule in found.rules for key in rule.content.chats})
    first = page * RULES_ON_PAGE + 1
    last = first + len(found.rules) - 1
    return templates.show(
        request,
        "rules.html",
        rules=found.rules,
        total=found.total,
        chats=chats,
        words=words,
        before=_address(words, page - 1) if page else "",
        after=_address(words, page + 1) if last < found.total else "",
        shown=f"{first:,}–{last:,} of {found.total:,}",  # noqa: RUF001 - an en dash between numbers
    )


def _address(words: str, page: int) -> str:
    return f"{HOME}?{urlencode({'q': words, 'page': page})}"


async def _new(site: Site, request: Request) -> Response:
    if request.method == "GET":
        form = Form.filled(priority=0, whole_words=True, enabled=True)
        return await _show_form(site, request, form)
    form, doubts = await read_form(request), list[str]()
    async with site.database.session() as session:
        content = await _read(session, form, site)
        rule = None if form.errors else await _kept(form, rules.add(session, content, site.clock.now()))
        if rule is None:
            await session.rollback()  # chats that the form named got their rows
        else:
            _audit(session, request, site, "rule.add", rule)
            doubts = await doubts_of(session, partial(site.texts.format, None), rule.content)
    if rule is None:
        return await _show_form(site, request, form, status=422)
    return _saved(request, f"The rule “{rule.content.pattern}” is added.", doubts)


async def _edit(site: Site, request: Request) -> Response:
    rule_id = _rule_id(request)
    async with site.database.reading() as session:
        rule = await _existing(rules.get(session, rule_id))
        if request.method == "GET":
            return await _show_form(site, request, await _filled(session, rule), rule=rule)
    form, doubts = await read_form(request), list[str]()
    async with site.database.session() as session:
        content = await _read(session, form, site)
        revised = None
        if not form.errors:
            changing = rules.revise(session, rule_id, lambda _: content, site.clock.now())
            revised = await _kept(form, changing)
        if revised is None:
            await session.rollback()
        else:
            _audit(session, request, site, "rule.change", revised)
            doubts = await doubts_of(session, partial(site.texts.format, None), revised.content)
    if revised is None:
        return await _show_form(site, request, form, rule=rule, status=422)
    return _saved(request, f"The rule “{revised.content.pattern}” is saved.", doubts)


def _saved(request: Request, said: str, doubts: Sequence[str]) -> Response:
    """Back to the list, with what is to be feared of the rule."""
    text = " ".join([said, *map(unescape, doubts)])
    return redirect(request, HOME, text, tone=Tone.WARN if doubts else Tone.GOOD)


async def _delete(site: Site, request: Request) -> Response:
    rule_id = _rule_id(request)
    async with site.database.session() as session:
        rule = await _existing(rules.remove(session, rule_id))
        _audit(session, request, site, "rule.remove", rule)
    return redirect(request, HOME, f"The rule “{rule.content.pattern}” is gone.", tone=Tone.WARN)


async def _try(site: Site, request: Request) -> Response:
    form, found = Form(), None
    if request.method == "POST":
        form = await read_form(request)
        text = form.text("text", most=LONGEST_POST, multiline=True)
        if not form.errors:
            async with site.database.reading() as session:
                found = await plan(session, text, thorough=True)
    return templates.show(
        request,
        "try.html",
        status=422 if form.errors else 200,
        form=form,
        plan=found,
        places=places,
        missed=missed,
    )


async def _show_form(
    site: Site, request: Request, form: Form, *, rule: KeptRule | None = None, status: int = 200
) -> Response:
    async with site.database.reading() as session:
        groups = await reach.groups_met(session, most=MOST_GROUPS)
        clicks = await _clicks_on(session, rule) if rule is not None else ()
    return templates.show(
        request,
        "rule.html",
        status=status,
        form=form,
        rule=rule,
        groups=groups,
        clicks=clicks,
        longest_pattern=LONGEST_PATTERN,
        longest_template=LONGEST_TEMPLATE,
        highest_priority=HIGHEST_PRIORITY,
    )


async def _clicks_on(session: AsyncSession, rule: KeptRule) -> list[tuple[LinkButton, Clicks]]:
    """The rule's buttons as they are now, with the clicks on each in all copies."""
    buttons = [button for row in rule.content.buttons for button in row]
    labels = rules.button_labels(rule.id, len(buttons))
    counted = await tracking.clicks_of(session, labels)
    return [(button, counted[label]) for button, label in zip(buttons, labels, strict=True)]


async def _filled(session: AsyncSession, rule: KeptRule) -> Form:
    content = rule.content
    chats = await places_of(session, content.chats)
    return Form.filled(
        pattern=content.pattern,
        chats="\n".join(
            f"{chats[key].telegram_id} {chats[key].title or ''}".strip() for key in content.chats
        ),
        is_regex=content.is_regex,
        whole_words=content.whole_words,
        excluded="\n".join(content.excluded),
        priority=content.priority,
        first_only=content.first_only,
        caption=content.caption_template,
        buttons=rule_words.written_buttons(content.buttons),
        enabled=content.enabled,
    )


async def _read(session: AsyncSession, form: Form, site: Site) -> RuleContent:
    """What the form holds; what is wrong with it is noted in the form."""
    is_regex = form.flag("is_regex")
    pattern = form.text("pattern", most=LONGEST_PATTERN)
    _note(form, "pattern", lambda: check_pattern(pattern, is_regex=is_regex), None)
    excluded = form.text("excluded", most=10_000, required=False, multiline=True)
    caption = form.text("caption", most=LONGEST_TEMPLATE, required=False, multiline=True) or None
    if caption is not None:
        _note(form, "caption", lambda: check_template(caption), None)
    written = form.text("buttons", most=10_000, required=False, multiline=True)
    none: ButtonRows = ()
    buttons = _note(form, "buttons", lambda: rule_words.read_buttons(written), none)
    _note(form, "buttons", lambda: check_buttons(buttons), None)
    return RuleContent(
        pattern=pattern,
        chats=await _read_chats(session, form, site),
        is_regex=is_regex,
        whole_words=form.flag("whole_words"),
        excluded=rule_words.read_excluded(excluded),
        priority=form.integer("priority", least=-HIGHEST_PRIORITY, most=HIGHEST_PRIORITY),
        first_only=form.flag("first_only"),
        caption_template=caption,
        buttons=buttons,
        enabled=form.flag("enabled"),
    )


async def _read_chats(session: AsyncSession, form: Form, site: Site) -> tuple[ChatKey, ...]:
    named = rule_words.read_chats(form.text("chats", most=20_000, multiline=True))
    try:
        return await rules.chats_named(session, named, site.clock.now())
    except BotyardError as error:
        form.refuse("chats", str(error))
        return ()


def _note(form: Form, field: str, read: Callable[[], Read], otherwise: Read) -> Read:
    """What `read` answers; if it refuses, that is noted at the field."""
    try:
        return read()
    except BotyardError as error:
        form.refuse(field, str(error))
        return otherwise


async def _kept(form: Form, keeping: Awaitable[KeptRule]) -> KeptRule | None:
    """The rule, unless it is refused for something that no field alone is guilty of."""
    try:
        return await keeping
    except BotyardError as error:
        form.refuse("", str(error))
        return None


async def _existing(asking: Awaitable[KeptRule]) -> KeptRule:
    """The rule that is asked for. Raises a 404."""
    try:
        return await asking
    except NoSuchRule as error:
        raise Refusal(
            404, error.message, what_next="Somebody may have deleted it. Go back to the list."
        ) from None


def number_of(request: Request) -> int:
    """The number of the rule or post in the address."""
    return number_in(request, "id")


def _rule_id(request: Request) -> RuleId:
    return RuleId(int(request.path_params["id"]))


def _audit(session: AsyncSession, request: Request, site: Site, action: str, rule: KeptRule) -> None:
    audit.record(
        session,
        at=site.clock.now(),
        action=action,
        subject=f"rule:{rule.id}",
        actor_id=signed_in(request).member.id,
        pattern=rule.content.pattern,
    )
