"""`require`: an endpoint that is for who has paid for a feature."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Request

from botyard.api import create_api, require
from botyard.api.entitled import Gate, install_gate
from botyard.api.errors import install_error_bodies
from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import UserId
from botyard.members import entitlements
from botyard.members.directory import read_member
from botyard.members.entitlements import Entitlement, PaymentId
from botyard.members.models import Role, User
from botyard.members.sign_in import SignedIn
from botyard.observability.metrics import Metrics

PAUL, ANA, OLIVIA = UserId(1002), UserId(1003), UserId(1001)
signals = APIRouter()


@signals.get("/signals", dependencies=[Depends(require("signals"))])
async def list_signals() -> list[str]:
    return ["Gold: buy"]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def client(
    database: Database, clock: ManualClock, metrics: Metrics
) -> AsyncIterator[httpx.AsyncClient]:
    """An API for members; a header says who asks, as a member's key will."""

    async def recognise(request: Request, x_member: int = Header()) -> None:
        async with database.reading() as session:
            member = await read_member(session, UserId(x_member))
        assert member is not None
        request.state.signed_in = SignedIn(member, member.base_role)

    api = FastAPI(dependencies=[Depends(recognise)])
    install_error_bodies(api)
    install_gate(api, Gate(database, clock, metrics))
    api.include_router(signals)
    house = FastAPI()
    house.mount("/api/v1", api)
    now = clock.now()
    async with database.session() as session:
        for user_id, role in ((PAUL, Role.PUBLIC), (ANA, Role.PUBLIC), (OLIVIA, Role.ADMIN)):
            session.add(
                User(id=user_id, first_name="A", is_premium=False, role=role, created_at=now, seen_at=now)
            )
        await session.flush()
        day = timedelta(days=1)
        given = Entitlement("gold", "gold", ("signals",), now - day, now + day, PaymentId(1))
        await entitlements.replace(session, ANA, [given])
    transport = httpx.ASGITransport(house, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test/api/v1") as http:
        yield http


def denied(metrics: Metrics) -> float | None:
    """How many were refused for want of signals."""
    return metrics.registry.get_sample_value("entitlement_denied_total", {"feature": "signals"})


async def test_who_has_the_feature_is_let_in(client: httpx.AsyncClient, metrics: Metrics) -> None:
    answer = await client.get("/signals", headers={"X-Member": str(ANA)})
    assert (answer.status_code, answer.json()) == (200, ["Gold: buy"])
    assert denied(metrics) is None


async def test_who_lacks_it_is_refused_and_counted(client: httpx.AsyncClient, metrics: Metrics) -> None:
    for times in (1, 2):
        answer = await client.get("/signals", headers={"X-Member": str(PAUL)})
        assert answer.status_code == 403
        error = answer.json()["error"]
        assert (error["code"], error["message"]) == ("not_entitled", "This needs signals.")
        assert "/plans" in error["remedy"]
        assert denied(metrics) == times


async def test_paid_time_that_is_over_opens_nothing(client: httpx.AsyncClient, clock: ManualClock) -> None:
    clock.advance(24 * 3600)
    answer = await client.get("/signals", headers={"X-Member": str(ANA)})
    assert answer.status_code == 403


async def test_admins_have_all(client: httpx.AsyncClient) -> None:
    answer = await client.get("/signals", headers={"X-Member": str(OLIVIA)})
    assert answer.status_code == 200


async def test_the_real_api_has_the_gate(database: Database, clock: ManualClock, metrics: Metrics) -> None:
    api = create_api(database, {}, clock, metrics=metrics, routers=[signals])
    assert api.state.gate == Gate(database, clock, metrics)
