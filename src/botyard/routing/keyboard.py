"""Buttons under a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botyard.errors import BotyardError
from botyard.telegram.text import CALLBACK_DATA_LIMIT


class ButtonDataTooLong(BotyardError):
    """Callback data over Telegram's 64 bytes (Bot API, InlineKeyboardButton)."""


@dataclass(frozen=True, slots=True)
class Press:
    """A button that comes back to the bot with `data`."""

    text: str
    data: str


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens an address."""

    text: str
    url: str


Rows = Sequence[Sequence[Press | Link]]


@dataclass(frozen=True, slots=True)
class Screen:
    """What a message that edits itself shows: HTML, and buttons."""

    html: str
    buttons: Rows = ()


def inline_keyboard(rows: Rows) -> dict[str, Any]:
    """The keyboard as the Bot API wants it. Raises `ButtonDataTooLong`."""
    return {"inline_keyboard": [[_button(each) for each in row] for row in rows]}


def _button(each: Press | Link) -> dict[str, str]:
    if isinstance(each, Link):
        return {"text": each.text, "url": each.url}
    if len(each.data.encode()) > CALLBACK_DATA_LIMIT:
        raise ButtonDataTooLong(
            f"the button {each.text!r} carries {len(each.data.encode())} bytes.",
            remedy=f"Telegram takes {CALLBACK_DATA_LIMIT}: keep an id, look the rest up.",
        )
    return {"text": each.text, "callback_data": each.data}


def is_row_number(word: str) -> bool:
    """Whether a word of callback data can be the number of a row: whoever forges it may write anything."""
    return word.isascii() and word.isdecimal() and len(word) <= 18
