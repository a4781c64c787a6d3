"""How far the other side's books were read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, UtcDateTime


class Cursor(Base):
    """The place up to which a book was compared with ours: `stars:<bot id>` and a number of transactions."""

    __tablename__ = "billing_cursors"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[str] = mapped_column(String(255))
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)
