"""Pages of a feature that only tests have, made of every macro of the kit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import (
    Form,
    Page,
    Templates,
    Tone,
    as_typed,
    read_form,
    redirect,
    require,
    signed_in,
)
from botyard.members.models import Role

KYIV = ZoneInfo("Europe/Kyiv")
TITLES = [
    "Distribution",
    "Schedules",
    "Promos",
    "Broadcasts",
    "Plans",
    "Payments",
    "Access",
    "Referrals",
    "Members",
]
templates = Templates(Path(__file__).with_name("demonstration"))


@dataclass(frozen=True)
class Guide:
    """A row of the table."""

    title: str
    category: str
    level: str
    status: str
    tone: str
    views: int


GUIDES = [
    Guide("How to read a signal", "First steps", "Beginner", "Active", "good", 12_840),
    Guide("Risk, and how much of it to take on one trade", "Risk", "Intermediate", "Draft", "quiet", 0),
    Guide("Золото: що рухає ціну <b>", "Gold", "Advanced", "Link is slow", "warn", 311),
    Guide(
        "Averysinglewordthatisfartoolongforanycolumnofanytableonanyphone",
        "Odd",
        "Beginner",
        "Broken",
        "bad",
        5,
    ),
]


async def index(request: Request) -> Response:
    return templates.show(
        request, "list.html", guides=GUIDES, words=request.query_params.get("q", ""), who=signed_in(request)
    )


async def new(request: Request) -> Response:
    """GET: a form. POST: saves, or shows again what was typed. `unchecked`: the browser checks nothing."""
    unchecked = "unchecked" in request.query_params
    if request.method == "GET":
        starts = as_typed(datetime(2027, 3, 1, 7, tzinfo=UTC), KYIV)
        form = Form.filled(order=10, level="intermediate", chats=[8], starts=starts, active=True)
        return templates.show(request, "form.html", form=form, unchecked=unchecked)
    form = await read_form(request)
    title = form.text("title", most=120)
    form.text("link", most=200, required=False)
    form.text("body", most=4000, required=False, multiline=True)
    form.integer("order", least=0, most=9999)
    form.choice("level", ["beginner", "intermediate", "advanced"])
    form.choices("chats", [7, 8, 9, 10], least=1)
    form.moment("starts", KYIV, required=False)
    form.upload("cover", most=1024 * 1024, required=False)
    form.flag("active")
    if form.errors:
        return templates.show(request, "form.html", status=422, form=form, unchecked=True)
    return redirect(request, "/console/guides", f"“{title}” is saved.")


async def delete(request: Request) -> Response:
    return redirect(request, "/console/guides", "The guide is gone.", tone=Tone.WARN)


async def long(request: Request) -> Response:
    return redirect(request, "/console/guides", "🥇" * int(request.headers["x-length"]))


async def owners(request: Request) -> Response:
    return Response(require(request, Role.OWNER).member.name)


async def one(request: Request) -> Response:
    return Response(f"guide {request.path_params['id'] + 1} for {signed_in(request).role.name}")


PAGES: list[BaseRoute] = [
    Page("/guides", index, title="Guides"),
    Route("/guides/new", new, methods=["GET", "POST"]),
    Route("/guides/delete", delete, methods=["POST"]),
    Route("/guides/long", long, methods=["POST"]),
    Route("/guides/owners", owners),
    Route("/guides/{id:int}", one),
    *(Page(f"/{title.lower()}", index, title=title) for title in TITLES),
]
