"""From the ledger to what a member has, case by case."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from tests.features.billing.histories import START, back, charge, day, grant, lived, revoked, shown, won

from botyard.features.billing.models import Direction, Kind
from botyard.features.billing.service.entitling import Entry, later, stretches


def ends(*history: Entry) -> list[tuple[str, int, int]]:
    """Each stretch: the payment, its first day, and the day after its last."""
    found = stretches(history)
    return [
        (each.entry.external_id, (each.starts_at - START).days, (each.ends_at - START).days) for each in found
    ]


def test_a_charge_gives_its_days_from_when_it_came() -> None:
    assert ends(charge("a", 5)) == [("a", 5, 35)]


def test_who_renews_early_loses_no_day() -> None:
    assert ends(charge("a", 0), charge("b", 20)) == [("a", 0, 30), ("b", 30, 60)]


def test_who_renews_late_begins_anew() -> None:
    assert ends(charge("a", 0), charge("b", 40)) == [("a", 0, 30), ("b", 40, 70)]


def test_packs_run_side_by_side() -> None:
    assert ends(charge("a", 0), charge("b", 1, "silver")) == [("a", 0, 30), ("b", 1, 31)]


def test_a_refund_takes_exactly_its_own_days() -> None:
    first, second, third = charge("a", 0), charge("b", 10), charge("c", 20)
    assert ends(first, second, third, back(second, "r", 25)) == [("a", 0, 30), ("c", 30, 60)]


def test_a_refund_of_the_first_is_as_if_that_had_never_been_paid() -> None:
    first, second = charge("a", 0), charge("b", 10)
    assert ends(first, second, back(first, "r", 25)) == [("b", 10, 40)]


def test_a_refund_that_comes_before_its_charge_waits_for_it() -> None:
    first, second = charge("a", 0), charge("b", 10)
    assert ends(back(first, "r", 25)) == []
    assert ends(back(first, "r", 25), second) == [("b", 10, 40)]
    assert ends(back(first, "r", 25), second, first) == [("b", 10, 40)]


def test_a_refund_with_the_charges_own_id_is_another_row() -> None:
    """getStarTransactions: the refund has the id of its charge."""
    first = charge("a", 0)
    assert ends(first, back(first, "a", 3)) == []


@pytest.mark.parametrize(
    ("amount", "left"), [(1, 30), (33, 30), (34, 29), (100, 27), (500, 15), (999, 1), (1000, 0)]
)
def test_a_partial_refund_takes_the_same_part_of_the_days_in_the_members_favour(
    amount: int, left: int
) -> None:
    first = charge("a", 0)
    assert sum(end - start for _, start, end in ends(first, back(first, "r", 9, amount))) == left


def test_partial_refunds_add_up() -> None:
    first = charge("a", 0)
    assert ends(first, back(first, "r", 1, 500), back(first, "s", 2, 500)) == []
    assert ends(first, back(first, "r", 1, 500), back(first, "s", 2, 200)) == [("a", 0, 9)]


def test_more_than_was_paid_cannot_be_taken_from_others() -> None:
    first, second = charge("a", 0), charge("b", 0)
    assert ends(first, second, back(first, "r", 1), back(first, "d", 2, kind=Kind.CHARGEBACK)) == [
        ("b", 0, 30)
    ]


def test_a_chargeback_that_is_won_gives_the_days_again() -> None:
    first = charge("a", 0)
    lost = back(first, "d", 10, kind=Kind.CHARGEBACK)
    assert ends(first, lost) == []
    assert ends(first, lost, won(first, "w", 20)) == [("a", 0, 30)]
    assert ends(first, won(first, "w", 20)) == [("a", 0, 30)], "the news of its loss may come later"


def test_a_subscriptions_period_is_never_shorter_than_what_it_says() -> None:
    assert ends(charge("a", 0, paid_until=day(31))) == [("a", 0, 31)]
    assert ends(charge("a", 0, paid_until=day(29))) == [("a", 0, 30)]


def test_a_partial_refund_of_a_longer_period_is_a_part_of_all_of_it() -> None:
    first = charge("a", 0, paid_until=day(40))
    assert ends(first, back(first, "r", 1, 1)) == [("a", 0, 40)]
    assert ends(first, back(first, "r", 1, 500)) == [("a", 0, 20)]


def test_a_partial_refund_never_makes_a_period_longer() -> None:
    until = day(30).replace(hour=5)
    first = charge("a", 0, paid_until=until)
    assert [each.ends_at for each in stretches([first, back(first, "r", 1, 1)])] == [until]


def test_a_grant_extends_what_a_member_has() -> None:
    assert ends(charge("a", 0), grant("g", 10, days=7)) == [("a", 0, 30), ("g", 30, 37)]


def test_a_pack_that_was_ended_by_hand_ends_then_and_begins_anew_with_the_next_payment() -> None:
    history = (charge("a", 0), charge("b", 10), revoked("x", 20))
    assert ends(*history) == [("a", 0, 20)]
    assert ends(*history, charge("c", 25)) == [("a", 0, 20), ("c", 25, 55)]
    assert ends(*history, charge("d", 5, "silver")) == [("a", 0, 20), ("d", 5, 35)]


def test_what_came_in_the_same_moment_as_the_end_ends_too() -> None:
    assert ends(grant("g", 3), revoked("x", 3)) == []


def test_a_reward_for_a_payment_goes_with_it() -> None:
    paid = charge("a", 0)
    reward = grant("g", 0, days=10, refers_to=paid.key)
    assert ends(paid, reward) == [("g", 0, 10), ("a", 10, 40)]
    assert ends(paid, reward, back(paid, "r", 5)) == []
    assert ends(paid, reward, back(paid, "r", 5, 500)) == [("g", 0, 5), ("a", 5, 20)]


def test_money_without_a_pack_gives_nothing() -> None:
    lone = Entry(
        kind=Kind.CHARGE,
        source=charge("a", 0).source,
        direction=Direction.IN,
        external_id="a",
        money=charge("a", 0).money,
        at=START,
    )
    assert ends(lone) == []


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2027-01-31", 3, "2027-04-30"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2027-12-31", 1, "2028-01-31"),
        ("2027-03-31", 6, "2027-09-30"),
        ("2100-01-31", 1, "2100-02-28"),
    ],
)
def test_a_month_ends_on_the_same_day_or_on_its_last(start: str, months: int, end: str) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}T13:37:00+00:00")

    assert later(at(start), months=months) == at(end)


def test_months_are_counted_from_where_they_begin() -> None:
    """31 January: a month to 28 February, one from there to 28 March; when they were paid plays no part."""
    history = [charge("a", 0, months=1), charge("b", 3, months=1)]
    assert [each.ends_at for each in stretches(history)] == [
        datetime(2027, 2, 28, tzinfo=UTC),
        datetime(2027, 3, 28, tzinfo=UTC),
    ]


A, B, C = charge("a", 0, months=1), charge("b", 12), charge("c", 20, "silver", 700, months=3)
EVERYTHING = [
    A,
    B,
    C,
    charge("renewal", 25, kind=Kind.RENEWAL, paid_until=day(70)),
    back(B, "refund", 30),
    back(C, "partial", 22, 300),
    back(A, "dispute", 14, kind=Kind.CHARGEBACK),
    won(A, "won", 44),
    grant("gift", 26, days=3),
    revoked("ended", 27, "silver"),
]


def test_every_order_of_arrival_gives_what_the_sorted_history_gives() -> None:
    """All that can happen: seven rows in each of their orders, the others in between, some of them twice."""
    expected = stretches(sorted(EVERYTHING, key=lambda row: row.at))
    assert shown(expected) == lived(EVERYTHING)
    for order in itertools.permutations(EVERYTHING[:7]):
        came = [*order[:3], EVERYTHING[9], order[0], *order[3:], *EVERYTHING[7:], order[3]]
        assert stretches(came) == expected
