"""Who is watched over, and how: dry run, unlisted members, the brake, rights, races and restarts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.features.access.club import CLUB, GROUP, KENJI, RIGHTS, a_club, presses, refunds, row_of, sell
from tests.support.outcomes import given
from tests.support.running import ANA, NEWS, OWNER, PAUL, SHOP

from botyard.features.access.models import Mode, Problem
from botyard.features.access.rules import Came, Decision, Standing

MONTH_AND_GRACE = timedelta(days=31, hours=1).total_seconds()


async def test_an_existing_group_begins_dry_and_who_was_there_before_is_listed_never_removed(
    sqlite_url, tmp_path
):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens(GROUP, live=False)
        for user_id in (PAUL, ANA):
            row = await row_of(club.database, key, user_id)
            assert (row.standing, row.came, row.unlisted_at is not None) == (Standing.IN, Came.BEFORE, True)
        assert (await row_of(club.database, key, OWNER)).standing is Standing.ADMIN
        await club.pays(PAUL)
        await club.passes(days=32)
        assert await club.status(PAUL, GROUP) == "member"  # dry run

        assert "Gold traders" in await club.house.ask(OWNER, "/access")
        await presses(club.house, OWNER, f"access:card:{key}")
        await presses(club.house, OWNER, f"access:plan:{key}")
        plan = (await club.house.replies(OWNER))[-1]["text"]
        assert "1 of 2 goes" in plan
        assert "Paul" in plan
        await presses(club.house, OWNER, f"access:live:{key}:1")
        await club.quiet()
        assert (await club.chat(key)).mode is Mode.LIVE
        assert await club.status(PAUL, GROUP) == "left"
        assert await club.status(ANA, GROUP) == "member"
        assert await club.status(OWNER, GROUP) == "creator"


async def test_an_admin_decides_about_who_was_added_by_hand(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens()
        for user_id in (PAUL, ANA, KENJI):
            added = {"user_id": user_id, "status": "member", "by": OWNER}
            await club.house.control("POST", f"chats/{CLUB}/members", **added)
        await club.passes(hours=1)
        assert (await row_of(club.database, key, PAUL)).came is Came.HAND
        await club.house.ask(OWNER, f"/access {CLUB}")
        await presses(club.house, OWNER, f"access:who:{key}:0")
        shown = (await club.house.replies(OWNER))[-1]["text"]
        assert all(name in shown for name in ("Paul", "Ana", "Kenji"))
        await presses(club.house, OWNER, f"access:remove:{key}:{PAUL}")
        await presses(club.house, OWNER, f"access:adopt:{key}:{ANA}")
        await presses(club.house, OWNER, f"access:ignore:{key}:{KENJI}")
        await club.passes(days=3)
        assert [await club.status(each) for each in (PAUL, ANA, KENJI)] == ["left", "member", "member"]
        assert (await row_of(club.database, key, ANA)).decision is Decision.ADOPT
        assert len(await club.removals()) == 1


async def test_the_brake_stops_tells_the_owner_and_goes_on_with_a_yes(database_url, tmp_path):
    async with a_club(database_url, tmp_path) as club:
        key = await club.opens()
        crowd = range(3001, 3011)
        for user_id in crowd:
            await club.house.control("POST", "users", id=user_id, first_name=f"M{user_id}")
            await club.pays(user_id)
            await club.house.control("POST", f"chats/{CLUB}/members", user_id=user_id, status="member")
        await club.passes(days=32)
        assert not await club.removals()
        told = [
            each["text"] for each in await club.house.replies(OWNER) if "would be removed" in each["text"]
        ]
        assert len(told) == 1
        assert "10 of 10" in told[0]
        await club.passes(hours=2)
        assert len([each for each in await club.house.replies(OWNER) if "would be" in each["text"]]) == 1

        await presses(club.house, OWNER, f"access:plan:{key}")
        await club.pays(3001)
        await club.quiet()
        stale = await presses(club.house, OWNER, f"access:yes:{key}:10")
        assert "changed" in stale.toasts[0]
        assert not await club.removals()
        shown = {each.get("callback_data") for each in await club.buttons(OWNER)}
        assert f"access:yes:{key}:9" in shown  # the old yes has given way
        await presses(club.house, OWNER, f"access:yes:{key}:9")
        await club.quiet()
        assert len(await club.removals()) == 9
        assert not await club.removals(3001)


async def test_above_the_size_for_one_admin_another_has_to_agree(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path, two_person_above=1, owner_ids=f"{OWNER},{PAUL}") as club:
        key = await club.opens()
        for user_id in (ANA, KENJI):
            await club.pays(user_id)
            await club.quiet()
            await club.comes(user_id)
        await club.passes(days=32)
        await club.house.ask(OWNER, f"/access {CLUB}")
        await presses(club.house, OWNER, f"access:plan:{key}")
        await presses(club.house, OWNER, f"access:yes:{key}:2")
        again = await presses(club.house, OWNER, f"access:yes:{key}:2")
        assert "Another admin has to agree" in again.toasts[0]
        await club.quiet()
        assert not await club.removals()
        await presses(club.house, PAUL, f"access:plan:{key}")
        await presses(club.house, PAUL, f"access:yes:{key}:2")
        await club.quiet()
        assert len(await club.removals()) == 2


async def test_the_owner_is_told_once_what_the_bot_may_not(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens(can_invite_users=True)
        assert (await club.chat(key)).problem is Problem.NO_RESTRICT
        await club.passes(hours=1)

        async def warnings():
            return [each["text"] for each in await club.house.replies(OWNER) if "⚠️" in each["text"]]

        assert len(await warnings()) == 1
        assert "Ban Users" in (await warnings())[0]
        assert "needs you" in await club.house.ask(OWNER, "/access")
        await club.promotes(CLUB)
        await club.answered()
        assert (await club.chat(key)).problem is None
        await club.promotes(CLUB, can_restrict_members=True)
        await club.passes(minutes=6)
        assert len(await warnings()) == 2
        assert (await club.chat(key)).problem is Problem.NO_INVITE


async def test_who_renews_while_his_removal_waits_stays(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)
        # the bot is told to wait before its first try: the removal is in the outbox, and stays there
        wait = {"method": "unbanChatMember", "kind": "retry_after", "retry_after": 3, "times": 1}
        await club.house.control("POST", "faults", **wait)
        club.clock.advance(MONTH_AND_GRACE)

        async def was_refused():
            return bool(await club.removals(PAUL))

        await club.house.until(was_refused)
        await club.pays(PAUL)
        await club.passes(minutes=6)
        assert await club.status(PAUL) == "member"
        assert [each["status"] for each in await club.removals(PAUL)] == [429]


async def test_who_renews_while_he_is_being_removed_is_told_the_way_in_again(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)
        assert len(await club.ways_told(PAUL)) == 1
        slow = {"method": "unbanChatMember", "kind": "slow", "seconds": 1.5, "times": 1}
        await club.house.control("POST", "faults", **slow)
        club.clock.advance(MONTH_AND_GRACE)

        async def is_on_its_way():
            rows = [row for row in club.house.sandbox.faults.orders if row.times == 0]
            return bool(rows) or not club.house.sandbox.faults.orders

        await club.house.until(is_on_its_way)
        await club.pays(PAUL)
        await club.passes(minutes=10)
        assert await club.status(PAUL) == "left"
        assert len(await club.ways_told(PAUL)) == 2
        await club.comes(PAUL)
        await club.passes(days=2)
        assert await club.status(PAUL) == "member"
        assert len(await club.removals(PAUL)) == 1


@pytest.mark.parametrize("kind", ["reset_after", "reset_before", "server_error"])
async def test_a_removal_without_an_answer_is_made_once_for_all_that_anybody_sees(sqlite_url, tmp_path, kind):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.pays(ANA, days=90)
        await club.quiet()
        await club.comes(PAUL)
        await club.comes(ANA)
        await club.house.control("POST", "faults", method="unbanChatMember", kind=kind, times=1)
        await club.passes(days=31, hours=1)
        await club.passes(hours=1)
        assert await club.status(PAUL) == "left"
        assert await club.status(ANA) == "member"
        changes = [
            each["update"]["chat_member"]
            for each in (await club.house.control("GET", "updates?since=0"))["entries"]
            if "chat_member" in each["update"]
        ]
        left = [each for each in changes if each["new_chat_member"]["status"] == "left"]
        assert [each["new_chat_member"]["user"]["id"] for each in left] == [PAUL]


async def test_a_service_that_was_down_meanwhile_removes_who_has_to_go_and_nobody_else(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        for user_id in (PAUL, ANA):
            await club.pays(user_id)
            await club.quiet()
            await club.comes(user_id)
        await club.house.stop()
        club.clock.advance(MONTH_AND_GRACE)
        await club.pays(ANA)  # another replica got her payment
        club.house.settings = club.house.settings.model_copy(update={"removal_brake": 100})
        await club.house.restart()
        await club.passes(minutes=10)
        assert (await club.status(PAUL), await club.status(ANA)) == ("left", "member")


async def test_a_clock_that_jumps_two_hours_removes_nobody_who_has_time(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path, grace="3h") as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)
        await club.passes(days=29, hours=23, minutes=30)
        await club.passes(hours=2)  # half an hour is left in truth
        assert await club.status(PAUL) == "member"
        club.clock.set_now(club.now() - timedelta(hours=2))
        await club.pays(PAUL)
        await club.passes(days=10)
        assert await club.status(PAUL) == "member"
        assert not await club.removals()


async def test_another_bot_takes_over_where_the_first_has_lost_its_rights(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path, bots={"shop": SHOP, "news": NEWS}) as club:
        key = await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        first = await club.way_in(PAUL)
        await club.promotes(CLUB, bot="news", **RIGHTS)
        shop = next(each for each in club.house.service.bots.values() if each.name == "shop")
        await club.house.control("POST", f"chats/{CLUB}/members", user_id=shop.id, status="left", by=OWNER)
        await club.passes(minutes=6)
        assert (await club.chat(key)).problem is None
        await club.house.ask(PAUL, "/status")
        assert await club.way_in(PAUL) != first
        await club.comes(PAUL)
        await club.passes(days=32)
        assert len(await club.removals(PAUL)) == 1


async def test_what_no_update_told_is_asked_and_an_old_update_that_comes_late_changes_nothing(
    sqlite_url, tmp_path
):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens()
        for user_id in (PAUL, ANA):
            await club.pays(user_id, days=90)
            await club.quiet()
            await club.comes(user_id)
        change = next(
            each["update"]["chat_member"]
            for each in (await club.house.control("GET", "updates?since=0"))["entries"]
            if "chat_member" in each["update"]
        )
        was_there = change["new_chat_member"] | {"status": "member"}
        went = change["new_chat_member"] | {"status": "left"}
        late = change | {"date": change["date"] - 60, "old_chat_member": was_there, "new_chat_member": went}
        assert (await given(club.house, chat_member=late)).how == "watched"
        assert (await row_of(club.database, key, PAUL)).standing is Standing.IN

        del club.house.sandbox.world.chats[CLUB].members[ANA]  # she left, and the update was lost
        await club.passes(hours=30)
        assert (await row_of(club.database, key, ANA)).standing is Standing.OUT
        assert (await row_of(club.database, key, PAUL)).standing is Standing.IN
        assert "one chat" in await club.house.ask(ANA, "/status")
        await club.comes(ANA)


async def test_a_refund_of_all_ends_the_access_of_who_came_by_our_link(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens()
        charge = await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)
        await refunds(club.database, PAUL, charge, club.now())
        await club.passes(minutes=6)
        assert await club.status(PAUL) == "left"
        assert len(await club.removals(PAUL)) == 1
        assert (await row_of(club.database, key, PAUL)).removal is None


async def test_a_new_channel_is_live_at_once_and_an_existing_group_is_not(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        new = await club.opens(live=None)
        assert (await club.chat(new)).mode is Mode.LIVE
        assert any("so it is" in str(each.get("text")) for each in await club.house.replies(OWNER))
        existing = await club.opens(GROUP, code="silver-30d", live=None)
        assert (await club.chat(existing)).mode is Mode.DRY
        await sell(club.database, -1001000000999, code="week-7d", now=club.now())
        assert "-1001000000999, but no bot has ever been in it" in await club.house.ask(OWNER, "/access")
