"""Whether a text is the HTML that Telegram takes: else its first reader would find out."""

from __future__ import annotations

from html.parser import HTMLParser

TAGS = frozenset(
    "b strong i em u ins s strike del code pre a blockquote tg-spoiler span tg-emoji".split()  # noqa: SIM905
)
ENTITIES = frozenset({"lt", "gt", "amp", "quot"})
"""Bot API, "HTML style"."""


def problem_of(html: str) -> str | None:
    """What is wrong with the HTML, as the end of a sentence about it; None if it is fine."""
    checker = _Checker()
    checker.feed(html)
    checker.close()
    if checker.problem is None and checker.is_open:
        return f"has a <{checker.is_open[-1]}> that is never closed"
    if checker.problem is None and not checker.has_text:
        return "has tags, but no text"
    return checker.problem


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.is_open: list[str] = []
        self.problem: str | None = None
        self.has_text = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self._note(f"has a <{tag}>, which Telegram does not know (write &lt; for a plain <)")
        if tag == "a" and not dict(attrs).get("href"):
            self._note("has an <a> without href")
        if tag == "span" and dict(attrs).get("class") != "tg-spoiler":
            self._note('has a <span> that is not <span class="tg-spoiler">')
        self.is_open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._note(f"has a <{tag}/>, which Telegram does not know")

    def handle_endtag(self, tag: str) -> None:
        if self.is_open and self.is_open[-1] == tag:
            self.is_open.pop()
        else:
            self._note(f"has a </{tag}> where none is open")

    def handle_data(self, data: str) -> None:
        self.has_text = self.has_text or bool(data.strip())
        if "<" in data:
            self._note("has a < that begins no tag: write &lt;")

    def handle_entityref(self, name: str) -> None:
        self.has_text = True
        if name not in ENTITIES:
            self._note(f"has &{name};, which Telegram does not know (write the character itself)")

    def handle_charref(self, name: str) -> None:  # noqa: ARG002
        self.has_text = True

    def handle_comment(self, data: str) -> None:  # noqa: ARG002
        self._note("has a comment, or a < that begins no tag: write &lt;")

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002
        self._note("has a declaration <!...>, which Telegram does not know")

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        self._note("has a <?...>, which Telegram does not know")

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002
        self._note("has a <![...]>, which Telegram does not know")

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem
