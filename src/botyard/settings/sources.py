"""Where settings come from: the command line, the environment, a TOML file, a folder of secrets.

A source gives each value together with the name under which the person wrote it, for the errors.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

Parse = Callable[[object], object]
PREFIX = "BOTYARD_"


class Variable:
    """The names of one setting in the environment, how its value is read, and a good example of one."""

    def __init__(self, *names: str, parse: Parse, example: str, toml: str | None = None) -> None:
        """Without a name it is for the command line only. `toml` is the example in TOML, text by default."""
        self.names = names
        self.parse = parse
        self.example = example
        self.toml_example = f'"{example}"' if toml is None else toml


Variables = Mapping[str, tuple[Variable, ...]]
"""By field: its variables, the setting's own first, then those kept for other programs' names."""


@dataclass(frozen=True)
class Given:
    """A value as a person gave it. It does not show itself: it may be a secret."""

    label: str
    """The name that the person wrote, and where."""
    example: str
    """A good value, as it would be written in that place."""
    parse: Parse
    value: object = field(repr=False)


@dataclass
class Source:
    """What one place gives, by field, and what was wrong with the place itself: one line for each problem."""

    given: dict[str, Given] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class GivenSource(PydanticBaseSettingsSource):
    """Hands a source's values to pydantic-settings, which lets the stronger source win."""

    def __init__(self, settings: type[BaseSettings], source: Source) -> None:
        super().__init__(settings)
        self._given = source.given

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  (its signature)
        return self._given.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self._given)


def from_command_line(overrides: Mapping[str, object], variables: Variables) -> Source:
    """Explicit values by field; `None` counts as not given. Raises `TypeError` for a field that is none."""
    source = Source()
    for name, value in overrides.items():
        if name not in variables:
            raise TypeError(f"no such setting: {name}")
        variable, option = variables[name][0], f"--{name.replace('_', '-')}"
        if value is not None:
            source.given[name] = Given(option, f"{option} {variable.example}", variable.parse, value)
    return source


def from_environment(environ: Mapping[str, str], variables: Variables) -> Source:
    """The variables that are set. An empty one counts as not set."""
    source = Source()
    for name, variable, spelling in _spellings(variables):
        value = environ.get(spelling, "").strip()
        if value and name not in source.given:
            source.given[name] = Given(spelling, f"{spelling}={variable.example}", variable.parse, value)
    return source


def from_secrets(environ: Mapping[str, str], default: Path, cwd: Path, variables: Variables) -> Source:
    """The files of `BOTYARD_SECRETS_DIR` that are named like a variable, in any case."""
    chosen = environ.get("BOTYARD_SECRETS_DIR", "").strip()
    directory = cwd / (chosen or default)
    source = Source()
    try:
        files = {path.name.upper(): path for path in sorted(directory.iterdir()) if path.is_file()}
    except OSError:
        if chosen:
            problem = "BOTYARD_SECRETS_DIR names no folder that can be read"
            source.problems.append(f"{problem}; for example BOTYARD_SECRETS_DIR={default}")
        return source
    for name, variable, spelling in _spellings(variables):
        path = files.get(spelling)
        if path is None or name in source.given:
            continue
        label = f"{spelling} (in {path})"
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            source.problems.append(f"{label} cannot be read as UTF-8 text; for example {variable.example}")
            continue
        if value:
            source.given[name] = Given(label, variable.example, variable.parse, value)
    return source


def from_toml(environ: Mapping[str, str], default: str, cwd: Path, variables: Variables) -> Source:
    """The keys of the file `BOTYARD_CONFIG`. A file that was not asked for by name may be missing."""
    chosen = environ.get("BOTYARD_CONFIG", "").strip()
    shown = chosen or default
    example = f'{shown} with the line data_dir = "data"'
    try:
        table = tomllib.loads((cwd / shown).read_text(encoding="utf-8"))
    except FileNotFoundError:
        missing = f"BOTYARD_CONFIG names a file that does not exist; for example BOTYARD_CONFIG={default}"
        return Source(problems=[missing] if chosen else [])
    except (OSError, UnicodeDecodeError):
        return Source(problems=[f"{shown} cannot be read as UTF-8 text; for example {example}"])
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        return Source(problems=[f"{shown} is not valid TOML{_place(error)}; for example {example}"])
    return _from_table(table, shown, variables)


def _from_table(table: Mapping[str, object], shown: str, variables: Variables) -> Source:
    source = Source()
    known = {name: owners[0] for name, owners in variables.items() if owners[0].names}
    for key, value in table.items():
        if key in known:
            example = f"{key} = {known[key].toml_example}"
            source.given[key] = Given(f"{key} in {shown}", example, known[key].parse, value)
        else:
            source.problems.append(_unknown_key(key, shown, known))
    return source


def _unknown_key(key: str, shown: str, known: Mapping[str, Variable]) -> str:
    # Only what looks like a key is repeated: a token may stand in the wrong place.
    named = f"the key '{key}'" if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", key) else "a key"
    nearest = get_close_matches(key.lower().removeprefix(PREFIX.lower()), known, n=1, cutoff=0.0)[0]
    hint = f"did you mean '{nearest}'? for example {nearest} = {known[nearest].toml_example}"
    return f"{shown} has {named}, which is no setting: {hint}"


def _place(error: Exception) -> str:
    """Where the parser stopped. Its own words may repeat a value, so they are not used."""
    place = re.search(r"\(at (line \d+, column \d+|end of document)\)$", str(error))
    return f" at {place[1].replace('end of', 'the end of the')}" if place else ""


def _spellings(variables: Variables) -> Iterator[tuple[str, Variable, str]]:
    """Field, variable and name, the stronger name of a field first."""
    for name, owners in variables.items():
        for variable in owners:
            for spelling in variable.names:
                yield name, variable, spelling
