"""MarkdownV2 and the legacy Markdown parse mode (Bot API, "MarkdownV2 style", "Markdown style")."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from botyard.sandbox.markup.entity import Growing, byte_offset, unparsable

RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
MARKS = ("```", "**>", "![", "__", "||", "`", "*", "_", "~", "[")
"""What may begin an entity; the longest first."""
NAMES = {
    "*": "Bold",
    "_": "Italic",
    "__": "Underline",
    "~": "Strikethrough",
    "||": "Spoiler",
    "`": "Code",
    "```": "Pre",
    "[": "TextUrl",
    "![": "CustomEmoji",
}
KINDS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}


@dataclass
class Open:
    """An entity whose end has not come yet."""

    mark: str
    index: int
    """Where it begins in the source."""
    start: int
    """Where its text begins, in UTF-16 units."""
    first_part: int


class MarkdownV2Parser:
    """Reads one text from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out = Growing()
        self._open: list[Open] = []
        self._quote: tuple[int, bool] | None = None  # where it starts, and whether it is expandable

    def parse(self) -> Growing:
        """The text without markup, with entities. Raises `ApiError` as Telegram does."""
        while self._at < len(self._source):
            if self._at_line_start():
                self._quote_mark()
                if self._at >= len(self._source):
                    break
            self._step()
        if self._open:
            last = self._open[-1]
            where = byte_offset(self._source, last.index)
            raise unparsable(f"Can't find end of {NAMES[last.mark]} entity at byte offset {where}")
        self._end_quote()
        return self._out

    def _at_line_start(self) -> bool:
        return self._at == 0 or self._source[self._at - 1] == "\n"

    def _quote_mark(self) -> None:
        if self._source.startswith("**>", self._at):
            self._end_quote()
            self._quote = (self._out.offset, True)
            self._at += 3
        elif self._source.startswith(">", self._at):
            self._quote = self._quote or (self._out.offset, False)
            self._at += 1
        else:
            self._end_quote()

    def _end_quote(self) -> None:
        if self._quote is None:
            return
        start, expandable = self._quote
        self._quote = None
        out = self._out
        ends_with_break = bool(out.parts) and out.parts[-1] == "\n"
        out.mark("expandable_blockquote" if expandable else "blockquote", start)
        if ends_with_break and out.entities and out.entities[-1]["offset"] == start:
            out.entities[-1]["length"] -= 1

    def _step(self) -> None:
        source, at = self._source, self._at
        letter = source[at]
        if letter == "\\" and at + 1 < len(source) and "\x00" < source[at + 1] < "\x7f":
            self._out.write(source[at + 1])
            self._at += 2
        elif letter not in RESERVED:
            self._out.write(letter)
            self._at += 1
        elif self._ends_quote():
            self._at += 2
            self._end_quote()
        elif self._open and self._closes(self._open[-1].mark):
            self._close(self._open.pop())
        else:
            self._begin()

    def _ends_quote(self) -> bool:
        """`||` at the end of a line closes an expandable quote, unless it closes a spoiler."""
        if self._quote is None or not self._quote[1] or not self._source.startswith("||", self._at):
            return False
        in_spoiler = any(one.mark == "||" for one in self._open)
        return not in_spoiler and self._source[self._at + 2 : self._at + 3] in {"", "\n"}

    def _closes(self, mark: str) -> bool:
        source, at = self._source, self._at
        if mark == "_":
            return source.startswith("_", at) and not source.startswith("__", at)
        return source.startswith("]" if mark in {"[", "!["} else mark, at)

    def _begin(self) -> None:
        source, at = self._source, self._at
        mark = next((one for one in MARKS if one != "**>" and source.startswith(one, at)), None)
        if mark is None:
            raise unparsable(
                f"Character '{source[at]}' is reserved and must be escaped with the preceding '\\'"
            )
        self._at += len(mark)
        if mark in {"`", "```"}:
            self._code(mark, at)
        else:
            self._open.append(Open(mark, at, self._out.offset, len(self._out.parts)))

    def _code(self, mark: str, index: int) -> None:
        """Inside code only the closing mark and escapes count. A block's first word may name its language."""
        source, start = self._source, self._out.offset
        language = ""
        if mark == "```":
            end = self._at
            while end < len(source) and not source[end].isspace() and source[end] != "`":
                end += 1
            if end > self._at and end < len(source) and source[end] != "`":
                language = source[self._at : end]
                self._at = end
            if self._at < len(source) and source[self._at] in "\r\n":
                self._at += 1
        while self._at < len(source) and not source.startswith(mark, self._at):
            if source[self._at] == "\\" and self._at + 1 < len(source) and source[self._at + 1] < "\x7f":
                self._at += 1
            elif source[self._at] == "`":
                raise unparsable("Character '`' is reserved and must be escaped with the preceding '\\'")
            self._out.write(source[self._at])
            self._at += 1
        if self._at >= len(source):
            name = "PreCode" if language else NAMES[mark]
            raise unparsable(f"Can't find end of {name} entity at byte offset {byte_offset(source, index)}")
        self._at += len(mark)
        self._out.mark(
            "code" if mark == "`" else "pre", start, **({"language": language} if language else {})
        )

    def _close(self, opened: Open) -> None:
        if opened.mark in KINDS:
            self._at += len(opened.mark)
            self._out.mark(KINDS[opened.mark], opened.start)
            return
        self._at += 1
        address = self._address() if self._source.startswith("(", self._at) else None
        if opened.mark == "[":
            written = "".join(self._out.parts[opened.first_part :])
            self._out.link(written if address is None else address, opened.start)
        else:
            self._out.mark("custom_emoji", opened.start, custom_emoji_id=_emoji_id(address))

    def _address(self) -> str:
        source, begin = self._source, self._at
        self._at += 1
        address: list[str] = []
        while self._at < len(source) and source[self._at] != ")":
            if source[self._at] == "\\" and self._at + 1 < len(source) and source[self._at + 1] < "\x7f":
                self._at += 1
            address.append(source[self._at])
            self._at += 1
        if self._at >= len(source):
            raise unparsable(f"Can't find end of a URL at byte offset {byte_offset(source, begin)}")
        self._at += 1
        return "".join(address)


