"""Guides as CSV and JSON: rows of text, with the line where each stands."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botyard.errors import BotyardError
from botyard.features.guides.models import Guide
from botyard.features.guides.service.drafts import FIELDS, fields_of

COLUMNS = ("key", *FIELDS, "position")
FILE_LIMIT = 5 * 2**20
NO_POSITION = "The position must be a whole number, such as 3."

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""A spreadsheet would calculate such a cell; with one more ' before it, it is text."""
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_JSON_GAP = re.compile(r"[\s,]*")
_KINDS = {
    "tags": "The tags must be a list of texts.",
    "active": "Active must be true or false.",
    "position": NO_POSITION,
}
"""What is said of a value in JSON of the wrong kind, where it is not text that should be there."""
SHOWN, MOST_UNKNOWN = 40, 5
"""Letters of a name that is no field's, and how many such names of one row, are told."""

csv.field_size_limit(FILE_LIMIT)


class FileKind(StrEnum):
    """The kinds of files that guides come and go in."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a file: its line, or its number where others stand in that line too."""

    line: int
    entry: int = 0

    def __str__(self) -> str:
        return f"entry {self.entry}" if self.entry else f"line {self.line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and where."""

    place: Place
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class BadFile(BotyardError):
    """A file that cannot be imported. Nothing of it was."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)), remedy="Nothing was imported.")


@dataclass(frozen=True, slots=True)
class Row:
    """A guide as a file has it. A column that the file does not have is not among its `cells`."""

    place: Place
    cells: Mapping[str, str]
    problems: tuple[str, ...] = ()
    """What is wrong with it as a row, whatever its cells say."""
    unsure: frozenset[str] = frozenset()
    """Fields of which nobody can tell what they should be: that they are missing is not worth a word."""


def kind_of(content: str) -> FileKind:
    """JSON is what begins like a list or an object, whatever the file is called."""
    return FileKind.JSON if content.lstrip()[:1] in ("[", "{") else FileKind.CSV


def decoded(content: bytes) -> str:
    """The text of a file, in UTF-8 with or without a byte order mark. Raises `BadFile`."""
    if len(content) > FILE_LIMIT:
        raise BadFile([Fault(Place(1), "The file has more than 5 MiB.")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile([Fault(Place(line), "This is not UTF-8. Save the file as 'CSV UTF-8'.")]) from None


def written(guides: Iterable[Guide], kind: FileKind) -> str:
    """The guides as a file. Read again, it has the same guides."""
    rows = [{"key": each.key, **fields_of(each), "position": str(each.position)} for each in guides]
    if kind is FileKind.JSON:
        return json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2) + "\n"
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows)
    return text.getvalue()


def _cell(value: str) -> str:
    return f"'{value}" if _FORMULA.match(value) else value


def _as_json(row: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {name: value for name, value in row.items() if value}
    values["tags"] = [tag for tag in row["tags"].split(", ") if tag]
    values["active"] = row["active"] == "yes"
    values["position"] = int(row["position"])
    return values


def read_rows(content: str) -> tuple[list[Row], list[Fault]]:
    """The rows of a file, and what else is in it that is no row. Rows may have problems of their own."""
    return _json_rows(content) if kind_of(content) is FileKind.JSON else _csv_rows(content)


def _csv_rows(content: str) -> tuple[list[Row], list[Fault]]:
    first = content.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","  # Excel's, where a comma is decimal
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    line = 1
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        faults += [Fault(Place(1), problem) for problem in _problems_of_header(names)]
        known = {name for name in COLUMNS if names.count(name) == 1}
        unsure = frozenset(set(COLUMNS) - known if faults else ())
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_csv_row(Place(line), names, cells, unsure))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(Place(line), f"This is not valid CSV: {error}."))
    return rows, faults


def _csv_row(place: Place, names: list[str], cells: list[str], unsure: frozenset[str]) -> Row:
    if len(cells) != len(names):
        count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        return Row(place, {}, (f"It has {count}, and there are {len(names)} columns.",), frozenset(COLUMNS))
    held = zip(names, map(_value, cells), strict=True)
    return Row(
        place, {name: cell for name, cell in held if name in COLUMNS and name not in unsure}, (), unsure
    )


def _value(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell


def _problems_of_header(names: list[str]) -> Iterator[str]:
    if not names:
        yield "The file is empty."
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            yield f"There is no column '{name[:SHOWN]}'. The columns are {', '.join(COLUMNS)}."
        elif names.count(name) > 1:
            yield f"The column '{name}' is there twice."


def _json_rows(content: str) -> tuple[list[Row], list[Fault]]:
    rows: list[Row] = []
    faults: list[Fault] = []
    entries = list(_json_entries(content))
    crowd = Counter(each.line for each in entries)
    for number, entry in enumerate(entries, start=1):
        place = Place(entry.line, number if crowd[entry.line] > 1 else 0)
        if entry.problem:
            faults.append(Fault(place, entry.problem))
        else:
            rows.append(_json_row(place, entry.value))
    return rows, faults


@dataclass(frozen=True, slots=True)
class _Entry:
    """A value of a JSON list, or the problem that ends the reading."""

    line: int
    value: Any = None
    problem: str = ""


def _json_entries(content: str) -> Iterator[_Entry]:
    """One value after another, so that each is known by its line."""
    is_list = content.lstrip()[0] == "["
    place = content.index("[") + 1 if is_list else 0
    decoder = json.JSONDecoder()
    line, counted = 1, 0
    while True:
        gap = _JSON_GAP.match(content, place)
        place = gap.end() if gap else place
        line, counted = line + content.count("\n", counted, place), place
        if place >= len(content):
            if is_list:  # of a file that was cut off, no part is taken
                yield _Entry(line, problem="The list is not closed with a ]. Is the file complete?")
            return
        if content[place] == "]":
            return
        try:
            value, place = decoder.raw_decode(content, place)
        except json.JSONDecodeError as error:
            yield _Entry(error.lineno, problem=f"This is not valid JSON: {error.msg}.")
            return
        except RecursionError:
            yield _Entry(line, problem="This is not valid JSON: it is nested too deeply.")
            return
        except ValueError:  # Python reads no number of thousands of digits
            yield _Entry(line, problem="This is not valid JSON: a number has too many digits.")
            return
        yield _Entry(line, value)


def _json_row(place: Place, value: Any) -> Row:
    if not isinstance(value, dict):
        problem = 'This is not a guide. Write each one as {"title": "...", "url": "...", "category": "..."}.'
        return Row(place, {}, (problem,), frozenset(COLUMNS))
    problems = [f"There is no field '{name[:SHOWN]}'." for name in value if name not in COLUMNS][
        :MOST_UNKNOWN
    ]
    if problems:
        problems.append(f"The fields are {', '.join(COLUMNS)}.")
    cells: dict[str, str] = {}
    unsure: set[str] = set()
    for name in filter(COLUMNS.__contains__, value):
        text = _text(name, value[name])
        if text is None:
            problems.append(_KINDS.get(name, f"The {name} must be text."))
            unsure.add(name)
        else:
            cells[name] = text
    return Row(place, cells, tuple(problems), frozenset(unsure))


def _text(name: str, value: Any) -> str | None:
    """The value as a cell has it; None where it is of a kind that the field cannot have."""
    if value is None:
        return ""
    if isinstance(value, list) and name == "tags" and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, bool) and name == "active":
        return "yes" if value else "no"
    if isinstance(value, str | int) and not isinstance(value, bool):
        return None if name == "tags" and isinstance(value, int) else str(value)
    return None
