"""Bots of other frameworks, as processes of their own, talk to the sandbox without knowing that it is one."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

BOTS = Path(__file__).parent / "bots"
OWNER = 1001


@contextlib.asynccontextmanager
async def running(house, script, *arguments):
    """A bot in a process of its own; its output is shown if the test fails."""
    environment = {**os.environ, "BOT_TOKEN": "700:test-token", "BOT_API_URL": house.url}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BOTS / script),
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    except BaseException:
        process.kill()
        print((await process.communicate())[0].decode())
        raise
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.communicate(), 15)


@pytest.fixture(scope="module")
def aiogram_examples(tmp_path_factory):
    """The examples in aiogram's source package, of the version that is installed."""
    folder = tmp_path_factory.mktemp("aiogram")
    wanted = f"aiogram=={importlib.metadata.version('aiogram')}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    pip += ["--no-build-isolation", "--no-binary", ":all:", wanted]  # what builds it is here already
    fetched = subprocess.run(pip, cwd=folder, capture_output=True, timeout=110, check=False)
    if fetched.returncode != 0:
        pytest.skip("aiogram's source package cannot be fetched: needs the network")
    with tarfile.open(next(folder.glob("aiogram-*.tar.gz"))) as package:
        package.extractall(folder, filter="data")
    return next(folder.glob("aiogram-*/examples"))


async def test_aiograms_own_echo_bot_runs_unchanged(house, aiogram_examples):
    async with running(house, "aiogram_example.py", str(aiogram_examples / "echo_bot.py")):
        await house.write("/start")
        await house.until_text("Hello, Olivia Stone!", seconds=40)
        await house.write("echo me")
        async with asyncio.timeout(10):
            while (await house.texts()).count("echo me") < 2:
                await asyncio.sleep(0.05)


async def test_aiograms_own_dialog_runs_unchanged(house, aiogram_examples):
    async with running(house, "aiogram_example.py", str(aiogram_examples / "finite_state_machine.py")):
        await house.write("/start")
        await house.until_text("Hi there! What's your name?", seconds=40)
        await house.write("Olivia")
        await house.until_text("Nice to meet you, Olivia!\nDid you like to write bots?")
        shown = (await house.get(f"chats/{OWNER}/messages", bot=700))[-1]
        assert [button["text"] for button in shown["reply_markup"]["keyboard"][0]] == ["Yes", "No"]
        await house.write("No")
        await house.until_text("Not bad not terrible.\nSee you soon.")


async def test_an_aiogram_bot_polls(house):
    async with running(house, "aiogram_polling.py"):
        await house.write("/start")
        await house.until_text("Hello, Olivia Stone!", seconds=40)
        greeting = (await house.get(f"chats/{OWNER}/messages", bot=700))[-1]
        assert greeting["entities"] == [{"type": "bold", "offset": 7, "length": 12}]
        menu = await house.get("commands", bot=700, user_id=OWNER)
        assert menu == [{"command": "start", "description": "Begin"}]
        press = {"bot": 700, "user_id": OWNER, "message_id": greeting["message_id"], "data": "pressed"}
        query = (await house.post("callbacks", **press))["callback_query_id"]
        await house.until_text("Pressed!")
        async with asyncio.timeout(10):
            while (await house.get(f"callbacks/{query}"))["text"] != "Thanks":
                await asyncio.sleep(0.05)
        await house.write("/file")
        await house.until_text("A file")
        await house.write("echo me", entities=[{"type": "italic", "offset": 0, "length": 4}])
        async with asyncio.timeout(10):
            while (await house.texts()).count("echo me") < 2:
                await asyncio.sleep(0.05)
    echoed = (await house.get(f"chats/{OWNER}/messages", bot=700))[-1]
    assert echoed["from"]["is_bot"]
    assert echoed["entities"][0]["type"] == "italic"
    assert all(entry["status"] == 200 for entry in (await house.get("journal"))["entries"])


async def test_an_aiogram_bot_answers_by_webhook(house):
    async with running(house, "aiogram_webhook.py"):
        async with asyncio.timeout(40):
            while not (await house.call("getWebhookInfo"))["url"]:
                await asyncio.sleep(0.05)
        await house.write("quiet words")
        await house.until_text("QUIET WORDS", seconds=30)
    entry = next(one for one in (await house.get("updates"))["entries"])
    assert (entry["via"], entry["delivered"]) == ("webhook", True)


async def test_a_python_telegram_bot_polls(house):
    async with running(house, "telegram_polling.py"):
        await house.write("/start")
        await house.until_text("Welcome, Olivia Stone!", seconds=40)
        greeting = (await house.get(f"chats/{OWNER}/messages", bot=700))[-1]
        assert greeting["entities"][0]["user"]["id"] == OWNER
        assert greeting["reply_markup"]["force_reply"]
        await house.write("echo me")
        async with asyncio.timeout(10):
            while (await house.texts()).count("echo me") < 2:
                await asyncio.sleep(0.05)
        await house.post("messages", bot=700, user_id=OWNER, photo="a picture")
        async with asyncio.timeout(10):
            while not any(text.startswith("at http") for text in await house.texts()):
                await asyncio.sleep(0.05)
