"""The endpoints that belong to no feature: who am I, and how are the bots."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel, Field

from botyard.api.auth import Caller
from botyard.db.session import Database
from botyard.ids import BotId
from botyard.inbox.backlog import count_by_state
from botyard.inbox.models import UpdateState
from botyard.telegram.bots import Bot


class Me(BaseModel):
    """The member who asks."""

    id: int = Field(description="Telegram's id.")
    name: str
    role: str = Field(description="ADMIN or OWNER: the role for the whole business.")


class BotSummary(BaseModel):
    """A bot and its updates."""

    name: str = Field(description="Its name in the settings.")
    username: str | None = Field(description="Its name in Telegram, once Telegram was asked.")
    waiting: int = Field(description="Updates that wait for their handler.")
    dead: int = Field(description="Dead letters: updates that were given up.")


def create_endpoints(database: Database, bots: Mapping[BotId, Bot]) -> APIRouter:
    """`GET /me` and `GET /bots`."""
    router = APIRouter()

    @router.get("/me")
    async def me(caller: Caller) -> Me:
        """The member who asks, with the role that he has now."""
        return Me(id=caller.member.id, name=caller.member.name, role=caller.role.name)

    @router.get("/bots")
    async def list_bots() -> list[BotSummary]:
        """Every bot that this service runs, in the order of the settings."""
        async with database.read() as connection:
            waiting = await count_by_state(connection, UpdateState.PENDING)
            dead = await count_by_state(connection, UpdateState.DEAD)
        return [
            BotSummary(
                name=bot.name,
                username=bot.username,
                waiting=waiting.get(bot.id, 0),
                dead=dead.get(bot.id, 0),
            )
            for bot in bots.values()
        ]

    return router
