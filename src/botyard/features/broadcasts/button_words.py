"""Buttons in words: a line is a row, `||` stands between the buttons of one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from botyard.features.broadcasts.message import ButtonKind, MessageButton
from botyard.features.broadcasts.service.drafts import BadBroadcast

Rows = tuple[tuple[MessageButton, ...], ...]

MOST_BUTTONS = 24
MOST_IN_ROW = 8
"""Telegram shows no more in one row."""
LONGEST_TEXT = 64
LONGEST_ANSWER = 200
"""Of what a press is answered with (Bot API, answerCallbackQuery)."""
LONGEST_URL = 2048
NONE = ("-", "none")
"""What says that there are to be no buttons."""
THANKS = "Thank you!"

FORM = "Write it like: Join | https://example.com, or: Interested | press | Thanks"

_KINDS = {
    "link": ButtonKind.LINK,
    "tracked": ButtonKind.TRACKED,
    "press": ButtonKind.PRESS,
    "app": ButtonKind.MINI_APP,
}
_WORDS: Mapping[ButtonKind, str] = {kind: word for word, kind in _KINDS.items()}


def read(text: str) -> Rows:
    """The buttons, a row for each line; `-` is none. Raises `BadBroadcast`, which names the line.

    `Join | https://example.com` opens an address, `Join | tracked | https://example.com` counts who does,
    `Interested | press | Thanks` is answered, `Open | app | https://example.com` opens a Mini App.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and lines[0].lower() in NONE:
        return ()
    rows = tuple(_row(line) for line in lines)
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise BadBroadcast(f"These are {sum(map(len, rows))} buttons.", remedy=f"At most {MOST_BUTTONS} go.")
    return rows


def written(rows: Rows) -> str:
    """The same lines again."""
    return "\n".join(" || ".join(map(_one, row)) for row in rows) or NONE[0]


def _row(line: str) -> tuple[MessageButton, ...]:
    row = tuple(_button(each.strip(), line) for each in line.split("||"))
    if len(row) > MOST_IN_ROW:
        raise _wrong(line, f"a row has at most {MOST_IN_ROW} buttons.")
    return row


def _button(words: str, line: str) -> MessageButton:
    text, *rest = (part.strip() for part in words.split("|", 2))
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise _wrong(line, f"a button says something, in at most {LONGEST_TEXT} characters.")
    match rest:
        case [url] if url.lower() not in _KINDS:
            kind, target = ButtonKind.LINK, url
        case [word, *more] if word.lower() in _KINDS:
            kind, target = _KINDS[word.lower()], more[0] if more else ""
        case _:
            raise _wrong(line, "it does not say what the button does.")
    if kind is ButtonKind.PRESS:
        target = target or THANKS
        if len(target) > LONGEST_ANSWER:
            raise _wrong(line, f"an answer has at most {LONGEST_ANSWER} characters.")
    elif not _is_address(target, ("https",) if kind is ButtonKind.MINI_APP else ("https", "http")):
        raise _wrong(line, f"'{target[:40]}' is no address that it could open.")
    return MessageButton(text, kind, target)


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that are no IPv6
        return False
    is_plain = len(url) <= LONGEST_URL and url.isprintable() and " " not in url and "|" not in url
    return is_plain and parts.scheme in schemes and "." in (parts.hostname or "")


def _one(each: MessageButton) -> str:
    if each.kind is ButtonKind.LINK:
        return f"{each.text} | {each.target}"
    return f"{each.text} | {_WORDS[each.kind]} | {each.target}"


def _wrong(line: str, problem: str) -> BadBroadcast:
    return BadBroadcast(f"In the line '{line[:60]}': {problem}", remedy=FORM)
