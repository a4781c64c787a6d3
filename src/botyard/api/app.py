"""Puts the API together. The composition root mounts it at `/api/v1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Depends, FastAPI

from botyard.api.auth import Reception
from botyard.api.endpoints import create_endpoints
from botyard.api.entitled import Gate, install_gate
from botyard.api.errors import ErrorBody, install_error_bodies
from botyard.clock import Clock
from botyard.db.session import Database
from botyard.ids import BotId
from botyard.observability.metrics import Metrics
from botyard.telegram.bots import Bot


def create_api(
    database: Database,
    bots: Mapping[BotId, Bot],
    clock: Clock,
    *,
    metrics: Metrics,
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """The API for members who may enter the console. Its description is at `openapi.json`, for everybody.

    Each endpoint of `routers` stands behind the same authentication; `Caller` tells it who asks, and
    `require` lets in only those who have a feature.
    """
    api = FastAPI(
        title="botyard",
        version="1",
        docs_url=None,  # the pages that FastAPI would show load their scripts from elsewhere
        redoc_url=None,
        dependencies=[Depends(Reception(database, clock))],
        responses={"default": {"model": ErrorBody, "description": "What is wrong, and what to do next."}},
    )
    install_error_bodies(api)
    install_gate(api, Gate(database, clock, metrics))
    for router in (create_endpoints(database, bots), *routers):
        api.include_router(router)
    return api
