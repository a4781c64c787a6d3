"""Texts in Telegram's HTML: escaping, measuring, cutting (Bot API, HTML style)."""

from __future__ import annotations

import html as html_entities
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

TEXT_LIMIT = 4096
"""Of a message's text, after entities."""
CAPTION_LIMIT = 1024
"""Of a caption, after entities."""
CALLBACK_DATA_LIMIT = 64
"""Of a button's data, in bytes of UTF-8."""

TAGS = frozenset(
    {
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "code",
        "pre",
        "blockquote",
        "a",
        "tg-spoiler",
    }
)
"""What Telegram's HTML knows, besides those that need an attribute."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*)(?:\s(?:[^<>"']|"[^"]*"|'[^']*')*)?/?>""")
_VALUE = r"""(?:"[^"<>]*"|'[^'<>]*'|[a-z0-9.-]+)"""
_WRITTEN_WELL = re.compile(
    rf"<(?:[a-z-]+(?:\s+[a-z-]+={_VALUE})*\s*|blockquote\s+expandable\s*)>", re.IGNORECASE
)
_NEEDS = {
    "span": re.compile("""class=(["'])tg-spoiler\\1"""),
    "tg-emoji": re.compile("""emoji-id=(["'])[1-9][0-9]*\\1"""),
    "tg-time": re.compile("""unix=(["'])[0-9]+\\1"""),
}
"""What stands in those tags."""
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_STRAY = "A < that begins no tag is written &lt;."
_BREAKS = (re.compile(r"\n\n+"), re.compile(r"\n"), re.compile(r"(?<=[.!?…])\s"), re.compile(r"\s"))
"""Where a text may be cut, best first: between paragraphs, lines, sentences, words."""
_GAP = re.compile(r"\s*\n|\s+")
"""What goes at a cut: white space, but not the indentation of the next line."""


def escape(value: object) -> str:
    """The value as text that Telegram's HTML shows as it is, also inside a quoted attribute."""
    return str(value).translate(_ESCAPES)


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units, as Telegram counts."""
    return len(text) if text.isascii() else len(text) + sum(map("\uffff".__lt__, text))


def visible_length(html: str) -> int:
    """The length of what people see, in UTF-16 code units: without tags, each entity as its character."""
    return utf16_length(_parse(html).text)


def html_problem(html: str) -> str | None:
    """What Telegram would not take in this HTML, in a sentence; None if it is well-formed."""
    is_open: list[str] = []
    end = 0
    for match in _TAG.finditer(html):
        if "<" in html[end : match.start()]:
            return _STRAY
        end, name = match.end(), match[2].lower()
        if name not in TAGS and name not in _NEEDS:
            return f"Telegram has no <{name}>."
        if match[1]:
            if not is_open or is_open.pop() != name:
                return f"</{name}> closes what is not open there."
        elif not _WRITTEN_WELL.fullmatch(match[0]) or not _NEEDS.get(name, _TAG).search(match[0]):
            return f"{match[0][:60]} is not written as Telegram wants it."
        else:
            is_open.append(name)
    if "<" in html[end:]:
        return _STRAY
    return f"<{is_open[-1]}> is never closed." if is_open else None


def split_html(html: str, limit: int = TEXT_LIMIT) -> list[str]:
    """The text in parts of at most `limit` (2 or more) UTF-16 units each, none of them blank.

    It is cut between paragraphs, else lines, sentences or words, else anywhere; white space at a cut goes.
    Tags open at a cut are closed before it and opened again after it. Blank HTML gives no part.
    """
    if limit < 2:
        raise ValueError("a part must have room for one character, which may be two units long")
    parsed = _parse(html)
    ranges = list(_cut(parsed.text, limit))
    if ranges == [(0, len(parsed.text))]:
        return [html]
    return list(_render(parsed, ranges))


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag, and how many visible characters stand before it."""

    position: int
    source: str
    name: str
    closes: bool


@dataclass(frozen=True, slots=True)
class _Parsed:
    """HTML taken apart: the visible text, how each of its characters is written, the tags between them."""

    text: str
    sources: list[str]
    tags: list[_Tag]


def _parse(html: str) -> _Parsed:
    sources: list[str] = []
    tags: list[_Tag] = []
    end = 0
    for match in _TAG.finditer(html):
        sources += _characters(html[end : match.start()])
        tags.append(_Tag(len(sources), match[0], match[2].lower(), closes=bool(match[1])))
        end = match.end()
    sources += _characters(html[end:])
    return _Parsed("".join(map(_shown, sources)), sources, tags)


def _characters(html: str) -> Iterator[str]:
    """The source of each visible character: itself, or the entity that stands for it."""
    end = 0
    for match in _ENTITY.finditer(html):
        yield from html[end : match.start()]
        yield match[0]
        end = match.end()
    yield from html[end:]


def _shown(source: str) -> str:
    """The one character that is seen for a source."""
    shown = html_entities.unescape(source) if len(source) > 1 else source
    return shown if len(shown) == 1 else "\ufffd"


def _cut(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """The ranges of the text that become parts."""
    units = list(accumulate((2 if letter > "\uffff" else 1 for letter in text), initial=0))
    start = 0
    while start < len(text):
        furthest = bisect_right(units, units[start] + limit) - 1
        end, after = (furthest, furthest) if furthest == len(text) else _best_break(text, start, furthest)
        if text[start:end].strip():
            yield start, end
        start = after


def _best_break(text: str, start: int, furthest: int) -> tuple[int, int]:
    """Where a part ends and where the next one starts.

    A better kind of place counts only in the later half of the window, or parts would be small.
    """
    half = (start + furthest) // 2
    for kind, earliest in [*((kind, half) for kind in _BREAKS), (_BREAKS[-1], start)]:
        places = [found.start() for found in kind.finditer(text, earliest, furthest + 1)]
        if places:
            gap = _GAP.match(text, places[-1])
            return _without_space(text, start, places[-1]), gap.end() if gap else places[-1]
    return furthest, furthest


def _without_space(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _render(parsed: _Parsed, ranges: list[tuple[int, int]]) -> Iterator[str]:
    """Each range as HTML of its own."""
    tags = deque(parsed.tags)
    is_open: list[_Tag] = []
    for start, end in ranges:
        for tag in _up_to(tags, start):
            _follow(is_open, tag)
        written = [tag.source for tag in is_open]
        position = start
        for tag in _up_to(tags, end):
            written += parsed.sources[position : tag.position]
            position = tag.position
            if _follow(is_open, tag):
                written.append(tag.source)
        written += parsed.sources[position:end]
        written += (f"</{tag.name}>" for tag in reversed(is_open))
        yield "".join(written)


def _up_to(tags: deque[_Tag], position: int) -> Iterator[_Tag]:
    """Takes the tags before a position; at the position itself those that close: they end what was before."""
    while tags and (tags[0].position < position or (tags[0].position == position and tags[0].closes)):
        yield tags.popleft()


def _follow(is_open: list[_Tag], tag: _Tag) -> bool:
    """Keeps account of the open tags. False for a tag that closes what is not open: nobody must see it."""
    if not tag.closes:
        is_open.append(tag)
        return True
    if is_open and is_open[-1].name == tag.name:
        is_open.pop()
        return True
    return False
