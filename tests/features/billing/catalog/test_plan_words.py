"""How people write lengths, prices, windows of time and discount codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.features.billing import code_words, plan_words
from botyard.features.billing.plan_words import Length
from botyard.features.billing.service.codes import BadCode, CodeDraft
from botyard.features.billing.service.plan_drafts import BadPlan
from botyard.money import Money

MARCH, APRIL = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 1, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ("3 months", Length(None, 3, False)),
        ("3m", Length(None, 3, False)),
        ("1 year", Length(None, 12, False)),
        ("90 days", Length(90, None, False)),
        ("2 Weeks", Length(14, None, False)),
        (" Stars ", Length(None, None, True)),
    ],
)
def test_lengths(said: str, length: Length) -> None:
    assert plan_words.read_length(said) == length


@pytest.mark.parametrize(
    ("said", "prices"),
    [
        ("147.00 GBP, 170 EUR, 9500 stars", {"GBP": 14700, "EUR": 17000, "XTR": 9500}),
        ("GBP 147\n9500 ⭐", {"GBP": 14700, "XTR": 9500}),
        ("147.5gbp; 5000 jpy", {"GBP": 14750, "JPY": 5000}),
        ("9500 XTR,", {"XTR": 9500}),
    ],
)
def test_prices(said: str, prices: dict[str, int]) -> None:
    assert plan_words.read_prices(said) == prices


@given(st.integers(0, 10**9), st.sampled_from(["GBP", "EUR", "XTR", "JPY", "KWD"]))
def test_what_money_says_of_itself_is_read(amount: int, currency: str) -> None:
    assert plan_words.read_money(str(Money(amount, currency))) == Money(amount, currency)


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("from 2027-03-01 until 2027-04-01 18:30", (MARCH, APRIL)),
        ("2027", None),
        ("from 2027-03-01", (MARCH, None)),
        ("until 2027-04-01 18:30", (None, APRIL)),
        ("always", (None, None)),
        ("from 2027-02-30", None),
        ("", None),
    ],
)
def test_windows(said: str, window: tuple[Any, Any] | None) -> None:
    if window is None:
        with pytest.raises(BadPlan):
            plan_words.read_window(said)
    else:
        assert plan_words.read_window(said) == window


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (plan_words.read_length, "long"),
        (plan_words.read_length, "3"),
        (plan_words.read_prices, "free"),
        (plan_words.read_prices, "1.999 GBP"),
        (plan_words.read_prices, "1.5 XTR"),
        (plan_words.read_prices, "5 GBP, 6 GBP"),
        (plan_words.read_prices, "-5 GBP"),
        (plan_words.read_prices, "99999999999999999999 GBP"),
        (plan_words.read_trial, "a week"),
        (plan_words.read_switch, "maybe"),
    ],
)
def test_what_is_not_understood_says_how_to_write_it(read: Any, said: str) -> None:
    with pytest.raises(BadPlan) as refused:
        read(said)
    assert refused.value.remedy


def test_the_rest() -> None:
    assert plan_words.read_features("signals, max_devices=3") == ("signals", "max_devices=3")
    assert plan_words.read_features("None") == ()
    assert [plan_words.read_trial(each) for each in ("7 days", "7", "none")] == [7, 7, None]
    assert [plan_words.read_switch(each) for each in ("on", "Off")] == [True, False]


@pytest.mark.parametrize(
    ("said", "draft"),
    [
        ("spring 20%", CodeDraft(code="SPRING", percent=20)),
        ("SPRING 20 %", CodeDraft(code="SPRING", percent=20)),
        ("TENNER 10.00 GBP", CodeDraft(code="TENNER", amount=1000, currency="GBP")),
        ("FEW 500 stars once", CodeDraft(code="FEW", amount=500, currency="XTR", once_per_member=True)),
        (
            "SPRING 20% uses 100 once until 2027-04-01 18:30 for gold, Silver-3m member 1002",
            CodeDraft(
                code="SPRING",
                percent=20,
                uses=100,
                once_per_member=True,
                expires=APRIL,
                plans=("gold", "silver-3m"),
                member=1002,
            ),
        ),
    ],
)
def test_codes(said: str, draft: CodeDraft) -> None:
    assert code_words.read_code(said) == draft


@pytest.mark.parametrize(
    "said",
    [
        "",
        "SPRING",
        "SPRING much",
        "SPRING 20% uses many",
        "SPRING 20% once more",
        "S 5% until May",
        "S 5% for",
    ],
)
def test_codes_that_are_not_understood(said: str) -> None:
    with pytest.raises(BadCode) as refused:
        code_words.read_code(said)
    assert refused.value.remedy


@given(st.text(max_size=60))
def test_no_words_break_the_readers(said: str) -> None:
    readers: list[Any] = [
        plan_words.read_length,
        plan_words.read_prices,
        plan_words.read_window,
        plan_words.read_trial,
        code_words.read_code,
    ]
    for read in readers:
        try:
            read(said)
        except (BadPlan, BadCode):
            continue
