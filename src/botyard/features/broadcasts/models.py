"""The tables of broadcasts: what is sent, to whom, and what became of it for each recipient."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, RowNumber, UtcDateTime
from botyard.members.consent import Topic


class BroadcastState(StrEnum):
    """How far a broadcast is."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ASKING = "asking"
    """It is to start, but somebody must say yes first: it is late, or a second admin has to agree."""
    FREEZING = "freezing"
    """Its audience is being written down."""
    RUNNING = "running"
    PAUSED = "paused"
    ASKING_AGAIN = "asking_again"
    """Its text was changed after the start, and a second admin has to agree before it goes on."""
    FINISHED = "finished"
    CANCELLED = "cancelled"

    @property
    def is_new(self) -> bool:
        """Whether nothing of it has begun."""
        return self in (BroadcastState.DRAFT, BroadcastState.SCHEDULED, BroadcastState.ASKING)

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on by itself."""
        return self in (BroadcastState.FREEZING, BroadcastState.RUNNING)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is sent, unless failures are tried again."""
        return self in (BroadcastState.FINISHED, BroadcastState.CANCELLED)


STATE_WORDS = {
    BroadcastState.DRAFT: "is a draft",
    BroadcastState.SCHEDULED: "is scheduled",
    BroadcastState.ASKING: "waits for a yes",
    BroadcastState.ASKING_AGAIN: "waits for a second admin's yes",
    BroadcastState.FREEZING: "is being prepared",
    BroadcastState.RUNNING: "is being sent",
    BroadcastState.PAUSED: "is paused",
    BroadcastState.FINISHED: "is finished",
    BroadcastState.CANCELLED: "is cancelled",
}
"""What an error says of a broadcast in this state, after its name or an 'it'."""


class RecipientState(StrEnum):
    """What became of a broadcast for one recipient. The counts of all states add up to the audience."""

    PENDING = "pending"
    SENDING = "sending"
    """It is in the outbox."""
    SENT = "sent"
    FAILED = "failed"
    BLOCKED = "blocked"
    """He has blocked the bot, or is gone."""
    UNKNOWN = "unknown"
    """It may have arrived. It is never sent again by itself."""
    SKIPPED = "skipped"
    """Not sent on purpose: he left the list, has had enough for now, or the broadcast was cancelled."""


class Broadcast(Base):
    """A message for many. `audience` is JSON of `Audience`."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(64))
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    topic: Mapped[Topic] = mapped_column(EnumText(Topic))
    state: Mapped[BroadcastState] = mapped_column(EnumText(BroadcastState))
    audience: Mapped[bytes] = mapped_column(LargeBinary)
    paid: Mapped[bool]
    """Whether it goes faster than Telegram allows for nothing, for Stars (`allow_paid_broadcast`)."""
    zone: Mapped[str] = mapped_column(String(64))
    """The time zone of recipients of whom none is known."""
    quiet_begins: Mapped[str | None] = mapped_column(String(5))
    quiet_ends: Mapped[str | None] = mapped_column(String(5))
    cap: Mapped[int | None] = mapped_column(SmallInteger)
    """Who got so many marketing messages within `cap_days` days gets no more."""
    cap_days: Mapped[int | None] = mapped_column(SmallInteger)
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it last arrived at an admin who had it sent to himself; a change of the message forgets it."""
    trying_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the test was sent of which nobody knows yet whether it arrives; a change forgets it, too."""
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_by: Mapped[int | None] = mapped_column(BigInteger)
    """Who started or scheduled it."""
    approved_by: Mapped[int | None] = mapped_column(BigInteger)
    """The second admin who agreed, where one had to; a change of its text takes that back."""
    reworded_by: Mapped[int | None] = mapped_column(BigInteger)
    """Who last changed its text after the start; None once a second admin has agreed to it."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last started; one that asks and has this waits for a second admin."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    driven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it last went on by itself: one that stood still for long asks before it goes on."""
    driver: Mapped[int] = mapped_column(Integer)
    """The number of the one job that may drive it; an older one ends."""
    frozen_through: Mapped[int] = mapped_column(BigInteger)
    """The audience is written down for members up to this id."""
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When all of it was."""
    size: Mapped[int] = mapped_column(Integer)
    """How many recipients it has so far."""
    fed_through: Mapped[int] = mapped_column(Integer)
    """No recipient up to this position waits."""
    deleted_through: Mapped[int | None] = mapped_column(Integer)
    """Up to this position what was sent has been ordered to be deleted; None if it stays."""
    note: Mapped[str] = mapped_column(Text)
    """Why it stands still, in plain words."""


class Variant(Base):
    """One of the messages of a broadcast. `message` is JSON of `Message`."""

    __tablename__ = "broadcast_variants"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    language: Mapped[str | None] = mapped_column(String(8))
    """For members whose Telegram speaks this language; None: for all whose language has no variant."""
    share: Mapped[int] = mapped_column(SmallInteger)
    """How many of its language's members get it, compared with the others' shares."""
    message: Mapped[bytes] = mapped_column(LargeBinary)


class Recipient(Base):
    """A member of the frozen audience. `position` counts from 1."""

    __tablename__ = "broadcast_recipients"
    __table_args__ = (UniqueConstraint("broadcast_id", "chat_key"),)

    broadcast_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"))
    user_id: Mapped[int] = mapped_column(BigInteger)
    variant: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[RecipientState] = mapped_column(EnumText(RecipientState))
    message_ids: Mapped[str | None] = mapped_column(Text)
    """Telegram's numbers of what arrived, with spaces between."""
    gone: Mapped[bool]
    """Whether what arrived was deleted again."""
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Tally(Base):
    """How many recipients of a variant are in a state: kept in the transactions that move them."""

    __tablename__ = "broadcast_tallies"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    variant: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    state: Mapped[RecipientState] = mapped_column(EnumText(RecipientState), primary_key=True)
    recipients: Mapped[int] = mapped_column(Integer)


class VisitKind(StrEnum):
    """What a member did because of a broadcast."""

    START = "start"
    CLICK = "click"
    """He pressed a button that is counted; who follows a link to elsewhere is not known."""
    LEAVE = "leave"
    """He left the list."""


class Visit(Base):
    """The first time that a member did something because of a broadcast."""

    __tablename__ = "broadcast_visits"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[VisitKind] = mapped_column(EnumText(VisitKind), primary_key=True)
    variant: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SaleKind(StrEnum):
    """What a payment is to the broadcast that it goes back to."""

    SALE = "sale"
    RENEWAL = "renewal"
    """More of what a sale was the beginning of."""
    REFUND = "refund"


class Sale(Base):
    """A payment that goes back to a broadcast, or the return of one. Each counts once."""

    __tablename__ = "broadcast_sales"

    payment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """The row of the ledger."""
    key: Mapped[str] = mapped_column(String(300))
    """What a return of the payment calls it: see `jobs.facts.PaymentRecorded`."""
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"))
    variant: Mapped[int] = mapped_column(SmallInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[SaleKind] = mapped_column(EnumText(SaleKind))
    plan: Mapped[str | None] = mapped_column(String(32))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Payer(Base):
    """A member who has ever paid money, and when first."""

    __tablename__ = "broadcast_payers"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
