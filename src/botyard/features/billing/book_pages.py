"""/console/billing: what was earned, the ledger, what needs a look, and a member's payments and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from botyard.console import Page, Refusal, Templates, Tone, number_in, page_of, redirect, signed_in
from botyard.feature import Site
from botyard.features.billing import row_words, words
from botyard.features.billing.ledger_csv import ledger_csv
from botyard.features.billing.models import Doubt, DoubtId, Payment
from botyard.features.billing.month_charts import charts
from botyard.features.billing.service import book, bought, doubts, granting, reports, standing, subscriptions
from botyard.features.billing.service.reports import Period
from botyard.ids import UserId
from botyard.members import audit, entitlements, roles
from botyard.members.directory import names_of
from botyard.members.entitlements import PaymentId
from botyard.members.models import User
from botyard.money import Money

HOME = "/console/billing"
ON_PAGE = 50
LATEST = 8
LANGUAGE = "en"
"""The console's."""
DAY = timedelta(days=1)

templates = Templates(Path(__file__).with_name("templates"))


def pages(site: Site) -> Sequence[BaseRoute]:
    """The pages, for the console to show."""
    desk = _Desk(site)
    return [
        Page("/billing", desk.index, title="Billing"),
        Route("/billing/payments", desk.payments),
        Route("/billing/ledger.csv", desk.ledger),
        Route("/billing/doubts", desk.doubts),
        Route("/billing/doubts/{number:int}/seen", desk.seen, methods=["POST"]),
        Route("/billing/members/{number:int}", desk.member),
    ]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A row of the ledger for people."""

    row: Payment
    who: str
    what: str
    plan: str | None
    """Its own, or what another row says that it was for."""
    way: str
    amount: str
    refundable: bool
    """Whether /refund can give it back."""


class _Desk:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """GET: the figures of a period, revenue by month, and the latest payments."""
        now = self._site.clock.now()
        period = _period(request, now)
        async with self._site.database.reading() as session:
            values = {
                "found": await reports.figures(session, period, now),
                "titles": await granting.all_titles(session),
                "charts": charts(await reports.by_month(session, now), LANGUAGE),
                "rows": await _shown(session, await book.latest(session, most=LATEST)),
                "doubts": await book.count_unsettled(session),
            }
        first, last = f"{period.start:%Y-%m-%d}", f"{period.end - DAY:%Y-%m-%d}"
        query = urlencode({"from": first, "to": last})
        return _show(
            request, "billing.html", first=first, last=last, query=query, presets=_presets(now), **values
        )

    async def payments(self, request: Request) -> Response:
        """GET: the whole ledger, the newest first; with `q`, of one member."""
        page, typed = page_of(request), request.query_params.get("q", "")[:200].strip()
        async with self._site.database.reading() as session:
            user = await roles.find_user(session, typed) if typed else None
            user_id = None if user is None else UserId(user.id)
            skip = page * ON_PAGE
            found = (
                await book.latest(session, most=ON_PAGE + 1, skip=skip, user_id=user_id)
                if user is not None or not typed
                else []
            )
            rows = await _shown(session, found[:ON_PAGE])
            count = await book.count_unsettled(session)
        words_of = {"q": typed} if typed else {}
        newer = urlencode({**words_of, "page": page - 1}) if page else ""
        older = urlencode({**words_of, "page": page + 1}) if len(found) > ON_PAGE else ""
        return _show(
            request, "payments.html", rows=rows, q=typed, user=user, newer=newer, older=older, doubts=count
        )

    async def ledger(self, request: Request) -> Response:
        """GET: every row of a period as CSV, made while it is downloaded."""
        period = _period(request, self._site.clock.now())
        name = f"payments-{period.start:%Y-%m-%d}-{period.end - DAY:%Y-%m-%d}.csv"
        return StreamingResponse(
            ledger_csv(self._site.database, period),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def doubts(self, request: Request) -> Response:
        """GET: payments that need a look: what is wrong with each, in words."""
        async with self._site.database.reading() as session:
            found = await doubts.unsettled(session)
            names = await names_of(session, {UserId(each.user_id) for each in found if each.user_id})
            ids = {PaymentId(each.payment_id) for each in found if each.payment_id}
            rows = await book.by_ids(session, ids)
            refundable = await book.refundable(session, rows.values())
            count = await book.count_unsettled(session)
        return _show(
            request,
            "doubts.html",
            found=found,
            names=names,
            rows=rows,
            refundable=refundable,
            kinds=row_words.DOUBTS,
            money_of=_money_of,
            doubts=count,
        )

    async def seen(self, request: Request) -> Response:
        """POST: marks a payment as looked at."""
        number, now = DoubtId(number_in(request, "number")), self._site.clock.now()
        by = signed_in(request).member.id
        async with self._site.database.session() as session:
            if await doubts.settle(session, number, by, now) is None:
                return redirect(request, f"{HOME}/doubts", "This was settled before.", tone=Tone.WARN)
            audit.record(session, at=now, action="billing.seen", subject=f"doubt:{number}", actor_id=by)
        return redirect(request, f"{HOME}/doubts", "Marked as seen.")

    async def member(self, request: Request) -> Response:
        """GET: a member's time and his rows of the ledger."""
        user_id, now, page = UserId(number_in(request, "number")), self._site.clock.now(), page_of(request)
        async with self._site.database.reading() as session:
            user = await session.get(User, user_id)
            if user is None:
                raise Refusal(404, "There is no such member", what_next="Look for them among the payments.")
            given = await entitlements.of_member(session, user_id)
            found = await book.latest(session, most=ON_PAGE + 1, skip=page * ON_PAGE, user_id=user_id)
            values = {
                "user": user,
                "name": (await names_of(session, {user_id}))[user_id],
                "held": await granting.held(session, user_id, now),
                "given": given[::-1],
                "payments": await book.by_ids(session, {each.payment_id for each in given}),
                "titles": await granting.all_titles(session),
                "standing": await standing.of_member(session, user_id),
                "subscriptions": await subscriptions.of_member(session, user_id),
                "rows": await _shown(session, found[:ON_PAGE]),
                "what": row_words.what,
                "newer": f"?page={page - 1}" if page else "",
                "older": f"?page={page + 1}" if len(found) > ON_PAGE else "",
                "now": now,
            }
        return _show(request, "billing_member.html", **values)


