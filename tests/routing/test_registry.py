"""The registry: what may be declared, what is refused at import, and what is found."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botyard.app import REGISTRY, registry_of
from botyard.feature import Feature
from botyard.features import account
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.registry import (
    Command,
    Registry,
    RegistryError,
    button,
    command,
    deep_link,
    dialog_step,
    watcher,
)
from botyard.routing.router import read_command


async def handle(_ctx: Context) -> None:
    """Does
    nothing."""


def sync_handle(_ctx: Context) -> None:
    """Would stop all others."""


def declared(name: str, **options: Any) -> Command:
    return command(name, description="A command", **options)(handle)


def registry(*commands: Command) -> Registry:
    return Registry(commands=[("test", each) for each in commands])


def everything(_name: str) -> bool:
    return True


# declaring


@pytest.mark.parametrize("name", ["a", "_", "0", "x" * 32, "plan_2"])
def test_telegrams_names_are_taken(name: str) -> None:
    assert declared(name).names == (name,)
    assert declared("main", aliases=(name,)).names == ("main", name)


@pytest.mark.parametrize("name", ["", "x" * 33, "Plans", "my-plan", "a b", "/plans", "plän", "plans\n", "٣"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(RegistryError, match="1-32 characters of a-z, 0-9 and _"):
        declared(name)
    with pytest.raises(RegistryError, match="cannot be a command"):
        declared("main", aliases=("fine", name))


@pytest.mark.parametrize("aliases", [("plans",), ("shop", "shop")])
def test_a_command_may_not_repeat_its_own_names(aliases: tuple[str, ...]) -> None:
    with pytest.raises(RegistryError, match="/plans repeats"):
        declared("plans", aliases=aliases)


@pytest.mark.parametrize("description", ["", "x" * 257])
def test_a_description_has_1_to_256_characters(description: str) -> None:
    with pytest.raises(RegistryError, match="/plans needs a description"):
        command("plans", description=description)(handle)
    assert command("plans", description="x" * 256)(handle).description == "x" * 256


def test_a_command_without_a_description_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="description"):
        command("plans")(handle)  # type: ignore[call-arg]  # this is what the test is about


@pytest.mark.parametrize(
    "declare",
    [
        command("plans", description="Plans"),
        button("plans"),
        dialog_step("plans"),
        deep_link("plans"),
        watcher("channel_post"),
    ],
    ids=["command", "button", "dialog step", "deep link", "watcher"],
)
def test_sync_handlers_are_refused(declare: Any) -> None:
    with pytest.raises(RegistryError, match=r"not async.*async def"):
        declare(sync_handle)
    declare(handle)


@pytest.mark.parametrize("prefix", ["", "Plan", "p" * 17, "plan:", "1st"])
def test_a_prefix_of_buttons_and_links_is_short_and_plain(prefix: str) -> None:
    for declare in (button, deep_link):
        with pytest.raises(RegistryError, match="cannot start"):
            declare(prefix)(handle)


def test_a_deep_links_prefix_has_no_dash_because_the_dash_ends_it() -> None:
    assert button("plan-page")(handle).prefix == "plan-page"
    with pytest.raises(RegistryError):
        deep_link("plan-page")(handle)


def test_a_watcher_names_a_kind_of_update() -> None:
    with pytest.raises(RegistryError, match="'chanel_post' is no kind of update"):
        watcher("chanel_post")(handle)


def test_the_long_help_is_the_docstring_in_one_line() -> None:
    assert declared("plans").long_help == "Does nothing."


# putting together


@pytest.mark.parametrize(
    ("planted", "taken"),
    [
        (declared("help"), "/help"),
        (declared("helper", aliases=("help",)), "/help"),
        (declared("me"), "/me"),
        (declared("mine", aliases=("me",)), "/me"),
    ],
    ids=["name is a name", "alias is a name", "name is an alias", "alias is an alias"],
)
def test_two_features_cannot_claim_one_name(planted: Command, taken: str) -> None:
    # botyard.app does this very call when it is imported.
    with pytest.raises(RegistryError, match=f"{taken} is declared by account and by shop") as refused:
        registry_of((account.FEATURE, Feature("shop", commands=(planted,))))
    assert refused.value.remedy


def test_two_features_cannot_claim_one_button_step_or_link() -> None:
    for slot, entry in (
        ("buttons", button("plan")(handle)),
        ("dialog_steps", dialog_step("plan")(handle)),
        ("deep_links", deep_link("plan")(handle)),
    ):
        one, other = (Feature(name, **{slot: (entry,)}) for name in ("one", "other"))  # type: ignore[arg-type]  # by name
        with pytest.raises(RegistryError, match="plan is declared twice"):
            registry_of((one, other))


def test_many_may_watch_one_kind() -> None:
    watch = watcher("channel_post")(handle)
    both = registry_of((Feature("one", watchers=(watch,)), Feature("other", watchers=(watch,))))
    assert both.watchers == {"channel_post": [watch, watch]}


def test_the_registry_knows_which_feature_a_command_is_of() -> None:
    assert REGISTRY.feature_of["help"] == "account"
    assert registry_of((Feature("shop", commands=(declared("plans"),)),)).feature_of == {"plans": "shop"}


# finding


def test_a_command_is_found_by_name_and_alias_in_any_case() -> None:
    plans = declared("plans", aliases=("shop", "catalog"))
    found = registry(plans, declared("other"))
    assert [found.find(name) for name in ("plans", "PLANS", "Shop", "catalog")] == [plans] * 4
    assert found.find("plan") is None


def test_each_role_sees_its_own_commands_and_those_below_by_name() -> None:
    commands = [
        declared(f"for_{role.name.lower()}{suffix}", role=role, hidden=bool(suffix))
        for role in Role
        for suffix in ("", "_hidden")
    ]
    found = registry(*reversed(commands))
    seen = {role: [each.name for each in found.visible(role, everything)] for role in Role}
    assert seen[Role.PUBLIC] == ["for_public"]
    assert seen[Role.SUBSCRIBER] == ["for_public", "for_subscriber"]
    assert seen[Role.ADMIN] == ["for_admin", "for_public", "for_subscriber"]
    assert seen[Role.OWNER] == ["for_admin", "for_owner", "for_public", "for_subscriber"]


def test_a_command_that_is_switched_off_is_not_seen() -> None:
    found = registry(declared("on"), declared("off"))
    assert [each.name for each in found.visible(Role.OWNER, lambda name: name != "off")] == ["on"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("plan", "plans"),
        ("PLNAS", "plans"),
        ("catalogue", "plans"),
        ("statsu", "stats"),
        ("zzzz", None),
        ("", None),
    ],
)
def test_the_nearest_command_is_what_was_meant(typed: str, meant: str | None) -> None:
    found = registry(declared("plans", aliases=("catalog",)), declared("stats"))
    nearest = found.nearest(typed, Role.PUBLIC, everything)
    assert (nearest.name if nearest else None) == meant


def test_the_nearest_command_is_one_that_this_member_may_see() -> None:
    found = registry(declared("console", role=Role.ADMIN), declared("consort", hidden=True))
    assert found.nearest("consol", Role.SUBSCRIBER, everything) is None
    shown = found.nearest("consol", Role.ADMIN, everything)
    assert shown is not None
    assert shown.name == "console"
    assert found.nearest("consol", Role.ADMIN, lambda _name: False) is None


# reading


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("/cmd", ("cmd", None, "")),
        ("/CMD", ("cmd", None, "")),
        ("/cmd@shop_bot a  b ", ("cmd", "shop_bot", "a  b")),
        ("/cmd\nfirst\nsecond", ("cmd", None, "first\nsecond")),
        ("/cmd\u00a0ñandú 😀", ("cmd", None, "ñandú 😀")),
        ("/" + "x" * 32, ("x" * 32, None, "")),
        ("/" + "x" * 33, None),
        ("/" + "x" * 40, None),
        ("/cmd@", None),
        ("/cmd@ab cd", None),
        ("/cmd@shop_bot!", None),
        ("/cmd.", None),
        ("/cmd/other", None),
        ("/ñandú", None),
        ("/٣", None),
        ("/", None),
        ("//", None),
        ("//cmd", None),
        ("/ cmd", None),
        (" /cmd", None),
        ("cmd", None),
        ("", None),
    ],
)
def test_a_command_is_read(text: str, spoken: tuple[str, str | None, str] | None) -> None:
    found = read_command(text)
    assert (found and (found.name, found.bot, found.args)) == spoken


@given(st.text() | st.text(alphabet="/@_aZ9 \n\u00a0é-", max_size=80).map(lambda rest: "/" + rest))
@example("/" + "a" * 100_000)
@example("/a@" + "b" * 100_000)
def test_reading_never_fails_and_finds_only_what_could_be_a_command(text: str) -> None:
    found = read_command(text)
    if found is not None:
        assert re.fullmatch("[a-z0-9_]{1,32}", found.name)
        assert found.args == found.args.strip()
        assert text.lower().startswith(f"/{found.name}")
