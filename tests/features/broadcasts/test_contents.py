"""What becomes of a message that an admin sends: its formatting, or the tags that he has typed."""

from __future__ import annotations

import pytest

from botyard.features.broadcasts.contents import message_of
from botyard.ids import BotId
from botyard.telegram.content import Content, ContentKind, Entity


@pytest.mark.parametrize(
    ("text", "entities", "html"),
    [
        ("<b>20 %</b> off", (), "<b>20 %</b> off"),
        ('<a href="https://a.example">here</a>', (), '<a href="https://a.example">here</a>'),
        ("1 < 2 & 3 > 2", (), "1 &lt; 2 &amp; 3 &gt; 2"),
        ("<b>not closed", (), "&lt;b&gt;not closed"),
        ("<b>wrong</i></b>", (), "&lt;b&gt;wrong&lt;/i&gt;&lt;/b&gt;"),
        ("write <b>so</b>", (Entity("bold", 0, 5),), "<b>write</b> &lt;b&gt;so&lt;/b&gt;"),
    ],
    ids=["tags", "link", "no tags", "not closed", "crossed", "formatted"],
)
def test_typed_tags_count_where_there_is_no_formatting(
    text: str, entities: tuple[Entity, ...], html: str
) -> None:
    content = Content(5, ContentKind.TEXT, text, entities)
    assert message_of(content, 1001, BotId(7)).html == html
    caption = Content(5, ContentKind.PHOTO, text, entities, "file")
    assert message_of(caption, 1001, BotId(7)).html == html
