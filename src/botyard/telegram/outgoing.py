"""What Telegram would refuse of a call, known before it is made: texts, captions, buttons, who pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from botyard.telegram.methods import takes_paid_broadcast
from botyard.telegram.text import (
    CALLBACK_DATA_LIMIT,
    CAPTION_LIMIT,
    TEXT_LIMIT,
    html_problem,
    utf16_length,
    visible_length,
)

_TEXT_LIMITS = {
    "sendMessage": TEXT_LIMIT,
    "sendMessageDraft": TEXT_LIMIT,
    "editMessageText": TEXT_LIMIT,
    "editEphemeralMessageText": TEXT_LIMIT,
    "answerCallbackQuery": 200,
}
"""Of the methods that have a text (Bot API)."""


class _Text(NamedTuple):
    """A text as a call has it, and how long it may be."""

    name: str
    text: str
    parse_mode: str
    limit: int


def problem_in(method: str, params: Mapping[str, Any], *, paid: bool = False) -> str | None:
    """Why Telegram would not take this call, in a sentence; None as far as is known.

    `paid`: it is meant to be one of a paid broadcast. Markdown is Telegram's to judge.
    """
    for text in _texts(method, params):
        problem = _text_problem(text)
        if problem:
            return problem
    return _button_problem(params.get("reply_markup")) or _paid_problem(method, params, paid=paid)


def _texts(method: str, params: Mapping[str, Any]) -> Iterator[_Text]:
    limit = _TEXT_LIMITS.get(method)
    if limit is not None:
        yield from _text(params, "text", limit)
    yield from _text(params, "caption", CAPTION_LIMIT)
    media = params.get("media")
    for each in media if isinstance(media, list | tuple) else [media]:
        if isinstance(each, Mapping):
            yield from _text(each, "caption", CAPTION_LIMIT)


def _text(holder: Mapping[str, Any], name: str, limit: int) -> Iterator[_Text]:
    text = holder.get(name)
    if isinstance(text, str):
        yield _Text(name, text, str(holder.get("parse_mode") or "").lower(), limit)


@lru_cache(maxsize=256)
def _text_problem(text: _Text) -> str | None:
    """Remembered: a broadcast asks it of one text again and again."""
    if text.parse_mode not in ("", "html"):
        return None
    is_html = text.parse_mode == "html"
    problem = html_problem(text.text) if is_html else None
    if problem:
        return f"The {text.name} is not well-formed: {problem}"
    length = utf16_length(text.text)
    if length > text.limit and is_html:  # formatting and entities only make it longer
        length = visible_length(text.text)
    if length > text.limit:
        return f"The {text.name} is too long: {length} characters, Telegram takes {text.limit}."
    return None


def _button_problem(markup: Any) -> str | None:
    rows = markup.get("inline_keyboard") if isinstance(markup, Mapping) else None
    for button in _buttons(rows):
        data = button.get("callback_data")
        if isinstance(data, str) and len(data.encode(errors="replace")) > CALLBACK_DATA_LIMIT:
            return (
                f"The button '{button.get('text')}' carries more than the {CALLBACK_DATA_LIMIT} bytes that "
                "Telegram takes."
            )
    return None


def _buttons(rows: Any) -> Iterator[Mapping[str, Any]]:
    for row in rows if isinstance(rows, Sequence) else ():
        for button in row if isinstance(row, Sequence) else ():
            if isinstance(button, Mapping):
                yield button


def _paid_problem(method: str, params: Mapping[str, Any], *, paid: bool) -> str | None:
    is_paid = params.get("allow_paid_broadcast") is True
    if is_paid != paid:
        return "A call is paid for if, and only if, it is one of a paid broadcast."
    if paid and not takes_paid_broadcast(method):
        return f"{method} can't be paid for."
    return None