def _emoji_id(address: str | None) -> str:
    if address is None or not address.startswith("tg://emoji?"):
        raise unparsable("Custom emoji entity must contain a tg://emoji URL")
    number = parse_qs(urlsplit(address).query).get("id", [""])[0]
    if not (number.isascii() and number.isdigit()):
        raise unparsable("Invalid custom emoji identifier specified")
    return number


def parse_markdown_v2(source: str) -> Growing:
    """Text and entities of a MarkdownV2 text. Raises `ApiError` in Telegram's words."""
    return MarkdownV2Parser(source).parse()


def parse_markdown(source: str) -> Growing:
    """Text and entities of a legacy Markdown text: no nesting, no escapes inside entities."""
    out, at = Growing(), 0
    while at < len(source):
        letter = source[at]
        if letter == "\\" and source[at + 1 : at + 2] in {"_", "*", "`", "["}:
            out.write(source[at + 1])
            at += 2
        elif letter in "_*`[":
            at = _legacy_entity(source, at, out)
        else:
            out.write(letter)
            at += 1
    return out


def _legacy_entity(source: str, begin: int, out: Growing) -> int:
    opening = "```" if source.startswith("```", begin) else source[begin]
    closing = "]" if opening == "[" else opening
    end = source.find(closing, begin + len(opening))
    if end < 0:
        where = byte_offset(source, begin)
        raise unparsable(f"Can't find end of the entity starting at byte offset {where}")
    start, inner, after = out.offset, source[begin + len(opening) : end], end + len(closing)
    language = ""
    if opening == "```":
        first, line_break, rest = inner.partition("\n")
        if line_break and not any(letter.isspace() for letter in first):
            language, inner = first, rest
    out.write(inner)
    if opening != "[":
        kind = {"_": "italic", "*": "bold", "`": "code", "```": "pre"}[opening]
        out.mark(kind, start, **({"language": language} if language else {}))
    elif source.startswith("(", after) and (close := source.find(")", after)) > 0:
        out.link(source[after + 1 : close], start)
        after = close + 1
    return after
