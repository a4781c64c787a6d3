"""What promos are and do: kept, edited, retired; and whose clicks they got."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.promos.models import Promo, PromoButton
from botyard.features.tracking import service as tracking
from botyard.features.tracking.service import Clicks
from botyard.ids import BotId, UserId
from botyard.members import audit
from botyard.members.audit import Actor
from botyard.members.directory import names_of

PromoId = NewType("PromoId", int)

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
MOST_ROWS = 2**63


class NoSuchPromo(BotyardError):
    """There is no promo of this code or number."""


class BadPromo(BotyardError):
    """The promo cannot be kept or posted as it is."""


@dataclass(frozen=True, slots=True)
class NewButton:
    """A button as an operator wants it: a link (`url`), or one to press that says `answer`."""

    text: str
    url: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a promo is to say, in Telegram's HTML, with which photo of which bot, and which buttons."""

    html: str
    buttons: Sequence[NewButton]
    photo: str | None = None
    photo_bot_id: BotId | None = None


@dataclass(frozen=True, slots=True)
class OfferButton:
    """A button as it is shown. `label` is what its clicks are counted under."""

    number: int
    label: str
    text: str
    url: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A promo with its buttons, in their order."""

    id: PromoId
    code: str
    html: str
    photo: str | None
    photo_bot_id: BotId | None
    active: bool
    buttons: tuple[OfferButton, ...]

    @property
    def draft(self) -> Draft:
        """What it says now, to be changed."""
        buttons = [NewButton(each.text, each.url, each.answer) for each in self.buttons]
        return Draft(self.html, buttons, self.photo, self.photo_bot_id)


@dataclass(frozen=True, slots=True)
class Fan:
    """A member who pressed, by name, and how often."""

    user_id: UserId
    name: str
    clicks: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """How a button did. Whose clicks on a link they were is not known: `fans` are those who pressed."""

    button: OfferButton
    clicks: Clicks
    fans: Sequence[Fan]


# keeping


async def add(session: AsyncSession, code: str, draft: Draft, by: Actor, now: datetime) -> PromoId:
    """Keeps a new promo. Raises `BadPromo`."""
    await check_new_code(session, code)
    promo = Promo(
        code=code,
        html=draft.html,
        photo=draft.photo,
        photo_bot_id=draft.photo_bot_id,
        active=True,
        created_by=by.user_id,
        created_at=now,
        changed_at=now,
    )
    session.add(promo)
    await session.flush()
    await _place(session, PromoId(promo.id), draft.buttons)
    _record(session, "add", code, by, now)
    return PromoId(promo.id)


async def check_new_code(session: AsyncSession, code: str) -> None:
    """Raises `BadPromo` if a new promo cannot have this code."""
    if not _CODE.fullmatch(code):
        raise BadPromo(
            "A code is 1 to 32 small letters, digits, - and _.", remedy="Write it like spring-offer."
        )
    if await session.scalar(select(Promo.id).where(Promo.code == code)) is not None:
        raise BadPromo(f"There is a promo {code} already.", remedy="Edit it, or take another code.")


async def edit(session: AsyncSession, promo_id: PromoId, draft: Draft, by: Actor, now: datetime) -> None:
    """Changes what it says from the next post on. A button that keeps its text keeps its clicks.

    Raises `NoSuchPromo`.
    """
    promo = await _locked(session, promo_id)
    promo.html, promo.changed_at = draft.html, now
    promo.photo, promo.photo_bot_id = draft.photo, draft.photo_bot_id
    await _place(session, promo_id, draft.buttons)
    _record(session, "edit", promo.code, by, now)


async def set_active(
    session: AsyncSession, promo_id: PromoId, by: Actor, now: datetime, *, active: bool
) -> None:
    """Retires it, so that it is not posted and its buttons do nothing; or brings it back.

    Raises `NoSuchPromo`.
    """
    promo = await _locked(session, promo_id)
    if promo.active != active:
        promo.active, promo.changed_at = active, now
        _record(session, "revive" if active else "retire", promo.code, by, now)


async def _locked(session: AsyncSession, promo_id: PromoId) -> Promo:
    promo = await session.get(Promo, promo_id, with_for_update=True)
    if promo is None:
        raise _gone()
    return promo


async def _place(session: AsyncSession, promo_id: PromoId, wanted: Sequence[NewButton]) -> None:
    """Puts these buttons on the keyboard, and takes off the others."""
    rows = (await session.scalars(select(PromoButton).where(PromoButton.promo_id == promo_id))).all()
    known = {(row.text, row.url is None): row for row in sorted(rows, key=lambda row: row.number)}
    for row in rows:
        row.position = None
    newest = max((row.number for row in rows), default=0)
    for position, button in enumerate(wanted):
        kept = known.pop((button.text, button.url is None), None)
        if kept is None:
            newest += 1
            kept = PromoButton(promo_id=promo_id, number=newest, text=button.text)
            session.add(kept)
        kept.position, kept.url, kept.answer = position, button.url, button.answer
    await session.flush()


# finding


async def find(session: AsyncSession, code: str) -> Offer:
    """The promo of this code. Raises `NoSuchPromo`."""
    promo = await session.scalar(select(Promo).where(Promo.code == code.lower()))
    if promo is None:
        raise NoSuchPromo(f"There is no promo {code[:32]}.", remedy="/promo lists them.")
    return await _offer(session, promo)


async def get(session: AsyncSession, promo_id: PromoId) -> Offer:
    """The promo. Raises `NoSuchPromo`."""
    # of a larger number the database would make an error
    promo = await session.get(Promo, promo_id) if promo_id < MOST_ROWS else None
    if promo is None:
        raise _gone()
    return await _offer(session, promo)


async def listed(session: AsyncSession) -> list[Offer]:
    """All promos: those that are posted first, each by its code."""
    promos = (await session.scalars(select(Promo).order_by(Promo.active.desc(), Promo.code))).all()
    return [await _offer(session, promo) for promo in promos]


async def _offer(session: AsyncSession, promo: Promo) -> Offer:
    rows = await session.scalars(
        select(PromoButton)
        .where(PromoButton.promo_id == promo.id, PromoButton.position.is_not(None))
        .order_by(PromoButton.position)
    )
    return Offer(
        id=PromoId(promo.id),
        code=promo.code,
        html=promo.html,
        photo=promo.photo,
        photo_bot_id=None if promo.photo_bot_id is None else BotId(promo.photo_bot_id),
        active=promo.active,
        buttons=tuple(_button(row) for row in rows),
    )


def _button(row: PromoButton) -> OfferButton:
    return OfferButton(row.number, f"promo:{row.promo_id}:{row.number}", row.text, row.url, row.answer)


def _gone() -> NoSuchPromo:
    return NoSuchPromo("This promo is gone.", remedy="/promo lists those that are there.")


# clicks


async def pressed(session: AsyncSession, promo_id: PromoId, number: int) -> OfferButton | None:
    """The button that was pressed; None if there is none any more, or the promo is retired."""
    row = await session.scalar(
        select(PromoButton)
        .join(Promo, Promo.id == PromoButton.promo_id)
        .where(
            PromoButton.promo_id == promo_id,
            PromoButton.number == number,
            PromoButton.position.is_not(None),
            PromoButton.url.is_(None),
            Promo.active.is_(True),
        )
    )
    return None if row is None else _button(row)


async def count_press(session: AsyncSession, button: OfferButton, user_id: UserId, now: datetime) -> bool:
    """Counts a member's press; True for his first."""
    return await tracking.press(session, button.label, user_id, now)


