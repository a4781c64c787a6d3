"""Audiences in words: what an admin writes in chat, on the command line or in the console, and back again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from botyard.features.broadcasts.audience import EVERYBODY, Audience
from botyard.features.broadcasts.service.drafts import BadBroadcast
from botyard.members.models import Role

MOST_DAYS = 3650
MOST_WORDS = 200
"""Of one kind; an excluded member is one, for example."""
LONGEST_TAG, LONGEST_SOURCE = 32, 64

PLAN_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)

FORM = "Write it like: language de or en, seen in 30 days, tag vip, not tag slow. Or: everybody."

_ALL = ("everybody", "everyone", "all")
_FILLERS = frozenset({"or", "and", "in", "within", "the", "last", "day", "days", "ago", "is", "by"})
"""Words that make a condition easier to read, and mean nothing. In quotes they are tags like others."""
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[“”„]([^“”„]*)[“”]|([^\s,;"]+)|([,;])|(\S)', re.DOTALL)
_PLAIN = re.compile(r"[^\s,;\"“”„\\]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,4})?")
_DAYS = re.compile(r"[0-9]{1,4}")
_MEMBER = re.compile(r"[0-9]{1,18}")

_Word = tuple[str, bool]
"""A word, and whether it stood in quotes."""


def read_audience(text: str) -> Audience:
    """The audience that the words describe: conditions with commas between, which all must hold.

    `language de or en`, `role subscriber`, `seen in 30 days`, `not seen in 60 days`, `joined in 7 days`,
    `joined before 90 days`, `source guide-1`, `tag vip or "big spender"`, `not tag slow`, `not member 1001`,
    `plan gold-3m`, `pack gold`, `ends in 7 days`, `lapsed in 30 days`, `never paid`; or
    `everybody`. Raises `BadBroadcast`, which names what is not understood.
    """
    found: dict[str, Any] = {}
    for said in _conditions(text):
        if len(said) == 1 and said[0][0].lower() in _ALL:
            continue
        field, value = _condition(said)
        if field not in found:
            found[field] = value
        elif isinstance(value, tuple):
            found[field] = tuple(dict.fromkeys(found[field] + value))
        else:
            raise BadBroadcast(f"'{_shown(said)}' is there twice.", remedy="Leave one of them out.")
    if any(isinstance(value, tuple) and len(value) > MOST_WORDS for value in found.values()):
        raise BadBroadcast(f"At most {MOST_WORDS} of a kind go.", remedy="Use a tag instead.")
    return Audience(**found)


def describe(audience: Audience) -> str:
    """One line of English that `read_audience` reads as the same audience."""
    if audience == EVERYBODY:
        return "everybody"
    parts = [
        *_listed("role", (role.name.lower() for role in audience.roles)),
        *_listed("language", audience.languages),
        *_dated("seen in {} days", audience.seen_within_days),
        *_dated("not seen in {} days", audience.unseen_for_days),
        *_dated("joined in {} days", audience.joined_within_days),
        *_dated("joined before {} days", audience.joined_before_days),
        *_listed("source", audience.sources),
        *_listed("tag", audience.tags),
        *_listed("not tag", audience.without_tags),
        *_listed("not member", map(str, audience.without_members)),
        *_listed("plan", audience.plans),
        *_listed("pack", audience.packs),
        *_dated("ends in {} days", audience.ends_within_days),
        *_dated("lapsed in {} days", audience.lapsed_within_days),
        *(["never paid"] if audience.never_paid else []),
    ]
    return ", ".join(parts)


def _conditions(text: str) -> list[list[_Word]]:
    """The words of each condition."""
    conditions: list[list[_Word]] = [[]]
    for match in _TOKEN.finditer(text):
        quoted, curly, plain, comma, stray = match.groups()
        if stray is not None:
            raise BadBroadcast("A quotation mark has no partner.", remedy='Write: tag "big spender".')
        if comma is not None:
            conditions.append([])
        elif plain is not None:
            conditions[-1].append((plain, False))
        else:
            said = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else curly
            conditions[-1].append((said, True))
    found = [each for each in conditions if each]
    if not found:
        raise BadBroadcast("Nothing says who is meant.", remedy=FORM)
    return found


def _condition(said: Sequence[_Word]) -> tuple[str, Any]:
    """The field of `Audience` that a condition sets, and to what."""
    head = [word.lower() for word, is_quoted in said[:2] if not is_quoted]
    if [word.lower() for word, is_quoted in said if not is_quoted] == ["never", "paid"] and len(said) == 2:
        return "never_paid", True
    for words, field, read in _CONDITIONS:
        if tuple(head[: len(words)]) == words:
            values = [word for word, is_quoted in said[len(words) :] if is_quoted or not _is_filler(word)]
            if not values:
                raise BadBroadcast(f"Something is missing after '{_shown(said)}'.", remedy=FORM)
            return field, read(values)
    raise BadBroadcast(f"'{_shown(said)}' is not understood.", remedy=FORM)


def _is_filler(word: str) -> bool:
    return word.lower() in _FILLERS


def _days(values: Sequence[str]) -> int:
    if len(values) > 1 or not _DAYS.fullmatch(values[0]) or not 1 <= int(values[0]) <= MOST_DAYS:
        said = " ".join(values)[:40]
        raise BadBroadcast(f"'{said}' is no number of days.", remedy=f"Write 1 to {MOST_DAYS}.")
    return int(values[0])


def _roles(values: Sequence[str]) -> tuple[Role, ...]:
    for value in values:
        if value.upper() not in Role.__members__:
            names = ", ".join(role.name.lower() for role in Role)
            raise BadBroadcast(f"There is no role '{value[:40]}'.", remedy=f"There are: {names}.")
    return tuple(dict.fromkeys(Role[value.upper()] for value in values))


def _languages(values: Sequence[str]) -> tuple[str, ...]:
    codes = [value.lower().replace("_", "-") for value in values]
    for code in codes:
        if not _LANGUAGE.fullmatch(code):
            raise BadBroadcast(f"'{code[:40]}' is no language.", remedy="Write its code, such as de.")
    return tuple(dict.fromkeys(codes))


def _members(values: Sequence[str]) -> tuple[int, ...]:
    for value in values:
        if not _MEMBER.fullmatch(value):
            raise BadBroadcast(f"'{value[:40]}' is no Telegram id.", remedy="Write numbers such as 1001.")
    return tuple(dict.fromkeys(map(int, values)))


def _codes(values: Sequence[str]) -> tuple[str, ...]:
    codes = [value.lower() for value in values]
    for code in codes:
        if not PLAN_CODE.fullmatch(code):
            raise BadBroadcast(f"'{code[:40]}' is no code of a plan.", remedy="Write it as /plans has it.")
    return tuple(dict.fromkeys(codes))


def _names(longest: int) -> Callable[[Sequence[str]], tuple[str, ...]]:
    def read(values: Sequence[str]) -> tuple[str, ...]:
        for value in values:
            if not value.strip() or len(value) > longest or "\0" in value:
                raise BadBroadcast(f"'{value[:40]}' has not 1 to {longest} letters.", remedy="Shorten it.")
        return tuple(dict.fromkeys(values))

    return read


_CONDITIONS: Sequence[tuple[tuple[str, ...], str, Callable[[Sequence[str]], Any]]] = (
    (("not", "seen"), "unseen_for_days", _days),
    (("not", "tag"), "without_tags", _names(LONGEST_TAG)),
    (("not", "member"), "without_members", _members),
    (("joined", "before"), "joined_before_days", _days),
    (("joined",), "joined_within_days", _days),
    (("unseen",), "unseen_for_days", _days),
    (("seen",), "seen_within_days", _days),
    (("role",), "roles", _roles),
    (("language",), "languages", _languages),
    (("source",), "sources", _names(LONGEST_SOURCE)),
    (("tag",), "tags", _names(LONGEST_TAG)),
    (("plan",), "plans", _codes),
    (("pack",), "packs", _codes),
    (("ends",), "ends_within_days", _days),
    (("lapsed",), "lapsed_within_days", _days),
)
"""How a condition begins, longer beginnings first; the field that it sets; how its values are read."""


def _listed(what: str, values: Iterable[str]) -> list[str]:
    words = [_written(value) for value in values]
    return [f"{what} {' or '.join(words)}"] if words else []


def _dated(form: str, days: int | None) -> list[str]:
    if days is None:
        return []
    said = form.format(days)
    return [said.replace("1 days", "1 day") if days == 1 else said]


def _written(value: str) -> str:
    if _PLAIN.fullmatch(value) and not _is_filler(value):
        return value
    escaped: Mapping[int, str] = {ord("\\"): "\\\\", ord('"'): '\\"'}
    return f'"{value.translate(escaped)}"'


def _shown(said: Sequence[_Word]) -> str:
    return " ".join(word for word, _ in said)[:60]
