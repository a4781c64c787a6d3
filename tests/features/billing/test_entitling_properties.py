"""From the ledger to what a member has: any history, in any order, against the obvious model."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tests.features.billing.histories import back, charge, day, grant, lived, revoked, shown, won

from botyard.features.billing.models import Kind
from botyard.features.billing.service.entitling import Entry, stretches

moments = st.integers(0, 120)
packs = st.sampled_from(["gold", "silver"])
lengths = st.one_of(
    st.integers(1, 45).map(lambda count: {"days": count}),
    st.integers(1, 4).map(lambda count: {"months": count}),
)


@st.composite
def payments(draw: DrawFn, name: str) -> Entry:
    """A charge, a renewal with its period, or a gift."""
    at, length = draw(moments), draw(lengths)
    if draw(st.integers(0, 3)) == 0:
        return grant(name, at, draw(packs), **length)
    until = draw(st.none() | st.integers(1, 60))
    more = {} if until is None else {"paid_until": day(at + until)}
    kind = draw(st.sampled_from([Kind.CHARGE, Kind.RENEWAL]))
    return charge(name, at, draw(packs), draw(st.integers(1, 1000)), kind=kind, **length, **more)


@st.composite
def histories(draw: DrawFn) -> list[Entry]:
    """Payments, what was taken back of them and given again, rewards for them, and packs ended by hand."""
    paid = [draw(payments(f"p{number}")) for number in range(draw(st.integers(1, 5)))]
    rows = list(paid)
    for number in range(draw(st.integers(0, 4))):
        of = draw(st.sampled_from([*paid, charge("never-came", 0)]))
        amount = draw(st.none() | st.integers(0, 1100))
        at, what = draw(moments), draw(st.sampled_from(["refund", "chargeback", "won", "reward"]))
        match what:
            case "reward":
                rows.append(grant(f"x{number}", at, draw(packs), days=7, refers_to=of.key))
            case "won":
                rows.append(won(of, f"x{number}", at, amount))
            case _:
                rows.append(back(of, f"x{number}", at, amount, Kind(what)))
    rows += [revoked(f"e{number}", draw(moments), draw(packs)) for number in range(draw(st.integers(0, 2)))]
    return rows


@settings(max_examples=300, deadline=None)
@given(histories(), st.data())
def test_any_order_with_repetitions_gives_what_the_sorted_history_gives(
    history: list[Entry], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=4))
    came = data.draw(st.permutations([*history, *again]))
    assert stretches(came) == stretches(sorted(history, key=lambda row: row.at))


@settings(max_examples=300, deadline=None)
@given(histories())
def test_it_gives_exactly_the_days_of_the_obvious_model(history: list[Entry]) -> None:
    assert shown(stretches(history)) == lived(history)


@settings(max_examples=200, deadline=None)
@given(histories(), st.data())
def test_a_whole_refund_is_as_if_that_payment_had_never_been(
    history: list[Entry], data: st.DataObject
) -> None:
    of = data.draw(st.sampled_from([row for row in history if row.external_id.startswith("p")]))
    about = [row for row in history if row.refers_to == of.key]
    others = [row for row in history if row is not of and row not in about]
    with_refund = [*others, of, back(of, "refund", data.draw(moments))]
    assert stretches(with_refund) == stretches(others)


@settings(max_examples=200, deadline=None)
@given(histories())
def test_stretches_of_a_pack_follow_each_other_and_none_is_empty(history: list[Entry]) -> None:
    found = stretches(history)
    for each in found:
        assert each.entry.at <= each.starts_at < each.ends_at
    for before, after in itertools.pairwise(found):
        assert before.pack != after.pack or before.ends_at <= after.starts_at


@settings(max_examples=200, deadline=None)
@given(histories(), payments("new"))
def test_one_payment_more_never_takes_a_day_away(history: list[Entry], new: Entry) -> None:
    """Without an end by hand: that one also ends what came late and was paid before it."""
    rows = [row for row in history if row.kind is not Kind.ADJUSTMENT and row.months is None]
    rows = [row for row in rows if row.paid_until is None]
    before, after = shown(stretches(rows)), shown(stretches([*rows, new]))
    for pack, days in before.items():
        assert days.keys() <= after[pack].keys()
