"""Talking to a bot on the page: both sides write, edit, delete, reply; the Inspector shows it."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_start_reaches_the_bot_and_its_answer_appears(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await expect(chat.find("chat-title")).to_have_text(bot.name)
    await chat.find("start-button").click()
    await expect(chat.find("delivery")).to_have_attribute("data-state", "pending")

    update = await bot.next_update("message")
    assert update["text"] == "/start"
    assert update["from"]["id"] == ann
    await bot.send(ann, "Welcome, <b>Ann</b>. Try /help", parse_mode="HTML")

    answer = chat.find("message", has_text="Welcome")
    await expect(answer.locator("strong")).to_have_text("Ann")
    await expect(chat.find("start-button")).to_have_count(0)
    await answer.get_by_test_id("command-link").click()
    assert (await bot.next_update("message"))["text"] == "/help"
    await bot.call("getUpdates", offset=bot.offset)  # confirms it
    await expect(chat.find("delivery").last).to_have_attribute("data-state", "delivered")


async def test_deep_link_offers_start_with_its_payload(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.username, start="ref-77")
    await expect(chat.find("start-button")).to_contain_text("ref-77")
    await chat.find("start-button").click()
    assert (await bot.next_update("message"))["text"] == "/start ref-77"
    await expect(chat.find("start-button")).to_have_count(0)


async def test_enter_sends_and_shift_enter_breaks_the_line(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    composer = chat.find("composer")
    await composer.fill("one")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("two")
    await composer.press("Enter")
    assert (await bot.next_update("message"))["text"] == "one\ntwo"
    await expect(composer).to_have_value("")


async def test_edits_and_deletions_of_the_bot_appear_live(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.write("hello")
    await bot.next_update("message")
    kept = await bot.send(ann, "Draft")
    gone = await bot.send(ann, "Going away")
    await expect(chat.find("message", has_text="Going away")).to_be_visible()

    await bot.call("editMessageText", chat_id=ann, message_id=kept, text="Final")
    await expect(chat.find("message", has_text="Final").get_by_test_id("edited")).to_be_visible()
    await bot.call("deleteMessage", chat_id=ann, message_id=gone)
    await expect(chat.find("message", has_text="Going away")).to_have_count(0)


async def test_a_person_replies_to_a_message_and_edits_an_own_one(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.write("hello")
    await bot.next_update("message")
    question = await bot.send(ann, "How many?")

    row = chat.find("message", has_text="How many?")
    await row.hover()
    await row.get_by_test_id("reply").click()
    await chat.write("Twelve")
    reply = await bot.next_update("message")
    assert reply["reply_to_message"]["message_id"] == question
    await expect(chat.find("message", has_text="Twelve").get_by_test_id("reply-quote")).to_contain_text(
        "How many?"
    )

    await chat.find("composer").press("ArrowUp")
    await expect(chat.find("composer")).to_have_value("Twelve")
    await chat.write("Thirteen")
    edited = await bot.next_update("edited_message")
    assert (edited["message_id"], edited["text"]) == (reply["message_id"], "Thirteen")
    await expect(chat.find("message", has_text="Thirteen").get_by_test_id("edited")).to_be_visible()


async def test_pretend_photo_arrives_with_its_caption(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.choose("attach", "attach-photo")
    await chat.page.get_by_label("Caption").fill("Our house")
    await chat.find("dialog-submit").click()
    message = await bot.next_update("message")
    assert message["photo"]
    assert message["caption"] == "Our house"
    await expect(chat.find("message", has_text="Our house").get_by_test_id("media")).to_have_attribute(
        "data-kind", "photo"
    )


async def test_typing_shows_until_the_message_comes(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.write("hello")
    await bot.next_update("message")
    await bot.call("sendChatAction", chat_id=ann, action="typing")
    await expect(chat.find("typing")).to_contain_text("is typing")
    await bot.send(ann, "Here it is")
    await expect(chat.find("typing")).to_have_count(0)


async def test_blocked_bot_hears_of_it_and_can_be_unblocked(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.write("hello")
    await chat.choose("header-menu", "block-toggle")
    assert (await bot.next_update("my_chat_member"))["new_chat_member"]["status"] == "kicked"
    await expect(chat.find("composer")).to_be_hidden()

    await chat.page.reload()
    await chat.find("unblock").click()
    assert (await bot.next_update("my_chat_member"))["new_chat_member"]["status"] == "member"
    await expect(chat.find("composer")).to_be_visible()


async def test_another_chat_shows_what_is_unread(open_page, bot, ann, sandbox):
    await sandbox.post("messages", bot=bot.id, user_id=ann, text="hello")
    chat = await open_page(user=ann, chat=-1001000000001)
    await bot.send(ann, "First")
    await bot.send(ann, "Second")
    item = chat.page.locator(f"[data-testid=chat-item][data-bot='{bot.id}']")
    await expect(item.get_by_test_id("unread")).to_have_text("2")
    await expect(item).to_contain_text("Second")
    await item.click()
    await expect(item.get_by_test_id("unread")).to_have_count(0)
    await expect(chat.find("message", has_text="Second")).to_be_visible()


async def test_inspector_shows_updates_and_calls_as_json(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.write("/ping now")
    await bot.next_update("message")
    await bot.send(ann, "pong")
    received = chat.find("entry", has_text="/ping now")
    await received.click()
    assert (
        json.loads(await received.get_by_test_id("entry-json").inner_text())["message"]["text"] == "/ping now"
    )

    await chat.find("tab-calls").click()
    done = chat.page.locator("[data-testid=entry][data-kind=sendMessage]", has_text="pong")
    await expect(done.get_by_test_id("entry-status")).to_have_text("ok")
    await done.click()
    await done.get_by_test_id("entry-copy").click()
    copied = json.loads(await chat.page.evaluate("navigator.clipboard.readText()"))
    assert copied["params"]["text"] == "pong"
    assert copied["answer"]["ok"] is True
