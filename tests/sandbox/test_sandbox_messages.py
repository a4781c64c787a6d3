"""Sending, editing, deleting, copying, forwarding, pinning; who may write where; privacy mode."""

from __future__ import annotations

import pytest

OWNER, PAUL, ANA = 1001, 1002, 1003
GROUP, CHANNEL = -1001000000001, -1001000000002
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)


def keyboard(data="yes", text="Yes"):
    return {"inline_keyboard": [[{"text": text, "callback_data": data}]]}


async def test_a_conversation(house):
    await house.write("/start")
    words = {"text": "<b>Hello</b>", "parse_mode": "HTML"}
    sent = await house.call("sendMessage", chat_id=OWNER, **words, reply_markup=keyboard())
    assert (sent["text"], sent["entities"]) == ("Hello", [{"type": "bold", "offset": 0, "length": 5}])
    assert sent["from"]["is_bot"]
    assert sent["chat"] == {
        "id": OWNER,
        "type": "private",
        "first_name": "Olivia",
        "last_name": "Stone",
        "username": "olivia_stone",
    }
    view = (await house.get(f"chats/{OWNER}/messages", bot="main_bot"))[-1]
    assert view["from"] == {"id": 700, "name": "main", "is_bot": True}
    assert (view["deleted"], view["date"][-1]) == (False, "Z")


async def test_methods_take_get_forms_json_and_any_case(house):
    await house.write("/start")
    base = f"{house.url}/bot700:test-token"
    assert (
        await house.http.get(f"{base}/SENDmessage", params={"chat_id": OWNER, "text": "by query"})
    ).json()["ok"]
    form = {
        "chat_id": OWNER,
        "text": "by form",
        "reply_markup": '{"inline_keyboard":[[{"text":"A","url":"e.com"}]]}',
    }
    assert (await house.http.post(f"{base}/sendmessage", data=form)).json()["ok"]
    parts = {"chat_id": (None, str(OWNER)), "text": (None, "by parts")}
    assert (await house.http.post(f"{base}/sendMessage", files=parts)).json()["ok"]
    assert await house.texts() == ["/start", "by query", "by form", "by parts"]


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"chat_id": 99, "text": "x"}, "chat not found"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"chat_id": 2**70, "text": "x"}, "chat not found"),
        ({"text": "x", "parse_mode": "XML"}, "unsupported parse_mode"),
        ({"text": "<b>x", "parse_mode": "HTML"},
         'can\'t parse entities: Can\'t find end tag corresponding to start tag "b"'),
        ({"text": "x", "reply_markup": keyboard("x" * 65)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": keyboard("é" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": "{broken"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "A"}]]}},
         "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
    ],
)  # fmt: skip
async def test_sends_that_are_refused(house, params, description):
    await house.write("/start")
    assert await house.error("sendMessage", **({"chat_id": OWNER} | params)) == f"Bad Request: {description}"


BUTTONS = [
    {"url": "https://example.com"},
    {"callback_data": "x"},
    {"web_app": {"url": "https://example.com"}},
    {"login_url": {"url": "https://example.com"}},
    {"switch_inline_query": ""},
    {"switch_inline_query_current_chat": "gold"},
    {"copy_text": {"text": "GOLD10"}},
]


@pytest.mark.parametrize("button", BUTTONS, ids=[next(iter(one)) for one in BUTTONS])
async def test_inline_buttons(house, button):
    await house.write("/start")
    rows = [[{"text": "A", **button}]]
    sent = await house.call("sendMessage", chat_id=OWNER, text="?", reply_markup={"inline_keyboard": rows})
    assert sent["reply_markup"]["inline_keyboard"] == rows
    two = [[{"text": "A", "pay": True, **button}]]
    assert "exactly one" in await house.error(
        "sendMessage", chat_id=OWNER, text="?", reply_markup={"inline_keyboard": two}
    )


@pytest.mark.parametrize(
    "markup",
    [
        {"keyboard": [[{"text": "A"}, {"text": "Share", "request_contact": True}]], "resize_keyboard": True},
        {"remove_keyboard": True},
        {"force_reply": True, "selective": True},
    ],
)
async def test_other_keyboards_show_only_at_the_client(house, markup):
    await house.write("/start")
    sent = await house.call("sendMessage", chat_id=OWNER, text="?", reply_markup=markup)
    assert "reply_markup" not in sent
    assert (await house.get(f"chats/{OWNER}/messages", bot=700))[-1]["reply_markup"] == markup


async def test_lengths_count_after_parsing(house):
    await house.write("/start")
    text = "<b>" + "x" * 4096 + "</b>"
    assert len((await house.call("sendMessage", chat_id=OWNER, text=text, parse_mode="HTML"))["text"]) == 4096


