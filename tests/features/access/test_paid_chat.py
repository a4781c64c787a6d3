"""From the payment into the channel, out of it when the time is over, and in again: in virtual time."""

from __future__ import annotations

from sqlalchemy import update
from tests.features.access.club import CLUB, KENJI, a_club, presses, row_of
from tests.support.running import ANA, OWNER, PAUL

from botyard.features.access.rules import Came
from botyard.features.billing.models import Plan


async def test_pays_enters_runs_out_is_removed_by_one_call_renews_and_enters_again(database_url, tmp_path):
    async with a_club(database_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        (button,) = await club.buttons(PAUL)
        assert button["text"] == "Club gold-30d"
        assert "Club gold-30d" not in (await club.house.replies(ANA))[-1]["text"]

        await club.comes(PAUL)
        await club.passes(days=29, hours=23)
        assert await club.status(PAUL) == "member"
        await club.passes(hours=24)  # his time is over, the grace is not
        assert await club.status(PAUL) == "member"
        assert not await club.removals()
        await club.passes(hours=2)
        assert await club.status(PAUL) == "left"
        assert len(await club.removals(PAUL)) == 1
        await club.passes(hours=12)
        assert len(await club.removals(PAUL)) == 1
        gone = [each for each in await club.house.replies(PAUL) if "is over, so you are not" in each["text"]]
        assert len(gone) == 1
        assert [each["callback_data"] for each in await club.buttons(PAUL)] == ["plans:open"]
        assert "only_if_banned" not in (await club.removals(PAUL))[0]["params"]

        await club.pays(PAUL)
        await club.quiet()
        await club.comes(PAUL)
        await club.passes(days=2)
        assert await club.status(PAUL) == "member"
        assert len(await club.removals()) == 1
        assert await club.status(OWNER) == "creator"


async def test_who_has_not_paid_is_declined_with_an_offer(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        url = await club.way_in(PAUL)
        await club.asks(KENJI, url)
        assert await club.status(KENJI) == "left"
        assert {each["callback_data"] for each in await club.buttons(KENJI)} == {"plans:open:gold-30d"}
        journal = [each["method"] for each in await club.house.calls()]
        assert journal.count("declineChatJoinRequest") == 1
        offer = next(
            each
            for each in await club.house.calls("sendMessage")
            if each["params"]["chat_id"] == KENJI and "reply_markup" in each["params"]
        )
        (declined,) = await club.house.calls("declineChatJoinRequest")
        assert offer["seq"] < declined["seq"]  # after that he could not be written to
        assert "Plan gold-30d" in (await presses(club.house, KENJI, "plans:open:gold-30d")).texts[0]
        await club.pays(KENJI)
        await club.quiet()
        await club.comes(KENJI)


async def test_where_the_chat_s_plans_are_sold_no_more_all_others_are_offered(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        async with club.database.session() as session:
            await session.execute(update(Plan).values(archived_at=club.now()))
        await club.asks(KENJI, await club.way_in(PAUL))
        assert (await presses(club.house, KENJI, "plans:open")).how == "button:plans:ok"
        await club.comes(PAUL)  # what was sold before is sold


async def test_who_never_wrote_to_the_bot_gets_the_offer_before_he_is_declined(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        await club.house.control("POST", "users", id=2001, first_name="Mia")
        wait = {"method": "sendMessage", "chat_id": 2001, "kind": "retry_after", "retry_after": 2, "times": 1}
        await club.house.control("POST", "faults", **wait)
        await club.asks(2001, await club.way_in(PAUL))
        assert "for members" in (await club.house.replies(2001))[-1]["text"]
        assert len(await club.house.calls("declineChatJoinRequest")) == 1


async def test_a_request_s_query_is_answered_within_ten_seconds(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        url = await club.way_in(PAUL)
        await club.asks(PAUL, url, query_bot="shop")
        await club.asks(KENJI, url, query_bot="shop")
        assert (await club.status(PAUL), await club.status(KENJI)) == ("member", "left")
        answers = await club.house.calls("answerChatJoinRequestQuery")
        assert [each["params"]["result"] for each in answers] == ["approve", "decline"]
        assert all(each["status"] == 200 for each in answers)
        assert not await club.house.calls("approveChatJoinRequest")
        assert not await club.house.calls("declineChatJoinRequest")


async def test_a_query_that_cannot_be_answered_any_more_leaves_the_request_which_is(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        refusal = {"method": "answerChatJoinRequestQuery", "kind": "bad_request", "times": 1}
        await club.house.control("POST", "faults", **refusal, description="query is too old")
        await club.asks(PAUL, await club.way_in(PAUL), query_bot="shop")
        assert await club.status(PAUL) == "member"


async def test_status_shows_the_ways_in_until_he_is_there(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        assert "one chat" in await club.house.ask(PAUL, "/status")
        assert [each["url"] for each in await club.buttons(PAUL) if "url" in each]
        await club.comes(PAUL)
        assert "one chat" not in await club.house.ask(PAUL, "/status")


async def test_one_message_for_all_chats_and_none_for_an_early_renewal(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.opens(CLUB - 1, code="silver-30d")
        await club.pays(PAUL)
        await club.quiet()
        before = len(await club.house.replies(PAUL))
        await club.pays(PAUL, code="silver-30d")
        await club.quiet()
        assert len(await club.house.replies(PAUL)) == before + 1
        assert {each["text"] for each in await club.buttons(PAUL)} == {"Club gold-30d", "Club silver-30d"}
        await club.pays(PAUL)
        await club.quiet()
        assert len(await club.house.replies(PAUL)) == before + 1


async def test_a_link_that_was_revoked_by_hand_is_made_anew(sqlite_url, tmp_path):
    async with a_club(sqlite_url, tmp_path) as club:
        await club.opens()
        await club.pays(PAUL)
        await club.quiet()
        first = await club.way_in(PAUL)
        assert len(await club.house.calls("createChatInviteLink")) == 1
        club.house.sandbox.world.chats[CLUB].links[first].revoked = True
        await club.passes(hours=13)
        await club.house.ask(PAUL, "/status")
        assert await club.way_in(PAUL) != first
        await club.comes(PAUL)


async def test_a_link_of_his_own_is_revoked_after_use_and_made_anew_where_another_has_used_it(
    sqlite_url, tmp_path
):
    async with a_club(sqlite_url, tmp_path) as club:
        key = await club.opens()
        async with club.database.session() as session:
            (await session.get_one(type(await club.chat(key)), key)).single_use = True
        await club.pays(PAUL)
        await club.quiet()
        first = await club.way_in(PAUL)
        (told,) = await club.ways_told(PAUL)
        assert "for you alone, and works once, within seven days" in told
        await club.asks(KENJI, first)
        assert await club.status(KENJI) == "member"
        row = await row_of(club.database, key, KENJI)
        assert (row.came, row.unlisted_at is not None, row.due_at) == (Came.OTHERS, True, None)

        url = await club.way_in(PAUL)
        assert url != first
        assert len(await club.ways_told(PAUL)) == 2
        await club.asks(PAUL, url)
        assert await club.status(PAUL) == "member"
        assert all(club.house.sandbox.world.chats[CLUB].links[each].revoked for each in (first, url))
        made, _ = [
            each
            for each in await club.house.calls("createChatInviteLink")
            if "member_limit" in each["params"]
        ]
        assert made["params"]["member_limit"] == 1
        await club.passes(days=32)
        assert len(await club.removals(PAUL)) == 1
        assert await club.status(KENJI) == "member"
