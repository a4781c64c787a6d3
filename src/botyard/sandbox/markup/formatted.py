"""From what a bot or a user wrote to the text and entities of a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from botyard.sandbox.errors import bad_request
from botyard.sandbox.markup.detection import detect
from botyard.sandbox.markup.entity import Entity, Growing, checked_url, mentioned_user, sort_key, utf16_length
from botyard.sandbox.markup.html import parse_html
from botyard.sandbox.markup.markdown import parse_markdown, parse_markdown_v2

PARSERS: dict[str, Callable[[str], Growing]] = {
    "html": parse_html,
    "markdown": parse_markdown,
    "markdownv2": parse_markdown_v2,
}
GIVEN = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    }
)
"""Entities that a sender may give; all others Telegram finds by itself, and ignores when given."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
SPACES = " \t\n"


@dataclass(frozen=True)
class FormattedText:
    """A text and its entities, offsets in UTF-16 units."""

    text: str
    entities: list[Entity]


def clean(text: str) -> str:
    """A string as Telegram takes it: control characters become spaces, carriage returns vanish.

    Raises `ApiError` for lone surrogates, which are no UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise bad_request("strings must be encoded in UTF-8") from error
    return CONTROLS.sub(" ", text.replace("\r", ""))


def plain(text: str) -> FormattedText:
    """A text without markup, with what Telegram finds in it."""
    return _finished(text, [])


def from_markup(text: str, parse_mode: str) -> FormattedText:
    """A text written in one of the parse modes. Raises `ApiError` in Telegram's words."""
    parse = PARSERS.get(parse_mode.lower())
    if parse is None:
        raise bad_request("unsupported parse_mode")
    grown = parse(text)
    return _finished(grown.text, grown.entities)


def from_entities(text: str, entities: list[Entity]) -> FormattedText:
    """A text with entities given as JSON. Raises `ApiError` for those that do not fit."""
    length = utf16_length(text)
    kept = [_checked(entity, length) for entity in entities if entity.get("type") in GIVEN]
    return _finished(text, [entity for entity in kept if entity["length"]])


def _checked(entity: Entity, length: int) -> Entity:
    start, size = entity["offset"], entity["length"]
    if start < 0 or size < 0:
        raise bad_request("entity offset and length must be non-negative")
    if start > length or start + size > length:
        raise bad_request(f"entity begins after the end of the text: offset {start}, length {size}")
    if entity["type"] == "text_link":
        if (user_id := mentioned_user(entity.get("url") or "")) is not None:
            return {"type": "text_mention", "offset": start, "length": size, "user": {"id": user_id}}
        url = checked_url(entity.get("url") or "")
        if url is None:
            raise bad_request(f"entity URL '{entity.get('url') or ''}' is invalid: Wrong HTTP URL")
        return entity | {"url": url}
    return dict(entity)


def _finished(text: str, entities: list[Entity]) -> FormattedText:
    """Cuts spaces off both ends, moves the entities along, adds what Telegram finds, and sorts."""
    trimmed = text.strip(SPACES)
    cut = len(text) - len(text.lstrip(SPACES))
    end = utf16_length(trimmed)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - cut, 0)
        stop = min(entity["offset"] + entity["length"] - cut, end)
        if stop > start:
            kept.append(entity | {"offset": start, "length": stop - start})
    kept += detect(trimmed, kept)
    return FormattedText(trimmed, sorted(_without_repeats(kept), key=sort_key))


def _without_repeats(entities: list[Entity]) -> list[Entity]:
    seen: set[tuple[str, int, int]] = set()
    kept = []
    for entity in entities:
        key = (entity["type"], entity["offset"], entity["length"])
        if key not in seen:
            seen.add(key)
            kept.append(entity)
    return kept
