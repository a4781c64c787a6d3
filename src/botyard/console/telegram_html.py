"""Telegram's HTML for a browser: the same look, and nothing that a page of ours must not hold."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from botyard.telegram.text import html_problem

_SAME = frozenset({"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "blockquote"})
_SCHEMES = frozenset({"http", "https", "tg", "mailto", "tel"})


def telegram_html(html: str) -> Markup:
    """What members see of a text; what Telegram would not take is shown as it was typed."""
    if html_problem(html) is not None:
        return escape(html)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Markup("").join(reader.parts)


class _Reader(HTMLParser):
    """Writes tags anew, without attributes that it does not know."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Markup] = []
        self._closing: list[Markup] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        opening, closing = _written(tag, dict(attrs))
        self.parts.append(opening)
        self._closing.append(closing)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  (the tags are balanced: it closes the last)
        if self._closing:
            self.parts.append(self._closing.pop())

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data))


def _written(tag: str, attributes: dict[str, str | None]) -> tuple[Markup, Markup]:
    if tag in _SAME:
        return Markup(f"<{tag}>"), Markup(f"</{tag}>")  # noqa: S704  (one of a few names)
    address = attributes.get("href") or ""
    if tag == "a" and _leads_somewhere(address):
        return Markup('<a href="{}" rel="noreferrer">').format(address), Markup("</a>")
    if tag in ("tg-spoiler", "span"):
        return Markup('<span class="spoiler">'), Markup("</span>")
    return Markup(), Markup()


def _leads_somewhere(address: str) -> bool:
    try:
        return urlsplit(address).scheme in _SCHEMES
    except ValueError:  # brackets that are no IPv6
        return False
