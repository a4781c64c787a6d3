"""Plain SQL for hot paths: values survive the way to both databases and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from botyard.db.hot import HotStatement, as_text, in_one_trip, read_moment
from botyard.db.session import Database

ECHO = HotStatement(
    "SELECT number, name, yes, body, at FROM {row} ORDER BY number",
    row={"number": "bigint", "name": "text", "yes": "boolean", "body": "bytes", "at": "moment"},
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
shared_database = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@given(
    number=st.integers(-(2**63), 2**63 - 1),
    name=st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    yes=st.booleans(),
    body=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)
@shared_database
async def test_values_come_back_as_they_were(
    database: Database, number: int, name: str | None, yes: bool, body: str, at: datetime | None
) -> None:
    row = {"number": number, "name": name, "yes": yes, "body": body, "at": at}
    [(number2, name2, yes2, body2, at2)] = await database.read_batch(lambda hot: hot.execute(ECHO, row=[row]))
    assert (number2, name2, bool(yes2), bytes(body2)) == (number, name, yes, body.encode())
    assert (None if at2 is None else read_moment(at2)) == at


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5))])
async def test_moments_are_compared_with_a_parameter(database: Database, zone: timezone) -> None:
    later = HotStatement("SELECT at > :noon FROM {row} ORDER BY at", row={"at": "moment"})
    around = [{"at": NOON + timedelta(microseconds=each)} for each in (-1, 0, 1)]
    noon = NOON.astimezone(zone)
    found = await database.read_batch(lambda hot: hot.execute(later, row=around, noon=hot.moment(noon)))
    assert [bool(each) for (each,) in found] == [False, False, True]


async def test_no_rows_are_no_rows(database: Database) -> None:
    assert await database.read_batch(lambda hot: hot.execute(ECHO, row=[])) == []


def test_a_raw_nul_is_left_out() -> None:
    assert as_text(b'{"a": "x\0y"}') == '{"a": "xy"}'
    assert as_text(rb'{"a": "\u0000"}') == r'{"a": "\u0000"}'


async def test_a_failure_rolls_back_and_has_sqlalchemys_type(database: Database) -> None:
    make = HotStatement("INSERT INTO leases (name, holder, fence, expires_at) VALUES ('a', '', 0, 0)")
    with pytest.raises(IntegrityError) as caught:
        await database.write_batch(lambda hot: [hot.execute(make), hot.execute(make)])
    assert "leases" not in str(caught.value.statement or "") or not database.is_sqlite
    count = HotStatement("SELECT count(*) FROM leases")
    assert await database.read_batch(lambda hot: hot.execute(count)) == [(0,)]
    with pytest.raises((OperationalError, ProgrammingError)):
        await database.write_batch(lambda hot: hot.execute(HotStatement("SELECT * FROM nowhere")))


async def test_in_a_sessions_transaction_it_is_committed_with_it(database: Database) -> None:
    make = HotStatement("INSERT INTO leases (name, holder, fence, expires_at) VALUES ('a', '', 0, 0)")
    count = HotStatement("SELECT count(*) FROM leases")
    async with database.session() as session:
        await in_one_trip(await session.connection(), lambda hot: hot.execute(make))
        assert await database.read_batch(lambda hot: hot.execute(count)) == [(0,)]
    assert await database.read_batch(lambda hot: hot.execute(count)) == [(1,)]
