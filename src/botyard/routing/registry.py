"""What handlers there are: commands with roles, button presses, dialog steps, and other kinds of updates."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from botyard.errors import BotyardError
from botyard.members.models import Role
from botyard.telegram.envelope import PAYMENT_KINDS
from botyard.telegram.updates import UPDATE_KINDS

Handle = Callable[[Any], Awaitable[None]]
"""`async def handle(ctx: Context)`. Any, because the context knows the registry, not the other way round."""

Entry = TypeVar("Entry")

_NAME = re.compile(r"[a-z0-9_]{1,32}")
_PREFIX = re.compile(r"[a-z][a-z0-9_-]{0,15}")


class RegistryError(BotyardError):
    """A handler cannot be registered: a fault of the program, found when it is imported."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, who may use it, and what it does."""

    name: str
    role: Role
    handle: Handle
    description: str
    aliases: tuple[str, ...] = ()
    hidden: bool = False
    usage: str = ""
    needs: str = ""
    """The feature, such as `signals`, that a member below ADMIN must have paid for."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and the aliases."""
        return (self.name, *self.aliases)

    @property
    def long_help(self) -> str:
        """The handler's docstring, unwrapped: what `/help <command>` shows."""
        return " ".join((inspect.getdoc(self.handle) or "").split())


@dataclass(frozen=True, slots=True)
class Button:
    """The handler of button presses whose callback data is `prefix` or starts with `prefix:`."""

    prefix: str
    role: Role
    handle: Handle


@dataclass(frozen=True, slots=True)
class DialogStep:
    """The handler of the next message of a member who was asked something under this name."""

    name: str
    role: Role
    handle: Handle
    takes_any: bool = False
    """Whether it also takes what has no text, such as a photo, a poll or the parts of an album."""


@dataclass(frozen=True, slots=True)
class DeepLink:
    """The handler of `/start <prefix>-<rest>`: what a link `t.me/<bot>?start=<prefix>-<rest>` opens."""

    prefix: str
    handle: Handle


