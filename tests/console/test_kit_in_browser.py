"""The kit in a real Chromium: a page of all macros, by day and by night, on a laptop and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from tests.console.demonstration_pages import PAGES
from tests.console.in_browser import LAPTOP, PHONE, Scheme, link, look, serving

from botyard.db.session import Database
from botyard.ids import UserId

pytestmark = pytest.mark.browser

ANA = UserId(1001)

FAINT_TEXTS = """
() => {
  // Any colour syntax, through one pixel of a canvas: red, green, blue, opacity.
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].map((part, index) => index < 3 ? part : part / 255);
  };
  const over = (top, ground) => ground.map((part, index) => top[index] * top[3] + part * (1 - top[3]));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
  };
  const light = (colour) => colour
    .map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const seen = [];
  const measure = (element, text, pseudo) => {
    const ground = behind(element);
    const ink = over(rgba(getComputedStyle(element, pseudo).color), ground);
    const [dark, bright] = [light(ink), light(ground)].sort((one, other) => one - other);
    seen.push([(bright + 0.05) / (dark + 0.05), text]);
  };
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility()) continue;
    const texts = [...element.childNodes].filter((node) => node.nodeType === 3);
    const typed = element.type === "checkbox" ? "" : element.value;
    const own = texts.map((node) => node.data.trim()).join("") || typed;
    if (own) measure(element, own);
    if (element.placeholder) measure(element, element.placeholder, "::placeholder");
    if (element.dataset.label) measure(element, element.dataset.label, "::before");
  }
  return { texts: seen.length, faint: seen.filter(([contrast]) => contrast < 4.5) };
}
"""


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """What a browser shows is the same on every database: SQLite is enough."""
    opened = Database(sqlite_url)
    yield opened
    await opened.aclose()


@pytest.fixture
async def url(house: Any) -> AsyncIterator[str]:
    """The address of a console with the demonstration's pages."""
    await house.add_member(name="Anastasia Maria", last_name="Featherstonehaugh")
    async with serving(house.database, house.clock, {}, PAGES) as url:
        yield url


async def open_console(
    chromium: Browser, house: Any, url: str, size: tuple[int, int] = LAPTOP, scheme: Scheme = "light"
) -> Page:
    page = await chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    await page.goto(await link(house.database, house.clock, url, ANA))
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{url}/console/", wait_until="load")
    return page


async def inspect(page: Page, name: str) -> None:
    """Not too wide, and nothing too faint to read."""
    await look(page, name)
    found = await page.evaluate(FAINT_TEXTS)
    assert found["texts"] > 10
    assert found["faint"] == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_every_macro_fits_and_can_be_read(
    chromium: Browser, house: Any, url: str, size: tuple[int, int], scheme: Scheme
) -> None:
    page = await open_console(chromium, house, url, size, scheme)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("response", lambda answer: answer.status < 400 or problems.append(answer.url))

    await page.goto(f"{url}/console/guides?q=gold")
    await expect(page.get_by_role("searchbox")).to_have_value("gold")
    await page.get_by_text("Delete…").click()
    await inspect(page, "kit-list")

    await page.goto(f"{url}/console/guides/new?unchecked")
    await inspect(page, "kit-form")
    assert problems == []

    await page.get_by_label("Title").fill("")
    await page.get_by_label("Order").fill("-5")
    for box in await page.get_by_role("group", name="Chats").get_by_role("checkbox").all():
        await box.uncheck()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("3 fields need another look")
    await expect(page.get_by_label("Title")).to_be_focused()
    await inspect(page, "kit-form-wrong")

    await page.get_by_label("Title").fill("Gold <b>101</b>")
    await page.get_by_label("Order").fill("5")
    await page.get_by_role("checkbox", name="Silver").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").first).to_have_text("“Gold <b>101</b>” is saved.")
    await inspect(page, "kit-saved")
    await page.reload()
    await expect(page.get_by_text("is saved.")).to_have_count(0)
    await page.close()


async def test_a_confirmation_shows_what_will_happen_before_it_does(
    chromium: Browser, house: Any, url: str
) -> None:
    page = await open_console(chromium, house, url)
    await page.goto(f"{url}/console/guides")
    button = page.get_by_role("button", name="Delete this guide")
    await expect(button).to_be_hidden()
    await page.get_by_text("Delete…").click()
    await expect(page.get_by_text("It leaves the lists of 12 members")).to_be_visible()
    await button.click()
    await expect(page.get_by_role("status").first).to_have_text("The guide is gone.")
    await page.close()


async def test_a_form_that_is_far_too_large_gets_a_page_and_not_a_broken_connection(
    chromium: Browser, house: Any, url: str
) -> None:
    page = await open_console(chromium, house, url)
    await page.goto(f"{url}/console/guides/new?unchecked")
    file = {"name": "film.png", "mimeType": "image/png", "buffer": b"x" * 20_000_000}
    await page.get_by_label("Cover").set_input_files(file)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="This is more than 4 MB.")).to_be_visible()
    await page.close()


async def test_on_a_phone_ten_pages_of_the_console_open_below_one_button(
    chromium: Browser, house: Any, url: str
) -> None:
    page = await open_console(chromium, house, url, PHONE)
    pages = page.get_by_role("navigation", name="Console").get_by_role("link")
    await expect(pages).to_have_count(0)
    await page.get_by_text("Menu").click()
    await expect(pages).to_have_count(11)
    await inspect(page, "kit-menu")
    await page.get_by_role("link", name="Schedules").click()
    await expect(page).to_have_url(f"{url}/console/schedules")
    await expect(pages).to_have_count(0)
    await page.close()
