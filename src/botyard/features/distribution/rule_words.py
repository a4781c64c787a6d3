"""How people write the parts of a rule, in chat and in the console's form."""

from __future__ import annotations

import re
from itertools import takewhile

from botyard.features.distribution.rule_content import BadRule, ButtonRows, LinkButton

NONE = "none"
"""Written in place of a value, it takes the value away."""
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,400}")
_CHAT = re.compile("@|-[0-9]")
_SWITCH = {"on": True, "yes": True, "off": False, "no": False}


def read_switch(words: str) -> bool:
    """`on` or `off`. Raises `BadRule`."""
    if words.lower() not in _SWITCH:
        raise BadRule(f"“{words}” is neither on nor off.", remedy="Write on or off.")
    return _SWITCH[words.lower()]


def read_number(words: str) -> int:
    """A whole number. Raises `BadRule`."""
    if not _WHOLE_NUMBER.fullmatch(words):
        raise BadRule(f"“{words}” is no whole number.", remedy="Write one such as 10.")
    return int(words)


def read_excluded(words: str) -> tuple[str, ...]:
    """Words and phrases, separated by commas or lines, each once."""
    if words.lower() == NONE:
        return ()
    parts = (part.strip() for part in re.split(r"[,\n]", words))
    return tuple(dict.fromkeys(part for part in parts if part))


def read_caption(words: str) -> str | None:
    """A template, or nothing."""
    return None if words.lower() == NONE or not words else words


def read_buttons(words: str) -> ButtonRows:
    """Buttons, `text | https://address`: a row a line, buttons of one row with `||` between them.

    Raises `BadRule`.
    """
    if words.lower() == NONE:
        return ()
    lines = (line for line in words.splitlines() if line.strip())
    return tuple(tuple(_read_button(each) for each in line.split("||")) for line in lines)


def read_chats(words: str) -> list[str]:
    """The chats that lines name: `-1001, @goldnews`, or one chat with its title behind it, `-1001 Gold`."""
    return [chat for line in words.splitlines() for chat in _chats_of(line)]


def written_buttons(rows: ButtonRows) -> str:
    """Buttons in the form that `read_buttons` reads."""
    return "\n".join(" || ".join(f"{each.text} | {each.url}" for each in row) for row in rows)


def _read_button(words: str) -> LinkButton:
    text, bar, url = words.rpartition("|")
    if not bar:
        raise BadRule(
            f"“{words.strip()}” is no button.", remedy="Write its text and its address: Join | https://…"
        )
    return LinkButton(text.strip(), url.strip())


def _chats_of(line: str) -> list[str]:
    parts = line.replace(",", " ").split()
    return list(takewhile(_CHAT.match, parts)) or parts[:1]
