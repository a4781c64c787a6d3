"""Facts: what one room tells all that want to know, as one job per listener, in the teller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import UserId
from botyard.jobs.queue import JobHandler, Run, enqueue


class RoleChanged(msgspec.Struct, frozen=True):
    """A member's role is another one now: it was changed or raised, or a raise has ended."""

    user_id: UserId


class EntitlementsChanged(msgspec.Struct, frozen=True):
    """What a member may do for what he paid is another: more time, or less."""

    user_id: UserId


class PaymentRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A row was added to the ledger. `amount` is in the currency's smallest unit, never negative."""

    payment_id: int
    user_id: UserId
    kind: str
    """charge, renewal, refund, chargeback, grant or adjustment."""
    way: str
    """stars, telegram, stripe, admin, trial or referral."""
    incoming: bool
    is_money: bool
    amount: int
    currency: str
    plan: str | None
    at: datetime
    key: str = ""
    """What the other side calls it, with the way: `stars:charge-1`."""
    refers_to: str | None = None
    """The key of the payment that it takes back, or puts back."""


Fact = RoleChanged | EntitlementsChanged | PaymentRecorded


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to know of a kind of fact. `name` tells listeners of one fact apart."""

    fact: type[RoleChanged] | type[EntitlementsChanged] | type[PaymentRecorded]
    name: str
    run: Run

    @property
    def job_name(self) -> str:
        """The name of the jobs that carry the fact to this listener."""
        return f"{self.fact.__name__}:{self.name}"

    def handler(self) -> JobHandler:
        """The job handler that delivers to this listener."""
        return JobHandler(self.job_name, self.run)


class Facts:
    """Who listens to what."""

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._listeners = tuple(listeners)

    async def tell(
        self, session: AsyncSession, fact: Fact, now: datetime, *, at: datetime | None = None
    ) -> None:
        """Tells every listener, once the caller's transaction commits; with `at`, not before then."""
        payload: Mapping[str, Any] = msgspec.to_builtins(fact)
        for listener in self._listeners:
            if isinstance(fact, listener.fact):
                await enqueue(session, listener.job_name, payload, now, run_at=at)
