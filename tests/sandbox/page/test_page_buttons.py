"""Keyboards, command menus and payments: what a bot offers to press."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def started(open_page, bot, user):
    """The private chat of a person who has already written once."""
    await bot.sandbox.post("messages", bot=bot.id, user_id=user, text="hello")
    await bot.next_update("message")
    return await open_page(user=user, bot=bot.id)


async def test_callback_button_waits_for_its_answer_and_shows_it(open_page, bot, ann):
    chat = await started(open_page, bot, ann)
    keyboard = {
        "inline_keyboard": [
            [{"text": "Quietly", "callback_data": "q"}, {"text": "Loudly", "callback_data": "l"}]
        ]
    }
    await bot.send(ann, "Choose", reply_markup=keyboard)

    await chat.find("inline-button", has_text="Quietly").click()
    query = await bot.next_update("callback_query")
    assert query["data"] == "q"
    await bot.call("answerCallbackQuery", callback_query_id=query["id"], text="Noted")
    await expect(chat.find("toast", has_text="Noted")).to_be_visible()

    await chat.find("inline-button", has_text="Loudly").click()
    query = await bot.next_update("callback_query")
    await bot.call("answerCallbackQuery", callback_query_id=query["id"], text="Attention", show_alert=True)
    await expect(chat.find("alert")).to_contain_text("Attention")
    await chat.find("alert-ok").click()
    await expect(chat.find("alert")).to_have_count(0)


async def test_url_copy_and_app_buttons(open_page, bot, ann):
    chat = await started(open_page, bot, ann)
    row = [
        {"text": "Site", "url": "https://example.org/a"},
        {"text": "Code", "copy_text": {"text": "GOLD10"}},
        {"text": "App", "web_app": {"url": "https://example.org/app"}},
    ]
    await bot.send(ann, "More", reply_markup={"inline_keyboard": [row]})
    site = chat.find("inline-button", has_text="Site")
    await expect(site).to_have_attribute("href", "https://example.org/a")
    await expect(site).to_have_attribute("rel", "noopener noreferrer")
    await chat.find("inline-button", has_text="Code").click()
    assert await chat.page.evaluate("navigator.clipboard.readText()") == "GOLD10"
    await expect(chat.find("inline-button", has_text="App")).to_be_disabled()


async def test_reply_keyboard_sends_its_words_and_one_time_goes_away(open_page, bot, ann):
    chat = await started(open_page, bot, ann)
    await bot.send(
        ann,
        "Size?",
        reply_markup={"keyboard": [[{"text": "Small"}, {"text": "Large"}]], "one_time_keyboard": True},
    )
    await chat.find("reply-button", has_text="Large").click()
    assert (await bot.next_update("message"))["text"] == "Large"
    await expect(chat.find("reply-keyboard")).to_have_count(0)
    await chat.find("keyboard-toggle").click()
    await expect(chat.find("reply-keyboard")).to_be_visible()

    await bot.send(ann, "Thanks", reply_markup={"remove_keyboard": True})
    await expect(chat.find("reply-keyboard")).to_have_count(0)
    await expect(chat.find("keyboard-toggle")).to_be_hidden()


async def test_slash_opens_the_commands_of_this_person(open_page, bot, ann):
    chat = await started(open_page, bot, ann)
    common = [{"command": "help", "description": "What you can do"}]
    await bot.call("setMyCommands", commands=common)
    own = [*common, {"command": "hold", "description": "Stop the press"}]
    await bot.call("setMyCommands", commands=own, scope={"type": "chat", "chat_id": ann})

    await chat.find("composer").press_sequentially("/h")
    await expect(chat.find("command-option")).to_have_count(2)
    await expect(chat.find("command-menu")).to_contain_text("Stop the press")
    await chat.find("composer").press("ArrowDown")
    await chat.find("composer").press("Enter")
    assert (await bot.next_update("message"))["text"] == "/hold"
    await expect(chat.find("command-menu")).to_be_hidden()

    await chat.find("menu-button").click()
    await chat.find("command-option", has_text="/help").click()
    assert (await bot.next_update("message"))["text"] == "/help"


async def test_invoice_is_paid_and_a_refusal_is_told(open_page, bot, ann):
    chat = await started(open_page, bot, ann)
    await bot.call(
        "sendInvoice", chat_id=ann, title="Gold signals", description="Three months", payload="order-1",
        provider_token="", currency="XTR", prices=[{"label": "Gold signals", "amount": 950}],
    )  # fmt: skip
    await expect(chat.find("invoice")).to_contain_text("950")

    async def answer(ok: bool) -> None:
        query = await bot.next_update("pre_checkout_query")
        reason = {} if ok else {"error_message": "Sold out"}
        await bot.call("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=ok, **reason)

    pay = chat.page.locator("[data-testid=inline-button][data-kind=pay]")
    await asyncio.gather(answer(ok=False), pay.click())
    await expect(chat.find("alert")).to_contain_text("Sold out")
    await chat.find("alert-ok").click()

    await asyncio.gather(answer(ok=True), pay.click())
    assert (await bot.next_update("message"))["successful_payment"]["total_amount"] == 950
    await expect(chat.find("message", has_text="paid")).to_be_visible()


async def test_groups_are_made_on_the_page_and_others_join_them(open_page, bot, ann, sandbox):
    await sandbox.post("users", id=ann + 100_000, first_name="Ben")
    chat = await open_page(user=ann, bot=bot.id)
    await chat.choose("new", "new-chat")
    await chat.page.get_by_label("Title").fill(f"Club {ann}")
    await chat.page.get_by_label(bot.name).check()
    await chat.find("dialog-submit").click()
    await expect(chat.find("chat-title")).to_have_text(f"Club {ann}")
    assert (await bot.next_update("my_chat_member"))["new_chat_member"]["status"] == "administrator"

    await chat.find("user-switch").click()
    await chat.page.locator(f"[data-testid=user-option][data-user='{ann + 100_000}']").click()
    await chat.find("join").click()
    await chat.write("Hi all")
    message = await bot.next_update("message")
    while message.get("text") is None:
        message = await bot.next_update("message")
    assert message["chat"]["title"] == f"Club {ann}"
    await bot.send(message["chat"]["id"], "Welcome, Ben")
    await expect(chat.find("message", has_text="Welcome, Ben").get_by_test_id("author")).to_contain_text(
        bot.name
    )


async def test_connecting_a_program_shows_its_server_and_token(open_page, ann, sandbox_url):
    chat = await open_page(user=ann)
    await chat.choose("new", "new-bot")
    await chat.page.get_by_label("Name", exact=True).fill("Helper")
    await chat.page.get_by_label("Token").fill(f"{8_000_000 + ann}:made-up")
    await chat.find("dialog-submit").click()
    await expect(chat.find("connection-dialog")).to_contain_text(sandbox_url.rstrip("/"))
    await expect(chat.find("connection-dialog")).to_contain_text(f"bot{8_000_000 + ann}:made-up/getMe")
    await chat.find("dialog-close").click()
    await expect(chat.find("chat-title")).to_have_text("Helper")
