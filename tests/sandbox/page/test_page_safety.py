"""The page cannot be taken over by what people or bots write, and everybody can use it."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ATTACK = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"

DRAW = """async ([text, entities]) => {
  const { formatted } = await import(new URL("static/entities.js", document.baseURI));
  const place = document.createElement("div");
  place.append(...formatted(text, entities));
  return place.innerHTML;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def modules(chromium, sandbox_url):
    """The page, opened once for tests that only call its functions."""
    page = await chromium.new_page()
    await page.goto(sandbox_url)
    yield page
    await page.close()


async def test_markup_in_names_and_messages_stays_text(open_page, bot, ann, sandbox):
    await sandbox.post("users", id=ann, first_name=ATTACK[:64])
    await sandbox.post("messages", bot=bot.id, user_id=ann, text=ATTACK)
    await bot.send(ann, ATTACK, reply_markup={"inline_keyboard": [[{"text": ATTACK, "callback_data": "x"}]]})
    chat = await open_page(user=ann, bot=bot.id)
    await expect(chat.find("message-text").last).to_have_text(ATTACK)
    await expect(chat.find("inline-button")).to_have_text(ATTACK)
    await expect(chat.find("user-switch")).to_contain_text("<img src=x")
    assert await chat.page.title() == "Sandbox chat"
    assert await chat.page.locator("main script, main img").count() == 0


@pytest.mark.parametrize(
    ("text", "entities", "drawn"),
    [
        ("a b", [("bold", 0, 3), ("italic", 2, 1)], "<strong>a <em>b</em></strong>"),
        ("abcd", [("bold", 0, 3), ("italic", 2, 2)], "<strong>ab<em>c</em></strong><em>d</em>"),
        ("🎉 hi", [("underline", 3, 2)], "🎉 <u>hi</u>"),
        ("<b>", [("strikethrough", 0, 3)], "<s>&lt;b&gt;</s>"),
        ("short", [("bold", 3, 99)], "sho<strong>rt</strong>"),
    ],
)
async def test_entities_are_nested_split_and_counted_in_utf16(modules, text, entities, drawn):
    asked = [{"type": kind, "offset": offset, "length": length} for kind, offset, length in entities]
    assert await modules.evaluate(DRAW, [text, asked]) == drawn


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("example.org", "http://example.org/"),
        ("tg://user?id=5", "tg://user?id=5"),
        ("javascript:alert(1)", None),
        (" jAvAsCrIpT:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
    ],
)
async def test_only_web_and_telegram_addresses_become_links(modules, address, href):
    safe_url = "async (raw) => (await import(new URL('static/links.js', document.baseURI))).safeUrl(raw)"
    assert await modules.evaluate(safe_url, address) == href


async def test_page_keeps_to_a_strict_content_security_policy(open_page, bot, ann):
    """The policy stands in the page itself; `open_page` fails a test at any violation."""
    chat = await open_page(user=ann, bot=bot.id)
    await chat.write("hello")
    policy = await chat.page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy.startswith("default-src 'self'")
    assert await chat.page.locator("[style*='<'], script:not([src]), style").count() == 0


async def test_refused_words_come_back_with_the_reason(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.page.route(
        "**/control/messages", lambda route: route.fulfill(status=400, json={"error": "Write less."})
    )
    await chat.write("too much")
    await expect(chat.find("toast", has_text="Write less.")).to_be_visible()
    await expect(chat.find("composer")).to_have_value("too much")
    chat.problems.clear()  # the browser reports the refused request


async def test_every_control_has_a_name(open_page, bot, ann):
    chat = await open_page(user=ann, bot=bot.id)
    await chat.write("hello")
    await chat.find("user-switch").click()
    nameless = await chat.page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, textarea")]
          .filter((one) => one.checkVisibility())
          .filter((one) => !(one.ariaLabel || one.innerText?.trim() || one.labels?.[0]?.innerText.trim()))
          .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


async def test_keyboard_alone_switches_the_person(open_page, ann):
    chat = await open_page(user=1001)
    await chat.find("user-switch").focus()
    await chat.page.keyboard.press("Enter")
    await expect(chat.find("user-menu")).to_be_visible()
    await chat.page.keyboard.press("ArrowDown")
    await chat.page.keyboard.press("Enter")
    await expect(chat.find("user-switch")).not_to_contain_text("Olivia")


async def test_new_messages_are_announced(open_page, bot, ann, sandbox):
    await sandbox.post("messages", bot=bot.id, user_id=ann, text="hello")
    chat = await open_page(user=ann, bot=bot.id)
    await expect(chat.find("message", has_text="hello")).to_be_visible()
    await bot.send(ann, "Dinner is ready")
    await expect(chat.find("announcer")).to_have_text(f"{bot.name}: Dinner is ready")


async def test_phone_shows_one_pane_at_a_time(open_page, bot, ann):
    chat = await open_page(width=390, height=844, user=ann)
    item = chat.page.locator(f"[data-testid=chat-item][data-bot='{bot.id}']")
    await item.click()
    await expect(chat.find("sidebar")).to_be_hidden()
    await expect(chat.find("composer")).to_be_visible()
    assert await chat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await chat.find("back").click()
    await expect(item).to_be_visible()
    await expect(chat.find("composer")).to_be_hidden()


async def test_long_history_opens_fast_and_scrolls_to_its_start(open_page, bot, ann, sandbox):
    """2000 messages: only the newest are drawn, older ones come as one scrolls up."""
    await sandbox.post("messages", bot=bot.id, user_id=ann, text="hello")
    chat = await open_page(user=ann)
    messages = [
        {"message_id": 10_000 + number, "from": {"id": bot.id, "is_bot": True, "name": bot.name},
         "date": 1_800_000_000 + number, "text": f"Number {number}", "deleted": False}
        for number in range(2000)
    ]  # fmt: skip
    await chat.page.route("**/control/chats/*/messages?*", lambda route: route.fulfill(json=messages))
    await chat.page.locator(f"[data-testid=chat-item][data-bot='{bot.id}']").click()
    await expect(chat.find("message").last).to_contain_text("Number 1999", timeout=2_000)
    assert await chat.find("message").count() < 300
    await chat.find("message").last.hover()
    for _ in range(40):
        await chat.page.mouse.wheel(0, -200_000)
        await chat.page.wait_for_timeout(30)
        if await chat.find("message").count() == 2000:
            break
    await chat.page.mouse.wheel(0, -200_000)
    await expect(chat.find("messages").get_by_text("Number 0", exact=True)).to_be_in_viewport()
    await chat.find("jump").click()
    await expect(chat.find("messages").get_by_text("Number 1999", exact=True)).to_be_in_viewport()
