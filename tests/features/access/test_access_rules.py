"""The pure rules: who goes, who comes, why; and what is known after updates in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from botyard.features.access.rules import (
    LEAST_GRACE,
    Bought,
    Came,
    Decision,
    Known,
    Move,
    Opening,
    Person,
    Sighting,
    Span,
    Standing,
    Why,
    fold,
    is_news,
    is_too_much,
    judge,
    key_of,
    lasting,
    most_at_once,
)

NOW = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # half an hour before Europe's clocks go forward
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def around(minutes):
    """Moments up to so many minutes from now."""
    return st.integers(-minutes, minutes).map(lambda each: NOW + timedelta(minutes=each))


moments = around(90 * 24 * 60)
graces = (st.just(0) | st.integers(0, 14 * 24)).map(lambda hours: hours * HOUR)


@st.composite
def span(draw):
    """Paid time anywhere; half of it ends within hours of now, where it matters."""
    length = timedelta(minutes=draw(st.integers(1, 60 * 24 * 60)))
    end = draw(around(240) | moments)
    return Span(end - length, end)


people = st.builds(
    Person,
    standing=st.sampled_from(Standing),
    came=st.sampled_from(Came),
    decision=st.none() | st.sampled_from(Decision),
    spans=st.lists(span(), max_size=4),
    came_at=st.none() | moments,
)


@given(people, graces, st.integers(-120, 120))
def test_no_paying_member_is_ever_to_go_however_wrong_the_clock_is_by_two_hours(person, grace, minutes):
    has_time = any(each.holds(NOW) for each in person.spans)
    seen = NOW + timedelta(minutes=minutes)
    if has_time:
        assert judge(person, seen, grace).move is not Move.GOES


@given(people, graces)
def test_nobody_goes_before_his_last_moment_and_the_grace_are_over(person, grace):
    verdict = judge(person, NOW, grace)
    if verdict.move is Move.GOES and person.spans:
        assert max(each.ends_at for each in person.spans) + max(grace, LEAST_GRACE) <= NOW
    if verdict.move is Move.GOES:
        assert verdict.due_at is not None
        assert verdict.due_at <= NOW
        assert person.standing is Standing.IN


@given(people, graces)
def test_who_stays_goes_at_his_due_moment_and_not_before(person, grace):
    verdict = judge(person, NOW, grace)
    if verdict.move is Move.STAYS and verdict.due_at is not None:
        assert verdict.due_at > NOW
        then = judge(person, verdict.due_at, grace)
        was_let_in = person.came in (
            Came.HAND,
            Came.OTHERS,
        )  # by somebody, in the grace perhaps: he is asked about
        assert then.move is Move.GOES or (was_let_in and then.move is Move.ASKS)
        assert judge(person, verdict.due_at - timedelta(seconds=1), grace).move is not Move.GOES


@given(people, graces)
def test_admins_stay_and_who_never_paid_goes_only_by_an_admin_s_word(person, grace):
    assert judge(replace(person, standing=Standing.ADMIN), NOW, grace).move is Move.STAYS
    for came in (Came.HAND, Came.BEFORE, Came.UNKNOWN):
        stranger = Person(Standing.IN, came, person.decision)
        goes = judge(stranger, NOW, grace).move is Move.GOES
        assert goes == (person.decision is Decision.REMOVE)


@given(people, graces)
def test_whoever_has_time_and_is_not_there_may_come_unless_banned(person, grace):
    verdict = judge(replace(person, standing=Standing.OUT), NOW, grace)
    assert (verdict.move is Move.COMES) == any(each.holds(NOW) for each in person.spans)
    assert judge(replace(person, standing=Standing.BANNED), NOW, grace).move is Move.AWAY


edits = st.frozensets(st.sampled_from(["gold", "silver", "week"]))
"""The plans that name a chat, after somebody has edited the catalog."""


@given(
    st.lists(st.tuples(edits, st.booleans(), st.sampled_from(["gold", "silver", "week"])), max_size=8),
    st.integers(0, 60 * 24 * 30),
    graces,
)
def test_nobody_with_running_time_is_to_go_because_a_plan_was_edited(story, minutes, grace):
    """Plans are edited and bought hour by hour; what was bought while its plan named the chat holds it.

    Not each edit is noticed at once: what nobody has noticed yet is as good as kept.
    """
    at, opening, named, holders = NOW, Opening(), frozenset(), []
    forever = NOW + 3650 * DAY
    for plans, is_noticed, plan in story:
        at += HOUR
        named = plans
        if is_noticed:
            opening = opening.edited(named, at)
        at += HOUR
        opening = opening.edited(named, at)  # the purchase itself has the catalog looked at
        holders.append((plan in named, Bought(plan, at, Span(at, at + 30 * DAY))))
    seen = at + timedelta(minutes=minutes)
    now_open = opening.edited(named, forever)
    for was_open, bought in holders:
        person = Person(Standing.IN, Came.LINK, spans=[bought.span] if now_open.opens(bought) else [])
        if was_open and bought.span.ends_at + max(grace, LEAST_GRACE) > seen:
            assert judge(person, seen, grace).move is Move.STAYS


def test_only_new_time_follows_the_new_catalog():
    opening = Opening(frozenset(["gold", "silver"])).edited(["silver"], NOW)
    before, after = (Bought("gold", at, Span(NOW + DAY, NOW + 31 * DAY)) for at in (NOW, NOW + HOUR))
    assert opening.opens(before)
    assert not opening.opens(after)
    assert not opening.opens(Bought("week", NOW - DAY, Span(NOW, NOW + DAY)))
    assert opening.edited(["gold"], NOW + 2 * HOUR).opens(after)


def test_the_reasons():
    past, now = Span(NOW - 40 * DAY, NOW - 10 * DAY), Span(NOW - DAY, NOW + DAY)
    just_over = Span(NOW - 30 * DAY, NOW - HOUR)
    refunded = Person(Standing.IN, Came.LINK)
    for person, move, why in (
        (Person(Standing.IN, spans=[now]), Move.STAYS, Why.PAID),
        (Person(Standing.IN, spans=[just_over]), Move.STAYS, Why.GRACE),
        (Person(Standing.IN, spans=[past]), Move.GOES, Why.EXPIRED),
        (Person(Standing.IN, spans=[past, now]), Move.STAYS, Why.PAID),
        (refunded, Move.GOES, Why.NOTHING_LEFT),
        (Person(Standing.IN, Came.HAND), Move.ASKS, Why.UNLISTED),
        (Person(Standing.IN, Came.HAND, Decision.ADOPT), Move.STAYS, Why.ADOPTED),
        (Person(Standing.IN, Came.HAND, Decision.IGNORE), Move.STAYS, Why.IGNORED),
        (Person(Standing.IN, Came.HAND, Decision.REMOVE), Move.GOES, Why.DECIDED),
        (Person(Standing.IN, Came.HAND, Decision.REMOVE, [now]), Move.STAYS, Why.PAID),
        (Person(Standing.IN, Came.HAND, None, [past], NOW - DAY), Move.ASKS, Why.UNLISTED),
        (Person(Standing.IN, Came.HAND, None, [past], NOW - 20 * DAY), Move.GOES, Why.EXPIRED),
        (Person(Standing.IN, Came.LINK, None, [past], NOW - DAY), Move.GOES, Why.EXPIRED),
        (Person(Standing.IN, Came.OTHERS), Move.ASKS, Why.UNLISTED),
    ):
        verdict = judge(person, NOW, DAY)
        assert (verdict.move, verdict.why) == (move, why), person


@given(people)
def test_a_decision_to_remove_ends_with_paid_time_or_once_he_is_out_and_no_other_ends(person):
    is_done = person.standing in (Standing.OUT, Standing.BANNED) or any(
        each.holds(NOW) for each in person.spans
    )
    ends = person.decision is Decision.REMOVE and is_done
    assert lasting(person, NOW) is (None if ends else person.decision)


@given(people, graces)
def test_who_was_let_in_by_hand_after_his_time_goes_by_an_admin_s_word_only(person, grace):
    end = max((each.ends_at for each in person.spans), default=NOW - DAY)
    person = replace(person, came=Came.HAND, came_at=end + HOUR)
    if judge(person, NOW, grace).move is Move.GOES:
        assert person.decision is Decision.REMOVE


def test_summer_time_changes_nothing_for_who_has_time():
    """Moments are UTC: a night of 23 or 25 hours is no longer or shorter for what was paid."""
    end = NOW + HOUR
    person = Person(Standing.IN, spans=[Span(NOW - 30 * DAY, end)])
    for hours in (0, 1, 2, 3):
        assert judge(person, NOW + hours * HOUR, LEAST_GRACE).move is Move.STAYS
    assert judge(person, end + LEAST_GRACE, LEAST_GRACE).move is Move.GOES


def test_the_way_in_is_told_once_for_time_without_a_gap():
    first = Span(NOW - 20 * DAY, NOW + 10 * DAY)
    early = [first, Span(NOW + 10 * DAY, NOW + 40 * DAY)]
    told = NOW - 20 * DAY
    assert is_news([first], None, NOW)
    assert not is_news(early, told, NOW + 15 * DAY)
    assert is_news([first, Span(NOW + 12 * DAY, NOW + 40 * DAY)], told, NOW + 15 * DAY)
    assert not is_news([first], None, NOW + 11 * DAY)


@given(st.integers(0, 200_000), st.integers(0, 100))
def test_the_brake_lets_one_go_and_never_more_than_its_share(present, percent):
    most = most_at_once(present, percent)
    assert most >= 1
    assert not is_too_much(most, present, percent)
    assert is_too_much(most + 1, present, percent)
    assert most == 1 or most * 100 <= present * percent


sightings = st.builds(
    Sighting,
    key=st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(1, 30)).map(
        lambda parts: key_of(NOW + timedelta(seconds=parts[0]), parts[1], parts[2])
    ),
    standing=st.sampled_from(Standing),
    came=st.none() | st.sampled_from(Came),
)


@given(st.lists(sightings, unique_by=lambda each: each.key), st.randoms(use_true_random=False))
def test_updates_in_any_order_and_twice_say_the_same(seen, random):
    in_order = reduce(fold, sorted(seen, key=lambda each: each.key), Known())
    shuffled = [*seen, *seen]
    random.shuffle(shuffled)
    assert reduce(fold, shuffled, Known()) == in_order
    if seen:
        assert in_order.standing is max(seen, key=lambda each: each.key).standing