async def test_who_may_be_written_to(house):
    assert await house.error("sendMessage", chat_id=OWNER, text="x") == (
        "Forbidden: bot can't initiate conversation with a user"
    )
    await house.write("/start")
    await house.post("blocks", bot=700, user_id=OWNER, blocked=True)
    assert (
        await house.error("sendMessage", chat_id=OWNER, text="x") == "Forbidden: bot was blocked by the user"
    )
    change = (await house.updates())[-1]["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    assert "unblock" in await house.refused("messages", bot=700, user_id=OWNER, text="x")
    await house.post("blocks", bot=700, user_id=OWNER, blocked=False)
    await house.call("sendMessage", chat_id=OWNER, text="x")
    assert await house.error("sendMessage", chat_id=GROUP, text="x") == (
        "Forbidden: bot is not a member of the supergroup chat"
    )
    await house.join_group(status="kicked")
    assert await house.error("sendMessage", chat_id=GROUP, text="x") == (
        "Forbidden: bot was kicked from the supergroup chat"
    )
    await house.join_group(CHANNEL, status="administrator", rights={"can_manage_chat": True})
    assert await house.error("sendMessage", chat_id=CHANNEL, text="x") == (
        "Bad Request: need administrator rights in the channel chat"
    )


async def test_edits(house):
    await house.write("/start")
    sent = await house.call("sendMessage", chat_id=OWNER, text="one", reply_markup=keyboard())
    here = {"chat_id": OWNER, "message_id": sent["message_id"]}
    assert await house.error("editMessageText", **here, text="one", reply_markup=keyboard()) == NOT_MODIFIED
    edited = await house.call("editMessageText", **here, text="two")
    assert edited["text"] == "two"
    assert "reply_markup" not in edited
    assert edited["edit_date"] >= edited["date"]
    await house.call("editMessageReplyMarkup", **here, reply_markup=keyboard("no"))
    assert await house.error("editMessageText", chat_id=OWNER, message_id=1, text="x") == (
        "Bad Request: message can't be edited"
    )
    assert await house.error("editMessageText", chat_id=OWNER, message_id=99, text="x") == (
        "Bad Request: message to edit not found"
    )
    assert await house.error("editMessageCaption", **here, caption="x") == (
        "Bad Request: there is no caption in the message to edit"
    )


async def test_a_user_edits(house):
    await house.write("/start")
    update = (await house.post("edits", bot=700, user_id=OWNER, message_id=1, text="/stop"))["update"]
    assert update["edited_message"]["text"] == "/stop"
    assert "edit_date" in update["edited_message"]
    await house.call("sendMessage", chat_id=OWNER, text="mine")
    assert "own messages" in await house.refused("edits", bot=700, user_id=OWNER, message_id=2, text="x")


async def test_deleting(house):
    await house.write("/start")
    sent = [(await house.call("sendMessage", chat_id=OWNER, text=text))["message_id"] for text in "abc"]
    await house.call("deleteMessage", chat_id=OWNER, message_id=sent[0])
    assert await house.error("deleteMessage", chat_id=OWNER, message_id=sent[0]) == (
        "Bad Request: message to delete not found"
    )
    await house.call("deleteMessages", chat_id=OWNER, message_ids=[*sent, 999])
    assert await house.texts() == ["/start"]
    old = await house.call("sendMessage", chat_id=OWNER, text="old")
    await house.post("clock", advance=49 * 3600)
    assert await house.error("deleteMessage", chat_id=OWNER, message_id=old["message_id"]) == (
        "Bad Request: message can't be deleted"
    )


async def test_copying_and_forwarding(house):
    await house.write("original", entities=[{"type": "bold", "offset": 0, "length": 8}])
    await house.write("/start", user=PAUL)
    here = {"chat_id": PAUL, "from_chat_id": OWNER}
    copied = await house.call("copyMessage", **here, message_id=1)
    view = (await house.get(f"chats/{PAUL}/messages", bot=700))[-1]
    assert (view["message_id"], view["text"], view["entities"][0]["type"]) == (
        copied["message_id"],
        "original",
        "bold",
    )
    forwarded = await house.call("forwardMessage", **here, message_id=1)
    assert forwarded["forward_origin"]["sender_user"]["id"] == OWNER
    again = await house.call(
        "forwardMessage", chat_id=OWNER, from_chat_id=PAUL, message_id=forwarded["message_id"]
    )
    assert again["forward_origin"] == forwarded["forward_origin"]
    ids = await house.call("copyMessages", **here, message_ids=[1, 500])
    assert len(ids) == 1, "missing messages are skipped"
    assert await house.error("copyMessages", **here, message_ids=[2, 1]) == (
        "Bad Request: message identifiers must be in a strictly increasing order"
    )
    assert await house.error("forwardMessages", **here, message_ids=list(range(1, 102)))
    assert (
        await house.error("copyMessage", **here, message_id=500) == "Bad Request: message to copy not found"
    )
    protected = await house.call("sendMessage", chat_id=OWNER, text="secret", protect_content=True)
    assert await house.error("forwardMessage", **here, message_id=protected["message_id"]) == (
        "Bad Request: message can't be forwarded"
    )


async def test_replies(house):
    await house.write("question")
    reply = await house.call("sendMessage", chat_id=OWNER, text="answer", reply_parameters={"message_id": 1})
    assert reply["reply_to_message"]["text"] == "question"
    update = await house.write("thanks", reply_to_message_id=reply["message_id"])
    assert update["message"]["reply_to_message"]["text"] == "answer"
    assert "reply_to_message" not in update["message"]["reply_to_message"]
    lenient = {"message_id": 99, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await house.call(
        "sendMessage", chat_id=OWNER, text="x", reply_parameters=lenient
    )


async def test_pins_reactions_and_actions(house):
    await house.join_group()
    posted = await house.call("sendMessage", chat_id=GROUP, text="rules")
    await house.call("pinChatMessage", chat_id=GROUP, message_id=posted["message_id"])
    assert (await house.call("getChat", chat_id=GROUP))["pinned_message"]["text"] == "rules"
    await house.call("unpinChatMessage", chat_id=GROUP)
    assert "pinned_message" not in await house.call("getChat", chat_id=GROUP)
    thumb = [{"type": "emoji", "emoji": "👍"}]
    await house.call("setMessageReaction", chat_id=GROUP, message_id=posted["message_id"], reaction=thumb)
    await house.call("sendChatAction", chat_id=GROUP, action="typing")
    assert "action" in await house.error("sendChatAction", chat_id=GROUP, action="sleeping")


async def test_privacy_mode(house):
    await house.join_group(status="member")
    own = await house.call("sendMessage", chat_id=GROUP, text="I am here")
    seen = {
        "hidden": "just talk",
        "other": "/go@other_bot",
        "command": "/go",
        "addressed": "/go@main_bot now",
        "mention": "hey @main_bot",
    }
    got = {name: await house.write(text, user=PAUL, chat_id=GROUP) is not None for name, text in seen.items()}
    assert got == {"hidden": False, "other": False, "command": True, "addressed": True, "mention": True}
    assert await house.write("yes", user=PAUL, chat_id=GROUP, reply_to_message_id=own["message_id"])
    await house.post("bots", token="700:test-token", name="main", can_read_all_group_messages=True)
    assert await house.write("just talk", user=PAUL, chat_id=GROUP)
    assert (await house.call("getMe"))["can_read_all_group_messages"]


async def test_an_administrator_sees_everything_and_a_channel_has_posts(house):
    await house.join_group()
    assert await house.write("just talk", user=PAUL, chat_id=GROUP)
    await house.join_group(CHANNEL)
    update = await house.write("news", chat_id=CHANNEL)
    assert update["channel_post"]["sender_chat"]["id"] == CHANNEL
    assert "from" not in update["channel_post"]
    edited = await house.post(
        "edits", bot=700, user_id=OWNER, chat_id=CHANNEL, message_id=1, text="more news"
    )
    assert edited["update"]["edited_channel_post"]["text"] == "more news"
    await house.post(f"chats/{CHANNEL}/members", user_id=PAUL, status="member")
    assert "may not write" in await house.refused(
        "messages", bot=700, user_id=PAUL, chat_id=CHANNEL, text="x"
    )


async def test_message_ids_count_per_bot_in_private_and_per_group(house):
    await house.join_group()
    ids = [
        (await house.write("a"))["message"]["message_id"],
        (await house.write("b", user=PAUL))["message"]["message_id"],
    ]
    assert ids == [1, 2]
    first = (await house.write("/c", chat_id=GROUP))["message"]["message_id"]
    assert (await house.call("sendMessage", chat_id=GROUP, text="d"))["message_id"] == first + 1


async def test_callbacks(house):
    await house.write("/start")
    sent = await house.call("sendMessage", chat_id=OWNER, text="?", reply_markup=keyboard())
    press = {"bot": 700, "user_id": OWNER, "message_id": sent["message_id"]}
    assert "no button" in await house.refused("callbacks", **press, data="other")
    pressed = await house.post("callbacks", **press, data="yes")
    query = pressed["update"]["callback_query"]
    assert (query["data"], query["message"]["text"]) == ("yes", "?")
    path = f"callbacks/{pressed['callback_query_id']}"
    assert not (await house.get(path))["answered"]
    assert await house.error("answerCallbackQuery", callback_query_id=query["id"], text="x" * 201)
    await house.call("answerCallbackQuery", callback_query_id=query["id"], text="Noted", show_alert=True)
    assert await house.get(path) == {"answered": True, "text": "Noted", "show_alert": True, "url": None}
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await house.error("answerCallbackQuery", callback_query_id=query["id"]) == too_old
    late = (await house.post("callbacks", **press, data="yes"))["callback_query_id"]
    await house.post("clock", advance=200)
    assert await house.error("answerCallbackQuery", callback_query_id=late) == too_old


async def test_what_is_not_simulated_says_so(house):
    assert await house.error("getForumTopicIconStickers") == (
        "Bad Request: the sandbox does not simulate getForumTopicIconStickers"
    )
    response = await house.raw("sendPigeon")
    assert (response.status_code, response.json()["description"]) == (404, "Not Found")
    response = await house.raw("getMe", token="700:wrong")
    assert (response.status_code, response.json()["description"]) == (401, "Unauthorized")
    assert (await house.raw("getMe", token="nonsense")).status_code == 404
