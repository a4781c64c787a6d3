"""Who has paid while something was broken is told the way in as soon as it is open again: once."""

from __future__ import annotations

from tests.features.access.club import CLUB, a_club
from tests.support.outcomes import bot_of
from tests.support.running import ANA, OWNER, PAUL

from botyard.features.access.models import Problem


async def test_who_paid_while_the_bot_could_not_let_him_in_is_told_once_when_it_can(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens(can_invite_users=True)
        assert (await club.chat(key)).problem is Problem.NO_RESTRICT
        (warning,) = [each["text"] for each in await club.house.replies(OWNER) if "⚠️" in each["text"]]
        assert "who has paid is let in, but nobody is removed" in warning
        await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)  # letting in needs no right to ban

        gone = {"user_id": bot_of(club.house, "shop").id, "status": "left", "by": OWNER}
        await club.house.control("POST", f"chats/{CLUB}/members", **gone)
        await club.answered()
        await club.pays(ANA)
        await club.quiet()
        assert await club.ways_told(ANA) == []
        await club.promotes(CLUB)
        await club.answered()
        await club.passes(minutes=6)
        assert len(await club.ways_told(ANA)) == 1
        assert len(await club.ways_told(PAUL)) == 1

        await club.passes(hours=7)
        for user_id in (PAUL, ANA):
            assert len(await club.ways_told(user_id)) == 1
