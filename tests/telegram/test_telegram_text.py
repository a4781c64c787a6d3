"""Telegram's HTML: escaping, measuring, cutting."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.sandbox.errors import ApiError
from botyard.sandbox.markup import from_markup
from botyard.telegram.text import escape, html_problem, split_html, utf16_length, visible_length

TAGS = ["b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"]
words = st.text(alphabet="abc .!?\n\t<>&\"'é😀\u200d", max_size=40)
leaves = words.map(escape)
htmls = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(TAGS), inner).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>"),
        st.tuples(words.map(escape), inner).map(lambda pair: f'<a href="https://x/?{pair[0]}">{pair[1]}</a>'),
        st.lists(inner, max_size=4).map("".join),
    ),
    max_leaves=12,
)


class Page(HTMLParser):
    """A parser that is not ours: the text that is seen, and whether every tag is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = ""
        self.styles: list[tuple[str, tuple[str, ...]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen += data
        self.styles += [(letter, tuple(self.open)) for letter in data if not letter.isspace()]


@given(words)
def test_escaped_text_is_seen_as_it_is(text: str) -> None:
    assert Page(escape(text)).seen == text
    assert Page(f'<a href="{escape(text)}">x</a>').seen == "x"
    assert visible_length(escape(text)) == utf16_length(text)


def test_escape_takes_any_value() -> None:
    assert escape(5) == "5"
    assert escape('<a & "b">') == "&lt;a &amp; &quot;b&quot;&gt;"


@given(st.text())
def test_utf16_length_is_that_of_the_encoding(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("html", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("<b>a</b>&lt;&amp;&quot;", 4),
        ("😀", 2),
        ("&#128512;&#x1F600;", 4),
        ('<a href="x>y">z</a>', 1),
        ("&nbsp;", 6),
        ("1 < 2", 5),
    ],
)
def test_visible_length(html: str, length: int) -> None:
    assert visible_length(html) == length


@given(htmls, st.integers(2, 60))
def test_parts_fit_are_whole_and_lose_nothing(html: str, limit: int) -> None:
    parts = split_html(html, limit)
    pages = [Page(part) for part in parts]
    for page in pages:
        assert utf16_length(page.seen) <= limit
        assert page.open == []
        assert page.seen.strip()
    assert [style for page in pages for style in page.styles] == Page(html).styles


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=8), min_size=1, max_size=40), st.integers(8, 30))
def test_words_that_fit_are_never_cut(texts: list[str], limit: int) -> None:
    parts = split_html(" ".join(texts), limit)
    assert [word for part in parts for word in part.split()] == texts


@given(htmls)
def test_what_fits_stays_as_it_is(html: str) -> None:
    if Page(html).seen.strip():
        assert split_html(html, max(2, visible_length(html))) == [html]
    else:
        assert split_html(html) == []


@pytest.mark.parametrize(
    ("html", "parts"),
    [
        ("first part\n\nsecond part", ["first part", "second part"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("One two. Three four", ["One two.", "Three four"]),
        ("one two three four", ["one two three", "four"]),
        ("abcdefghijklmnopqrst", ["abcdefghijklmno", "pqrst"]),
        ("<b>one two three four</b>", ["<b>one two three</b>", "<b>four</b>"]),
        (
            '<a href="u"><i>one two three four</i></a>',
            ['<a href="u"><i>one two three</i></a>', '<a href="u"><i>four</i></a>'],
        ),
        ("<b>one two three</b> <i>four five</i>", ["<b>one two three</b>", "<i>four five</i>"]),
        ("<pre>def f(there):\n    return 1</pre>", ["<pre>def f(there):</pre>", "<pre>    return 1</pre>"]),
        ("a &lt;bcdefghijklm&gt;", ["a", "&lt;bcdefghijklm&gt;"]),
    ],
)
def test_where_a_text_is_cut(html: str, parts: list[str]) -> None:
    assert split_html(html, 15) == parts


def test_an_emoji_is_not_cut_in_two() -> None:
    assert split_html("😀😀😀", 3) == ["😀", "😀", "😀"]


def test_too_small_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        split_html("abc", 1)


def test_a_long_text_is_cut_at_telegrams_limit() -> None:
    html = "\n\n".join(f"<b>Paragraph {number}</b> " + "word " * 100 for number in range(100))
    parts = split_html(html)
    assert all(visible_length(part) <= 4096 for part in parts)
    assert all(re.match(r"<b>Paragraph", part) for part in parts)
    assert 13 <= len(parts) <= 16


GOOD = [
    "",
    "a > b & c",
    "<b>a <i>b</i></b>",
    '<a href="https://x.example/?a=1&amp;b=2">x</a>',
    "<a href='x'>x</a>",
    "<blockquote expandable>x</blockquote>",
    '<pre><code class="language-python">x</code></pre>',
    '<span class="tg-spoiler">x</span><tg-spoiler>y</tg-spoiler>',
    '<tg-emoji emoji-id="5368324170671202286">x</tg-emoji>',
    '<tg-time unix="1647531900" format="wDT">x</tg-time>',
    "<B>x</B>",
]
BAD = [
    "1 < 2",
    "<b>x",
    "x</b>",
    "<b><i>x</b></i>",
    "<p>x</p>",
    "<br>",
    "<b/>x",
    "<b",
    "<a href>x</a>",
    '<a href="x>y</a>',
    "<span>x</span>",
    '<span class="other">x</span>',
    '<tg-emoji emoji-id="x">x</tg-emoji>',
    "<tg-time>x</tg-time>",
    "<!-- x -->",
]


@pytest.mark.parametrize("html", GOOD)
def test_what_telegram_takes_is_well_formed(html: str) -> None:
    assert html_problem(html) is None
    from_markup(html, "HTML")


@pytest.mark.parametrize("html", BAD)
def test_what_telegram_refuses_is_not(html: str) -> None:
    assert html_problem(html)
    with pytest.raises(ApiError):
        from_markup(html, "HTML")


pieces = st.sampled_from(
    [*GOOD, *BAD, "<", ">", "/", "<b>", "</b>", "<i>", "</i>", "<a href=", '"', "'", " x=y"]
)


@given(st.lists(pieces, max_size=6).map("".join))
def test_what_passes_is_never_refused(html: str) -> None:
    if html_problem(html) is None:
        from_markup(html, "HTML")


@given(htmls)
def test_html_that_is_nested_well_passes(html: str) -> None:
    assert html_problem(html) is None
