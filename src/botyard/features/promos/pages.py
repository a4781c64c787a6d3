"""/console/promos: what there is, how it did and who clicked; forms to add and to edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Form, Page, Refusal, Templates, read_form, redirect, signed_in
from botyard.feature import Site
from botyard.features.promos import drafts, service
from botyard.features.promos.service import Draft, NoSuchPromo, Offer, PromoId
from botyard.members.audit import Actor

HOME = "/console/promos"
FANS_SHOWN = 200
MOST_HTML = 20_000
MOST_LINES = 40_000

templates = Templates(Path(__file__).with_name("templates"))


def pages(site: Site) -> Sequence[BaseRoute]:
    """The pages, for the console to show."""
    desk = _Desk(site)
    return [
        Page("/promos", desk.index, title="Promos"),
        Route("/promos/new", desk.new, methods=["GET", "POST"]),
        Route("/promos/{number:int}", desk.one),
        Route("/promos/{number:int}/edit", desk.edit, methods=["GET", "POST"]),
        Route("/promos/{number:int}/retire", desk.retire, methods=["POST"]),
        Route("/promos/{number:int}/revive", desk.revive, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """GET: all of them, with their clicks."""
        async with self._site.database.reading() as session:
            offers = await service.listed(session)
            clicks = await service.clicks_on(session, offers)
        return templates.show(request, "promos.html", offers=offers, clicks=clicks)

    async def one(self, request: Request) -> Response:
        """GET: one of them: each button's clicks, and who clicked."""
        async with self._site.database.reading() as session:
            offer = await _offer(session, request)
            results = await service.results_of(session, offer, most=FANS_SHOWN)
        return templates.show(request, "promo.html", offer=offer, results=results)

    async def new(self, request: Request) -> Response:
        """GET: a form. POST: keeps the promo, or shows again what was typed."""
        if request.method == "GET":
            return templates.show(request, "promo_form.html", form=Form(), offer=None)
        form = await read_form(request)
        code = form.text("code", most=32)
        draft = _draft(form, Draft("", ()))
        if draft:
            async with self._site.database.session() as session:
                with form.reading("code"):
                    await service.add(session, code, draft, _operator(request), self._site.clock.now())
        if form.errors:
            return templates.show(request, "promo_form.html", status=422, form=form, offer=None)
        return redirect(request, HOME, f"{code} is saved.")

    async def edit(self, request: Request) -> Response:
        """GET: the form as it was filled. POST: changes the promo; its photo stays."""
        if request.method == "GET":
            async with self._site.database.reading() as session:
                offer = await _offer(session, request)
            form = Form.filled(html=offer.html, buttons=drafts.write_buttons(offer.draft.buttons))
            return templates.show(request, "promo_form.html", form=form, offer=offer)
        form = await read_form(request)
        async with self._site.database.session() as session:
            offer = await _offer(session, request)
            draft = _draft(form, offer.draft)
            if draft is None:
                return templates.show(request, "promo_form.html", status=422, form=form, offer=offer)
            await service.edit(session, offer.id, draft, _operator(request), self._site.clock.now())
        return redirect(request, f"{HOME}/{offer.id}", f"{offer.code} is saved.")

    async def retire(self, request: Request) -> Response:
        """POST: takes it out of use."""
        return await self._switch(request, active=False)

    async def revive(self, request: Request) -> Response:
        """POST: brings it back."""
        return await self._switch(request, active=True)

    async def _switch(self, request: Request, *, active: bool) -> Response:
        async with self._site.database.session() as session:
            offer = await _offer(session, request)
            now = self._site.clock.now()
            await service.set_active(session, offer.id, _operator(request), now, active=active)
        return redirect(request, f"{HOME}/{offer.id}", f"{offer.code} is {'back' if active else 'retired'}.")


def _draft(form: Form, before: Draft) -> Draft | None:
    """What the form makes of a promo; None if something is wrong, which then stands at its field."""
    html = form.text("html", most=MOST_HTML, required=before.photo is None, multiline=True)
    lines = form.text("buttons", most=MOST_LINES, required=False, multiline=True)
    buttons = before.buttons
    with form.reading("html"):
        drafts.checked(replace(before, html=html))
    with form.reading("buttons"):
        buttons = drafts.read_buttons(lines)
    return None if form.errors else replace(before, html=html, buttons=buttons)


async def _offer(session: AsyncSession, request: Request) -> Offer:
    try:
        return await service.get(session, PromoId(request.path_params["number"]))
    except NoSuchPromo as problem:
        raise Refusal(404, problem.message, what_next="The list has those that are there.") from None


def _operator(request: Request) -> Actor:
    return Actor(signed_in(request).member.id)
