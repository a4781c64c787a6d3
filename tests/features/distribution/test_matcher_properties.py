"""The matcher against a slow and obvious one, and the folding against Unicode's definition."""

from __future__ import annotations

import re
import sys
import unicodedata
from itertools import pairwise

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.features.distribution import obvious_matcher as obvious

from botyard.features.distribution.folding import _PLAIN, _is_odd, fold, is_attached
from botyard.features.distribution.matching import Matcher, MatchRule, RuleId
from botyard.features.distribution.near_misses import near_misses

PIECES = """
    g o ld gold GOLD s S ß ẞ i I İ \u0131 é e\u0301 \ufb01 ŉ
    Σ \u03c3 ς ᾳ й и\u0306 Й \u0430\u0301 \u05d0 \u05e9\u05c1 \u0639 \u0643\u064e \u200f क्ष क्\u200dष
    金 買 か\u3099 が カ ー 々 กิ น้ำ ລາ ក្រ မြ 한 하\u11ab 은
    ❤ ❤\ufe0f 👍 👍🏽 🏽 👨 👩 👨\u200d👩\u200d👧 🇩🇪 🇩 🇪 1\ufe0f\u20e3 \u2139\ufe0f 🏴\U000e0067\U000e007f
    \uff47old \uff27\uff4f \uff4c\uff44 \uff29 \uff45\u0301 \uff3f \uff0b \uff11
    _ ' # ( - + 2 1 ² \u0301 \u0323 \ufe0f \u200d \u200c \u20e3
"""
ODD_KEYCAP = re.compile("(?:^|[^0-9#*\ufe0f])\u20e3")
"""A keycap belongs around a digit, # or * (UTS 51): around a letter it has no meaning to agree on."""
SPACE = [" ", "  ", "\n", "\u00a0", "\u3000\n"]
pieces = st.sampled_from(PIECES.split() + SPACE)
posts = st.lists(pieces, max_size=14).map("".join)


@st.composite
def _words(draw: st.DrawFn, post: str) -> str:
    """A word or phrase that has good chances to be in the post: a part of it, written a little otherwise."""
    if post and draw(st.booleans()):
        start = draw(st.integers(0, len(post) - 1))
        word = post[start : start + draw(st.integers(1, 6))]
    else:
        word = "".join(draw(st.lists(pieces, min_size=1, max_size=3)))
    change = draw(st.sampled_from([str, str.swapcase, str.title, "NFC", "NFD"]))
    word = unicodedata.normalize(change, word) if isinstance(change, str) else change(word)
    for part in word.split("+"):  # nobody writes an accent without its letter
        assume(not part.strip() or not is_attached(part.strip()[0]))
    assume(fold(word).text.strip())
    return word


@st.composite
def _rules(draw: st.DrawFn, post: str) -> list[MatchRule]:
    words = _words(post)
    return [
        MatchRule(
            RuleId(number),
            pattern=draw(words | st.tuples(words, words).map("+".join)),
            excluded=tuple(draw(st.lists(words, max_size=1))),
            priority=draw(st.integers(0, 1)),
            first_only=draw(st.booleans()),
            whole_words=draw(st.booleans()),
        )
        for number in draw(st.permutations(range(draw(st.integers(1, 5)))))
    ]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_matcher_finds_what_the_obvious_one_finds(data: st.DataObject) -> None:
    post = data.draw(posts, label="post")
    assume(not ODD_KEYCAP.search(post))
    rules = data.draw(_rules(post), label="rules")

    matches = Matcher(rules).match(post)

    assert [
        (match.rule_id, [(hit.start, hit.end) for hit in match.hits]) for match in matches
    ] == obvious.matching(rules, post)
    for hit in (hit for match in matches for hit in match.hits):
        assert hit.word == post[hit.start : hit.end]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_near_misses_are_of_rules_that_do_not_match(data: st.DataObject) -> None:
    post = data.draw(posts, label="post")
    rules = data.draw(_rules(post), label="rules")

    misses = near_misses(Matcher(rules), post, most=3)

    assert len(misses) <= 3
    assert [miss.closeness for miss in misses] == sorted((miss.closeness for miss in misses), reverse=True)
    for miss in misses:
        assert 0 < miss.closeness <= 1
        assert all(seen in post for seen in miss.seen)
        [rule] = [rule for rule in rules if rule.id == miss.rule_id]
        assert not Matcher([rule]).match(post)


@settings(deadline=None)
@given(st.text() | posts)
@example("a \ufe0f \u0301b")
def test_folding_is_what_unicode_says(text: str) -> None:
    assert fold(text).text == obvious.folded(text)


@settings(deadline=None)
@given(st.text() | posts)
def test_positions_lead_back_to_the_original(text: str) -> None:
    folded = fold(text)
    cuts = [at for at in range(len(folded.text) + 1) if at not in folded.inner]
    originals = [folded.original(at) for at in cuts]

    assert originals == sorted(originals)
    assert originals[-1] == len(text)
    for (start, end), (first, last) in zip(pairwise(cuts), pairwise(originals), strict=True):
        assert fold(text[first:last]).text == folded.text[start:end]


def test_letters_that_nobody_is_asked_about_are_folded_one_by_one() -> None:
    plain = re.findall(f"[{_PLAIN}]", "".join(map(chr, range(sys.maxunicode + 1))))
    assert len(plain) > 30_000
    assert not list(filter(_is_odd.__wrapped__, plain))


def test_what_normalising_joins_or_reorders_belongs_to_one_character() -> None:
    for letter in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.combining(letter):
            assert is_attached(letter), hex(ord(letter))
        _, *others = unicodedata.normalize("NFD", letter)
        assert all(map(is_attached, others)), hex(ord(letter))
