"""A guide as an admin writes it into the chat: lines such as `title: ...`, with as few of them as will do."""

from __future__ import annotations

import re
from collections.abc import Collection

from botyard.features.guides.service.drafts import FIELDS, TITLE_LIMIT
from botyard.telegram.content import Content

_ALIASES = {"link": "url", "text": "body", "about": "description", "level": "difficulty"}
_EDIT_ALIASES = {**_ALIASES, "order": "position", "place": "position"}
_LINE = re.compile(rf"\s*({'|'.join((*FIELDS, *_ALIASES))})\s*:[ \t]*", re.IGNORECASE)


def field_named(word: str) -> str:
    """The field that somebody means who wants to change it; the word itself where it is no field's name."""
    return _EDIT_ALIASES.get(word.lower(), word.lower())


def is_answer(text: str, settled: Collection[str]) -> bool:
    """Whether a message can be lines of a guide, and is not a post that came in between.

    It names a field, or it is one lone line: an address, or a title that is still asked for.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(map(_LINE.match, lines)):
        return True
    if len(lines) != 1:
        return False
    if lines[0].startswith("https://"):
        return not {"url", "body"} & set(settled)
    return len(lines[0]) <= TITLE_LIMIT and "title" not in settled


def read_lines(content: Content) -> dict[str, str]:
    """The fields that a message has. What follows `body:` is the text to its end, with its formatting.

    A line without a name that is an address is the url; the first other one is the title.
    """
    fields: dict[str, str] = {}
    current = ""
    place = 0
    for line in content.text.splitlines(keepends=True):
        named = _LINE.match(line)
        name = _ALIASES.get(named[1].lower(), named[1].lower()) if named else ""
        if named and name == "body":
            fields["body"] = content.without_first(place + named.end()).html
            break
        if named:
            current, fields[name] = name, line[named.end() :].strip()
        elif line.startswith("https://") and "url" not in fields:
            fields["url"] = line.strip()
        elif line.strip() or current:
            current = current or ("description" if "title" in fields else "title")
            fields[current] = f"{fields.get(current, '')}\n{line.strip()}".strip()
        if current == "title" and fields.get("title"):
            current = ""  # a title has one line
        place += len(line)
    return fields
