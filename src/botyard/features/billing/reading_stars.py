"""Reading Telegram's book of Stars (Bot API, getStarTransactions), and comparing it with ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.billing.doubting import say_to_admins, tell_doubt
from botyard.features.billing.models import Direction
from botyard.features.billing.returning import tell_taken_back
from botyard.features.billing.service import reconciling
from botyard.features.billing.service.crediting import Outcome
from botyard.features.billing.service.reconciling import Booked, Compared, Page
from botyard.features.billing.telling import tell_paid
from botyard.features.billing.wire import Partner, StarTransaction, StarTransactions
from botyard.ids import BotId, UserId
from botyard.jobs import receipts
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.texts import TextArgument

READ = "billing.read_stars"
COMPARE = "billing.compare_stars"
EVERY = timedelta(hours=1)
PAGE = 100
"""Telegram's most."""
AGAIN = 50
"""So many transactions are read a second time: one may have been booked late."""


async def read_all(house: House, session: AsyncSession, _payload: Mapping[str, Any], now: datetime) -> None:
    """Asks for the next page of every bot's book."""
    for bot_id in house.bots:
        read = await reconciling.position(session, bot_id)
        await _ask(session, bot_id, max(0, read - AGAIN), now)


async def compare(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Compares a page that has come, tells of what it found, and asks for the next one."""
    fates = await receipts.ended(session, COMPARE, payload, now)
    if not fates or fates[0].state is not CallState.SENT:
        return
    bot_id, offset = BotId(payload["bot_id"]), int(payload["offset"])
    transactions = msgspec.convert(fates[0].result, StarTransactions).transactions
    if not transactions:
        return
    first, last = transactions[0].at, transactions[-1].at
    page = Page(bot_id, list(_of_members(transactions)), first, last)
    found = await reconciling.compare(session, house.facts, page, now)
    await reconciling.move(session, bot_id, offset + len(transactions), now)
    await _tell(house, session, bot_id, found, now)
    if len(transactions) == PAGE:
        await _ask(session, bot_id, offset + PAGE, now)


async def _ask(session: AsyncSession, bot_id: BotId, offset: int, now: datetime) -> None:
    receipt = f"billing:stars:{bot_id}:{offset}:{now.timestamp():.3f}"
    call = Call(
        bot_id,
        "getStarTransactions",
        {"offset": offset, "limit": PAGE},
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
        receipt=receipt,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    await receipts.follow(session, COMPARE, receipt, {"bot_id": bot_id, "offset": offset}, now)


async def _tell(house: House, session: AsyncSession, bot_id: BotId, found: Compared, now: datetime) -> None:
    for credited in found.credited:
        if credited.outcome is Outcome.CREDITED:
            await tell_paid(house, session, credited, now)
        else:
            await tell_doubt(house, session, credited, now)
    for refund in found.returned:
        await tell_taken_back(house, session, refund, now)
    missed = sum(each.outcome is Outcome.CREDITED for each in found.credited)
    if missed or found.returned or found.differences:
        words: dict[str, TextArgument] = {
            "missed": missed,
            "returned": len(found.returned),
            "differences": len(found.differences),
        }
        await say_to_admins(house, session, bot_id, "stars-compared", words, now)


def _of_members(transactions: Sequence[StarTransaction]) -> Iterator[Booked]:
    """Those that are payments for invoices; what Telegram or other bots pay is none of the ledger's."""
    for each in transactions:
        partner, direction = _partner(each)
        if partner is None or partner.user is None or partner.transaction_type != "invoice_payment":
            continue
        seconds = partner.subscription_period
        period = timedelta(seconds=seconds) if seconds else None
        user_id = UserId(partner.user.id)
        yield Booked(each.id, direction, each.amount, each.at, user_id, partner.invoice_payload, period)


def _partner(transaction: StarTransaction) -> tuple[Partner | None, Direction]:
    if transaction.source is not None:
        return transaction.source, Direction.IN
    return transaction.receiver, Direction.OUT
