"""10,000 keywords against the longest post. The target is a millisecond; a busy machine gets five."""

from __future__ import annotations

import random
import time

import pytest

from botyard.features.distribution.matching import Matcher, MatchRule, RuleId
from botyard.telegram.text import TEXT_LIMIT

ROUNDS = 50
LATIN, CYRILLIC = "etaoinshrdlucmfwypbgkv", "оеаинтсрвлкмдпуяыьгзбчйхжшюё"
EMOJI = ("❤\ufe0f", "👍🏽", "👨\u200d👩\u200d👧", "🇩🇪", "🔥", "1\ufe0f\u20e3")


@pytest.mark.parametrize(
    ("letters", "emoji"), [(LATIN, ()), (CYRILLIC, ()), (LATIN, EMOJI), (CYRILLIC, EMOJI)]
)
def test_ten_thousand_keywords_are_found_in_a_millisecond(letters: str, emoji: tuple[str, ...]) -> None:
    chance = random.Random(7)
    keywords = {_word(chance, alphabet) for alphabet in (LATIN, CYRILLIC) for _ in range(6000)}
    rules = [MatchRule(RuleId(number), word) for number, word in enumerate(sorted(keywords)[:10_000])]
    assert len(rules) == 10_000
    matcher = Matcher(rules)
    post = _post(chance, letters, sorted(keywords), emoji)

    best = min(_seconds(matcher, post) for _ in range(ROUNDS))

    assert matcher.match(post)
    assert best < 0.005, f"{best * 1000:.2f} ms"


def _word(chance: random.Random, letters: str) -> str:
    return "".join(chance.choices(letters, k=chance.randint(3, 11)))


def _post(chance: random.Random, letters: str, keywords: list[str], emoji: tuple[str, ...]) -> str:
    """Words with full stops, empty lines and perhaps emoji between them; every fiftieth is a keyword."""
    pieces: list[str] = []
    for _ in range(TEXT_LIMIT):
        word = chance.choice(keywords) if chance.random() < 0.02 else _word(chance, letters)
        pieces += word, chance.choice(emoji) if emoji and chance.random() < 0.15 else ""
        pieces.append(".\n\n" if chance.random() < 0.06 else " ")
    return "".join(pieces)[:TEXT_LIMIT]


def _seconds(matcher: Matcher, post: str) -> float:
    began = time.perf_counter()
    matcher.match(post)
    return time.perf_counter() - began
