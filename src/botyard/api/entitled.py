"""Who may ask for what is paid for: `require("signals")` gates an endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from fastapi import FastAPI, Request

from botyard.api.auth import Caller
from botyard.clock import Clock
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.members import entitlements
from botyard.members.models import Role
from botyard.observability.metrics import Metrics
from botyard.routing.router import DENIED


class NotEntitled(BotyardError):
    """The member has no plan with the feature: answered with 403."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What is needed to look up what a member has paid for."""

    database: Database
    clock: Clock
    metrics: Metrics


def install_gate(api: FastAPI, gate: Gate) -> None:
    """Lets the endpoints of an application `require` features."""
    api.state.gate = gate


def require(feature: str) -> Callable[[Request, Caller], Awaitable[None]]:
    """The dependency of an endpoint that is for who has a feature: `Depends(require("signals"))`.

    Admins have all. It raises `NotEntitled`, and counts that under `entitlement_denied_total`.
    """

    async def check(request: Request, caller: Caller) -> None:
        gate = cast("Gate", request.app.state.gate)
        if caller.role >= Role.ADMIN:
            return
        async with gate.database.reading() as session:
            if await entitlements.has(session, caller.member.id, feature, gate.clock.now()):
                return
        gate.metrics.counter(DENIED).labels(feature).inc()
        raise NotEntitled(
            f"This needs {feature}.", remedy="Send /plans to the bot: a plan that has it opens this."
        )

    return check
