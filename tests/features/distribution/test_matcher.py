"""What matches what: rules by example, in many scripts."""

from __future__ import annotations

import time
from unicodedata import normalize

import pytest

from botyard.features.distribution.folding import fold
from botyard.features.distribution.matching import Hit, Matcher, MatchRule, RuleId
from botyard.features.distribution.patterns import LONGEST_PATTERN, PatternRefused, check_pattern

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
MAN = "\U0001f468"
GERMANY, SPAIN, US = "\U0001f1e9\U0001f1ea", "\U0001f1ea\U0001f1f8", "\U0001f1fa\U0001f1f8"
THUMB, THUMB_DARK = "\U0001f44d", "\U0001f44d\U0001f3ff"
HEART = "\u2764"


def words_found(pattern: str, post: str, *, whole_words: bool = True) -> list[str]:
    """What stands in the post where a rule with this pattern matches."""
    rule = MatchRule(RuleId(1), pattern, whole_words=whole_words)
    return [hit.word for match in Matcher([rule]).match(post) for hit in match.hits]


def ids(rules: list[MatchRule], post: str) -> list[int]:
    """The rules that match, in order."""
    return [match.rule_id for match in Matcher(rules).match(post)]


def rule(number: int, pattern: str, *, first_only: bool = False, priority: int = 0) -> MatchRule:
    return MatchRule(RuleId(number), pattern, first_only=first_only, priority=priority)


@pytest.mark.parametrize(
    ("pattern", "post", "found"),
    [
        ("gold", "Buy GOLD, sell gold", ["GOLD", "gold"]),
        ("gold", "#gold gold's (gold) 'gold' gold-backed", ["gold"] * 5),
        ("gold", "买gold吧", ["gold"]),
        ("c++", "We hire for C++.", ["C++"]),
        ("#gold", "more#gold", ["#gold"]),
        ("золото", "ЗОЛОТО, «золото»", ["ЗОЛОТО", "золото"]),
        ("straße", "STRASSE Straße STRAẞE", ["STRASSE", "Straße", "STRAẞE"]),
        ("STRASSE", "eine Straße", ["Straße"]),
        (
            "istanbul",
            "İSTANBUL İstanbul i\u0307stanbul ISTANBUL",
            ["İSTANBUL", "İstanbul", "i\u0307stanbul", "ISTANBUL"],
        ),
        ("İstanbul", "istanbul", ["istanbul"]),
        ("ΟΔΟΣ", "η οδός? οδος, οδοσ", ["οδος", "οδοσ"]),
        ("黄金", "今日の黄金価格", ["黄金"]),
        ("カード", "新しいカードです", ["カード"]),
        ("ทอง", "ราคาทองวันนี้", ["ทอง"]),
        ("ຄຳ", "ລາຄາຄຳມື້ນີ້", ["ຄຳ"]),
        ("មាស", "តម្លៃមាសថ្ងៃនេះ", ["មាស"]),
        ("ရွှေ", "ယနေ့ရွှေဈေး", ["ရွှေ"]),
        ("황금", "황금은 비싸다", ["황금"]),
        ("황금", normalize("NFD", "황금은 비싸다"), [normalize("NFD", "황금")]),
        ("זהב", "קנה \u200fזהב\u200f עכשיו", ["זהב"]),
        ("ذهب", "سعر ذهب، اليوم", ["ذهب"]),
        ("café", "Cafe\u0301 CAFÉ", ["Cafe\u0301", "CAFÉ"]),
        ("cafe\u0301", "café", ["café"]),
        ("gold signals", "gold\n\n \u00a0signals", ["gold\n\n \u00a0signals"]),
        (" gold   signals ", "Gold Signals", ["Gold Signals"]),
        ("\u0647\u200d", "\u0647\u200d \u0647", ["\u0647\u200d"]),
        ("gold", "人々gold吧", ["gold"]),
        (HEART, f"x{HEART}\ufe0fy {HEART} {HEART}\ufe0e", [f"{HEART}\ufe0f", HEART, f"{HEART}\ufe0e"]),
        (HEART + "\ufe0f", f"love{HEART}", [HEART]),
        (GERMANY, f"a{GERMANY}{SPAIN}b", [GERMANY]),
        (FAMILY, f"the{FAMILY}s", [FAMILY]),
        (THUMB_DARK, f"ok{THUMB_DARK}!", [THUMB_DARK]),
        ("1\ufe0f\u20e3", "a1\u20e3b", ["1\u20e3"]),
        ("gold", f"{HEART}gold1\ufe0f\u20e3 \u2139\ufe0fgold{GERMANY}", ["gold", "gold"]),
    ],
)
def test_a_word_is_found(pattern: str, post: str, found: list[str]) -> None:
    assert words_found(pattern, post) == found


