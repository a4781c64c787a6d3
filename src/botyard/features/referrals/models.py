"""The table of referrals: who came by whose link, and what it brought."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, UtcDateTime


class Referral(Base):
    """A member who came by another's link. There is one at most for each, and it never changes sides."""

    __tablename__ = "referrals"

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    referrer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    payment_id: Mapped[int | None] = mapped_column(BigInteger)
    """The row of the ledger with his first payment: no other counts any more."""
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reward_days: Mapped[int | None] = mapped_column(Integer)
    reward_code: Mapped[str | None] = mapped_column(String(32))
    """What the referrer was given for it: days of a plan, or a code."""
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the payment was returned, and the reward with it."""