Watch = Callable[[Any], Awaitable[bool]]
"""`async def watch(ctx: Context) -> bool`: whether it took the update for its own."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """The handler of a kind of update that is neither a command nor a press, such as `channel_post`."""

    kind: str
    role: Role
    handle: Watch


def command(
    name: str,
    *,
    role: Role = Role.PUBLIC,
    aliases: Sequence[str] = (),
    hidden: bool = False,
    description: str,
    usage: str = "",
    needs: str = "",
) -> Callable[[Handle], Command]:
    """Declares a command: `@command("plans", role=Role.PUBLIC, aliases=("shop",), description="...")`.

    `description` (1-256 characters) is what Telegram's menu shows; `usage` names the arguments
    (`<user> <role>`); the handler's docstring is the long help. Raises `RegistryError` for a name that is not
    1-32 of a-z, 0-9 and _ (Bot API, BotCommand), a repeated alias, or a handler that is not `async def`.
    """

    def declare(handle: Handle) -> Command:
        names = (name, *aliases)
        for each in names:
            if not _NAME.fullmatch(each):
                raise RegistryError(
                    f"/{each} cannot be a command.",
                    remedy="Telegram allows 1-32 characters of a-z, 0-9 and _.",
                )
        if len(set(names)) != len(names):
            raise RegistryError(f"/{name} repeats one of its own names.", remedy="List each alias once.")
        if not 1 <= len(description) <= 256:
            raise RegistryError(f"/{name} needs a description.", remedy="Give it 1-256 characters.")
        _require_async(handle, f"/{name}")
        return Command(name, role, handle, description, tuple(aliases), hidden, usage, needs)

    return declare


def button(prefix: str, *, role: Role = Role.PUBLIC) -> Callable[[Handle], Button]:
    """Declares the handler of a family of buttons. Raises `RegistryError`."""

    def declare(handle: Handle) -> Button:
        if not _PREFIX.fullmatch(prefix):
            raise RegistryError(
                f"{prefix!r} cannot start callback data.", remedy="Use 1-16 of a-z, 0-9, _ and -."
            )
        _require_async(handle, f"button {prefix}")
        return Button(prefix, role, handle)

    return declare


def dialog_step(
    name: str, *, role: Role = Role.PUBLIC, takes_any: bool = False
) -> Callable[[Handle], DialogStep]:
    """Declares the handler of an answer that `ctx.ask(name)` waits for. Raises `RegistryError`.

    An answer is a message with a text or a caption; with `takes_any` it is any message.
    """

    def declare(handle: Handle) -> DialogStep:
        _require_async(handle, f"dialog {name}")
        return DialogStep(name, role, handle, takes_any)

    return declare


def deep_link(prefix: str) -> Callable[[Handle], DeepLink]:
    """Declares the handler of a family of deep links; `ctx.args` is the rest. Raises `RegistryError`."""

    def declare(handle: Handle) -> DeepLink:
        if not _PREFIX.fullmatch(prefix) or "-" in prefix:
            raise RegistryError(f"{prefix!r} cannot start a deep link.", remedy="Use 1-16 of a-z, 0-9 and _.")
        _require_async(handle, f"deep link {prefix}")
        return DeepLink(prefix, handle)

    return declare


def watcher(kind: str, *, role: Role = Role.PUBLIC) -> Callable[[Watch], Watcher]:
    """Declares the handler of a kind of update (Bot API, Update), or of a message that tells of a payment
    (`successful_payment`, `refunded_payment`). Raises `RegistryError`.

    It answers whether it took the update; a message that nobody took is answered with "I did not understand".
    Above PUBLIC it sees only what members of that role do.
    """

    def declare(handle: Watch) -> Watcher:
        if kind not in UPDATE_KINDS and kind not in PAYMENT_KINDS:
            raise RegistryError(f"{kind!r} is no kind of update.", remedy="See the Bot API's type Update.")
        _require_async(handle, f"watcher of {kind}")
        return Watcher(kind, role, handle)

    return declare


class Registry:
    """All handlers of all features, looked up by what an update says."""

    def __init__(
        self,
        *,
        commands: Iterable[tuple[str, Command]] = (),
        buttons: Iterable[Button] = (),
        dialog_steps: Iterable[DialogStep] = (),
        deep_links: Iterable[DeepLink] = (),
        watchers: Iterable[Watcher] = (),
    ) -> None:
        """`commands` come as (feature, command). Raises `RegistryError` where two claim one name."""
        self.commands: dict[str, Command] = {}
        self.feature_of: dict[str, str] = {}
        self._by_name: dict[str, Command] = {}
        for feature, declared in commands:
            self._add(feature, declared)
        self.buttons: dict[str, Button] = {}
        for press in buttons:
            _claim(self.buttons, press.prefix, press, f"button {press.prefix}")
        self.dialog_steps: dict[str, DialogStep] = {}
        for step in dialog_steps:
            _claim(self.dialog_steps, step.name, step, f"dialog {step.name}")
        self.deep_links: dict[str, DeepLink] = {}
        for link in deep_links:
            _claim(self.deep_links, link.prefix, link, f"deep link {link.prefix}")
        self.watchers: dict[str, list[Watcher]] = {}
        for watch in watchers:
            self.watchers.setdefault(watch.kind, []).append(watch)

    def _add(self, feature: str, declared: Command) -> None:
        for name in declared.names:
            if name in self._by_name:
                other = self.feature_of[self._by_name[name].name]
                raise RegistryError(
                    f"/{name} is declared by {other} and by {feature}.", remedy="Rename one of the two."
                )
            self._by_name[name] = declared
        self.commands[declared.name] = declared
        self.feature_of[declared.name] = feature

    def find(self, name: str) -> Command | None:
        """The command of this name or alias, in any case of letters."""
        return self._by_name.get(name.lower())

    def nearest(self, name: str, role: Role, served: Callable[[str], bool]) -> Command | None:
        """The command that someone of this role may have meant."""
        names = [known for known, found in self._by_name.items() if self._shown(found, role, served)]
        close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
        return self._by_name[close[0]] if close else None

    def visible(self, role: Role, served: Callable[[str], bool]) -> list[Command]:
        """The commands that a member of this role is shown, by name."""
        shown = [found for found in self.commands.values() if self._shown(found, role, served)]
        return sorted(shown, key=lambda found: found.name)

    @staticmethod
    def _shown(found: Command, role: Role, served: Callable[[str], bool]) -> bool:
        return found.role <= role and not found.hidden and served(found.name)


def _claim(taken: dict[str, Entry], name: str, entry: Entry, label: str) -> None:
    if name in taken:
        raise RegistryError(f"{label} is declared twice.", remedy="Give one of the two another name.")
    taken[name] = entry


def _require_async(handle: Callable[[Any], Awaitable[Any]], label: str) -> None:
    if not inspect.iscoroutinefunction(handle):
        raise RegistryError(
            f"the handler of {label} is not async.",
            remedy="Write 'async def': a sync one would stop all others.",
        )
