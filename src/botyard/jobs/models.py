"""Durable jobs and the schedules that make them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, JsonBytes, RowNumber, UtcDateTime


class JobState(StrEnum):
    """Where a job is."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class Job(Base):
    """Work to do later. `key`, where given, is unique: the same job is never queued twice."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(128), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JsonBytes)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[JobState] = mapped_column(EnumText(JobState))
    attempts: Mapped[int] = mapped_column(SmallInteger)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
