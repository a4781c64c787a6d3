"""Why a post matched no rule: what it missed by little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import nlargest

from rapidfuzz import process
from rapidfuzz.distance import OSA

from botyard.features.distribution.boundaries import is_word_edge, words
from botyard.features.distribution.folding import Folded
from botyard.features.distribution.keywords import KeywordFinder, Span
from botyard.features.distribution.matching import CompiledRule, Matcher, Reading, RuleId
from botyard.features.distribution.patterns import words_of

MOST_NEAR_MISSES = 5
_SHORTEST_PART = 3
"""Letters: a shorter word is inside half of all others, and would crowd out what is worth a look."""
_SHORTEST_MISSPELT = 4
"""Letters: shorter words resemble everything."""
_LONG_WORD = 8
"""Letters: from here on a word may have two mistakes."""

_Shape = tuple[int, int]
"""Of a word or phrase: its spaces, and its length."""


class MissKind(Enum):
    """How a post missed a rule. The words of each kind are told at `NearMiss`."""

    EXCLUDED = "excluded"
    PART_OF_WORD = "part of word"
    PARTNER_MISSING = "partner missing"
    SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that a post missed by little.

    | kind            | `wanted`, as in the rule           | `seen`, as in the post             |
    | EXCLUDED        | what is there: `gold`              | what forbids it: `silver`          |
    | PART_OF_WORD    | what is inside other words: `gold` | those words: `Marigold`            |
    | PARTNER_MISSING | what is not there: `crypto`        | what is there: `gold`              |
    | SPELLING        | what is not there: `gold`          | what looks like it: `goldd`        |
    """

    rule_id: RuleId
    kind: MissKind
    wanted: tuple[str, ...]
    seen: tuple[str, ...]
    closeness: float
    """From 0 to 1, for the order: 1 for a rule that only an excluded word forbids."""


@dataclass(frozen=True, slots=True)
class _Lookalike:
    """What stands in the post in place of a keyword, and how near it comes (0 to 1)."""

    kind: MissKind
    span: Span
    closeness: float


def near_misses(matcher: Matcher, text: str, most: int = MOST_NEAR_MISSES) -> list[NearMiss]:
    """The rules that the text of a post misses by little, best first, at most `most` of them.

    It takes up to a quarter of a second for 10,000 rules and a long post: ask only when nothing matched.
    """
    reading = matcher.read(text)
    needed = {each for compiled in matcher.rules for each in compiled.needed}
    absent = {each.folded for each in needed - reading.found.keys()}
    lookalikes = _inside(matcher.finder, reading.folded) | _misspelt(absent, reading.folded)
    misses = (_near_miss(compiled, reading, lookalikes) for compiled in matcher.rules)
    return nlargest(most, (miss for miss in misses if miss), key=lambda miss: miss.closeness)


def _near_miss(
    compiled: CompiledRule, reading: Reading, lookalikes: Mapping[str, _Lookalike]
) -> NearMiss | None:
    """How the post missed this rule; None if it matches or is far away."""
    rule, forbidding = compiled.rule, reading.forbids(compiled)
    written = (rule.pattern,) if rule.is_regex else words_of(rule.pattern)
    if forbidding:
        seen = _as_written(reading, [reading.found[forbidding][0]])
        is_near = bool(reading.hits(compiled))
        return NearMiss(rule.id, MissKind.EXCLUDED, written, seen, closeness=1.0) if is_near else None

    there = [each for each in compiled.needed if each in reading.found]
    wanted = {each: word for each, word in zip(compiled.needed, written, strict=False) if each not in there}
    alike = [lookalikes[each.folded] for each in wanted if each.folded in lookalikes]
    if not wanted or not (there or alike):
        return None
    if len(alike) == len(wanted):
        is_misspelt = any(each.kind is MissKind.SPELLING for each in alike)
        kind = MissKind.SPELLING if is_misspelt else MissKind.PART_OF_WORD
        seen = _as_written(reading, [each.span for each in alike])
        return NearMiss(rule.id, kind, tuple(wanted.values()), seen, min(each.closeness for each in alike))
    if not there:
        return None
    seen = _as_written(reading, [reading.found[each][0] for each in there])
    share = len(there) / len(compiled.needed)
    return NearMiss(rule.id, MissKind.PARTNER_MISSING, tuple(wanted.values()), seen, share)


def _as_written(reading: Reading, spans: Sequence[Span]) -> tuple[str, ...]:
    return tuple(reading.hit(reading.original(span)).word for span in spans)


def _inside(finder: KeywordFinder, post: Folded) -> dict[str, _Lookalike]:
    """The word around the first place of each keyword: a longer one, if the keyword itself is absent."""
    inside: dict[str, _Lookalike] = {}
    for each, spans in finder.find(post, anywhere=True).items():
        if len(each.folded) < _SHORTEST_PART:
            continue
        start, end = _word_around(post, spans[0])
        inside[each.folded] = _Lookalike(
            MissKind.PART_OF_WORD, (start, end), len(each.folded) / (end - start)
        )
    return inside


def _word_around(post: Folded, span: Span) -> Span:
    start, end = span
    while start in post.inner or not is_word_edge(post.text, start):
        start -= 1
    while end in post.inner or not is_word_edge(post.text, end):
        end += 1
    return start, end


def _misspelt(absent: set[str], post: Folded) -> dict[str, _Lookalike]:
    """For each keyword that the post has only with mistakes in it, the place most like it."""
    by_shape: dict[_Shape, list[str]] = defaultdict(list)
    for each in absent:
        if len(each) >= _SHORTEST_MISSPELT:
            by_shape[_shape(each)].append(each)
    best: dict[str, _Lookalike] = {}
    for phrase, span in _phrases(post, {spaces for spaces, _ in by_shape}).items():
        for each, mistakes in _resembling(phrase, by_shape):
            closeness = 1 - mistakes / max(len(each), len(phrase))
            if each not in best or best[each].closeness < closeness:
                best[each] = _Lookalike(MissKind.SPELLING, span, closeness)
    return best


def _resembling(phrase: str, by_shape: Mapping[_Shape, Sequence[str]]) -> Iterator[tuple[str, int]]:
    """The keywords of which this may be a misspelling, each with the number of mistakes."""
    spaces, length = _shape(phrase)
    for other in range(length - 2, length + 3):
        most = 2 if other >= _LONG_WORD else 1
        keywords = by_shape.get((spaces, other), ())
        for each, mistakes, _ in process.extract(
            phrase, keywords, scorer=OSA.distance, score_cutoff=most, limit=None
        ):
            yield each, int(mistakes)


def _shape(phrase: str) -> _Shape:
    return phrase.count(" "), len(phrase)


def _phrases(post: Folded, spaces: set[int]) -> dict[str, Span]:
    """Every run of words of the post with so many spaces in it, and where it stands first."""
    places = list(words(post.text, post.inner))
    phrases: dict[str, Span] = {}
    for count in spaces:
        for (start, _), (_, end) in zip(places, places[count:], strict=False):
            phrases.setdefault(post.text[start:end], (start, end))
    return phrases
