"""A plan in words, for the chat and the command line: where a post would go and why, or what it missed."""

from __future__ import annotations

from collections.abc import Mapping

from botyard.features.distribution.matching import MatchRule, RuleId
from botyard.features.distribution.near_misses import MissKind, NearMiss
from botyard.features.distribution.service import Target

WORDS_SHOWN = 5


def reason_of(target: Target) -> str:
    """The rule and the words that it found: `rule 3 (gold+crypto): gold, CRYPTO`. Plain text."""
    words = list(dict.fromkeys(hit.word for hit in target.hits))[:WORDS_SHOWN]
    also = f"; also rule {', '.join(map(str, target.also))}" if target.also else ""
    return f"rule {target.rule.id} ({target.rule.pattern}): {', '.join(words)}{also}"


def miss_in_words(miss: NearMiss, rules: Mapping[RuleId, MatchRule]) -> str:
    """Why a rule did not match, in one sentence. Plain text."""
    wanted, seen = ", ".join(miss.wanted[:WORDS_SHOWN]), ", ".join(miss.seen[:WORDS_SHOWN])
    rule = f"rule {miss.rule_id} ({rules[miss.rule_id].pattern})"
    match miss.kind:
        case MissKind.EXCLUDED:
            return f"{rule}: {seen} forbids it"
        case MissKind.PART_OF_WORD:
            return f"{rule}: {wanted} is only a part of {seen}"
        case MissKind.PARTNER_MISSING:
            return f"{rule}: {seen} is there, {wanted} is not"
        case MissKind.SPELLING:
            return f"{rule}: {seen} looks like {wanted}"
