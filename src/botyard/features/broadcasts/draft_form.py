"""The form of a broadcast: filled from what is kept, and read into what is to be kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import time
from typing import TypeVar

import msgspec

from botyard.console import Form
from botyard.console.forms import Fillable
from botyard.features.broadcasts import button_words, contents
from botyard.features.broadcasts.audience import EVERYBODY, Audience
from botyard.features.broadcasts.audience_words import PLAN_CODE
from botyard.features.broadcasts.message import Message, MessageKind
from botyard.features.broadcasts.option_words import HIGHEST_CAP, MOST_CAP_DAYS
from botyard.features.broadcasts.service.drafts import LONGEST_NAME, MOST_VARIANTS, Cap, Plan, Wording
from botyard.features.broadcasts.variant_words import describe_variant
from botyard.ids import BotId
from botyard.jobs.recurrence import QuietHours, zone_named
from botyard.members.consent import Topic
from botyard.members.models import Role

MOST_HTML = 20_000
MOST_LINES = 20_000
MOST_WORDS = 10_000
MOST_DAYS = 3_650
MOST_SHARE = 1_000
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,4})?")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:\d\d)?")
_TAG = re.compile(r".{1,32}")
_SOURCE = re.compile(r"\S{1,64}")
_MEMBER = re.compile(r"[1-9]\d{0,17}")

Read = TypeVar("Read")


def blank(zone: str) -> Form:
    """The form of a broadcast that is not there yet."""
    return Form.filled(topic=Topic.OFFERS, zone=zone, variant=1)


def filled(plan: Plan, wordings: Sequence[Wording]) -> Form:
    """The form of a broadcast that is there."""
    values = _plan_values(plan) | _audience_values(plan.audience)
    values["variant"] = [each.number for each in wordings]
    for each in wordings:
        values[f"language_{each.number}"] = each.language
        values[f"share_{each.number}"] = each.share
        values[f"html_{each.number}"] = each.message.html
        values[f"buttons_{each.number}"] = (
            button_words.written(each.message.buttons) if each.message.buttons else None
        )
    return Form.filled(**values)


def is_narrowed(form: Form) -> bool:
    """Whether the form says that only some get it, or something about that is wrong."""
    fields = _audience_values(EVERYBODY)
    return any(form.typed(name) or form.error(name) for name in fields)


def numbers_of(form: Form) -> list[int]:
    """The numbers of the messages that the form has: one at least, each once."""
    typed = [int(each) for each in form.typed_all("variant") if each.isascii() and each.isdigit()]
    return sorted({each for each in typed if 0 < each < 10_000})[:MOST_VARIANTS] or [1]


def shares(form: Form, numbers: Sequence[int]) -> dict[int, str]:
    """For whom each message is as the form stands, where several share the members of one language."""
    wordings = []
    for number in numbers:
        typed = form.typed(f"share_{number}") or "1"
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 4 and int(typed)):
            return {}
        language = form.typed(f"language_{number}").strip().lower() or None
        wordings.append(Wording(number, Message(MessageKind.TEXT), language, int(typed)))
    said = {each.number: describe_variant(each, wordings) for each in wordings}
    return {number: who for number, who in said.items() if "%" in who}


def read_plan(form: Form) -> Plan:
    """How it is to go; what is wrong is noted in the form."""
    zone = form.text("zone", most=64)
    with form.reading("zone"):
        zone_named(zone)
    return Plan(
        name=form.text("name", most=LONGEST_NAME),
        topic=read_topic(form),
        audience=read_audience(form),
        paid=form.flag("paid"),
        zone=zone,
        quiet=_quiet(form),
        cap=_cap(form),
    )


def read_topic(form: Form) -> Topic:
    """What it is about."""
    return form.choice("topic", Topic)


def read_audience(form: Form) -> Audience:
    """Whom it is for."""

    def days(name: str) -> int | None:
        return form.integer(name, least=1, most=MOST_DAYS, required=False)

    return Audience(
        roles=tuple(form.choices("roles", Role)),
        languages=_words(form, "languages", LANGUAGE, str.lower, "a language, such as de or pt-br"),
        seen_within_days=days("seen_within_days"),
        unseen_for_days=days("unseen_for_days"),
        joined_within_days=days("joined_within_days"),
        joined_before_days=days("joined_before_days"),
        sources=_words(form, "sources", _SOURCE, str, "what stands behind ?start= in a link"),
        tags=_words(form, "tags", _TAG, str, "a tag of at most 32 characters"),
        without_tags=_words(form, "without_tags", _TAG, str, "a tag of at most 32 characters"),
        without_members=_words(form, "without_members", _MEMBER, int, "a member's number in Telegram"),
        plans=_words(form, "plans", PLAN_CODE, str.lower, "the code of a plan, such as gold-3m"),
        packs=_words(form, "packs", PLAN_CODE, str.lower, "the code of a pack, such as gold"),
        ends_within_days=days("ends_within_days"),
        lapsed_within_days=days("lapsed_within_days"),
        never_paid=form.flag("never_paid"),
    )


def read_wordings(
    form: Form, numbers: Sequence[int], kept: Mapping[int, Wording], bot_id: BotId
) -> list[Wording]:
    """What it is to say. What is kept gives each message its kind and its media."""
    wordings = []
    for number in numbers:
        before = kept[number].message if number in kept else Message(MessageKind.TEXT)
        code = form.text(f"language_{number}", most=8, required=False).lower() or None
        if code is not None and not LANGUAGE.fullmatch(code):
            form.refuse(f"language_{number}", "Give the code of a language, such as de or pt-br.")
        share = form.integer(f"share_{number}", least=1, most=MOST_SHARE, required=False)
        wordings.append(Wording(number, _message(form, number, before, bot_id), code, share or 1))
    return wordings


def read_texts(form: Form, kept: Sequence[Wording], bot_id: BotId) -> list[Wording]:
    """New texts and buttons for messages that are sent already: who gets which stays."""
    return [replace(each, message=_message(form, each.number, each.message, bot_id)) for each in kept]


def _message(form: Form, number: int, before: Message, bot_id: BotId) -> Message:
    html_field, buttons_field = f"html_{number}", f"buttons_{number}"
    needs_text = before.kind is MessageKind.TEXT
    html = form.text(html_field, most=MOST_HTML, required=needs_text, multiline=True) or None
    lines = form.text(buttons_field, most=MOST_LINES, required=False, multiline=True)
    rows = before.buttons
    with form.reading(buttons_field):
        rows = button_words.read(lines)
    message = msgspec.structs.replace(before, html=html, buttons=rows)
    with form.reading(html_field):
        contents.checked(msgspec.structs.replace(message, buttons=()), bot_id)
    return message


def _quiet(form: Form) -> QuietHours | None:
    begins, ends = _time(form, "quiet_begins"), _time(form, "quiet_ends")
    if begins is None and ends is None:
        return None
    if begins is None or ends is None:
        form.refuse("quiet_begins" if begins is None else "quiet_ends", "Give both times, or none.")
        return None
    with form.reading("quiet_ends"):
        return QuietHours(begins, ends)
    return None


def _time(form: Form, name: str) -> time | None:
    typed = form.text(name, most=8, required=False)
    if typed and not _TIME.fullmatch(typed):
        form.refuse(name, "Give a time of day, such as 22:00.")
    return time.fromisoformat(typed[:5]) if typed and name not in form.errors else None


def _cap(form: Form) -> Cap | None:
    messages = form.integer("cap", least=1, most=HIGHEST_CAP, required=False)
    days = form.integer("cap_days", least=1, most=MOST_CAP_DAYS, required=False)
    if messages is None and days is None:
        return None
    if messages is None or days is None:
        form.refuse("cap" if messages is None else "cap_days", "Give both numbers, or none.")
        return None
    return Cap(messages, days)


def _words(
    form: Form, name: str, shape: re.Pattern[str], as_kept: Callable[[str], Read], what: str
) -> tuple[Read, ...]:
    """Several words with commas or line breaks between, each once. In quotes they may have commas."""
    typed = form.text(name, most=MOST_WORDS, required=False, multiline=True)
    rows = csv.reader(typed.splitlines(), skipinitialspace=True)
    words = [" ".join(each.split()) for row in rows for each in row if each.strip()]
    for word in words:
        if not shape.fullmatch(word.lower() if shape in (LANGUAGE, PLAN_CODE) else word):
            form.refuse(name, f"“{word[:40]}” is not {what}.")
            return ()
    return tuple(dict.fromkeys(as_kept(word) for word in words))


def _plan_values(plan: Plan) -> dict[str, Fillable]:
    return {
        "name": plan.name,
        "topic": plan.topic,
        "paid": plan.paid,
        "zone": plan.zone,
        "quiet_begins": f"{plan.quiet.begins:%H:%M}" if plan.quiet else None,
        "quiet_ends": f"{plan.quiet.ends:%H:%M}" if plan.quiet else None,
        "cap": plan.cap.messages if plan.cap else None,
        "cap_days": plan.cap.days if plan.cap else None,
    }


def _audience_values(audience: Audience) -> dict[str, Fillable]:
    several = ("languages", "sources", "tags", "without_tags", "without_members", "plans", "packs")
    return {
        "roles": [str(int(role)) for role in audience.roles],
        "seen_within_days": audience.seen_within_days,
        "unseen_for_days": audience.unseen_for_days,
        "joined_within_days": audience.joined_within_days,
        "joined_before_days": audience.joined_before_days,
        "ends_within_days": audience.ends_within_days,
        "lapsed_within_days": audience.lapsed_within_days,
        "never_paid": audience.never_paid,
        **{name: _listed(getattr(audience, name)) for name in several},
    }


def _listed(words: Iterable[object]) -> str:
    """The words as `_words` reads them."""
    return ", ".join(map(_quoted, words))


def _quoted(word: object) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([word])
    return text.getvalue()
