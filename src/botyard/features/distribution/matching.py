"""Which rules a post matches, and where. Nothing here knows Telegram or a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NewType

from botyard.features.distribution.folding import Folded, fold
from botyard.features.distribution.keywords import MOST_HITS, Keyword, KeywordFinder, Span, keyword_of
from botyard.features.distribution.patterns import Regex, check_pattern, words_of

RuleId = NewType("RuleId", int)
"""Our own number of a distribution rule."""


@dataclass(frozen=True, slots=True)
class MatchRule:
    """What a post must contain. Upper and lower case are the same, in every script."""

    id: RuleId
    pattern: str
    """A word or a phrase; `gold+crypto` needs both words, anywhere. With `is_regex`, a regular expression."""
    is_regex: bool = False
    excluded: tuple[str, ...] = ()
    """Words and phrases of which any forbids the rule; whole words, if `whole_words` says so."""
    priority: int = 0
    """Higher comes first; among equals the lower id."""
    first_only: bool = False
    """If this rule matches, the rules after it are not looked at."""
    whole_words: bool = True
    """Whether `gold` is not in `Marigold`. Has no effect on a regular expression itself."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in the post: start and end in characters of the text (not UTF-16), and what stands there."""

    start: int
    end: int
    word: str


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that a post matches, and the places of its words (`MOST_HITS` of each), from left to right."""

    rule_id: RuleId
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule made ready: a regular expression, or the keywords that must all be there."""

    rule: MatchRule
    needed: tuple[Keyword, ...]
    excluded: tuple[Keyword, ...]
    regex: Regex | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A post, and the places of all keywords in its folded form."""

    post: str
    folded: Folded
    found: dict[Keyword, list[Span]]

    def hits(self, compiled: CompiledRule) -> tuple[Hit, ...]:
        """Where the rule's words stand; none if one of them is missing. Excluded words do not count here."""
        if compiled.regex:
            return tuple(self.hit(span) for span in compiled.regex.find(self.post))
        if any(each not in self.found for each in compiled.needed):
            return ()
        spans = {span for each in compiled.needed for span in self.found[each][:MOST_HITS]}
        return tuple(self.hit(self.original(span)) for span in sorted(spans))

    def forbids(self, compiled: CompiledRule) -> Keyword | None:
        """The first of the rule's excluded words that is in the post."""
        return next((each for each in compiled.excluded if each in self.found), None)

    def original(self, span: Span) -> Span:
        """The place in the post of a place in its folded form."""
        return self.folded.original(span[0]), self.folded.original(span[1])

    def hit(self, span: Span) -> Hit:
        """A place in the post as a hit."""
        return Hit(*span, self.post[slice(*span)])


class Matcher:
    """All rules, compiled once: then a post is matched in well under a millisecond. It never changes."""

    def __init__(self, rules: Iterable[MatchRule]) -> None:
        """Raises `PatternRefused` for a pattern that `check_pattern` refuses."""
        in_order = sorted(rules, key=lambda rule: (-rule.priority, rule.id))
        self.rules = tuple(map(_compile, in_order))
        """In the order in which they are looked at."""
        keywords = {each for compiled in self.rules for each in (*compiled.needed, *compiled.excluded)}
        self.finder = KeywordFinder(tuple(keywords))
        self._by_first_word: dict[Keyword, list[int]] = {}
        self._regexes: list[int] = []
        for place, compiled in enumerate(self.rules):
            if compiled.regex:
                self._regexes.append(place)
            else:
                self._by_first_word.setdefault(compiled.needed[0], []).append(place)

    def match(self, text: str) -> list[Match]:
        """The rules that the text of a post matches, in their order. Empty if there are none."""
        reading = self.read(text)
        matches: list[Match] = []
        for compiled in self._candidates(reading.found):
            if reading.forbids(compiled):
                continue
            if hits := reading.hits(compiled):
                matches.append(Match(compiled.rule.id, hits))
                if compiled.rule.first_only:
                    break
        return matches

    def read(self, text: str) -> Reading:
        """The text of a post with all keywords in it."""
        folded = fold(text)
        return Reading(text, folded, self.finder.find(folded))

    def _candidates(self, found: Iterable[Keyword]) -> Iterator[CompiledRule]:
        """The rules that may match, in their order: their first word is there, or nobody knows yet."""
        places = [place for each in found for place in self._by_first_word.get(each, ())]
        return (self.rules[place] for place in sorted(places + self._regexes))


def _compile(rule: MatchRule) -> CompiledRule:
    check_pattern(rule.pattern, is_regex=rule.is_regex)
    words = () if rule.is_regex else words_of(rule.pattern)
    excluded = (keyword_of(each, whole_word=rule.whole_words) for each in rule.excluded)
    return CompiledRule(
        rule,
        needed=tuple(keyword_of(each, whole_word=rule.whole_words) for each in words),
        excluded=tuple(each for each in excluded if each.folded),
        regex=Regex(rule.pattern) if rule.is_regex else None,
    )
