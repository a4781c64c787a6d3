"""Templates of captions: Telegram's HTML around the post's own text."""

from __future__ import annotations

import re

from botyard.errors import BotyardError

TEXT = "{text}"
"""Where the post's own text goes."""
LONGEST_TEMPLATE = 1024
"""In characters, tags included. What is shown is limited by Telegram, and depends on the post."""

_TAGS = frozenset(
    "a b blockquote code del em i ins pre s span strike strong tg-emoji tg-spoiler u".split()  # noqa: SIM905
)
"""Bot API, "HTML style"."""
_WITHOUT_MARKUP_INSIDE = frozenset(("code", "pre"))
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z-]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))?)*)\s*>""")


class BadTemplate(BotyardError):
    """A template that Telegram would refuse, or that has no one place for the text."""


def check_template(template: str) -> None:
    """Raises `BadTemplate`, with a remedy, for a template that no caption can be made of."""
    if not template.strip() or len(template) > LONGEST_TEMPLATE:
        raise BadTemplate(
            f"A caption has 1 to {LONGEST_TEMPLATE} characters, and this has {len(template)}.",
            remedy=f"Write some text around {TEXT}, or none at all.",
        )
    if template.count(TEXT) > 1:
        raise BadTemplate(f"{TEXT} stands in the caption more than once.", remedy="Keep one of them.")
    is_open: list[str] = []
    end = 0
    for tag in _TAG.finditer(template):
        _check_text(template[end : tag.start()], is_open)
        _follow(tag, is_open)
        end = tag.end()
    _check_text(template[end:], is_open)
    if is_open:
        raise BadTemplate(f"<{is_open[-1]}> is not closed.", remedy=f"Add </{is_open[-1]}>.")


def _check_text(text: str, is_open: list[str]) -> None:
    if "<" in text:
        raise BadTemplate(
            "A < in the caption begins no tag.", remedy="Write &lt; for the character, or mend the tag."
        )
    around = next((tag for tag in is_open if tag in _WITHOUT_MARKUP_INSIDE), None)
    if TEXT in text and around:
        raise BadTemplate(
            f"{TEXT} stands inside <{around}>, where a post would lose its formatting.",
            remedy=f"Put {TEXT} outside.",
        )


def _follow(tag: re.Match[str], is_open: list[str]) -> None:
    """Keeps account of the open tags. Raises `BadTemplate`."""
    closes, name, attributes = tag[1], tag[2].lower(), tag[3]
    if name not in _TAGS:
        raise BadTemplate(
            f"Telegram knows no tag <{name}>.", remedy="Use <b>, <i>, <u>, <s>, <code>, <a> or <blockquote>."
        )
    if TEXT in attributes:
        raise BadTemplate(f"{TEXT} stands inside a tag.", remedy="Put it between tags.")
    if not closes:
        is_open.append(name)
    elif is_open and is_open[-1] == name:
        is_open.pop()
    else:
        expected = f"</{is_open[-1]}>" if is_open else "no end of a tag"
        raise BadTemplate(
            f"</{name}> stands where {expected} was expected.", remedy="Close tags in reverse order."
        )
