"""GET /c/{token}: counts a click, then leads on."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from botyard.db.batcher import Batcher
from botyard.feature import Site
from botyard.features.tracking import service
from botyard.features.tracking.service import NewClick
from botyard.observability.metrics import CounterName

CLICKS = CounterName("marketing_clicks", "Clicks on tracked links and call-to-action buttons.")
NO_PERSON = ("bot", "preview", "crawler", "spider", "facebookexternalhit", "curl/", "wget/", "python-")
"""Parts of the names of programs that fetch links which nobody has clicked, Telegram's preview among them."""
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def routes(site: Site) -> Sequence[BaseRoute]:
    """The way that tracked links take."""
    return [Route("/c/{token}", _Redirect(site).lead_on, methods=["GET"])]


class _Redirect:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._counts: Batcher[NewClick, None] = Batcher(site.database.writes(), service.count_batch)

    async def lead_on(self, request: Request) -> Response:
        """302 to where the link leads; 404 for a token that nobody gave out."""
        token = request.path_params["token"]
        async with self._site.database.read() as connection:
            destination = await service.destination_of(connection, token)
        if destination is None:
            raise HTTPException(404, "This link leads nowhere.")
        agent = request.headers.get("user-agent", "")
        if request.method == "GET" and not any(part in agent.lower() for part in NO_PERSON):
            address = request.client.host if request.client else ""
            clicker = service.clicker_of(token, address, agent)
            await self._counts.add(NewClick(destination.id, clicker, self._site.clock.now()))
            self._site.metrics.counter(CLICKS).inc()
        return RedirectResponse(destination.url, status_code=302, headers=HEADERS)
