"""Telegram's HTML as pages of the console show it."""

from __future__ import annotations

import pytest

from botyard.console import telegram_html


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("<b>Gold <i>now</i></b>", "<b>Gold <i>now</i></b>"),
        (
            '<a href="https://example.com/?a=1&amp;b=2">go</a>',
            '<a href="https://example.com/?a=1&amp;b=2" rel="noreferrer">go</a>',
        ),
        ('<a href="javascript:alert(1)">go</a>', "go"),
        ('<a href="http://[">go</a>', "go"),
        ('<code class="language-x">1</code>', "<code>1</code>"),
        ('<span class="tg-spoiler">x</span>', '<span class="spoiler">x</span>'),
        ('<tg-emoji emoji-id="5">👍</tg-emoji>', "👍"),
        ("<blockquote expandable>long</blockquote>", "<blockquote>long</blockquote>"),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("<b>never closed", "&lt;b&gt;never closed"),
        ('<b onclick="x()">b</b>', "<b>b</b>"),
        ("1 < 2", "1 &lt; 2"),
        ("a\n\nb", "a\n\nb"),
    ],
)
def test_it_looks_the_same_and_holds_nothing_else(html: str, shown: str) -> None:
    assert telegram_html(html) == shown
