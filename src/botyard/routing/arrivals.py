"""In how many chats a message arrived, and why not in the others: in words, once all of it is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import ChatKey
from botyard.members.chats import places_of
from botyard.outbox.models import CallState
from botyard.outbox.queue import Fate
from botyard.routing.texts import Html
from botyard.telegram.reasons import reason

MOST_NAMED = 10
"""So many chats are named with what went wrong there; the others are counted."""

Say = Callable[..., str]
"""Gives a text in somebody's language, as HTML: `Context.text`, for example."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What became of messages, one or several for each chat. `problems` are lines of HTML, by chat."""

    chats: int
    arrived: int
    problems: tuple[str, ...]

    def count(self, say: Say) -> str:
        """Such as `arrived in 3 of 4 chats`, as HTML."""
        return say("arrived-in", arrived=self.arrived, chats=self.chats)

    def named(self, say: Say) -> list[str]:
        """The chats where something went wrong, with what it was; the last one counts those left out."""
        named = list(self.problems[:MOST_NAMED])
        more = len(self.problems) - len(named)
        return [*named, say("arrived-more", count=more)] if more else named


async def arrivals_of(session: AsyncSession, say: Say, fates: Sequence[Fate], chats: int) -> Arrivals:
    """What became of the calls to so many chats, all of which have ended."""
    by_chat: dict[ChatKey, list[Fate]] = defaultdict(list)
    for fate in fates:
        if fate.chat_key is not None:
            by_chat[fate.chat_key].append(fate)
    places = await places_of(session, by_chat.keys())
    whys = {key: _problem(say, calls) for key, calls in by_chat.items()}
    problems = [
        say("arrived-problem", chat=places[key].name, why=Html(why)) for key, why in whys.items() if why
    ]
    arrived = len(by_chat) - len(problems)
    if len(by_chat) < chats:
        problems.append(say("arrived-no-record", count=chats - len(by_chat)))
    return Arrivals(max(chats, len(by_chat)), arrived, tuple(problems))


def _problem(say: Say, fates: Sequence[Fate]) -> str:
    """Why a chat has not got all of it; empty if it has."""
    failed = next((fate for fate in fates if fate.state is not CallState.SENT), None)
    if failed is None:
        return ""
    if failed.state is CallState.UNKNOWN:
        return say("arrived-unknown")
    if failed.state is CallState.EXPIRED:
        return say("arrived-too-late")
    return reason(say, failed.error or failed.error_kind or failed.state.value)
