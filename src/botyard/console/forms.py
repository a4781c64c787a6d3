"""Posted forms: read within limits, with what is wrong noted at each field, to be shown again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal, TypeVar, overload

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from botyard.console.layout import Refusal

MIB = 1024 * 1024
MOST_BODY = 4 * MIB
"""Bytes of a whole form with its files, unless a page says otherwise."""
MOST_FILES = 10
TICKED = "on"
"""What browsers send for a ticked box without a value of its own."""

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")
Fillable = str | int | Iterable[str] | Iterable[int] | None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form: the name that it has at the sender's, and its bytes."""

    name: str
    content: bytes


class Form:
    """What a form holds, and in `errors`, by field, what is wrong with it; "" is the form as a whole.

    A method that reads a field notes what is wrong and then returns a stand-in of the right type. So read
    every field, then look at `errors`, and only without any use what was read.
    """

    def __init__(
        self, typed: Mapping[str, Sequence[str]] | None = None, uploads: Mapping[str, Upload] | None = None
    ) -> None:
        self._typed = typed or {}
        self._uploads = uploads or {}
        self.errors: dict[str, str] = {}

    @classmethod
    def filled(cls, **values: Fillable) -> Form:
        """A form to show for the first time. True ticks a box, several values tick several, None is empty.

        A moment goes in as `as_typed` writes it.
        """
        typed: dict[str, list[str]] = {}
        for name, value in values.items():
            if value is None or value is False:
                continue
            if value is True:
                typed[name] = [TICKED]
            elif isinstance(value, str | int):
                typed[name] = [str(value)]
            else:
                typed[name] = [str(each) for each in value]
        return cls(typed)

    def typed(self, name: str) -> str:
        """What stands in the field, as it was typed: for showing it again. Empty if it did not come."""
        return next(iter(self._typed.get(name, ())), "")

    def typed_all(self, name: str) -> Sequence[str]:
        """All values of a field that may have several."""
        return self._typed.get(name, ())

    def error(self, name: str) -> str:
        """What is wrong with the field; empty if nothing is."""
        return self.errors.get(name, "")

    def refuse(self, name: str, why: str) -> None:
        """Notes what is wrong with a field, in a sentence. The first reason for a field stands."""
        self.errors.setdefault(name, why)

    def text(self, name: str, *, most: int, required: bool = True, multiline: bool = False) -> str:
        """Text of at most so many characters, without the white space around it; lines end with "\\n"."""
        text = self.typed(name).replace("\r\n", "\n").replace("\r", "\n").strip()
        if not text:
            if required:
                self.refuse(name, "Fill this in.")
        elif len(text) > most:
            self.refuse(name, f"At most {most:,} characters. This has {len(text):,}.")
        elif any(_is_unfit(character) for character in text.replace("\n", "") if character != "\t"):
            # PostgreSQL keeps no NUL, and no encoding a lone surrogate.
            self.refuse(name, "This holds characters that cannot be shown. Type it by hand.")
        elif "\n" in text and not multiline:
            self.refuse(name, "This must be one line.")
        return "" if name in self.errors else text

    @overload
    def integer(self, name: str, *, least: int, most: int) -> int: ...
    @overload
    def integer(self, name: str, *, least: int, most: int, required: Literal[False]) -> int | None: ...
    def integer(self, name: str, *, least: int, most: int, required: bool = True) -> int | None:
        """A whole number within bounds; None for an empty field that is not required."""
        typed = self.typed(name).strip()
        if not typed and not required:
            return None
        number = int(typed) if _WHOLE_NUMBER.fullmatch(typed) else None
        if number is not None and least <= number <= most:
            return number
        self.refuse(name, f"Give a whole number from {least:,} to {most:,}.")
        return least

    def flag(self, name: str) -> bool:
        """Whether the box is ticked. Browsers send nothing for one that is not, so it is never wrong."""
        return self.typed(name) != ""

    def choice(self, name: str, options: Iterable[T]) -> T:
        """The chosen one of the options, as `str` writes them. There must be at least one."""
        known = {str(option): option for option in options}
        typed = self.typed(name)
        if typed not in known:
            self.refuse(name, "Choose one of these.")
            return next(iter(known.values()))
        return known[typed]

    def choices(self, name: str, options: Iterable[T], *, least: int = 0) -> list[T]:
        """The chosen ones in the order of the options, each once."""
        known = {str(option): option for option in options}
        typed = set(self.typed_all(name))
        if typed - known.keys():
            self.refuse(name, "Some of these are gone. Choose again.")
        elif len(typed) < least:
            self.refuse(name, "Choose at least one." if least == 1 else f"Choose at least {least}.")
        return [option for text, option in known.items() if text in typed]

    @overload
    def moment(self, name: str, zone: tzinfo) -> datetime: ...
    @overload
    def moment(self, name: str, zone: tzinfo, *, required: Literal[False]) -> datetime | None: ...
    def moment(self, name: str, zone: tzinfo, *, required: bool = True) -> datetime | None:
        """A date and time of day on the clocks of `zone`, in UTC; the earlier where clocks show it twice."""
        typed = self.typed(name).strip()
        if not typed and not required:
            return None
        try:
            local = datetime.fromisoformat(typed)
            moment = local.replace(tzinfo=zone).astimezone(UTC)
            there = moment.astimezone(zone).replace(tzinfo=None)
        except (ValueError, OverflowError):
            self.refuse(name, "Give a date and a time.")
            return _EPOCH
        if local.tzinfo is not None:
            self.refuse(name, "Give a date and a time, without a zone.")
            return _EPOCH
        if there != local:
            self.refuse(name, "The clocks skip this time on that day. Give another.")
            return _EPOCH
        return moment

    @overload
    def upload(self, name: str, *, most: int) -> Upload: ...
    @overload
    def upload(self, name: str, *, most: int, required: Literal[False]) -> Upload | None: ...
    def upload(self, name: str, *, most: int, required: bool = True) -> Upload | None:
        """A file of at most so many bytes, which must be fewer than the whole form may have."""
        upload = self._uploads.get(name)
        if upload is None:
            if not required:
                return None
            self.refuse(name, "Choose a file.")
        elif not upload.content:
            self.refuse(name, "This file is empty.")
        elif len(upload.content) > most:
            self.refuse(name, f"This file is larger than {shown_size(most)}.")
        else:
            return upload
        return Upload("", b"")


async def read_form(request: Request, *, most: int = MOST_BODY) -> Form:
    """The form that a browser posted. Raises a 413 for more than `most` bytes, a 400 for a broken one."""
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > most:
            raise Refusal(
                413,
                f"This is more than {shown_size(most)}.",
                what_next="Go back and send less, or a smaller file.",
            )
        return message

    typed: dict[str, list[str]] = {}
    uploads: dict[str, Upload] = {}
    limited = Request(request.scope, receive)
    async with limited.form(max_files=MOST_FILES, max_part_size=most) as posted:
        for name, value in posted.multi_items():
            if not isinstance(value, UploadFile):
                typed.setdefault(name, []).append(value)
            elif value.filename:  # browsers send a nameless one where no file was chosen
                uploads[name] = Upload(value.filename, await value.read())
    return Form(typed, uploads)


def as_typed(moment: datetime, zone: tzinfo) -> str:
    """A moment as a field for date and time holds it: on the clocks of `zone`, to the minute."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")


def shown_size(size: int) -> str:
    """So many bytes in words: `512 KB`, `4 MB`."""
    return f"{size / MIB:.3g} MB" if size >= MIB else f"{size / 1024:.3g} KB"


def _is_unfit(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")
