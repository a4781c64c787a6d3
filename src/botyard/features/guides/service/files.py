"""Guides as CSV and JSON: rows of text, with the line where each stands."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botyard.errors import BotyardError
from botyard.features.guides.models import Guide
from botyard.features.guides.service.drafts import FIELDS, fields_of

COLUMNS = ("key", *FIELDS, "position")
FILE_LIMIT = 5 * 2**20

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""A spreadsheet would calculate such a cell; with one more ' before it, it is text."""
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_JSON_GAP = re.compile(r"[\s,]*")

csv.field_size_limit(FILE_LIMIT)


class FileKind(StrEnum):
    """The kinds of files that guides come and go in."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and in which line."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


class BadFile(BotyardError):
    """A file that cannot be imported. Nothing of it was."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)), remedy="Nothing was imported.")


@dataclass(frozen=True, slots=True)
class Row:
    """A guide as a file has it. A column that the file does not have is not among its `cells`."""

    line: int
    cells: Mapping[str, str]


def kind_of(content: str) -> FileKind:
    """JSON is what begins like a list or an object, whatever the file is called."""
    return FileKind.JSON if content.lstrip()[:1] in ("[", "{") else FileKind.CSV


def decoded(content: bytes) -> str:
    """The text of a file, in UTF-8 with or without a byte order mark. Raises `BadFile`."""
    if len(content) > FILE_LIMIT:
        raise BadFile([Fault(1, "The file has more than 5 MiB.")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile([Fault(line, "This is not UTF-8. Save the file as 'CSV UTF-8'.")]) from None


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


def read_rows(content: str) -> list[Row]:
    """The rows of a file. Raises `BadFile`, with each line that is no row."""
    faults: list[Fault] = []
    read = _json_rows if kind_of(content) is FileKind.JSON else _csv_rows
    rows = list(read(content, faults))
    if faults:
        raise BadFile(faults)
    return rows


def _csv_rows(content: str, faults: list[Fault]) -> Iterator[Row]:
    first = content.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","  # Excel's, where a comma is decimal
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        faults += [Fault(1, problem) for problem in _problems_of_header(names)]
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(names):
                    faults.append(Fault(line, f"{len(cells)} cells where there are {len(names)} columns."))
                yield Row(line, dict(zip(names, map(_value, cells), strict=False)))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(line, f"This is no CSV: {error}."))


def _value(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell


def _problems_of_header(names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            yield f"There is no column '{name}'. There are {', '.join(COLUMNS)}."
        elif names.count(name) > 1:
            yield f"The column '{name}' is there twice."
    if not names:
        yield "The file is empty."


def _json_rows(content: str, faults: list[Fault]) -> Iterator[Row]:
    """One object after another, so that each is known by its line."""
    place = content.index("[") + 1 if content.lstrip()[0] == "[" else 0
    decoder = json.JSONDecoder()
    while True:
        gap = _JSON_GAP.match(content, place)
        place = gap.end() if gap else place
        if place >= len(content) or content[place] == "]":
            return
        line = content.count("\n", 0, place) + 1
        try:
            value, place = decoder.raw_decode(content, place)
            yield Row(line, _texts(value))
        except json.JSONDecodeError as error:
            faults.append(Fault(error.lineno, f"This is no JSON: {error.msg}."))
            return
        except RecursionError:
            faults.append(Fault(line, "This is no JSON: too deep."))
            return
        except ValueError as error:
            faults.append(Fault(line, str(error)))


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("This is no object.")
    unknown = [name for name in value if name not in COLUMNS]
    if unknown:
        raise ValueError(f"There is no field '{unknown[0]}'. There are {', '.join(COLUMNS)}.")
    return {name: _text(name, each) for name, each in value.items()}


def _text(name: str, value: Any) -> str:
    if isinstance(value, list) and name == "tags" and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)
    if value is None:
        return ""
    raise ValueError(f"The {name} must be text.")
