"""The control API: making the world, looking at it, and the live events."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from botyard.sandbox import Sandbox

OWNER, PAUL = 1001, 1002
GROUP, CHANNEL = -1001000000001, -1001000000002


async def test_the_first_world(house):
    assert [user["first_name"] for user in await house.get("users")] == ["Olivia", "Paul", "Ana", "Kenji"]
    chats = {chat["id"]: chat for chat in await house.get("chats")}
    assert chats[OWNER]["type"] == "private"
    assert chats[GROUP]["title"] == "Gold traders"
    assert chats[GROUP]["members"][0] == {"user_id": OWNER, "status": "creator"}
    assert chats[CHANNEL]["type"] == "channel"


async def test_bots_are_made_once_and_never_show_their_token(house):
    first = await house.post("bots", token="801:abcdef", name="shop bot")
    assert (first["id"], first["username"], first["webhook_url"]) == (801, "shop_bot", None)
    assert await house.post("bots", token="801:abcdef", name="shop bot") == first
    assert "abcdef" not in json.dumps(await house.get("bots"))
    assert "token must be" in await house.refused("bots", token="nonsense", name="x")
    assert "name is missing" in await house.refused("bots", token="802:abc")


async def test_users_and_chats_are_made_and_changed(house):
    user = {"id": 3001, "first_name": "Zoe", "username": "zoe", "is_premium": True}
    assert await house.post("users", **user) == user
    assert (await house.post("users", id=3001, first_name="Zoë"))["first_name"] == "Zoë"
    members = [{"user_id": 3001, "status": "creator"}, {"user_id": 700, "status": "administrator"}]
    chat = await house.post("chats", id=-200, type="group", title="Family", members=members)
    assert chat["members"] == members
    assert (await house.updates())[0]["my_chat_member"]["chat"]["title"] == "Family"
    assert "negative" in await house.refused("chats", id=5, title="x")
    assert "type must be" in await house.refused("chats", id=-5, type="cave", title="x")
    assert "status must be" in await house.refused(f"chats/{GROUP}/members", user_id=OWNER, status="king")


async def test_what_users_cannot_do(house):
    assert "POST bots" in await house.refused("messages", bot="nobody", user_id=OWNER, text="x")
    assert "POST users" in await house.refused("messages", bot=700, user_id=4, text="x")
    assert "not in the chat" in await house.refused(
        "messages", bot=700, user_id=1004, chat_id=GROUP, text="x"
    )
    assert "POST chats" in await house.refused("messages", bot=700, user_id=OWNER, chat_id=-5, text="x")
    assert "reply to" in await house.refused(
        "messages", bot=700, user_id=OWNER, text="x", reply_to_message_id=9
    )
    for body in ("[]", "{", '"x"', "\ud800".encode("utf-8", "surrogatepass"), '{"a":' * 5000):
        response = await house.http.post(f"{house.url}/control/messages", content=body)
        assert response.status_code == 400
        assert response.json()["error"]


async def test_bots_can_be_named_in_three_ways(house):
    for name in (700, "700", "main", "@main_bot"):
        assert (await house.post("messages", bot=name, user_id=OWNER, text="x"))["update"]


async def test_any_update_can_be_injected(house):
    chat = {"id": OWNER, "type": "private", "first_name": "Olivia"}
    boost = {
        "chat": chat,
        "boost_id": "1",
        "remove_date": 1,
        "source": {"source": "premium", "user": _person()},
    }
    made = await house.post("updates", bot=700, update={"update_id": 5, "removed_chat_boost": boost})
    assert made["update"]["update_id"] != 5
    assert await house.updates() == [made["update"]]
    message = {"message_id": 1, "date": 1, "chat": chat, "from": _person(), "text": "/start"}
    await house.post("updates", bot=700, update={"message": message})
    await house.call("sendMessage", chat_id=OWNER, text="the chat is open now")
    assert "exactly one" in await house.refused("updates", bot=700, update={})


def _person():
    return {"id": OWNER, "is_bot": False, "first_name": "Olivia"}


async def test_journal_and_updates_are_followed_by_number(house):
    await house.write("/start")
    await house.call("sendMessage", chat_id=OWNER, text="one")
    journal = await house.get("journal")
    entry = journal["entries"][-1]
    assert (entry["method"], entry["params"]["chat_id"], entry["applied"], entry["status"]) == (
        "sendMessage", OWNER, True, 200,
    )  # fmt: skip
    assert entry["answer"]["result"]["text"] == "one"
    await house.error("sendMessage", chat_id=OWNER, text="")
    later = await house.get("journal", since=journal["next"])
    assert [(one["applied"], one["status"]) for one in later["entries"]] == [(False, 400)]
    pending = (await house.get("updates", bot=700))["entries"]
    assert [(one["via"], one["delivered"], one["attempts"]) for one in pending] == [("pending", False, 0)]
    await house.call("getUpdates")
    taken = (await house.get("updates", bot=700, since=0))["entries"]
    assert [(one["via"], one["delivered"], one["attempts"]) for one in taken] == [("polling", True, 1)]


async def test_the_stream_of_events(house):
    events = []
    listening = asyncio.Event()

    async def listen():
        async with house.http.stream("GET", f"{house.url}/control/events") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            listening.set()
            name = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    events.append((name, json.loads(line.removeprefix("data: "))))

    task = asyncio.create_task(listen())
    await listening.wait()
    await asyncio.sleep(0.1)
    await house.write("/start")
    await house.updates()
    sent = await house.call("sendMessage", chat_id=OWNER, text="?", reply_markup=_button())
    await house.call("sendChatAction", chat_id=OWNER, action="typing")
    press = {"bot": 700, "user_id": OWNER, "message_id": sent["message_id"], "data": "yes"}
    query = (await house.post("callbacks", **press))["callback_query_id"]
    await house.call("answerCallbackQuery", callback_query_id=query, text="ok")
    await house.call("deleteMessage", chat_id=OWNER, message_id=sent["message_id"])
    await house.post("users", id=9, first_name="New")
    await asyncio.sleep(0.1)
    task.cancel()
    by_name = {}
    for name, data in events:
        by_name.setdefault(name, []).append(data)
    assert [one["message"].get("text") for one in by_name["message"]] == ["/start", "?"]
    assert by_name["message"][0] | {"message": 0} == {"chat_id": OWNER, "bot": 700, "message": 0}
    assert [one["delivered"] for one in by_name["update"]][:2] == [False, True]
    assert by_name["action"] == [{"chat_id": OWNER, "bot": 700, "action": "typing"}]
    assert by_name["answer"][0]["text"] == "ok"
    assert by_name["deleted"] == [{"chat_id": OWNER, "bot": 700, "message_id": sent["message_id"]}]
    assert by_name["world"] == [{}]
    assert "sendMessage" in [one["method"] for one in by_name["call"]]


def _button():
    return {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


async def test_it_works_under_a_mount():
    sandbox = Sandbox(seed=1)
    sandbox.world.add_bot("700:test-token", name="main")
    app = Starlette(routes=[Mount("/sandbox", sandbox.app)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/sandbox/bot700:test-token/getMe")).json()["ok"]
        assert (await client.get("/sandbox/control/users")).status_code == 200
        assert (await client.get("/sandbox/")).status_code == 200
        assert (await client.get("/sandbox/static/main.js")).status_code == 200
        assert (await client.get("/sandbox/static/nothing.js")).status_code == 404
    await sandbox.aclose()


async def test_the_same_seed_makes_the_same_world():
    def one_world():
        sandbox = Sandbox(seed=3)
        bot = sandbox.world.add_bot("5:token", name="x")
        return bot.queue.next_id(), sandbox.world.new_token(20)

    assert one_world() == one_world()


@pytest.mark.parametrize("seed_world", [True, False])
async def test_the_first_world_can_be_left_out(seed_world):
    assert bool(Sandbox(seed_world=seed_world).world.users) is seed_world


async def test_a_page_of_another_site_cannot_act(house):
    body = {"bot": "main", "user_id": PAUL, "text": "/start"}
    elsewhere = await house.http.post(
        f"{house.url}/control/messages", json=body, headers={"origin": "https://elsewhere.example"}
    )
    assert elsewhere.status_code == 403
    own = await house.http.post(f"{house.url}/control/messages", json=body, headers={"origin": house.url})
    assert own.status_code == 200


async def test_bots_may_write_to_who_has_started_them_long_ago(house):
    await house.post("users", id=3002, first_name="Zed")
    assert "can't initiate" in await house.error("sendMessage", chat_id=3002, text="hello")
    await house.post("users", id=3002, first_name="Zed", started=[700])
    assert (await house.call("sendMessage", chat_id=3002, text="hello"))["text"] == "hello"
    assert await house.updates() == []
    assert "POST bots" in await house.refused("users", id=3002, first_name="Zed", started=["nobody"])
