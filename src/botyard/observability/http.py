"""The pages for machines: liveness, readiness and metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from botyard.observability.health import Check
from botyard.observability.metrics import Metrics

Checks = Callable[[], Awaitable[Sequence[Check]]]


def status_routes(metrics: Metrics, refresh: Callable[[], Awaitable[None]], checks: Checks) -> list[Route]:
    """`/healthz`, `/readyz` and `/metrics`. `refresh` brings the gauges up to date before they are read."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        found = await checks()
        ready = all(check.ok for check in found)
        body = {
            "ready": ready,
            "checks": [
                {"name": check.name, "ok": check.ok, "detail": check.detail, "remedy": check.remedy}
                for check in found
            ],
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    async def exposition(_request: Request) -> Response:
        await refresh()
        body, content_type = metrics.exposition()
        return Response(body, headers={"content-type": content_type})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)]
