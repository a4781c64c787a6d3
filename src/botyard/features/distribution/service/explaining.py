"""A plan in words: which rule matched where, where the post goes, and what it missed by little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from botyard.features.distribution.matching import Hit
from botyard.features.distribution.near_misses import MissKind, NearMiss
from botyard.features.distribution.service.plans import Plan, RuleMatch

MOST_RULES = 20
"""So many matching rules are explained; the others are counted."""
MOST_NAMES = 10
MOST_PLACES = 3
_AROUND = 14
"""Characters of the post on each side of a word."""


def explain(plan: Plan) -> list[str]:
    """Lines of plain text for people; those that begin with two spaces belong to the line above."""
    lines = [line for match in plan.matches[:MOST_RULES] for line in _match_lines(plan, match)]
    if not plan.matches:
        lines.append("No rule matches.")
    if len(plan.matches) > MOST_RULES:
        lines.append(f"{len(plan.matches) - MOST_RULES} more rules match.")
    if plan.near_misses:
        lines.append("Rules that nearly match:")
        lines += [f"  {missed(each)}" for each in plan.near_misses]
    return lines


def missed(miss: NearMiss) -> str:
    """How the post missed a rule, in a sentence."""
    wanted_is, seen_is, seen = _with_verb(miss.wanted), _with_verb(miss.seen), _quoted(miss.seen)
    match miss.kind:
        case MissKind.EXCLUDED:
            return f"#{miss.rule_id}: {wanted_is} there, but {seen} forbids it."
        case MissKind.PART_OF_WORD:
            return f"#{miss.rule_id}: {wanted_is} there only as a part of {seen}."
        case MissKind.PARTNER_MISSING:
            return f"#{miss.rule_id}: {seen_is} there, but {wanted_is} missing."
        case MissKind.SPELLING:
            return f"#{miss.rule_id}: {wanted_is} not there, but the post has {seen}."


def places(plan: Plan, match: RuleMatch) -> str:
    """Where the rule's words stand in the post: the first places of each word, with what is around them."""
    shown: dict[tuple[str, str], None] = {}
    hidden = 0
    per_word: dict[str, int] = {}
    for hit in match.hits:
        word = hit.word.casefold()
        per_word[word] = per_word.get(word, 0) + 1
        if per_word[word] <= MOST_PLACES and len(shown) < MOST_NAMES:
            shown[hit.word, _around(plan.text, hit)] = None
        else:
            hidden += 1
    more = f", and {hidden} more" if hidden else ""
    return ", ".join(f"“{word}” at “{around}”" for word, around in shown) + more


def _match_lines(plan: Plan, match: RuleMatch) -> Iterator[str]:
    first_by = {target.chat: target.rule_id for target in plan.targets}
    own = [chat.name for chat in match.chats if first_by[chat] == match.rule_id]
    taken = [f"{chat.name} (#{first_by[chat]})" for chat in match.chats if first_by[chat] != match.rule_id]
    yield f"#{match.rule_id} {match.pattern} → {_names(own) if own else 'no chat of its own'}"
    yield f"  {places(plan, match)}"
    if taken:
        yield f"  Reached by another rule already: {_names(taken)}"
    if match.first_only:
        yield "  First match only: the rules after it were not looked at."


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown


def _quoted(words: Sequence[str]) -> str:
    return " and ".join(f"“{word}”" for word in words)


def _with_verb(words: Sequence[str]) -> str:
    return f"{_quoted(words)} {'is' if len(words) == 1 else 'are'}"


def _around(text: str, hit: Hit) -> str:
    """The word as it stands in the post, in one line."""
    begin, end = max(0, hit.start - _AROUND), hit.end + _AROUND
    before, after = text[begin : hit.start], text[hit.end : end]
    if begin:  # from a whole word on, where there is room for one
        before = "…" + (before.split(maxsplit=1)[-1] if len(before.split()) > 1 else before)
    if end < len(text):
        after = (after.rsplit(maxsplit=1)[0] if len(after.split()) > 1 else after) + "…"
    return " ".join(f"{before}{hit.word}{after}".split())
