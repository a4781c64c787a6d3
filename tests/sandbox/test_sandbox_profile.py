"""What a bot says about itself: commands by scope and language, name, descriptions, menu button."""

from __future__ import annotations

import pytest

OWNER, PAUL, ANA = 1001, 1002, 1003
GROUP = -1001000000001


def command(name, description="Does it"):
    return {"command": name, "description": description}


async def test_who_it_is(house):
    me = await house.call("getMe")
    assert (me["id"], me["is_bot"], me["first_name"], me["username"]) == (700, True, "main", "main_bot")
    await house.call("setMyName", name="Golden")
    assert (await house.call("getMe"))["first_name"] == "Golden"
    await house.call("setMyName", name="Dourado", language_code="pt")
    assert await house.call("getMyName", language_code="pt") == {"name": "Dourado"}
    assert await house.call("getMyName") == {"name": "Golden"}
    await house.call("setMyDescription", description="Gold news")
    assert await house.call("getMyDescription") == {"description": "Gold news"}
    await house.call("setMyShortDescription", short_description="Gold")
    assert await house.call("getMyShortDescription") == {"short_description": "Gold"}
    assert await house.error("setMyName", name="x" * 65)
    assert await house.error("setMyShortDescription", short_description="x" * 121)
    assert await house.error("setMyName", name="x", language_code="english")


async def test_the_narrowest_scope_wins(house):
    await house.join_group()
    await house.call("setMyCommands", commands=[command("default")])
    await house.call(
        "setMyCommands", commands=[command("privado")], scope={"type": "default"}, language_code="pt"
    )
    await house.call("setMyCommands", commands=[command("owner")], scope={"type": "chat", "chat_id": OWNER})
    await house.call("setMyCommands", commands=[command("groups")], scope={"type": "all_group_chats"})
    admins = {"type": "chat_administrators", "chat_id": GROUP}
    await house.call("setMyCommands", commands=[command("admins")], scope=admins)
    one = {"type": "chat_member", "chat_id": GROUP, "user_id": PAUL}
    await house.call("setMyCommands", commands=[command("paul")], scope=one)

    async def menu(user, chat=None):
        query = {"bot": 700, "user_id": user} | ({"chat_id": chat} if chat else {})
        return [entry["command"] for entry in await house.get("commands", **query)]

    assert await menu(OWNER) == ["owner"]
    assert await menu(PAUL) == ["default"]
    assert await menu(ANA) == ["privado"]
    assert await menu(OWNER, GROUP) == ["admins"]
    assert await menu(PAUL, GROUP) == ["paul"]
    assert await menu(ANA, GROUP) == ["groups"]
    assert await house.call("getMyCommands", scope=admins) == [command("admins")]
    await house.call("deleteMyCommands", scope=admins)
    assert await menu(OWNER, GROUP) == ["groups"]


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ([command("a-b")], "BOT_COMMAND_INVALID"),
        ([command("")], "BOT_COMMAND_INVALID"),
        ([command("x" * 33)], "BOT_COMMAND_INVALID"),
        ([command("a", "")], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([command("a", "x" * 257)], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([command(f"c{number}") for number in range(101)], "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_bad_commands(house, commands, reason):
    assert await house.error("setMyCommands", commands=commands) == f"Bad Request: {reason}"


async def test_menu_button(house):
    assert await house.call("getChatMenuButton") == {"type": "commands"}
    await house.call("setChatMenuButton", chat_id=OWNER, menu_button={"type": "default"})
    assert await house.call("getChatMenuButton", chat_id=OWNER) == {"type": "default"}


async def test_inline_queries(house):
    query = {
        "id": "77",
        "from": {"id": OWNER, "is_bot": False, "first_name": "O"},
        "query": "gold",
        "offset": "",
    }
    await house.post("updates", bot=700, update={"inline_query": query})
    article = {
        "type": "article", "id": "1", "title": "Gold", "input_message_content": {"message_text": "gold"},
    }  # fmt: skip
    assert "RESULT_ID_DUPLICATE" in await house.error(
        "answerInlineQuery", inline_query_id="77", results=[article, article]
    )
    assert await house.call("answerInlineQuery", inline_query_id="77", results=[article])
    assert "query is too old" in await house.error(
        "answerInlineQuery", inline_query_id="78", results=[article]
    )
