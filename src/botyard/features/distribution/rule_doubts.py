"""What a rule may be saved with, and whoever saves it should know."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.distribution.captions import TEXT
from botyard.features.distribution.rule_content import RuleContent
from botyard.ids import BotId
from botyard.routing.reach import warnings

_PLACE = re.compile(r"\{[^{}\n]{0,32}\}")
MOST_NAMED = 5


async def doubts_of(
    session: AsyncSession, say: Callable[..., str], content: RuleContent, bot_id: BotId | None = None
) -> list[str]:
    """Lines of HTML: chats that posts will not arrive in, and captions that are not what they seem."""
    found = await warnings(session, say, content.chats, bot_id)
    caption = content.caption_template
    if caption is None:
        return found
    if TEXT not in caption:
        found.append(say("rule-doubt-no-text"))
    others = dict.fromkeys(place for place in _PLACE.findall(caption) if place != TEXT)
    if others:
        found.append(say("rule-doubt-places", places=", ".join(list(others)[:MOST_NAMED])))
    return found
