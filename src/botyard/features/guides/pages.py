"""The library in the console: lists with figures, a form for each guide, and files in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Form, Page, Templates, page_of, read_form, redirect, signed_in
from botyard.feature import Site
from botyard.features.guides.models import Difficulty, Guide
from botyard.features.guides.service import editing, exchange, library
from botyard.features.guides.service.drafts import BadGuide, fields_of, folded
from botyard.features.guides.service.editing import Editor
from botyard.features.guides.service.files import FILE_LIMIT, BadFile, FileKind
from botyard.features.guides.service.library import Figures, GuideId
from botyard.features.tracking import service as tracking

LIST = "/console/guides"
WRITTEN = ("title", "description", "url", "body", "category", "tags", "difficulty", "language")
ON_PAGE = 50
"""Guides on one page of the list."""
MEDIA_TYPES = {FileKind.CSV: "text/csv", FileKind.JSON: "application/json"}
MOST_FAULTS = 50
"""Faults of a file that are shown: whoever has more will find the cause in these."""
ENVELOPE = 64 * 1024
"""Room for what a form puts around a file."""

templates = Templates(Path(__file__).with_name("templates"))


@dataclass(frozen=True, slots=True)
class Row:
    """A guide in the list, with what members did."""

    guide: Guide
    figures: Figures
    clicks: int


def pages(site: Site) -> Sequence[BaseRoute]:
    """The pages below /console/guides."""
    desk = _Desk(site)
    return [
        Page("/guides", desk.list, title="Guides"),
        Route("/guides/new", desk.new, methods=["GET", "POST"]),
        Route("/guides/import", desk.bring_in, methods=["GET", "POST"]),
        Route("/guides/guides.{kind}", desk.export),
        Route("/guides/{id:int}", desk.edit, methods=["GET", "POST"]),
        Route("/guides/{id:int}/move", desk.move, methods=["POST"]),
        Route("/guides/{id:int}/active", desk.set_active, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def list(self, request: Request) -> Response:
        """All guides by category, or those that fit `?q=`, page by page."""
        words = request.query_params.get("q", "")[:200]
        async with self._site.database.reading() as session:
            found = [
                each
                for each in await library.all_guides(session)
                if all(word in each.searchable for word in folded(words).split())
            ]
            last = max(0, len(found) - 1) // ON_PAGE
            page = min(page_of(request), last)
            first = page * ON_PAGE
            rows = await _rows(session, found[first : first + ON_PAGE])
        sections = [(name, list(held)) for name, held in groupby(rows, key=lambda each: each.guide.category)]
        return templates.show(
            request,
            "guides.html",
            sections=sections,
            words=words,
            newer=_address(page - 1, words) if page else "",
            older=_address(page + 1, words) if page < last else "",
            shown=f"{first + 1:,}–{first + len(rows):,} of {len(found):,}",  # noqa: RUF001 - an en dash between numbers
        )

    async def new(self, request: Request) -> Response:
        """An empty form; POST adds the guide."""
        if request.method == "GET":
            form = Form.filled(
                category=request.query_params.get("category", "")[:64], language="en", difficulty="beginner"
            )
            return await self._form(request, form, None)
        form = await read_form(request)
        try:
            async with self._site.database.session() as session:
                guide = await editing.add(session, _written(form), self._editor(request))
                address = await _place_of(session, guide)
        except BadGuide as error:
            return await self._form(request, form, None, error)
        return redirect(request, address, f"“{guide.title}” is in the library.")

    async def edit(self, request: Request) -> Response:
        """A guide's form; POST changes the guide."""
        if request.method == "GET":
            async with self._site.database.reading() as session:
                guide = await _find(request, session)
            return await self._form(request, Form.filled(**fields_of(guide)), guide)
        form = await read_form(request)
        try:
            async with self._site.database.session() as session:
                guide = await _find(request, session)
                changed = await editing.change(session, guide, _written(form), self._editor(request))
                address = await _place_of(session, guide)
        except BadGuide as error:
            async with self._site.database.reading() as session:
                guide = await _find(request, session)
            return await self._form(request, form, guide, error)
        said = f"“{guide.title}” is saved." if changed else f"Nothing was changed in “{guide.title}”."
        return redirect(request, address, said)

    async def move(self, request: Request) -> Response:
        """Moves a guide one place `up` or `down`."""
        form = await read_form(request)
        step = form.choice("step", ["up", "down"])
        async with self._site.database.session() as session:
            guide = await _find(request, session)
            if guide.active and not form.errors:
                place = guide.position - 1 if step == "up" else guide.position + 1
                await editing.move(session, guide, place, self._editor(request))
            address = await _place_of(session, guide)
        return redirect(request, address, f"“{guide.title}” is number {guide.position} of {guide.category}.")

    async def set_active(self, request: Request) -> Response:
        """Retires a guide, or offers it again."""
        form = await read_form(request)
        active = form.choice("active", ["yes", "no"]) == "yes"
        async with self._site.database.session() as session:
            guide = await _find(request, session)
            if not form.errors:
                await editing.set_active(session, guide, self._editor(request), active=active)
            address = await _place_of(session, guide)
        state = "offered again" if guide.active else "retired: members no longer see it"
        return redirect(request, address, f"“{guide.title}” is {state}.")

    async def export(self, request: Request) -> Response:
        """The library as `guides.csv` or `guides.json`. A CSV begins with a byte order mark, for Excel."""
        name = request.path_params["kind"]
        if name not in set(FileKind):
            raise HTTPException(404, "There is guides.csv and guides.json.")
        async with self._site.database.reading() as session:
            content = await exchange.export(session, FileKind(name))
        encoded = content.encode("utf-8-sig" if name == FileKind.CSV else "utf-8")
        headers = {"Content-Disposition": f'attachment; filename="guides.{name}"'}
        return Response(encoded, media_type=MEDIA_TYPES[FileKind(name)], headers=headers)

    async def bring_in(self, request: Request) -> Response:
        """Where files go out and in; POST imports one, or shows what is wrong with it, line by line."""
        if request.method == "GET":
            return templates.show(request, "guides_import.html", form=Form(), faults=[], more=0)
        form = await read_form(request, most=FILE_LIMIT + ENVELOPE)
        upload = form.upload("file", most=FILE_LIMIT)
        faults: Sequence[object] = ()
        if not form.errors:
            try:
                async with self._site.database.session() as session:
                    done = await exchange.import_file(session, upload.content, self._editor(request))
            except BadFile as error:
                faults = error.faults
            else:
                text = f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged."
                return redirect(request, LIST, text)
        shown, more = faults[:MOST_FAULTS], max(0, len(faults) - MOST_FAULTS)
        return templates.show(request, "guides_import.html", status=422, form=form, faults=shown, more=more)

    async def _form(
        self, request: Request, form: Form, guide: Guide | None, error: BadGuide | None = None
    ) -> Response:
        for name, problem in error.faults if error else ():
            form.refuse(name, problem)
        async with self._site.database.reading() as session:
            known = library.some_names(await library.categories(session))
        return templates.show(
            request,
            "guide.html",
            status=422 if error else 200,
            form=form,
            guide=guide,
            known=known,
            difficulties=[(each.value, each.value.capitalize()) for each in Difficulty],
        )

    def _editor(self, request: Request) -> Editor:
        return Editor(signed_in(request).member.id, self._site.clock.now())


def _address(page: int, words: str = "") -> str:
    asked = ({"q": words} if words else {}) | ({"page": page} if page else {})
    return f"{LIST}?{urlencode(asked)}" if asked else LIST


async def _place_of(session: AsyncSession, guide: Guide) -> str:
    """The page of the list that a guide is on: where one goes on after changing it."""
    numbers = [each.id for each in await library.all_guides(session)]
    return _address(numbers.index(guide.id) // ON_PAGE)


async def _find(request: Request, session: AsyncSession) -> Guide:
    try:
        return await library.find(session, request.path_params["id"])
    except library.NoSuchGuide:
        raise HTTPException(404, "There is no such guide.") from None


async def _rows(session: AsyncSession, guides: Iterable[Guide]) -> list[Row]:
    figures = await library.figures(session)
    listed = list(guides)
    clicks = await tracking.clicks_of(session, [f"guide:{each.id}" for each in listed])
    nothing = Figures()
    return [
        Row(each, figures.get(GuideId(each.id), nothing), clicks[f"guide:{each.id}"].total) for each in listed
    ]


def _written(form: Form) -> dict[str, str]:
    return {name: form.typed(name) for name in WRITTEN}
