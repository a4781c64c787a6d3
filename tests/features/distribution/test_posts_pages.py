"""Posts in the console: what was sent, by whom, and what became of each copy."""

from __future__ import annotations

import re

from tests.features.distribution.newsroom import CRYPTO, GOLD, GOLD_CRYPTO, Newsroom
from tests.support.console import signed_in
from tests.support.running import OWNER


async def test_a_post_is_listed_with_what_became_of_it_in_each_chat(room: Newsroom) -> None:
    await room.fault("forbidden", chat_id=CRYPTO, times=1)
    await room.send("Gold <b> and crypto rally")
    (post,) = await room.posts()
    async with signed_in(room.house, OWNER) as browser:
        shown = await browser.get("/distribution/posts")
        assert "Gold &lt;b&gt; and crypto rally #1 Olivia Stone Partly sent to 2 of 3 chats" in shown.text

        one = (await browser.get(f"/distribution/posts/{post.id}")).text
    assert "Sent by Olivia Stone" in one
    arrived = (await room.copies(GOLD))[0]["message_id"]
    together = (await room.copies(GOLD_CRYPTO))[0]["message_id"]
    assert re.search(rf"Gold #1 gold Gold Arrived {arrived} 20", one), one
    assert re.search(r"Crypto #2 crypto crypto Failed .{10,60} – 20", one), one  # noqa: RUF001
    assert re.search(rf"Gold &amp; Crypto #4 gold\+crypto Gold, crypto Arrived {together} 20", one), one


async def test_posts_that_went_nowhere_say_so(room: Newsroom) -> None:
    async with signed_in(room.house, OWNER) as browser:
        assert "No posts yet" in (await browser.get("/distribution/posts")).text
        await room.post("Platinum")
        card = await room.post("Forex")
        await room.press(card, "Cancel")
        await room.shows(card, "Cancelled")
        shown = (await browser.get("/distribution/posts")).text
        newest, older = "Forex #2 Olivia Stone Cancelled", "Platinum #1 Olivia Stone No rule matched"
        assert shown.index(newest) < shown.index(older)
        assert "No rule matched this post" in (await browser.get("/distribution/posts/1")).text
        for wrong in ("posts?page=x", "posts?page=999999999999"):
            assert (await browser.get(f"/distribution/{wrong}")).status == 200
        for wrong in ("posts/77", f"posts/{10**30}"):
            assert (await browser.get(f"/distribution/{wrong}")).status == 404
