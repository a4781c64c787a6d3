"""Keeping a fair share of a family of leases, for as long as the process lives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import ceil

import structlog
from sqlalchemy.exc import SQLAlchemyError

from botyard.clock import Clock
from botyard.db.leases import LEASE_SECONDS, RENEW_SECONDS, Lease, LeaseHolder

log = structlog.get_logger(__name__)

Changed = Callable[[Sequence[Lease], Sequence[Lease]], Awaitable[None]]
"""Told of leases gained, and of leases given back or lost; returns when work on the latter has ended."""


class LeaseKeeper:
    """Holds an equal share of `names` among the processes that want them, also as those come and go."""

    def __init__(
        self, holder: LeaseHolder, family: str, names: Sequence[str], clock: Clock, changed: Changed
    ) -> None:
        """`family` is what the processes that share these names call themselves together."""
        self._holder = holder
        self._presence = f"node:{family}:"
        self._names = names
        self._clock = clock
        self._changed = changed
        self._here: list[Lease] = []
        self._held: dict[str, Lease] = {}
        self._renewed_at = clock.monotonic()

    def lease(self, name: str) -> Lease | None:
        """The lease on `name`, if it is ours and cannot have run out."""
        return self._held.get(name) if self.is_current() else None

    def is_current(self) -> bool:
        """Whether leases were renewed so lately that none can have run out."""
        return self._clock.monotonic() - self._renewed_at <= LEASE_SECONDS - 1

    async def run(self) -> None:
        """Keeps going until cancelled."""
        while True:
            try:
                await self._whole_step()
            except (SQLAlchemyError, OSError) as error:
                log.warning("leases.not_renewed", family=self._presence, error=type(error).__name__)
                if not self.is_current():
                    await self._lose(list(self._held.values()))
            await asyncio.sleep(RENEW_SECONDS)

    async def _whole_step(self) -> None:
        """A step that ends even when cancelled: a lease taken in it must be known, to be given back."""
        step = asyncio.ensure_future(self.step())
        try:
            await asyncio.shield(step)
        except asyncio.CancelledError:
            await asyncio.wait([step], timeout=RENEW_SECONDS)
            raise

    async def step(self) -> None:
        """Renews what is held, gives back what is too much, takes what is free."""
        asked_at = self._clock.monotonic()
        renewed = await self._holder.renew([*self._held.values(), *self._here])
        kept = {lease.name: lease for lease in renewed}
        await self._lose([lease for name, lease in self._held.items() if kept.get(name) != lease])
        self._renewed_at = asked_at
        self._here = [lease for lease in self._here if lease.name in kept]
        if not self._here:
            self._here = await self._holder.take([f"{self._presence}{self._holder.name}"])
        share = ceil(len(self._names) / max(1, await self._holder.live_holders(self._presence)))
        if len(self._held) > share:
            await self.give_back(sorted(self._held.values(), key=lambda lease: lease.name)[share:])
        elif len(self._held) < share:
            await self._take(share - len(self._held))

    async def give_back(self, surplus: Sequence[Lease]) -> None:
        """Lets work on these end, then frees them for others at once."""
        await self._lose(surplus)
        await self._holder.release(surplus)

    async def stop(self) -> None:
        """Gives back everything, also the presence."""
        await self.give_back(list(self._held.values()))
        await self._holder.release(self._here)
        self._here = []

    async def _take(self, most: int) -> None:
        free = [name for name in self._names if name not in self._held]
        gained = await self._holder.take(free, most=most)
        self._held.update({lease.name: lease for lease in gained})
        if gained:
            await self._changed(gained, [])

    async def _lose(self, lost: Sequence[Lease]) -> None:
        for lease in lost:
            self._held.pop(lease.name, None)
        if lost:
            await self._changed([], lost)
