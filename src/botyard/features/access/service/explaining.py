"""Why somebody is in a chat or not: from the rows of the ledger to what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.access.models import AccessMember, Mode, Problem
from botyard.features.access.rules import Bought, Came, Decision, Span, Standing, Verdict
from botyard.features.access.service import chats, opening, people
from botyard.features.access.service.chats import Terms
from botyard.features.billing.service import catalog, ledger
from botyard.ids import ChatKey, UserId
from botyard.members import entitlements
from botyard.members.chats import places_of
from botyard.members.directory import names_of
from botyard.members.entitlements import Entitlement, PaymentId
from botyard.members.member import ChatPlace
from botyard.members.models import User
from botyard.money import Money


class Nobody(BotyardError):
    """Nothing is known of this person."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger, in short. `gives` says whether an entitlement follows from it."""

    id: int
    kind: str
    source: str
    external_id: str
    is_in: bool
    money: Money
    plan: str | None
    at: datetime
    refers_to: str | None
    reason: str
    gives: bool


@dataclass(frozen=True, slots=True)
class ChatAccess:
    """One chat: what lets the member in (numbers of rows of the ledger), where he is, what is to happen."""

    place: ChatPlace
    mode: Mode
    problem: Problem | None
    plans: Sequence[str]
    payments: Sequence[int]
    standing: Standing
    came: Came
    decision: Decision | None
    is_being_removed: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Explained:
    """All about one member's access."""

    user_id: UserId
    name: str
    rows: Sequence[Row]
    entitlements: Sequence[Entitlement]
    chats: Sequence[ChatAccess]


async def explain(session: AsyncSession, user_id: UserId, terms: Terms, now: datetime) -> Explained:
    """From which rows of the ledger each access of a member follows. Raises `Nobody`."""
    payments = await ledger.rows_of(session, user_id)
    given = await entitlements.of_member(session, user_id)
    moments = {PaymentId(each.id): each.at for each in payments}
    access = await _chats(session, user_id, given, moments, terms, now)
    if not payments and not access and await session.get(User, user_id) is None:
        raise Nobody(f"Nobody with the id {user_id} is known.", remedy="See 'botyard users list'.")
    giving = {each.payment_id for each in given}
    rows = [
        Row(
            each.id,
            each.kind.value,
            each.source.value,
            each.external_id,
            each.direction > 0,
            Money(each.amount, each.currency),
            each.plan,
            each.at,
            each.refers_to,
            each.reason,
            each.id in giving,
        )
        for each in payments
    ]
    return Explained(user_id, (await names_of(session, [user_id]))[user_id], rows, given, access)


async def _chats(
    session: AsyncSession,
    user_id: UserId,
    given: Sequence[Entitlement],
    moments: Mapping[PaymentId, datetime],
    terms: Terms,
    now: datetime,
) -> list[ChatAccess]:
    sold = await catalog.sold_chats(session)
    found = []
    places = await places_of(session, list(sold))
    for key, plans in sold.items():
        row = await session.get(AccessMember, {"chat_key": key, "user_id": user_id})
        opens = await opening.of_chat(session, key)
        relevant = [each for each in given if opens.opens(_bought(each, moments))]
        if row is None and not relevant:
            continue
        found.append(await _chat(session, places[key], plans, row, relevant, user_id, terms, now))
    return found


def _bought(each: Entitlement, moments: Mapping[PaymentId, datetime]) -> Bought:
    return Bought(each.plan, moments.get(each.payment_id, each.starts_at), Span(each.starts_at, each.ends_at))


async def _chat(
    session: AsyncSession,
    place: ChatPlace,
    plans: Sequence[str],
    row: AccessMember | None,
    relevant: Sequence[Entitlement],
    user_id: UserId,
    terms: Terms,
    now: datetime,
) -> ChatAccess:
    key = ChatKey(place.key)
    row = row or AccessMember(chat_key=key, user_id=user_id, standing=Standing.OUT, came=Came.UNKNOWN)
    spans = [Span(each.starts_at, each.ends_at) for each in relevant]
    chat = await chats.peek(session, key)
    return ChatAccess(
        place,
        chat.mode if chat else Mode.DRY,
        chat.problem if chat else None,
        plans,
        [each.payment_id for each in relevant],
        row.standing,
        row.came,
        row.decision,
        row.removal is not None,
        people.verdict_on(row, spans, terms, now),
    )
