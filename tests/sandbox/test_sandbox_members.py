"""Members, rights, invite links, join requests, and the updates that follow."""

from __future__ import annotations

import pytest

OWNER, PAUL, ANA, KENJI = 1001, 1002, 1003, 1004
GROUP, CHANNEL = -1001000000001, -1001000000002
ALL_KINDS = ["message", "chat_member", "my_chat_member", "chat_join_request"]


@pytest.fixture
async def admin(house):
    """The bot as an administrator of the group and the channel, told of everything."""
    await house.join_group()
    await house.join_group(CHANNEL)
    await house.call("getUpdates", offset=-1, allowed_updates=ALL_KINDS)
    await house.updates()
    return house


def changes(updates, kind="chat_member"):
    """(who, from which status, to which) of the updates of this kind."""
    found = [one[kind] for one in updates if kind in one]
    return [
        (
            one["new_chat_member"]["user"]["id"],
            one["old_chat_member"]["status"],
            one["new_chat_member"]["status"],
        )
        for one in found
    ]


async def test_the_bot_learns_of_its_own_standing(house):
    await house.join_group(status="member")
    await house.join_group(status="administrator")
    await house.join_group(status="kicked")
    updates = await house.updates()
    assert changes(updates, "my_chat_member") == [
        (700, "left", "member"),
        (700, "member", "administrator"),
        (700, "administrator", "kicked"),
    ]


async def test_groups_show_who_comes_and_goes(admin):
    await admin.post(f"chats/{GROUP}/members", user_id=KENJI, status="member")
    await admin.post(f"chats/{GROUP}/members", user_id=KENJI, status="left")
    messages = [one["message"] for one in await admin.updates() if "message" in one]
    assert messages[0]["new_chat_members"][0]["id"] == KENJI
    assert messages[1]["left_chat_member"]["id"] == KENJI
    shown = await admin.get(f"chats/{GROUP}/messages")
    assert set(shown[-1]["service"]) == {"left_chat_member"}


async def test_banning_and_unbanning(admin):
    await admin.call("banChatMember", chat_id=GROUP, user_id=PAUL)
    assert (await admin.call("getChatMember", chat_id=GROUP, user_id=PAUL))["status"] == "kicked"
    assert "banned" in await admin.refused("joins", user_id=PAUL, chat_id=GROUP)
    await admin.call("unbanChatMember", chat_id=GROUP, user_id=PAUL)
    assert (await admin.call("getChatMember", chat_id=GROUP, user_id=PAUL))["status"] == "left"
    assert changes(await admin.updates()) == [(PAUL, "member", "kicked"), (PAUL, "kicked", "left")]


async def test_unbanning_removes_a_present_member_unless_told_otherwise(admin):
    here = {"chat_id": GROUP, "user_id": PAUL}
    await admin.call("unbanChatMember", **here, only_if_banned=True)
    assert (await admin.call("getChatMember", **here))["status"] == "member"
    await admin.call("unbanChatMember", **here)
    assert (await admin.call("getChatMember", **here))["status"] == "left"


async def test_bans_end_and_short_ones_are_for_ever(admin):
    now = int((await admin.call("sendMessage", chat_id=GROUP, text="x"))["date"])
    await admin.call("banChatMember", chat_id=GROUP, user_id=PAUL, until_date=now + 3600)
    await admin.call("banChatMember", chat_id=GROUP, user_id=ANA, until_date=now + 10)
    assert (await admin.call("getChatMember", chat_id=GROUP, user_id=ANA))["until_date"] == 0
    await admin.post("clock", advance=3601)
    assert (await admin.call("getChatMember", chat_id=GROUP, user_id=PAUL))["status"] == "left"
    assert (await admin.call("getChatMember", chat_id=GROUP, user_id=ANA))["status"] == "kicked"


async def test_both_are_members_of_a_private_chat(house):
    await house.write("/start")
    for account in (OWNER, 700):
        assert (await house.call("getChatMember", chat_id=OWNER, user_id=account))["status"] == "member"
    assert await house.error("getChatMember", chat_id=OWNER, user_id=PAUL) == "Bad Request: member not found"


async def test_restricting(admin):
    here = {"chat_id": GROUP, "user_id": PAUL}
    await admin.call("restrictChatMember", **here, permissions={"can_send_polls": True})
    member = await admin.call("getChatMember", **here)
    assert (member["status"], member["can_send_messages"], member["can_send_photos"]) == (
        "restricted",
        True,
        False,
    )
    await admin.call("restrictChatMember", **here, permissions={})
    assert "may not write" in await admin.refused("messages", bot=700, user_id=PAUL, chat_id=GROUP, text="x")
    everything = {name: True for name in member if name.startswith("can_")}
    await admin.call("restrictChatMember", **here, permissions=everything)
    assert (await admin.call("getChatMember", **here))["status"] == "member"
    assert await admin.error("restrictChatMember", chat_id=CHANNEL, user_id=OWNER, permissions={})