@pytest.mark.parametrize(
    ("pattern", "post"),
    [
        ("gold", "Marigold gold_2 golds 2gold gold2 gold\u00b2"),
        ("золото", "позолота золотой золотоносный"),
        ("s", "ß"),
        ("gold signals", "goldsignals gold, signals"),
        ("c++", "c+"),
        ("cafe", "café cafe\u0301"),
        ("caf", "cafe\u0301"),
        ("gold", "gold\u0301"),
        ("gold", "\u0645e\u0301gold"),
        ("ก", "กิน"),
        ("하", normalize("NFD", "한")),
        ("می", "می\u200cخو\u0627\u0647م"),
        (MAN, FAMILY),
        (f"{MAN}\u200d\U0001f469", FAMILY),
        ("\U0001f469\u200d\U0001f467", FAMILY),
        (THUMB, THUMB_DARK),
        ("\U0001f3ff", THUMB_DARK),
        (SPAIN, "\U0001f1e9\U0001f1ea\U0001f1f8\U0001f1ea"),
        (US[:1], US),
        ("1", "1\ufe0f\u20e3"),
        ("\U0001f3f4", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("\ufe0f gold \ufe0f", "marigold"),
        ("ISTANBUL", "\u0131stanbul"),
    ],
)
def test_a_part_of_something_longer_is_not_a_word(pattern: str, post: str) -> None:
    assert words_found(pattern, post) == []


def test_parts_of_words_count_when_a_rule_says_so() -> None:
    assert words_found("gold", "Marigold, gold_2", whole_words=False) == ["gold", "gold"]
    assert words_found("aa", "aaa", whole_words=False) == ["aa", "aa"]


@pytest.mark.parametrize(
    ("pattern", "post"),
    [("s", "ß"), ("e", "e\u0301"), (THUMB, THUMB_DARK), (MAN, FAMILY), (SPAIN, "\U0001f1e9" + SPAIN)],
)
def test_parts_of_characters_never_count(pattern: str, post: str) -> None:
    assert words_found(pattern, post, whole_words=False) == []


def test_places_count_the_characters_of_the_post() -> None:
    post = f"{FAMILY}\n\n{HEART}\ufe0f Straße  und GOLD"

    [match] = Matcher([rule(7, "gold+STRASSE")]).match(post)

    assert match.rule_id == 7
    assert match.hits == (Hit(10, 16, "Straße"), Hit(22, 26, "GOLD"))
    assert [post[hit.start : hit.end] for hit in match.hits] == ["Straße", "GOLD"]


@pytest.mark.parametrize(
    ("post", "matches"),
    [
        ("gold and crypto", True),
        ("crypto\nGOLD", True),
        ("gold", False),
        ("gold cryptos", False),
        ("gold+crypto", True),
    ],
)
def test_a_plus_needs_both_words(post: str, matches: bool) -> None:
    assert bool(words_found("gold + crypto", post)) is matches


def test_excluded_words_forbid() -> None:
    rules = [
        MatchRule(RuleId(1), "gold", excluded=("silver", "not for sale", " ")),
        MatchRule(RuleId(2), "gold", excluded=("silver",), whole_words=False),
        MatchRule(RuleId(3), "g.ld", is_regex=True, excluded=("Silver",)),
    ]
    assert ids(rules, "gold") == [1, 2, 3]
    assert ids(rules, "gold, SILVER") == []
    assert ids(rules, "gold, silvery") == [1, 3]
    assert ids(rules, "gold: not\nfor  sale") == [2, 3]


def test_rules_come_by_priority_and_then_by_age() -> None:
    rules = [rule(3, "gold"), rule(2, "gold", priority=5), rule(1, "gold"), rule(4, "gold", priority=-1)]
    assert ids(rules, "gold") == [2, 1, 3, 4]


def test_first_match_only_stops_at_a_rule_that_matches() -> None:
    rules = [
        rule(1, "silver", first_only=True, priority=9),
        rule(2, "gold", priority=8),
        MatchRule(RuleId(3), "gold", excluded=("fake",), priority=7, first_only=True),
        MatchRule(RuleId(4), "g[o]ld", is_regex=True),
    ]
    assert ids(rules, "gold") == [2, 3]
    assert ids(rules, "gold and silver") == [1]
    assert ids(rules, "fake gold") == [2, 4]


@pytest.mark.parametrize("matching_rule", [rule(1, "a"), MatchRule(RuleId(1), "a", is_regex=True)])
def test_a_word_is_shown_a_hundred_times_at_most(matching_rule: MatchRule) -> None:
    [match] = Matcher([matching_rule]).match("a " * 1000)
    assert [hit.start for hit in match.hits] == list(range(0, 200, 2))


def test_no_rules_match_nothing() -> None:
    assert Matcher([]).match("gold") == []
    assert Matcher([rule(1, "gold")]).match("") == []


def test_a_regular_expression_sees_the_post_as_written() -> None:
    rules = [MatchRule(RuleId(1), r"\bBTC[-/ ]?\p{L}+", is_regex=True)]
    post = f"{HEART}\ufe0f btc/Доллар, BTC"

    [match] = Matcher(rules).match(post)

    assert match.hits == (Hit(3, 13, "btc/Доллар"),)
    assert ids([MatchRule(RuleId(1), r"\b", is_regex=True)], "gold") == []  # empty matches are none


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+b", "(x+x+)+y", r"(?:.*a){12}z", r"(?:\p{L}{1,30}-)+\d"]
)
def test_no_regular_expression_explodes(pattern: str) -> None:
    matcher = Matcher([MatchRule(RuleId(1), pattern, is_regex=True)])
    for post in ("a" * 4095 + "!", "x" * 4096, "яб" * 2048):
        began = time.perf_counter()
        matcher.match(post)
        assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("pattern", "is_regex", "reason"),
    [
        ("", False, "empty"),
        (" \n\u3000", False, "empty"),
        ("\ufe0f", False, "empty"),
        ("", True, "empty"),
        ("x" * (LONGEST_PATTERN + 1), False, "257 characters"),
        ("x" * (LONGEST_PATTERN + 1), True, "257 characters"),
        ("gold(", True, "missing )"),
        (r"(gold)\1", True, "invalid escape"),
        ("(?=gold)", True, "invalid perl operator"),
        (r"(?:\p{L}{1,100}){1,10}", True, "too large"),
        ("gold|", True, "empty text"),
        ("(gold)*", True, "empty text"),
    ],
)
def test_bad_patterns_are_refused_with_a_remedy(pattern: str, is_regex: bool, reason: str) -> None:
    with pytest.raises(PatternRefused, match=reason.replace(")", r"\)")) as refused:
        check_pattern(pattern, is_regex=is_regex)
    assert refused.value.remedy
    with pytest.raises(PatternRefused):
        Matcher([MatchRule(RuleId(1), pattern, is_regex=is_regex)])


@pytest.mark.parametrize(
    ("pattern", "is_regex"),
    [
        ("x" * LONGEST_PATTERN, False),
        ("(", False),
        ("c++", False),
        ("+", False),
        ("^gold", True),
        (HEART, False),
    ],
)
def test_good_patterns_pass(pattern: str, is_regex: bool) -> None:
    check_pattern(pattern, is_regex=is_regex)
    assert words_found(pattern, pattern) or is_regex


def test_plain_texts_are_folded_without_a_map() -> None:
    for text in ("Gold Signals", "Золото дня", "黄金 価格"):
        folded = fold(text)
        assert (folded.text, folded.inner, folded.folded_at) == (text.casefold(), frozenset(), (0,))
