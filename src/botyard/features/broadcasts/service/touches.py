"""Marketing messages that a member got lately, from all bots: what the frequency cap counts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from botyard.db.hot import HotConnection, HotStatement

_NOTE = HotStatement(
    """
    INSERT INTO marketing_touches (user_id, at, cause)
    SELECT user_id, :now, :cause FROM {touched} WHERE true ON CONFLICT DO NOTHING
    """,
    touched={"user_id": "bigint"},
)
_FORGET = HotStatement(
    """
    DELETE FROM marketing_touches
    WHERE user_id IN (SELECT user_id FROM {touched}) AND cause = :cause
    """,
    touched={"user_id": "bigint"},
)


def note(hot: HotConnection, cause: str, members: Collection[int], now: datetime) -> None:
    """They are about to get one, so another broadcast at the same time counts it already."""
    if members:
        hot.execute(_NOTE, touched=_rows(members), cause=cause, now=hot.moment(now))


def forget(hot: HotConnection, cause: str, members: Collection[int]) -> None:
    """They did not get it after all."""
    if members:
        hot.execute(_FORGET, touched=_rows(members), cause=cause)


def _rows(members: Collection[int]) -> list[dict[str, int]]:
    return [{"user_id": each} for each in members]