async def clicks_on(session: AsyncSession, offers: Sequence[Offer]) -> dict[PromoId, int]:
    """How often something was clicked in each of the promos, as their keyboards are now."""
    counted = await tracking.clicks_of(session, [each.label for offer in offers for each in offer.buttons])
    return {offer.id: sum(counted[each.label].total for each in offer.buttons) for offer in offers}


async def results_of(session: AsyncSession, offer: Offer, *, most: int) -> list[Result]:
    """How each button did, with the latest members who pressed it, by name."""
    counted = await tracking.clicks_of(session, [each.label for each in offer.buttons])
    return [
        Result(each, counted[each.label], await _fans(session, each, most=most) if each.url is None else [])
        for each in offer.buttons
    ]


async def _fans(session: AsyncSession, button: OfferButton, *, most: int) -> list[Fan]:
    clickers = await tracking.clickers_of(session, button.label, most=most)
    names = await names_of(session, [each.user_id for each in clickers])
    return [Fan(each.user_id, names[each.user_id], each.clicks, each.last_at) for each in clickers]


def record_post(session: AsyncSession, offer: Offer, by: Actor, now: datetime, *, chats: int) -> None:
    """Notes in the audit log that somebody posted it by hand."""
    _record(session, "post", offer.code, by, now, chats=chats)


def _record(session: AsyncSession, what: str, code: str, by: Actor, now: datetime, **detail: int) -> None:
    audit.record(
        session,
        at=now,
        action=f"promo.{what}",
        subject=f"promo:{code}",
        actor_id=by.user_id,
        bot_id=by.bot_id,
        **detail,
    )
