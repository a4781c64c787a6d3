"""Parse modes: entities with UTF-16 offsets, and Telegram's words for what cannot be parsed."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.sandbox.errors import ApiError
from botyard.sandbox.markup import clean, from_entities, from_markup, plain


def shown(formatted):
    """The entities as (type, the words that they cover)."""
    units = formatted.text.encode("utf-16-le")
    return [
        (one["type"], units[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le"))
        for one in formatted.entities
    ]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a</b> <strong>b</strong>", "a b", [("bold", "a"), ("bold", "b")]),
        ("<i>a</i><em>b</em>", "ab", [("italic", "a"), ("italic", "b")]),
        ("<u>a</u> <ins>b</ins>", "a b", [("underline", "a"), ("underline", "b")]),
        ("<s>a</s> <strike>b</strike> <del>c</del>", "a b c", [("strikethrough", one) for one in "abc"]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", "a")]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", "a")]),
        ("<code>a*b</code>", "a*b", [("code", "a*b")]),
        ("<pre>a\nb</pre>", "a\nb", [("pre", "a\nb")]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", "a")]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", "a")]),
        ("<b>a<i>b</i></b>", "ab", [("bold", "ab"), ("italic", "b")]),
        ("😀<b>😀x</b>", "😀😀x", [("bold", "😀x")]),
        ("a &lt;b&gt; &amp; &quot;c&quot; &#39;&#x41;", 'a <b> & "c" \'A', []),
        ("&nbsp; &unknown;", "&nbsp; &unknown;", []),
        ("  <b> a </b>  ", "a", [("bold", "a")]),
        ("<b></b>a", "a", []),
        ("<B>a</B>", "a", [("bold", "a")]),
    ],
)
def test_html(source, text, entities):
    formatted = from_markup(source, "HTML")
    assert formatted.text == text
    assert shown(formatted) == entities


def test_html_links_mentions_code_and_emoji():
    formatted = from_markup(
        '<a href="example.com/?a=1&amp;b=2">x</a> <a href="tg://user?id=5">y</a> '
        '<pre><code class="language-python">z</code></pre> <tg-emoji emoji-id="53">👍</tg-emoji>',
        "html",
    )
    assert [
        {key: one[key] for key in one if key not in {"offset", "length"}} for one in formatted.entities
    ] == [
        {"type": "text_link", "url": "http://example.com/?a=1&b=2"},
        {"type": "text_mention", "user": {"id": 5}},
        {"type": "pre", "language": "python"},
        {"type": "custom_emoji", "custom_emoji_id": "53"},
    ]
    assert formatted.text == "x y z 👍"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("é<h1>a</h1>", 'Unsupported start tag "h1" at byte offset 2'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<a href", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ('<span class="x">a</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=a!b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<!-- a -->", 'Unsupported start tag "!--" at byte offset 0'),
    ],
)
def test_html_errors(source, reason):
    with pytest.raises(ApiError) as refused:
        from_markup(source, "HTML")
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*a* _b_ __c__ ~d~ ||e||", "a b c d e", [
            ("bold", "a"), ("italic", "b"), ("underline", "c"), ("strikethrough", "d"), ("spoiler", "e"),
        ]),
        ("*a _b_*", "a b", [("bold", "a b"), ("italic", "b")]),
        ("`a*b` ```\nc\n``` ", "a*b c", [("code", "a*b"), ("pre", "c")]),
        ("```python\nx = 1```", "x = 1", [("pre", "x = 1")]),
        (r"1\.5 \* \\ a", r"1.5 * \ a", []),
        (">a\n>b\nc", "a\nb\nc", [("blockquote", "a\nb")]),
        ("**>a\n>b||\nc", "a\nb\nc", [("expandable_blockquote", "a\nb")]),
        (r"`a\`b`", "a`b", [("code", "a`b")]),
    ],
)  # fmt: skip
def test_markdown_v2(source, text, entities):
    formatted = from_markup(source, "MarkdownV2")
    assert formatted.text == text
    assert shown(formatted) == entities


def test_markdown_v2_links():
    formatted = from_markup(
        r"[a](https://e.com/\)x) [b](tg://user?id=7) ![👍](tg://emoji?id=53)", "MarkdownV2"
    )
    details = [one.get("url") or one.get("user") or one.get("custom_emoji_id") for one in formatted.entities]
    assert details == ["https://e.com/)x", {"id": 7}, "53"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1.5", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a-b", "Character '-' is reserved and must be escaped with the preceding '\\'"),
        ("é*a", "Can't find end of Bold entity at byte offset 2"),
        ("_a", "Can't find end of Italic entity at byte offset 0"),
        ("`a", "Can't find end of Code entity at byte offset 0"),
        ("```a", "Can't find end of Pre entity at byte offset 0"),
        ("[a](b", "Can't find end of a URL at byte offset 3"),
        ("a|b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
    ],
)
def test_markdown_v2_errors(source, reason):
    with pytest.raises(ApiError) as refused:
        from_markup(source, "MarkdownV2")
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


def test_legacy_markdown():
    formatted = from_markup(r"*a* _b_ `c` [d](https://e.com) snake\_case ```f```", "Markdown")
    assert formatted.text == "a b c d snake_case f"
    assert shown(formatted) == [
        ("bold", "a"),
        ("italic", "b"),
        ("code", "c"),
        ("text_link", "d"),
        ("pre", "f"),
    ]
    with pytest.raises(ApiError, match="Can't find end of the entity starting at byte offset 2"):
        from_markup("a _b", "markdown")


def test_what_telegram_finds_by_itself():
    formatted = plain("/start@main_bot hi @paul_green, see https://e.com/a?b=1. #news $USD me@e.com e.org #1")
    assert shown(formatted) == [
        ("bot_command", "/start@main_bot"),
        ("mention", "@paul_green"),
        ("url", "https://e.com/a?b=1"),
        ("hashtag", "#news"),
        ("cashtag", "$USD"),
        ("email", "me@e.com"),
        ("url", "e.org"),
    ]
    assert plain("a/b 1/2 //x").entities == []


def test_nothing_is_found_inside_code():
    assert shown(from_markup("<code>/start @someone</code>", "HTML")) == [("code", "/start @someone")]


def test_given_entities_are_checked_and_completed():
    formatted = from_entities(
        " 😀bold /go", [{"type": "bold", "offset": 3, "length": 4}, {"type": "url", "offset": 0, "length": 1}]
    )
    assert shown(formatted) == [("bold", "bold"), ("bot_command", "/go")]
    with pytest.raises(ApiError, match="entity begins after the end"):
        from_entities("a", [{"type": "bold", "offset": 5, "length": 1}])


def test_strings_are_cleaned():
    assert clean("a\x00b\r\nc") == "a b\nc"
    with pytest.raises(ApiError, match="strings must be encoded in UTF-8"):
        clean("\ud800")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
def test_escaped_html_comes_back_as_it_was(text):
    cleaned = clean(text)
    formatted = from_markup(f"<b>x{html.escape(cleaned, quote=False)}x</b>", "HTML")
    assert formatted.text == f"x{cleaned}x"
    assert shown(formatted)[0] == ("bold", formatted.text)


@given(
    st.text(alphabet="<>/abi=\"'&;# lt-g\n😀codepre*_~|`[]()!\\.", max_size=60),
    st.sampled_from(["HTML", "MarkdownV2", "Markdown"]),
)
def test_any_markup_gives_entities_inside_the_text_or_a_bad_request(source, mode):
    try:
        formatted = from_markup(source, mode)
    except ApiError as refused:
        assert refused.description.startswith("Bad Request: can't parse entities: ")  # noqa: PT017 - either is right
        return
    length = len(formatted.text.encode("utf-16-le")) // 2
    for entity in formatted.entities:
        assert entity["offset"] >= 0
        assert entity["length"] > 0
        assert entity["offset"] + entity["length"] <= length