async def test_promoting(admin):
    here = {"chat_id": GROUP, "user_id": PAUL}
    await admin.call("promoteChatMember", **here, can_delete_messages=True)
    member = await admin.call("getChatMember", **here)
    assert (member["status"], member["can_be_edited"], member["can_pin_messages"]) == (
        "administrator",
        True,
        False,
    )
    await admin.call("setChatAdministratorCustomTitle", **here, custom_title="Sheriff")
    titles = [one.get("custom_title") for one in await admin.call("getChatAdministrators", chat_id=GROUP)]
    assert "Sheriff" in titles
    await admin.call("promoteChatMember", **here)
    assert (await admin.call("getChatMember", **here))["status"] == "member"


@pytest.mark.parametrize(
    ("user", "description"),
    [
        (OWNER, "Bad Request: can't remove chat owner"),
        (700, "Bad Request: can't restrict self"),
        (424242, "Bad Request: PARTICIPANT_ID_INVALID"),
    ],
)
async def test_who_cannot_be_banned(admin, user, description):
    assert await admin.error("banChatMember", chat_id=GROUP, user_id=user) == description


async def test_other_administrators_cannot_be_banned(admin):
    await admin.post(f"chats/{GROUP}/members", user_id=PAUL, status="administrator")
    assert await admin.error("banChatMember", chat_id=GROUP, user_id=PAUL) == (
        "Bad Request: user is an administrator of the chat"
    )


async def test_rights_are_needed(house):
    await house.join_group(status="member")
    assert await house.error("banChatMember", chat_id=GROUP, user_id=PAUL) == (
        "Bad Request: not enough rights to restrict/unrestrict chat member"
    )
    assert await house.error("createChatInviteLink", chat_id=GROUP) == (
        "Bad Request: not enough rights to manage chat invite link"
    )
    assert "not enough rights" in await house.error("pinChatMessage", chat_id=GROUP, message_id=1)
    assert "PARTICIPANT" not in await house.error("promoteChatMember", chat_id=GROUP, user_id=PAUL)


async def test_counting_and_leaving(admin):
    assert await admin.call("getChatMemberCount", chat_id=GROUP) == 4
    await admin.call("leaveChat", chat_id=GROUP)
    assert await admin.error("getChatMemberCount", chat_id=GROUP) == (
        "Forbidden: bot is not a member of the supergroup chat"
    )


async def test_invite_links(admin):
    link = await admin.call("createChatInviteLink", chat_id=GROUP, name="Summer", member_limit=1)
    assert (link["name"], link["member_limit"], link["is_revoked"]) == ("Summer", 1, False)
    assert await admin.post("joins", user_id=KENJI, invite_link=link["invite_link"]) == {
        "joined": True,
        "requested": False,
    }
    change = next(one["chat_member"] for one in await admin.updates() if "chat_member" in one)
    assert change["invite_link"]["invite_link"] == link["invite_link"]
    await admin.post("users", id=2001, first_name="Late")
    assert "limit" in await admin.refused("joins", user_id=2001, invite_link=link["invite_link"])
    edited = await admin.call(
        "editChatInviteLink", chat_id=GROUP, invite_link=link["invite_link"], name="Autumn"
    )
    assert (edited["name"], "member_limit" in edited) == ("Autumn", False)
    revoked = await admin.call("revokeChatInviteLink", chat_id=GROUP, invite_link=link["invite_link"])
    assert revoked["is_revoked"]
    assert "revoked" in await admin.refused("joins", user_id=2001, invite_link=link["invite_link"])
    first = await admin.call("exportChatInviteLink", chat_id=GROUP)
    assert (await admin.call("getChat", chat_id=GROUP))["invite_link"] == first
    assert await admin.call("exportChatInviteLink", chat_id=GROUP) != first
    both = {"member_limit": 2, "creates_join_request": True}
    assert "member limit can't be specified" in await admin.error(
        "createChatInviteLink", chat_id=GROUP, **both
    )


async def test_links_expire(admin):
    now = int((await admin.call("sendMessage", chat_id=GROUP, text="x"))["date"])
    assert await admin.error("createChatInviteLink", chat_id=GROUP, expire_date=now - 1)
    link = await admin.call("createChatInviteLink", chat_id=GROUP, expire_date=now + 60)
    await admin.post("clock", advance=61)
    assert "expired" in await admin.refused("joins", user_id=KENJI, invite_link=link["invite_link"])