def _show(request: Request, name: str, /, **values: Any) -> Response:
    return templates.show(
        request, name, home=HOME, price=_price, day=_day, moment=_moment, ways=row_words.WAYS, **values
    )


async def _shown(session: AsyncSession, rows: Sequence[Payment]) -> list[_Shown]:
    names = await names_of(session, {UserId(row.user_id) for row in rows})
    plans = await bought.plans_of(session, rows)
    refundable = await book.refundable(session, rows)
    return [
        _Shown(
            row,
            names[UserId(row.user_id)],
            row_words.what(row, plans.get(row.id)),
            plans.get(row.id),
            row_words.way(row),
            _price(book.signed(row)) if row.amount else "",
            row.id in refundable,
        )
        for row in rows
    ]


def _money_of(doubt: Doubt) -> str:
    """The money that a doubt is about; what a forger wrote may be none."""
    if doubt.amount is None or not doubt.currency:
        return ""
    try:
        return _price(Money(doubt.amount, doubt.currency))
    except ValueError:
        return f"{doubt.amount} {doubt.currency}"


def _price(money: Money) -> str:
    return words.price(money, LANGUAGE)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %Y}".lstrip("0")


def _moment(moment: datetime) -> str:
    return f"{_day(moment)}, {moment.astimezone(UTC):%H:%M}"


def _period(request: Request, now: datetime) -> Period:
    """The days that are asked for, the last included; where they make no sense, this month so far."""
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = _date(request.query_params.get("from", "")) or month
    last = _date(request.query_params.get("to", "")) or today
    return Period(first, last + DAY) if first <= last else Period(month, today + DAY)


def _date(word: str) -> datetime | None:
    try:
        found = datetime.strptime(word, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _presets(now: datetime) -> list[tuple[str, str]]:
    """Periods that are often wanted: their names, and what their addresses end with."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    spans = [
        ("This month", month, today),
        ("Last month", reports.previous_month(month), month - DAY),
        ("This year", month.replace(month=1), today),
        ("Last year", month.replace(year=month.year - 1, month=1), month.replace(month=1) - DAY),
    ]
    return [
        (name, urlencode({"from": f"{first:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}"}))
        for name, first, last in spans
    ]
