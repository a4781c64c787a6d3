"""What an admin is told whose post matched no rule."""

from __future__ import annotations

import pytest

from botyard.features.distribution.matching import Matcher, MatchRule, RuleId
from botyard.features.distribution.near_misses import MOST_NEAR_MISSES, MissKind, near_misses


def rule(number: int, pattern: str, *excluded: str, is_regex: bool = False) -> MatchRule:
    return MatchRule(RuleId(number), pattern, excluded=excluded, is_regex=is_regex)


@pytest.mark.parametrize(
    ("pattern", "post", "kind", "wanted", "seen"),
    [
        ("gold", "A Marigold!", MissKind.PART_OF_WORD, ("gold",), ("Marigold",)),
        ("Gold", "see gold_2", MissKind.PART_OF_WORD, ("Gold",), ("gold_2",)),
        ("золото", "Золотоносный", MissKind.PART_OF_WORD, ("золото",), ("Золотоносный",)),
        ("gold + crypto", "Gold only", MissKind.PARTNER_MISSING, ("crypto",), ("Gold",)),
        ("a1+b2+c3", "c3 a1", MissKind.PARTNER_MISSING, ("b2",), ("a1", "c3")),
        ("gold+crypto", "crypto marigold", MissKind.PART_OF_WORD, ("gold",), ("marigold",)),
        ("gold+crypto", "cripto marigold", MissKind.SPELLING, ("gold", "crypto"), ("marigold", "cripto")),
        ("gold", "All about goldd", MissKind.SPELLING, ("gold",), ("goldd",)),
        ("gold", "GLOD!", MissKind.SPELLING, ("gold",), ("GLOD",)),
        ("gold signals", "Gold\nsignal", MissKind.SPELLING, ("gold signals",), ("Gold\nsignal",)),
        ("distribution", "distrbutoin", MissKind.SPELLING, ("distribution",), ("distrbutoin",)),
        ("distribution", "distributoin distrbutoin", MissKind.SPELLING, ("distribution",), ("distributoin",)),
        ("gold", "goldx\u0301yz.", MissKind.PART_OF_WORD, ("gold",), ("goldx\u0301yz",)),
        ("straße", "Straase", MissKind.SPELLING, ("straße",), ("Straase",)),
    ],
)
def test_what_a_post_missed(
    pattern: str, post: str, kind: MissKind, wanted: tuple[str, ...], seen: tuple[str, ...]
) -> None:
    [miss] = near_misses(Matcher([rule(1, pattern)]), post)
    assert (miss.kind, miss.wanted, miss.seen) == (kind, wanted, seen)


@pytest.mark.parametrize(
    ("pattern", "post"),
    [
        ("gold", "silver"),
        ("gold", "bald"),
        ("cat", "car"),
        ("gold+crypto", "nothing"),
        ("gold", ""),
        ("gold", "a gold"),
        ("g", "Gold and silver"),
        ("ai", "again"),
    ],
)
def test_what_is_far_away_or_matches_is_no_near_miss(pattern: str, post: str) -> None:
    assert near_misses(Matcher([rule(1, pattern)]), post) == []


def test_an_excluded_word_is_named_as_it_stands_in_the_post() -> None:
    rules = [
        rule(1, "gold", "tin", "silver"),
        rule(2, "g.ld", "silver", is_regex=True),
        rule(3, "goldd", "silver"),
    ]
    misses = near_misses(Matcher(rules), "Gold and SILVER")
    assert [(miss.rule_id, miss.kind, miss.wanted, miss.seen) for miss in misses] == [
        (1, MissKind.EXCLUDED, ("gold",), ("SILVER",)),
        (2, MissKind.EXCLUDED, ("g.ld",), ("SILVER",)),
    ]


def test_the_best_come_first_and_not_too_many() -> None:
    rules = [
        rule(1, "mari"),
        rule(2, "marigol"),
        rule(3, "rose+thorn"),
        rule(4, "rose", "marigold"),
        *(rule(number, "marigolds") for number in range(5, 15)),
    ]
    misses = near_misses(Matcher(rules), "marigold, rose")
    assert [miss.rule_id for miss in misses] == [4, 5, 6, 7, 8]
    assert len(misses) == MOST_NEAR_MISSES
    last = [miss.rule_id for miss in near_misses(Matcher(rules), "marigold, rose", most=99)][-3:]
    assert last == [2, 1, 3]