async def test_join_requests(admin):
    link = await admin.call("createChatInviteLink", chat_id=CHANNEL, creates_join_request=True)
    joined = await admin.post("joins", user_id=KENJI, invite_link=link["invite_link"])
    assert joined == {"joined": False, "requested": True}
    request = (await admin.updates())[-1]["chat_join_request"]
    assert (request["from"]["id"], request["invite_link"]["pending_join_request_count"]) == (KENJI, 1)
    await admin.call("sendMessage", chat_id=request["user_chat_id"], text="five minutes for this")
    await admin.post("clock", advance=301)
    assert await admin.error("sendMessage", chat_id=KENJI, text="too late") == (
        "Forbidden: bot can't initiate conversation with a user"
    )
    await admin.call("approveChatJoinRequest", chat_id=CHANNEL, user_id=KENJI)
    assert changes(await admin.updates()) == [(KENJI, "left", "member")]
    assert await admin.error("approveChatJoinRequest", chat_id=CHANNEL, user_id=KENJI) == (
        "Bad Request: USER_ALREADY_PARTICIPANT"
    )
    assert await admin.error("declineChatJoinRequest", chat_id=CHANNEL, user_id=PAUL) == (
        "Bad Request: HIDE_REQUESTER_MISSING"
    )
    await admin.post("joins", user_id=PAUL, invite_link=link["invite_link"])
    await admin.call("declineChatJoinRequest", chat_id=CHANNEL, user_id=PAUL)
    assert (await admin.call("getChatMember", chat_id=CHANNEL, user_id=PAUL))["status"] == "left"


async def test_subscription_links(admin):
    terms = {"chat_id": CHANNEL, "subscription_period": 2592000, "subscription_price": 50}
    link = await admin.call("createChatSubscriptionInviteLink", **terms)
    assert (link["subscription_period"], link["subscription_price"]) == (2592000, 50)
    await admin.post("joins", user_id=KENJI, invite_link=link["invite_link"])
    member = await admin.call("getChatMember", chat_id=CHANNEL, user_id=KENJI)
    assert member["until_date"] > 0
    assert await admin.error("createChatSubscriptionInviteLink", **(terms | {"subscription_period": 60}))
    assert await admin.error("createChatSubscriptionInviteLink", **(terms | {"subscription_price": 10001}))
    assert await admin.error("createChatSubscriptionInviteLink", **(terms | {"chat_id": GROUP}))


async def test_chats_can_be_changed(admin):
    await admin.call("setChatTitle", chat_id=GROUP, title="Silver traders")
    await admin.call("setChatDescription", chat_id=GROUP, description="All that glitters")
    await admin.call("setChatPermissions", chat_id=GROUP, permissions={"can_send_messages": True})
    chat = await admin.call("getChat", chat_id=GROUP)
    assert (chat["title"], chat["description"]) == ("Silver traders", "All that glitters")
    assert chat["permissions"]["can_send_photos"] is False
    assert "not modified" in await admin.error("setChatTitle", chat_id=GROUP, title="Silver traders")


async def asked_with_query(admin):
    """The `chat_join_request` of Kenji, whose query the bot has to answer."""
    link = await admin.call("createChatInviteLink", chat_id=GROUP, creates_join_request=True)
    await admin.updates()
    await admin.post("joins", user_id=KENJI, invite_link=link["invite_link"], query_bot=700)
    (request,) = [one["chat_join_request"] for one in await admin.updates() if "chat_join_request" in one]
    return request


async def status_of(admin, user_id):
    return (await admin.call("getChatMember", chat_id=GROUP, user_id=user_id))["status"]


async def test_a_request_s_query_is_answered_in_time_and_once(admin):
    query_id = (await asked_with_query(admin))["query_id"]
    answer = {"chat_join_request_query_id": query_id}
    assert "wrong result" in await admin.error("answerChatJoinRequestQuery", **answer, result="perhaps")
    assert await admin.call("answerChatJoinRequestQuery", **answer, result="approve")
    assert await status_of(admin, KENJI) == "member"
    assert "too old" in await admin.error("answerChatJoinRequestQuery", **answer, result="approve")


async def test_a_query_that_was_answered_late_leaves_the_request(admin):
    query_id = (await asked_with_query(admin))["query_id"]
    await admin.post("clock", advance=11)
    late = {"chat_join_request_query_id": query_id, "result": "decline"}
    assert "too old" in await admin.error("answerChatJoinRequestQuery", **late)
    assert await admin.call("approveChatJoinRequest", chat_id=GROUP, user_id=KENJI)
    assert await status_of(admin, KENJI) == "member"


async def test_after_a_request_was_declined_the_bot_may_write_no_more(admin):
    request = await asked_with_query(admin)
    assert await admin.call("sendMessage", chat_id=request["user_chat_id"], text="An offer")
    await admin.call("declineChatJoinRequest", chat_id=GROUP, user_id=KENJI)
    assert "initiate" in await admin.error("sendMessage", chat_id=request["user_chat_id"], text="More")


async def test_a_basic_group_knows_no_unban(admin):
    basic = -4001
    members = [{"user_id": OWNER, "status": "creator"}, {"user_id": 700, "status": "administrator"}]
    await admin.post("chats", id=basic, type="group", title="Few", members=[*members, {"user_id": PAUL}])
    refusal = await admin.error("unbanChatMember", chat_id=basic, user_id=PAUL)
    assert "supergroup and channel chats only" in refusal
