"""getUpdates: offsets, long polling, the 409 rule, allowed_updates, expiry."""

from __future__ import annotations

import asyncio
import time

OWNER, PAUL = 1001, 1002
GROUP = -1001000000001


async def test_a_users_message_is_an_update_until_it_is_confirmed(house):
    sent = await house.write("/start now")
    first = await house.call("getUpdates")
    again = await house.call("getUpdates")
    assert first == again == [sent]
    assert first[0]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert await house.call("getUpdates", offset=sent["update_id"] + 1) == []
    assert await house.call("getUpdates") == []


async def test_update_ids_grow_by_one_from_a_random_start(house):
    ids = [(await house.write(str(number)))["update_id"] for number in range(3)]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
    assert ids[0] > 1000


async def test_limit_and_negative_offset(house):
    for number in range(5):
        await house.write(str(number))
    assert [one["message"]["text"] for one in await house.call("getUpdates", limit=2)] == ["0", "1"]
    assert [one["message"]["text"] for one in await house.call("getUpdates", offset=-2)] == ["3", "4"]
    assert len(await house.call("getUpdates")) == 2, "a negative offset forgets all earlier updates"


async def test_an_offset_far_past_the_newest_update_confirms_nothing(house):
    sent = await house.write()
    assert await house.call("getUpdates", offset=sent["update_id"] + 500) == [sent]


async def test_a_long_poll_ends_when_an_update_comes(house):
    started = time.monotonic()
    poll = asyncio.create_task(house.call("getUpdates", timeout=20))
    await asyncio.sleep(0.1)
    await house.write("wake up")
    assert (await poll)[0]["message"]["text"] == "wake up"
    assert time.monotonic() - started < 5


async def test_a_long_poll_ends_by_itself(house):
    assert await house.call("getUpdates", timeout=1) == []


async def test_a_second_poller_ends_the_first_with_409(house):
    first = asyncio.create_task(house.raw("getUpdates", {"timeout": 20}))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(house.raw("getUpdates", {"timeout": 1}))
    ended = await first
    assert ended.status_code == 409
    assert ended.json()["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    assert (await second).status_code == 200


async def test_polling_is_refused_while_a_webhook_is_set(house, webhook):
    await house.call("setWebhook", url=webhook.url)
    assert await house.error("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )
    await house.call("deleteWebhook")
    await house.call("getUpdates")


async def test_setting_a_webhook_ends_a_poll(house, webhook):
    poll = asyncio.create_task(house.raw("getUpdates", {"timeout": 20}))
    await asyncio.sleep(0.1)
    await house.call("setWebhook", url=webhook.url)
    assert (await poll).json()["description"] == "Conflict: terminated by setWebhook request"


async def test_allowed_updates_are_remembered(house):
    await house.call("getUpdates", allowed_updates=["callback_query", "no_such_kind"])
    assert await house.write() is None
    await house.call("getUpdates")
    assert await house.write() is None, "an absent list keeps the earlier one"
    await house.call("getUpdates", allowed_updates=[])
    assert await house.write() is not None


async def test_chat_member_and_reactions_come_only_when_asked_for(house):
    await house.join_group()
    await house.updates()
    await house.post(f"chats/{GROUP}/members", user_id=1004, status="member")
    kinds = [set(one) - {"update_id"} for one in await house.updates()]
    assert {"chat_member"} not in kinds
    await house.call("getUpdates", allowed_updates=["chat_member", "message_reaction"])
    await house.post(f"chats/{GROUP}/members", user_id=1004, status="left")
    update = (await house.updates())[0]["chat_member"]
    assert (update["old_chat_member"]["status"], update["new_chat_member"]["status"]) == ("member", "left")


async def test_updates_expire(house):
    await house.write("/start")
    await house.call("sendMessage", chat_id=OWNER, text="?", reply_markup=_button())
    await house.updates()
    await house.post("callbacks", bot=700, user_id=OWNER, message_id=2, data="yes")
    await house.write("kept for a day")
    await house.post("clock", advance=151)
    assert [one.get("message", {}).get("text") for one in await house.call("getUpdates")] == [
        "kept for a day"
    ]
    await house.post("clock", advance=24 * 3600)
    assert await house.call("getUpdates") == []


def _button() -> dict[str, object]:
    return {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


async def test_two_bots_have_queues_of_their_own(house):
    other = await house.post("bots", token="701:other-token", name="other")
    await house.write("for main")
    update = await house.post("messages", bot=other["id"], user_id=PAUL, text="for other")
    answer = (await house.raw("getUpdates", token="701:other-token")).json()
    assert answer["result"] == [update["update"]]


async def test_polls_and_streams_end_when_the_sandbox_stops(house):
    poll = asyncio.create_task(house.raw("getUpdates", {"timeout": 30}))
    stream = asyncio.create_task(house.http.get(f"{house.url}/control/events"))
    await asyncio.sleep(0.2)
    await house.sandbox.aclose()
    async with asyncio.timeout(5):
        assert (await poll).status_code == 500
        assert (await stream).status_code == 200
