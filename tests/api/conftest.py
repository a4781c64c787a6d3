"""The API as the composition root mounts it, over a migrated database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from botyard.api import Caller, create_api
from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.ids import BotId, BotToken, UserId
from botyard.members.links import make_link
from botyard.members.models import LinkPurpose, Role, User
from botyard.members.sign_in import SESSION_COOKIE, sign_in
from botyard.observability.metrics import Metrics
from botyard.telegram.bots import Bot


class LastGuide(BotyardError):
    """A rule of the feature below."""


class Guide(BaseModel):
    title: str
    pages: int


guides = APIRouter(prefix="/guides")


@guides.post("", status_code=201)
async def add_guide(guide: Guide, caller: Caller) -> str:
    return f"{guide.title} by {caller.member.name}"


@guides.delete("/{number}")
async def delete_guide(number: int) -> None:
    if number == 0:
        raise RuntimeError("a detail that no answer may show")
    raise LastGuide("this is the last guide.", remedy="Add another one first.")


@pytest.fixture
def bots() -> dict[BotId, Bot]:
    return {
        BotId(number): Bot(
            BotId(number), name, BotToken(f"{number}:not-to-be-shown"), "hook-secret", username
        )
        for number, name, username in [(700, "main", "main_bot"), (800, "shop", None)]
    }


@pytest.fixture
async def stranger(
    database: Database, clock: ManualClock, bots: dict[BotId, Bot]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client without any cookie."""
    house = FastAPI()
    house.mount("/api/v1", create_api(database, bots, clock, metrics=Metrics(), routers=[guides]))
    transport = httpx.ASGITransport(house, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test/api/v1") as client:
        yield client


@pytest.fixture
async def ana(stranger: Any, database: Database, clock: ManualClock) -> httpx.AsyncClient:
    """The client of an admin who is signed in to the console."""
    now = clock.now()
    async with database.session() as session:
        session.add(
            User(
                id=1001,
                first_name="Ana",
                last_name="Bell",
                is_premium=False,
                role=Role.ADMIN,
                created_at=now,
                seen_at=now,
            )
        )
    async with database.session() as session:
        token = await make_link(session, LinkPurpose.CONSOLE, now, user_id=UserId(1001))
        await session.flush()
        cookie = await sign_in(session, token, now)
    assert cookie is not None
    stranger.cookies.set(SESSION_COOKIE, cookie)
    return stranger
