"""Importing guides: all of a file or nothing, and the same file again changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.guides.models import Guide
from botyard.features.guides.service import library
from botyard.features.guides.service.drafts import (
    BadGuide,
    Draft,
    Name,
    fields_of,
    folded,
    name_in,
    put_into,
    read_draft,
)
from botyard.features.guides.service.editing import (
    LAST,
    Editor,
    name_of,
    new_guide,
    renumber,
    respelled,
)
from botyard.features.guides.service.files import (
    NO_POSITION,
    BadFile,
    Fault,
    FileKind,
    Place,
    Row,
    decoded,
    read_rows,
    written,
)
from botyard.features.guides.service.turns import one_at_a_time

_KEY = re.compile(r"[A-Za-z0-9_-]{1,32}")
_POSITION = re.compile(r"[0-9]{1,6}")
_NAMING = frozenset({"title", "category", "language"})
_EITHER = frozenset({"url", "body"})


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    added: int
    changed: int
    unchanged: int


async def export(session: AsyncSession, kind: FileKind) -> str:
    """The whole library as a file, retired guides too."""
    return written(await library.all_guides(session), kind)


async def import_file(session: AsyncSession, content: bytes, editor: Editor) -> Imported:
    """Brings the guides of a file into the library. Raises `BadFile` with every fault, and changes nothing.

    A row is the guide with its key, else the one with its title, category and language, else a new one.
    What the file has no column for stays as it is.
    """
    rows, faults = read_rows(decoded(content))
    await one_at_a_time(session)
    incoming = _Incoming(list(await session.scalars(select(Guide))), editor)
    for row in rows:
        incoming.take(row)
    if faults := [*faults, *incoming.faults()]:
        raise BadFile(sorted(faults, key=lambda each: each.place))
    return await incoming.put(session)


@dataclass(slots=True)
class _Entry:
    """A row on its way in. `name` is None where it cannot be known, `draft` where it makes no guide."""

    place: Place
    identity: str
    """The key of the guide that it is; for a new one without a key, what no key can be."""
    key: str
    guide: Guide | None
    name: Name | None
    draft: Draft | None
    position: int | None
    problems: list[str]


class _Incoming:
    """The rows of a file on their way in: checked one by one and against each other, then written at once."""

    def __init__(self, guides: list[Guide], editor: Editor) -> None:
        self._editor = editor
        self._known = {each.key: each for each in guides}
        self._named = {name_of(each): each for each in guides}
        self._spellings = {folded(each.category): each.category for each in guides}
        self._before = {each.key: _state(each) for each in guides}
        self._entries: list[_Entry] = []

    def take(self, row: Row) -> None:
        """Reads one row, and notes whatever is wrong with it."""
        problems = list(row.problems)
        key = row.cells.get("key", "").strip()
        if key and not _KEY.fullmatch(key):
            problems.append("A key has 1-32 of A-Z, a-z, 0-9, _ and -.")
            key = ""
        guide = self._known.get(key) or self._named.get(name_in(row.cells))
        fields = {name: cell for name, cell in row.cells.items() if name not in ("key", "position")}
        fields = (fields_of(guide) if guide else {}) | fields
        draft = self._draft(fields, row.unsure, problems)
        identity = guide.key if guide else key or f"row {len(self._entries)}"
        name = name_in(fields)
        known = name if name[0] and name[1] and not row.unsure & _NAMING else None
        position = _read_position(row.cells.get("position", "").strip(), problems)
        self._entries.append(_Entry(row.place, identity, key, guide, known, draft, position, problems))

    def _draft(self, fields: Mapping[str, str], unsure: frozenset[str], problems: list[str]) -> Draft | None:
        if unsure & _EITHER and not any(fields.get(name) for name in _EITHER):
            unsure |= _EITHER  # the one is needed only where the other is missing
        try:
            draft = respelled(read_draft(fields), self._spellings)
        except BadGuide as error:
            problems += [problem for name, problem in error.faults if name not in unsure]
            return None
        self._spellings.setdefault(folded(draft.category), draft.category)
        return draft

    def faults(self) -> list[Fault]:
        """What is wrong with the rows, one by one and all together: one fault for each that is not right."""
        self._find_repeated()
        self._find_doubles()
        return [Fault(each.place, " ".join(each.problems)) for each in self._entries if each.problems]

    async def put(self, session: AsyncSession) -> Imported:
        """Writes all rows, which have no faults."""
        added: list[Guide] = []
        categories = {self._before[each.guide.key][0]["category"] for each in self._entries if each.guide}
        for number, entry in enumerate(self._entries):
            draft, guide = entry.draft, entry.guide
            assert draft is not None, "a row without a guide has a fault"
            if guide is None:
                guide = new_guide(draft, self._editor.now, key=entry.key)
                session.add(guide)
                added.append(guide)
                guide.position = LAST + number
            elif guide.category != draft.category or guide.active is not draft.active:
                guide.position = LAST + number
            put_into(guide, draft)
            guide.position = guide.position if entry.position is None else entry.position
            categories.add(draft.category)
        await session.flush()
        await renumber(session, categories)
        return self._noted(session, added)

    def _noted(self, session: AsyncSession, added: list[Guide]) -> Imported:
        listed = [each.guide for each in self._entries if each.guide]
        changed = [each for each in listed if _state(each) != self._before[each.key]]
        for guide in added:
            self._editor.note(session, "add", guide, by="import")
        for guide in changed:
            self._editor.note(session, "edit", guide, by="import")
        return Imported(len(added), len(changed), len(listed) - len(changed))

    def _find_repeated(self) -> None:
        first: dict[str, _Entry] = {}
        for entry in self._entries:
            other = first.setdefault(entry.identity, entry)
            if other is not entry:
                entry.problems.append(f"This is the guide of {other.place} again.")
                entry.name = None  # so much is said of it already

    def _find_doubles(self) -> None:
        """Whatever the rows change, in the end no two guides may have one title, category and language."""
        listed = {each.identity for each in self._entries}
        there = {name_of(guide) for key, guide in self._known.items() if key not in listed}
        first: dict[Name, _Entry] = {}
        for entry in self._entries:
            if entry.name is None:
                continue
            other = first.setdefault(entry.name, entry)
            if other is not entry:
                entry.problems.append(f"Title, category and language are those of {other.place}.")
            elif entry.name in there:
                entry.problems.append(
                    "Title, category and language are those of a guide that is there already."
                )


def _state(guide: Guide) -> tuple[dict[str, str], int]:
    return fields_of(guide), guide.position


def _read_position(text: str, problems: list[str]) -> int | None:
    """The place in its category; None where it is not given, or no number, which is then a problem."""
    if text and not _POSITION.fullmatch(text):
        problems.append(NO_POSITION)
        return None
    return int(text) if text else None
