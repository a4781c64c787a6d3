"""Guides as people write them: named fields of text, read into values and checked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from botyard.errors import BotyardError
from botyard.features.guides.models import Difficulty, Guide
from botyard.features.guides.service import markup

FIELDS = ("title", "description", "url", "body", "category", "tags", "difficulty", "language", "active")
"""What people write of a guide, in the order of forms and files."""

Name = tuple[str, str, str]
"""What tells guides apart for people: title and category in folded case, and language."""

TITLE_LIMIT, DESCRIPTION_LIMIT, URL_LIMIT, BODY_LIMIT = 128, 1000, 2048, 50_000
CATEGORY_LIMIT, TAG_LIMIT, MOST_TAGS = 64, 32, 10

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
_YES = frozenset({"yes", "true", "1", "y"})
_NO = frozenset({"no", "false", "0", "n"})


class BadGuide(BotyardError):
    """What was written makes no guide. `faults` are fields, each with a sentence."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        self.faults = faults
        super().__init__(" ".join(self.problems))

    @property
    def problems(self) -> tuple[str, ...]:
        """The sentences alone."""
        return tuple(problem for _, problem in self.faults)


@dataclass(frozen=True, slots=True)
class Draft:
    """A guide that is fit to be kept. Exactly one of `url` and `body` is there."""

    title: str
    description: str
    url: str | None
    body: str | None
    category: str
    tags: tuple[str, ...]
    difficulty: Difficulty
    language: str
    active: bool

    @property
    def searchable(self) -> str:
        """All that a search looks at, in folded case."""
        return folded("\n".join((self.title, self.description, self.category, *self.tags)))


def folded(text: str) -> str:
    """The text in folded case and one spelling of each letter, so that any script can be compared."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fields_of(guide: Guide) -> dict[str, str]:
    """The guide as its fields; `read_draft` makes the same guide of them."""
    return {
        "title": guide.title,
        "description": guide.description,
        "url": guide.url or "",
        "body": guide.body or "",
        "category": guide.category,
        "tags": guide.tags,
        "difficulty": guide.difficulty.value,
        "language": guide.language,
        "active": "yes" if guide.active else "no",
    }


def read_draft(fields: Mapping[str, str]) -> Draft:
    """The guide that the fields describe; a field that is missing is empty. Raises `BadGuide`."""
    reading = _Reading(fields)
    draft = Draft(
        title=reading.line("title", TITLE_LIMIT, required=True),
        description=reading.text("description", DESCRIPTION_LIMIT),
        url=reading.url(),
        body=reading.body(),
        category=reading.line("category", CATEGORY_LIMIT, required=True),
        tags=reading.tags(),
        difficulty=reading.difficulty(),
        language=reading.language(),
        active=reading.active(),
    )
    if draft.url and draft.body:
        reading.note("body", "A guide has a url or a body, not both.")
    if not draft.url and not draft.body and not {"url", "body"} & {name for name, _ in reading.faults}:
        reading.note("url", "A guide needs a url or a body.")
    if reading.faults:
        raise BadGuide(*reading.faults)
    return draft


def name_in(fields: Mapping[str, str]) -> Name:
    """What tells the guide of these fields apart for people, whether the fields are right or not."""
    reading = _Reading(fields)
    title, category = reading.line("title", TITLE_LIMIT), reading.line("category", CATEGORY_LIMIT)
    return folded(title), folded(category), reading.language()


class _Reading:
    """Reads field by field and goes on after a fault, so that a person hears of all of them at once."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self.faults: list[tuple[str, str]] = []

    def line(self, name: str, limit: int, *, required: bool = False) -> str:
        value = " ".join(_tidy(self._fields.get(name, "")).split())
        if required and not value:
            self.note(name, f"The {name} is missing.")
        return self._within(name, value, limit)

    def text(self, name: str, limit: int) -> str:
        return self._within(name, _tidy(self._fields.get(name, "")).strip(), limit)

    def url(self) -> str | None:
        value = self.line("url", URL_LIMIT)
        if value and not _is_https(value):
            self.note("url", "The url must be a full address that begins with https://.")
        return value or None

    def body(self) -> str | None:
        value = self.text("body", BODY_LIMIT)
        if value and (problem := markup.problem_of(value)):
            self.note("body", f"The body {problem}.")
        return value or None

    def tags(self) -> tuple[str, ...]:
        words = re.split(r"[,\n]", _tidy(self._fields.get("tags", "")))
        named = [" ".join(word.strip().removeprefix("#").split()) for word in words]
        first = {folded(tag): tag for tag in reversed(named)}  # the first spelling of each is kept
        tags = [tag for tag in dict.fromkeys(first[folded(tag)] for tag in named) if tag]
        if len(tags) > MOST_TAGS or any(len(tag) > TAG_LIMIT for tag in tags):
            self.note("tags", f"There may be {MOST_TAGS} tags of at most {TAG_LIMIT} characters each.")
        return tuple(tags)

    def difficulty(self) -> Difficulty:
        value = self.line("difficulty", 16).casefold() or Difficulty.BEGINNER
        if value not in set(Difficulty):
            self.note("difficulty", f"The difficulty must be one of {', '.join(Difficulty)}.")
            return Difficulty.BEGINNER
        return Difficulty(value)

    def language(self) -> str:
        value = self.line("language", 16).lower().replace("_", "-") or "en"
        if not _LANGUAGE.fullmatch(value):
            self.note("language", "The language must be a code such as en, de or pt-br.")
        return value

    def active(self) -> bool:
        value = self.line("active", 16).casefold() or "yes"
        if value not in _YES | _NO:
            self.note("active", "Active must be yes or no.")
        return value in _YES

    def _within(self, name: str, value: str, limit: int) -> str:
        if len(value) > limit:
            self.note(name, f"The {name} has {len(value)} characters, {limit} are allowed.")
        return value

    def note(self, name: str, problem: str) -> None:
        self.faults.append((name, problem))


def _tidy(text: str) -> str:
    """Without control characters and halves of surrogate pairs, which no database and no chat can hold."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in lines if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs"))


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and " " not in url
    except ValueError:
        return False


def put_into(guide: Guide, draft: Draft) -> None:
    """Gives the guide the draft's values; its position and its key stay."""
    guide.title, guide.description = draft.title, draft.description
    guide.url, guide.body = draft.url, draft.body
    guide.category, guide.tags = draft.category, ", ".join(draft.tags)
    guide.difficulty, guide.language, guide.active = draft.difficulty, draft.language, draft.active
    guide.searchable = draft.searchable
