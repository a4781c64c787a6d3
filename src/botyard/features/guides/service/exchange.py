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
    fields_of,
    folded,
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
from botyard.features.guides.service.files import BadFile, Fault, FileKind, Row, decoded, read_rows, written

_KEY = re.compile(r"[A-Za-z0-9_-]{1,32}")
_POSITION = re.compile(r"[0-9]{1,6}")


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
    incoming = _Incoming(list(await session.scalars(select(Guide))), editor)
    for row in read_rows(decoded(content)):
        incoming.take(row)
    return await incoming.put(session)


class _Incoming:
    """The rows of a file on their way in: checked one by one and against each other, then written at once."""

    def __init__(self, guides: list[Guide], editor: Editor) -> None:
        self._editor = editor
        self._known = {each.key: each for each in guides}
        self._named = {name_of(each): each for each in guides}
        self._spellings = {folded(each.category): each.category for each in guides}
        self._before = {each.key: _state(each) for each in guides}
        self._taken: dict[str, int] = {}
        self._drafts: list[tuple[int, str, Draft, int | None]] = []
        self._faults: list[Fault] = []

    def take(self, row: Row) -> None:
        """Reads one row, or notes what is wrong with it."""
        key = row.cells.get("key", "").strip()
        if key and not _KEY.fullmatch(key):
            self._fault(row, "A key has 1-32 of A-Z, a-z, 0-9, _ and -.")
            return
        guide = self._known.get(key) or self._by_name(row.cells)
        fields = {name: cell for name, cell in row.cells.items() if name not in ("key", "position")}
        try:
            draft = read_draft((fields_of(guide) if guide else {}) | fields)
            position = _read_position(row.cells.get("position", "").strip())
        except BadGuide as error:
            self._fault(row, str(error))
            return
        draft = respelled(draft, self._spellings)
        self._spellings.setdefault(folded(draft.category), draft.category)
        key = guide.key if guide else key or f"line {row.line}"
        if (line := self._taken.setdefault(key, row.line)) != row.line:
            self._fault(row, f"This is the guide of line {line} again.")
            return
        self._drafts.append((row.line, key, draft, position))

    async def put(self, session: AsyncSession) -> Imported:
        """Writes all rows, if none has a fault. Raises `BadFile`."""
        self._find_doubles()
        if self._faults:
            raise BadFile(sorted(self._faults, key=lambda each: each.line))
        added: list[Guide] = []
        for number, (_, key, draft, position) in enumerate(self._drafts):
            guide = self._known.get(key)
            if guide is None:
                guide = new_guide(draft, self._editor.now, key="" if key.startswith("line ") else key)
                guide.position = LAST + number
                session.add(guide)
                added.append(guide)
            elif guide.category != draft.category or guide.active is not draft.active:
                guide.position = LAST + number
            put_into(guide, draft)
            guide.position = guide.position if position is None else position
        await session.flush()
        await renumber(session, {draft.category for _, _, draft, _ in self._drafts} | self._left())
        return self._noted(session, added)

    def _noted(self, session: AsyncSession, added: list[Guide]) -> Imported:
        listed = [self._known[key] for _, key, _, _ in self._drafts if key in self._known]
        changed = [each for each in listed if _state(each) != self._before[each.key]]
        for guide in added:
            self._editor.note(session, "add", guide, by="import")
        for guide in changed:
            self._editor.note(session, "edit", guide, by="import")
        return Imported(len(added), len(changed), len(listed) - len(changed))

    def _left(self) -> set[str]:
        """The categories that guides were in before, where the gaps are closed."""
        return {self._before[key][0]["category"] for _, key, _, _ in self._drafts if key in self._before}

    def _find_doubles(self) -> None:
        """Whatever the rows change, in the end no two guides may have one title, category and language."""
        names = {key: name_of(each) for key, each in self._known.items()}
        lines = {key: line for line, key, _, _ in self._drafts}
        names |= {key: name_of(draft) for _, key, draft, _ in self._drafts}
        first: dict[tuple[str, str, str], str] = {}
        for key in sorted(names, key=lambda each: lines.get(each, 0)):
            other = first.setdefault(names[key], key)
            if other != key and key in lines:
                where = f"line {lines[other]}" if other in lines else "a guide that is there already"
                self._faults.append(Fault(lines[key], f"Title, category and language are those of {where}."))

    def _by_name(self, cells: Mapping[str, str]) -> Guide | None:
        title, category = (" ".join(cells.get(name, "").split()) for name in ("title", "category"))
        language = cells.get("language", "").strip().lower().replace("_", "-") or "en"
        return self._named.get((folded(title), folded(category), language))

    def _fault(self, row: Row, problem: str) -> None:
        self._faults.append(Fault(row.line, problem))


def _state(guide: Guide) -> tuple[dict[str, str], int]:
    return fields_of(guide), guide.position


def _read_position(text: str) -> int | None:
    """The place in its category; None where it is not given. Raises `BadGuide`."""
    if text and not _POSITION.fullmatch(text):
        raise BadGuide(("position", "The position is a whole number."))
    return int(text) if text else None
