"""HTML parse mode (Bot API, "HTML style")."""

from __future__ import annotations

from dataclasses import dataclass

from botyard.sandbox.markup.entity import Growing, byte_offset, unparsable

SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
TAGS = frozenset({*SIMPLE, "a", "code", "pre", "blockquote", "tg-emoji", "tg-time"})
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
SPACES = " \t\r\n\f\v"


@dataclass
class OpenTag:
    """A tag whose end has not come yet."""

    name: str
    attributes: dict[str, str]
    start: int
    """Where its text begins, in UTF-16 units."""
    first_part: int


class HtmlParser:
    """Reads one text from left to right. Errors have Telegram's words and UTF-8 byte offsets."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out = Growing()
        self._open: list[OpenTag] = []

    def parse(self) -> Growing:
        """The text without tags, with entities. Raises `ApiError` as Telegram does."""
        source = self._source
        while self._at < len(source):
            letter = source[self._at]
            if letter == "&" and (decoded := self._character_reference()):
                self._out.write(decoded)
            elif letter != "<":
                self._out.write(letter)
                self._at += 1
            elif source.startswith("</", self._at):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return self._out

    def _character_reference(self) -> str | None:
        """Decodes `&lt;`, `&#60;` or `&#x3c;` here and steps over it; None if it is plain text."""
        source, begin = self._source, self._at + 1
        end = begin
        if source.startswith("#", begin):
            base = 16 if source[begin + 1 : begin + 2] == "x" else 10
            digits_from = end = begin + (2 if base == 16 else 1)
            allowed = "0123456789abcdefABCDEF" if base == 16 else "0123456789"
            while end < len(source) and source[end] in allowed:
                end += 1
            digits = source[digits_from:end]
            code = int(digits, base) if digits and end - self._at < 10 else 0
            if not 0 < code < 0x10FFFF:
                return None
            if 0xD800 <= code <= 0xDFFF:
                raise unparsable(
                    "Text contains invalid Unicode characters after decoding HTML entities, "
                    "check for unmatched surrogate code units"
                )
            decoded = chr(code)
        else:
            while end < len(source) and source[end].isascii() and source[end].isalpha():
                end += 1
            named = NAMED.get(source[begin:end])
            if named is None:
                return None
            decoded = named
        self._at = end + (1 if source.startswith(";", end) else 0)
        return decoded

    def _start_tag(self) -> None:
        source, begin = self._source, self._at
        self._at += 1
        name = self._until(SPACES + ">").lower()
        if self._at == len(source):
            raise self._error("Unclosed start tag", begin)
        if name not in TAGS:
            raise self._error(f'Unsupported start tag "{name}"', begin)
        attributes: dict[str, str] = {}
        while True:
            self._skip_spaces()
            if self._at == len(source):
                raise self._error("Unclosed start tag", begin)
            if source[self._at] == ">":
                break
            key, value = self._attribute(name, begin)
            attributes[key] = value
        self._at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        self._open.append(OpenTag(name, attributes, self._out.offset, len(self._out.parts)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        source = self._source
        key = self._until(SPACES + "=>" if tag == "blockquote" else SPACES + "=")
        if not key:
            raise self._error(f'Empty attribute name in the tag "{tag}"', begin)
        self._skip_spaces()
        if not source.startswith("=", self._at):
            if tag == "blockquote":  # `expandable` has no value
                return key.lower(), ""
            raise self._error(f'Expected equal sign in declaration of an attribute of the tag "{tag}"', begin)
        self._at += 1
        self._skip_spaces()
        if self._at == len(source):
            raise self._error(f'Unclosed start tag "{tag}"', begin)
        value = self._quoted() if source[self._at] in "\"'" else self._name_token()
        if self._at == len(source):
            raise self._error("Unclosed start tag", begin)
        return key.lower(), value

    def _quoted(self) -> str:
        quote = self._source[self._at]
        self._at += 1
        value: list[str] = []
        while self._at < len(self._source) and self._source[self._at] != quote:
            if self._source[self._at] == "&" and (decoded := self._character_reference()):
                value.append(decoded)
            else:
                value.append(self._source[self._at])
                self._at += 1
        self._at = min(self._at + 1, len(self._source))
        return "".join(value)

    def _name_token(self) -> str:
        begin = self._at
        while self._at < len(self._source) and (
            self._source[self._at].isalnum() or self._source[self._at] in ".-"
        ):
            self._at += 1
        if self._at < len(self._source) and self._source[self._at] not in SPACES + ">":
            raise self._error("Unexpected end of name token", begin)
        return self._source[begin : self._at].lower()

    def _end_tag(self) -> None:
        source, begin = self._source, self._at
        if not self._open:
            raise self._error("Unexpected end tag", begin)
        self._at += 2
        name = self._until(SPACES + ">").lower()
        self._skip_spaces()
        if not source.startswith(">", self._at):
            raise self._error("Unclosed end tag", begin)
        tag = self._open.pop()
        if name and name != tag.name:
            where = f"at byte offset {byte_offset(source, begin)}"
            raise unparsable(f'Unmatched end tag {where}, expected "</{tag.name}>", found "</{name}>"')
        self._at += 1
        self._mark(tag)

    def _mark(self, tag: OpenTag) -> None:
        out, attributes = self._out, tag.attributes
        match tag.name:
            case "a":
                out.link(attributes.get("href") or "".join(out.parts[tag.first_part :]), tag.start)
            case "tg-emoji":
                emoji = attributes.get("emoji-id", "")
                if not (emoji.isascii() and emoji.isdigit() and int(emoji)):
                    raise unparsable("Invalid custom emoji identifier specified")
                out.mark("custom_emoji", tag.start, custom_emoji_id=emoji)
            case "tg-time":
                moment = attributes.get("unix", "")
                if not (moment.isascii() and moment.isdigit()):
                    raise unparsable("Invalid Unix time specified")
                shape = {"date_time_format": attributes["format"]} if attributes.get("format") else {}
                out.mark("date_time", tag.start, unix_time=int(moment), **shape)
            case "blockquote":
                out.mark("expandable_blockquote" if "expandable" in attributes else "blockquote", tag.start)
            case "pre" | "code":
                self._mark_code(tag)
            case simple:
                out.mark(SIMPLE[simple], tag.start)

    def _mark_code(self, tag: OpenTag) -> None:
        """`<pre>` directly around `<code class="language-x">` (or the other way round) is one block."""
        out = self._out
        language = tag.attributes.get("class", "").removeprefix("language-")
        here = (tag.start, out.offset - tag.start)
        last = out.entities[-1] if out.entities else None
        if last and (last["offset"], last["length"]) == here and last["type"] in {"pre", "code"} - {tag.name}:
            known = language or last.pop("_language", "")
            if known:
                last.update({"type": "pre", "language": known})
                return
        out.mark(tag.name, tag.start, **({"_language": language} if language and tag.name == "code" else {}))

    def _until(self, stops: str) -> str:
        begin = self._at
        while self._at < len(self._source) and self._source[self._at] not in stops:
            self._at += 1
        return self._source[begin : self._at]

    def _skip_spaces(self) -> None:
        while self._at < len(self._source) and self._source[self._at] in SPACES:
            self._at += 1

    def _error(self, reason: str, index: int) -> Exception:
        return unparsable(f"{reason} at byte offset {byte_offset(self._source, index)}")


def parse_html(source: str) -> Growing:
    """Text and entities of an HTML text. Raises `ApiError` in Telegram's words."""
    grown = HtmlParser(source).parse()
    for entity in grown.entities:
        entity.pop("_language", None)
    return grown
