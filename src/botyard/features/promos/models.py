"""The tables of promos: what is posted, and the buttons beneath it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, RowNumber, UtcDateTime


class Promo(Base):
    """A message that asks for something. `photo` is a file id, good for the bot that got the photo only."""

    __tablename__ = "promos"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    html: Mapped[str] = mapped_column(Text)
    photo: Mapped[str | None] = mapped_column(String(256))
    photo_bot_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bots.id"))
    active: Mapped[bool]
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PromoButton(Base):
    """A button: a link (`url`), or one to press (`answer`). Its number is never given to another.

    Without a `position` it is on no keyboard any more; its clicks stay.
    """

    __tablename__ = "promo_buttons"

    promo_id: Mapped[int] = mapped_column(ForeignKey("promos.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    position: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(String(200))
