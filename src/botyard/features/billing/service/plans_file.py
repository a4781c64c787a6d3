"""Plans and discount codes as a file, TOML or CSV: read with every fault it has, and written."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from botyard.errors import BotyardError
from botyard.ids import ChatId, UserId

MOST_BYTES, MOST_ROWS = 1_000_000, 2_000
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_SWITCHES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


class FileKind(StrEnum):
    """What kind of file; also its ending."""

    TOML = "toml"
    CSV = "csv"


class BadPlansFile(BotyardError):
    """The file cannot be imported; `faults` are all that is wrong with it, a line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults), remedy="Nothing was imported.")


class Unfit(ValueError):
    """A value is not of its field's kind: its text says what would be."""


@dataclass(slots=True)
class Row:
    """An entry of the file: the values it gives, by field, and what is wrong with those that are missing."""

    place: str
    given: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)
    """The fields whose values could not be read."""

    @property
    def code(self) -> str:
        """Its code; empty if it has none."""
        return str(self.given.get("code", ""))


@dataclass(frozen=True, slots=True)
class PlansFile:
    """What is in a file: its plans, and its discount codes, in their order."""

    plans: list[Row]
    codes: list[Row]


def read_file(content: bytes, kind: FileKind) -> PlansFile:
    """What the file says. What is wrong with single entries is in their rows.

    Raises `BadPlansFile` where it cannot be read at all.
    """
    if len(content) > MOST_BYTES:
        raise BadPlansFile([f"The file has more than {MOST_BYTES:,} bytes."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPlansFile([f"The file is not UTF-8: byte {error.start + 1} is no character."]) from None
    found = _read_toml(text) if kind is FileKind.TOML else _read_csv(text)
    if len(found.plans) + len(found.codes) > MOST_ROWS:
        raise BadPlansFile([f"The file has more than {MOST_ROWS:,} plans and codes."])
    return found


# what a field's value may be


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("a text in quotes")
    return value.strip()


def _small(value: object) -> str:
    return _text(value).lower()


def _capital(value: object) -> str:
    return _text(value).upper()


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("a whole number")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false")
    return value


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Unfit('a list of texts, like ["signals"]')
    return tuple(each.strip() for each in value)


def _chats(value: object) -> tuple[ChatId, ...]:
    if not isinstance(value, list) or not all(type(each) is int for each in value):
        raise Unfit("a list of Telegram's ids, like [-1001234567890]")
    return tuple(map(ChatId, value))


def _prices(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise Unfit("a table in the smallest unit, like { GBP = 14700 }")
    try:
        return {str(currency): _whole(amount) for currency, amount in value.items()}
    except Unfit:
        raise Unfit("whole numbers in the smallest unit, like { GBP = 14700 }") from None


def _moment(value: object) -> datetime:
    """A moment; without a zone it is UTC, without a time of day the day's beginning."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise Unfit("a day or a moment, like 2027-03-01 or 2027-03-01T09:00:00Z")


Reader = Callable[[object], Any]
PLAN_FIELDS: Mapping[str, Reader] = {
    "code": _small,
    "title": _text,
    "description": _text,
    "pack": _small,
    "days": _whole,
    "months": _whole,
    "stars_subscription": _switch,
    "stripe_subscription": _switch,
    "trial_days": _whole,
    "features": _words,
    "chats": _chats,
    "prices": _prices,
    "sold_from": _moment,
    "sold_until": _moment,
    "archived": _switch,
}
CODE_FIELDS: Mapping[str, Reader] = {
    "code": _capital,
    "percent": _whole,
    "amount": _whole,
    "currency": _capital,
    "uses": _whole,
    "once_per_member": _switch,
    "member": lambda value: UserId(_whole(value)),
    "plans": _words,
    "expires": _moment,
}


# TOML


def _read_toml(text: str) -> PlansFile:
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadPlansFile([f"The file is no TOML: {error}."]) from None
    except RecursionError:
        raise BadPlansFile(["The file is no list of plans: it is nested too deeply."]) from None
    unknown = [f"The file has an unknown key {key[:40]}." for key in parsed if key not in ("plan", "code")]
    tables = {name: parsed.get(name, []) for name in ("plan", "code")}
    for name, entries in tables.items():
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            unknown.append(f"Write each {name} below a line [[{name}]].")
    if unknown:
        raise BadPlansFile(unknown)
    return PlansFile(
        [_row(f"plan {number}", each, PLAN_FIELDS) for number, each in enumerate(tables["plan"], 1)],
        [_row(f"code {number}", each, CODE_FIELDS) for number, each in enumerate(tables["code"], 1)],
    )


def _row(place: str, values: Mapping[str, object], fields: Mapping[str, Reader]) -> Row:
    row = Row(place)
    for name, value in values.items():
        if name not in fields:
            row.problems.append(f"There is no key {name[:40]}.")
            continue
        try:
            row.given[name] = fields[name](value)
        except Unfit as unfit:
            row.problems.append(f"{name} must be {unfit}.")
            row.unsure.add(name)
    if row.code:
        row.place = f"{place} ({row.code[:32]})"
    return row


# CSV


def _read_csv(text: str) -> PlansFile:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [each.strip() for each in next(rows, [])]
        lines = [(rows.line_num, cells) for cells in rows if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise BadPlansFile([f"The file is no CSV: line {rows.line_num}: {error}."]) from None
    known = {*PLAN_FIELDS} - {"prices"}
    wrong = [
        f"There is no column {each[:40] or 'without a name'}."
        for each in header
        if not _is_column(each, known)
    ]
    wrong += [f"The column {each} is there twice." for each in sorted({*header}) if header.count(each) > 1]
    if "code" not in header:
        wrong.append("There is no column code.")
    if wrong:
        raise BadPlansFile(wrong)
    return PlansFile([_line(number, header, cells) for number, cells in lines], [])


def _is_column(name: str, known: Iterable[str]) -> bool:
    return name in known or _CURRENCY.fullmatch(name) is not None


def _line(number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    place = f"line {number}"
    if len(cells) > len(header):
        problem = f"It has {len(cells)} cells, but there are {len(header)} columns."
        return Row(place, problems=[problem], unsure={*PLAN_FIELDS})
    values: dict[str, object] = {}
    prices: dict[str, object] = {}
    emptied: dict[str, Any] = {}
    for name, cell in zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=True):
        text = cell.strip()
        if _CURRENCY.fullmatch(name):
            prices |= {name: _typed_whole(text)} if text else {}
        elif name in _CELLS:
            if text:
                values[name] = _CELLS[name](text)
            else:
                emptied[name] = EMPTY.get(name)
        else:
            values[name] = text
    if any(_CURRENCY.fullmatch(name) for name in header):
        values["prices"] = prices
    row = _row(place, values, PLAN_FIELDS)
    row.given = emptied | row.given
    return row


def _typed_whole(text: str) -> object:
    return int(text) if _WHOLE.fullmatch(text) else text


def _typed_moment(text: str) -> object:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


EMPTY: Mapping[str, Any] = {
    "features": (),
    "chats": (),
    "stars_subscription": False,
    "stripe_subscription": False,
    "archived": False,
}
"""What an empty cell of a column means, where it is not nothing."""
_CELLS: Mapping[str, Callable[[str], object]] = {
    "days": _typed_whole,
    "months": _typed_whole,
    "trial_days": _typed_whole,
    "stars_subscription": lambda text: _SWITCHES.get(text.lower(), text),
    "stripe_subscription": lambda text: _SWITCHES.get(text.lower(), text),
    "archived": lambda text: _SWITCHES.get(text.lower(), text),
    "features": _split,
    "chats": lambda text: [_typed_whole(each) for each in _split(text)],
    "sold_from": _typed_moment,
    "sold_until": _typed_moment,
}
"""How the cells of columns that are no texts are read."""
