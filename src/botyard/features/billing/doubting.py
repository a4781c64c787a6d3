"""Telling people of money that pays nothing: whoever paid may choose, and the admins know."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.models import Payment, Source
from botyard.features.billing.service.crediting import Credited, Outcome
from botyard.features.billing.telling import tell_member
from botyard.features.billing.words import price
from botyard.ids import BotId, UserId
from botyard.members import two_person
from botyard.members.directory import names_of, read_member
from botyard.money import Money
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Press, Rows, inline_keyboard
from botyard.routing.texts import TextArgument


async def tell_doubt(house: House, session: AsyncSession, credited: Credited, now: datetime) -> None:
    """Tells who paid that his money is safe and what he can do with it, and the admins that it came."""
    payment = credited.payment
    assert payment is not None
    assert payment.bot_id is not None
    user_id, bot_id = UserId(payment.user_id), BotId(payment.bot_id)
    member = await read_member(session, user_id)
    language = member.profile.language_code if member else None
    amount = price(Money(payment.amount, payment.currency), language)
    words: dict[str, TextArgument] = {"amount": amount, "why": credited.outcome.value}
    buttons = _choice(house, language, credited)
    await tell_member(house, session, user_id, bot_id, "paid-for-nothing", words, now, buttons=buttons)
    await tell_admins(house, session, payment, credited.outcome.value, now)


async def tell_admins(house: House, session: AsyncSession, payment: Payment, why: str, now: datetime) -> None:
    """Tells the admins of a payment that needs a look, with what they can do about it."""
    assert payment.bot_id is not None
    user_id = UserId(payment.user_id)
    name = (await names_of(session, [user_id]))[user_id]
    await say_to_admins(
        house,
        session,
        BotId(payment.bot_id),
        "doubt-told",
        {
            "name": name,
            "member": str(user_id),
            "number": str(payment.id),
            "amount": Money(payment.amount, payment.currency),
            "why": why,
        },
        now,
    )


async def say_to_admins(
    house: House,
    session: AsyncSession,
    bot_id: BotId,
    key: str,
    words: Mapping[str, TextArgument | Money],
    now: datetime,
    *,
    buttons: Rows = (),
    without: Collection[UserId] = (),
) -> None:
    """Queues a text to every admin whom the bot can write to, in their language; `without` some of them.

    Money in `words` is written as people of that language write it.
    """
    calls = []
    for each in await two_person.others(session, bot_id, without, now):
        said = {
            name: price(word, each.language) if isinstance(word, Money) else word
            for name, word in words.items()
        }
        html = house.texts.format(each.language, key, **said)
        params: dict[str, object] = {"text": html, "parse_mode": "HTML"}
        if buttons:
            params["reply_markup"] = inline_keyboard(buttons)
        calls.append(
            Call(
                bot_id,
                "sendMessage",
                params,
                chat_key=each.chat_key,
                priority=Priority.TRANSACTIONAL,
                on_unknown=OnUnknown.REPEAT,
            )
        )
    await outbox_queue.add(await session.connection(), calls, now)


def _choice(house: House, language: str | None, credited: Credited) -> Rows:
    """What the member can do by himself with money that he paid once more than he had to."""
    payment = credited.payment
    if payment is None or credited.outcome is not Outcome.PAID_TWICE:
        return ()
    use = Press(house.texts.format(language, "owed-use"), f"owed:use:{payment.id}")
    if payment.source is not Source.STARS:
        return [[use]]
    back = Press(house.texts.format(language, "owed-back"), f"owed:back:{payment.id}")
    return [[use], [back]]
