"""How people write a discount code in chat, and how it is said back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from botyard.features.billing import plan_words
from botyard.features.billing.service.codes import BadCode, CodeDraft, folded
from botyard.features.billing.service.plan_drafts import BadPlan
from botyard.ids import UserId
from botyard.money import Money

FORM = "Write it like: SPRING 20% uses 100 once until 2027-04-01 for gold."
_PERCENT = re.compile(r"([0-9]{1,3})%")
_NUMBER = re.compile(r"[0-9]{1,18}")
_KEYWORDS = frozenset({"uses", "once", "until", "for", "member"})


def usernames_in(text: str) -> set[str]:
    """The @usernames that `read_code` has to know the members of."""
    return {word for word in text.replace(",", " ").split() if word.startswith("@")}


def read_code(text: str, members: Mapping[str, UserId] | None = None) -> CodeDraft:
    """The code that words make: `SPRING 20% uses 100 once until 2027-04-01 for gold silver-3m member 1002`.

    In place of a percent stands an amount, `10.00 GBP`, in place of a member's id an @username of `members`.
    Raises `BadCode`.
    """
    members = members or {}
    code, *words = text.replace(",", " ").split() or [""]
    worth: list[str] = []
    while words and words[0].lower() not in _KEYWORDS:
        worth.append(words.pop(0))
    draft = _with_worth(CodeDraft(code=folded(code)), worth)
    while words:
        draft = _with_option(draft, words, members)
    return draft


def worth_of(draft: CodeDraft) -> Money | int:
    """What the code takes off: money, or a percent."""
    if draft.amount is not None and draft.currency is not None:
        return Money(draft.amount, draft.currency)
    return draft.percent or 0


def _with_worth(draft: CodeDraft, words: list[str]) -> CodeDraft:
    said = "".join(words)
    if found := _PERCENT.fullmatch(said):
        return replace(draft, percent=int(found[1]))
    try:
        money = plan_words.read_money(" ".join(words))
    except BadPlan:
        raise BadCode(
            [f"“{' '.join(words)[:40]}” is neither a percent nor an amount."], remedy=FORM
        ) from None
    return replace(draft, amount=money.amount, currency=money.currency)


def _with_option(draft: CodeDraft, words: list[str], members: Mapping[str, UserId]) -> CodeDraft:
    """The draft with the option that comes next; its words are taken off the list."""
    keyword = words.pop(0).lower()
    values: list[str] = []
    while words and words[0].lower() not in _KEYWORDS:
        values.append(words.pop(0))
    value = " ".join(values)
    match keyword:
        case "once" if not values:
            return replace(draft, once_per_member=True)
        case "uses" if _NUMBER.fullmatch(value):
            return replace(draft, uses=int(value))
        case "member" if _NUMBER.fullmatch(value):
            return replace(draft, member=UserId(int(value)))
        case "member" if value in members:
            return replace(draft, member=members[value])
        case "member" if value in usernames_in(value):
            raise BadCode(
                [f"I know no member {value[:40]}."],
                remedy="They must have written to a bot of yours first. A Telegram id works for everybody.",
            )
        case "for" if values:
            return replace(draft, plans=tuple(dict.fromkeys(each.lower() for each in values)))
        case "until":
            try:
                return replace(draft, expires=plan_words.read_moment(value))
            except BadPlan as problem:
                raise BadCode(problem.problems, remedy=problem.remedy) from None
    raise BadCode([f"“{f'{keyword} {value}'.strip()[:40]}” is not understood."], remedy=FORM)
