"""What a message says and carries, read from updates; formatting there and back again."""

from __future__ import annotations

import html
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.sandbox.markup import from_markup
from botyard.telegram.content import Content, ContentKind, Entity, read_content, read_replied, to_html


def update(**message: Any) -> bytes:
    return msgspec.json.encode({"update_id": 1, "message": {"message_id": 7, **message}})


@pytest.mark.parametrize(
    ("message", "kind", "file_id"),
    [
        ({"text": "hello"}, ContentKind.TEXT, None),
        ({"photo": [{"file_id": "small"}, {"file_id": "large"}]}, ContentKind.PHOTO, "large"),
        ({"animation": {"file_id": "gif"}, "document": {"file_id": "gif"}}, ContentKind.ANIMATION, "gif"),
        ({"video": {"file_id": "v"}}, ContentKind.VIDEO, "v"),
        ({"voice": {"file_id": "o"}}, ContentKind.VOICE, "o"),
        ({"document": {"file_id": "d"}}, ContentKind.DOCUMENT, "d"),
        ({"sticker": {"file_id": "s"}}, ContentKind.STICKER, "s"),
        ({"location": {"latitude": 1, "longitude": 2}}, ContentKind.OTHER, None),
    ],
)
def test_the_kind_and_the_file(message: dict[str, Any], kind: ContentKind, file_id: str | None) -> None:
    content = read_content(update(**message))
    assert content is not None
    assert (content.message_id, content.kind, content.file_id) == (7, kind, file_id)


def test_a_caption_is_the_text_and_a_poll_its_question() -> None:
    bold = {"type": "bold", "offset": 0, "length": 4}
    photo = read_content(update(photo=[{"file_id": "p"}], caption="gold!", caption_entities=[bold]))
    assert photo is not None
    assert photo.html == "<b>gold</b>!"
    poll = read_content(update(poll={"id": "1", "question": "gold or silver?", "options": []}))
    assert poll is not None
    assert (poll.kind, poll.text) == (ContentKind.POLL, "gold or silver?")


def test_the_message_replied_to() -> None:
    body = update(text="/distribute", reply_to_message={"message_id": 5, "text": "gold"})
    replied = read_replied(body)
    assert replied is not None
    assert (replied.message_id, replied.text) == (5, "gold")
    assert read_replied(update(text="x")) is None


@pytest.mark.parametrize("body", [b'{"update_id":1}', b'{"message":{"text":"x"}}', b'{"message":5}'])
def test_what_has_no_message_has_no_content(body: bytes) -> None:
    assert read_content(body) is None


def test_a_command_goes_and_the_formatting_moves_along() -> None:
    entities = (Entity("bot_command", 0, 11), Entity("bold", 13, 4), Entity("italic", 8, 20))
    content = Content(1, ContentKind.TEXT, "/distribute  🚀gold today", entities).without_first(11)
    assert content.text == "🚀gold today"
    assert content.entities == (Entity("bold", 0, 4), Entity("italic", 0, 15))


@pytest.mark.parametrize(
    "source",
    [
        "plain &lt;b&gt; &amp; more",
        "<b>bold <i>and italic</i></b> 🚀 <u>under</u>",
        '<a href="https://example.com/?a=1&amp;b=2">link</a> <code>x &lt; y</code>',
        '<pre><code class="language-python">print(1)</code></pre>',
        "<blockquote expandable>quote <tg-spoiler>hidden</tg-spoiler></blockquote>",
        '<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji> <s>gone</s>',
        '<a href="tg://user?id=1002">Paul</a>',
    ],
)
def test_what_telegram_made_of_html_becomes_that_html_again(source: str) -> None:
    formatted = from_markup(source, "HTML")
    entities = msgspec.convert(formatted.entities, tuple[Entity, ...])
    again = from_markup(to_html(formatted.text, entities), "HTML")
    assert (again.text, again.entities) == (formatted.text, formatted.entities)


MARKS = st.tuples(st.sampled_from(["bold", "italic", "spoiler"]), st.integers(0, 30), st.integers(1, 30))


@given(st.text(st.characters(codec="utf-16-le", max_codepoint=0xD7FF)), st.lists(MARKS))
def test_no_formatting_loses_a_letter(text: str, marks: list[tuple[str, int, int]]) -> None:
    rendered = to_html(text, [Entity(*mark) for mark in marks])
    assert html.unescape(re.sub(r"</?(b|i|tg-spoiler)>", "", rendered)) == text
