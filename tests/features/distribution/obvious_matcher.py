"""A slow and obvious matcher: the definition, said again in other words, to compare the real one with.

It compares the text between every two places of a post with every keyword. Nothing here comes from botyard
but the shape of a rule.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from botyard.features.distribution.matching import MatchRule

Span = tuple[int, int]

SELECTORS = "\ufe0e\ufe0f"
JOINER = "\u200d"
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
ATTACHED = re.compile(r"[\u200c\u200d\u1160-\u11ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
OWN_WORDS = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"  # Chinese, Japanese
    r"\u1100-\u11ff\uac00-\ud7a3\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"  # Korean, Thai, Lao, Myanmar, Khmer
)


def matching(rules: list[MatchRule], post: str) -> list[tuple[int, list[Span]]]:
    """The ids of the rules that match, in order, with the places of their words."""
    matches = []
    for rule in sorted(rules, key=lambda rule: (-rule.priority, rule.id)):
        if any(places(post, word, rule.whole_words) for word in rule.excluded):
            continue
        spans = [places(post, word, rule.whole_words) for word in parts(rule.pattern)]
        if all(spans):
            matches.append((rule.id, sorted({span for each in spans for span in each})))
            if rule.first_only:
                break
    return matches


def parts(pattern: str) -> list[str]:
    split = pattern.split("+")
    return split if all(folded(part).strip() for part in split) else [pattern]


def places(post: str, word: str, whole_words: bool) -> list[Span]:
    """Every place of the post that reads like the word."""
    wanted = folded(word).strip()
    allowed = is_edge if whole_words else may_cut
    cuts = [at for at in range(len(post) + 1) if allowed(post, at)]
    return [
        (start, end)
        for start in cuts
        for end in cuts
        if start < end and post[start] not in SELECTORS and folded(post[start:end]) == wanted
    ]


@cache
def folded(text: str) -> str:
    text = re.sub(f"[{SELECTORS}]", "", text)
    text = re.sub("[\uff01-\uff3e\uff40-\uff5e]", lambda wide: unicodedata.normalize("NFKC", wide[0]), text)
    text = unicodedata.normalize("NFD", text).casefold().replace("i\u0307", "i")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))


def may_cut(post: str, at: int) -> bool:
    """Whether no character, as people see it, is cut in two here."""
    if at in (0, len(post)):
        return True
    before, after = post[at - 1], post[at]
    if belongs_to_what_is_before(after):
        return post[:at].rstrip(SELECTORS)[-1:].isspace()
    if before == JOINER:
        return after.isspace()
    flag_letters_before = len(post[:at]) - len(post[:at].rstrip(FLAG_LETTERS))
    return after not in FLAG_LETTERS or flag_letters_before % 2 == 0


def is_edge(post: str, at: int) -> bool:
    """Whether a word may begin or end here: not between two letters of spaced scripts."""
    if not may_cut(post, at):
        return False
    base = at - 1
    while base > 0 and belongs_to_what_is_before(post[base]):
        base -= 1
    return at in (0, len(post)) or not (is_letter(post, base) and is_letter(post, at))


def is_letter(post: str, at: int) -> bool:
    is_symbol = re.match(f".[{SELECTORS}]*\u20e3|\u2139", post[at:])
    return bool(re.match(r"\w", post[at]) and not OWN_WORDS.match(post[at]) and not is_symbol)


def belongs_to_what_is_before(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M" or bool(ATTACHED.match(letter))
