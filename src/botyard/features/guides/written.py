"""A guide as an admin writes it into the chat: lines such as `title: ...`, with as few of them as will do."""

from __future__ import annotations

import re

from botyard.features.guides.service.drafts import FIELDS
from botyard.telegram.content import Content

_ALIASES = {"link": "url", "text": "body", "about": "description", "level": "difficulty"}
_LINE = re.compile(rf"\s*({'|'.join((*FIELDS, *_ALIASES))})\s*:[ \t]*", re.IGNORECASE)


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
