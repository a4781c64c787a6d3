"""The house rules that a reader of the syntax tree can check, and the reason for each.

Every rule is a plain function: a file in, its violations out. The rules for imports between rooms are
in `.importlinter`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50

CLOCKS = {"src/botyard/clock.py"}
COMMITTERS = {
    "src/botyard/db/session.py",  # the unit of work
    "src/botyard/db/hot.py",  # a batch's transaction, from its first statement to its last
    "src/botyard/routing/worker.py",  # state, replies and 'done' of one update in one commit
}
LATE_IMPORTS = {
    # aiogram comes with the sandbox: it takes 2 s and 100 MB, so nobody pays for it who did not ask
    ("src/botyard/cli/", "botyard.sandbox"),
    ("src/botyard/app.py", "botyard.sandbox"),
    # Stripe's SDK, and what it speaks HTTP with, take a second and 17 MB
    ("src/botyard/features/billing/stripe/", "stripe"),
    ("src/botyard/features/billing/stripe/", "aiohttp"),
}

CLOCK_READINGS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
}

# Written so that this file does not break its own rule.
REGISTRY_HOST = re.compile(
    r"py[p]i\.org|pythonhost[e]d\.org|npmj[s]\.(?:org|com)|yarnp[k]g\.com|crate[s]\.io", re.IGNORECASE
)
SECRET = re.compile(
    r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}"  # a bot token, Bot API "Authorizing your bot"
    r"|\b[rs]k_live_[A-Za-z0-9]{16,}"  # a Stripe key that moves real money
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]"
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root)/")


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule at one place."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True)
class SourceFile:
    """A text file of the repository: its path from the top, with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def imported(self) -> dict[str, str]:
        """Each name that an import binds, and what it stands for: `dt` -> `datetime.datetime`."""
        names: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return names

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def in_src(self) -> bool:
        return self.path.startswith("src/")

    @property
    def is_migration(self) -> bool:
        return "/db/migrations/" in self.path

    @property
    def is_vendored(self) -> bool:
        return "/vendor/" in self.path

    def violation(self, node: ast.expr | ast.stmt, what: str) -> Violation:
        return Violation(self.path, node.lineno, what)


Rule = Callable[[SourceFile], Iterator[Violation]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def indexes_live_in_migrations(file: SourceFile) -> Iterator[Violation]:
    """A model's index and a migration's would be two sources of one schema."""
    if not (file.in_src and file.is_python) or file.is_migration:
        return
    for call in _calls(file):
        if _last_name(call.func) == "Index":
            yield file.violation(call, "Index() outside the migrations")
        if any(keyword.arg == "index" and ast.unparse(keyword.value) == "True" for keyword in call.keywords):
            yield file.violation(call, "index=True outside the migrations")


def migrations_alone_create_schema(file: SourceFile) -> Iterator[Violation]:
    """Tests too: a schema that no migration made proves nothing about the one that runs."""
    for node in _nodes(file):
        if _last_name(node) == "create_all":
            yield file.violation(node, "create_all: run the migrations instead")


def time_comes_from_the_clock(file: SourceFile) -> Iterator[Violation]:
    """Logic is given a Clock, so that a test can say what time it is. References count, not only calls."""
    if not file.in_src or file.path in CLOCKS:
        return
    for node in _nodes(file):
        if (reading := _qualified(file, node)) in CLOCK_READINGS:
            yield file.violation(node, f"{reading}: ask a Clock")


def work_is_committed_at_the_edge(file: SourceFile) -> Iterator[Violation]:
    """One unit of work, one commit. A commit in the middle makes half a piece of work durable."""
    if not file.in_src or file.path in COMMITTERS:
        return
    for call in _calls(file):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit":
            yield file.violation(call, ".commit(): the unit of work commits, see db/session.py")


def imports_stand_at_the_top(file: SourceFile) -> Iterator[Violation]:
    """An import inside a function hides an edge of the graph, most often a cycle."""
    if not file.in_src:
        return
    for function in _functions(file):
        for node in _own_nodes(function):
            for module in _imported_modules(node):
                if not _may_be_late(file.path, module):
                    yield file.violation(node, f"{function.name}() imports {module}")


def files_are_short(file: SourceFile) -> Iterator[Violation]:
    """A longer file is two things, and has a name for one of them only."""
    lines = len(file.text.splitlines())
    if file.in_src and not file.is_vendored and lines > MOST_LINES_OF_A_FILE:
        yield Violation(file.path, lines, f"more than {MOST_LINES_OF_A_FILE} lines: which two things is it?")


def functions_are_short(file: SourceFile) -> Iterator[Violation]:
    """A migration may be longer: it is one list of statements."""
    if not file.in_src or file.is_migration:
        return
    for function in _functions(file):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > MOST_LINES_OF_A_FUNCTION:
            yield file.violation(function, f"{function.name}() has {lines} lines")


def the_public_is_documented(file: SourceFile) -> Iterator[Violation]:
    """Public functions and classes of a module; a method explains itself, or its class does.

    What the sandbox declares with `@method("sendMessage")` is documented by the Bot API, under that name.
    """
    if not file.in_src or file.is_migration:
        return
    for node in file.tree.body:
        if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not _decorators(node, "method"):
            yield file.violation(node, f"{node.name} has no docstring")


def commands_have_help(file: SourceFile) -> Iterator[Violation]:
    """What `botyard <command> --help` shows: the docstring, or `help=`."""
    if not file.path.startswith("src/botyard/cli/"):
        return
    for function in _functions(file):
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call) or _last_name(decorator.func) not in (
                "command",
                "callback",
            ):
                continue
            has_help = any(keyword.arg == "help" for keyword in decorator.keywords)
            if not has_help and not ast.get_docstring(function):
                yield file.violation(function, f"the command {function.name} has no help")


def only_the_command_line_prints(file: SourceFile) -> Iterator[Violation]:
    """Everything else logs: a printed line has no level, no time and no masking of secrets."""
    if not file.in_src or file.path.startswith("src/botyard/cli/"):
        return
    for call in _calls(file):
        if isinstance(call.func, ast.Name) and call.func.id == "print":
            yield file.violation(call, "print(): log it")


def text_names_no_registry_secret_or_machine(file: SourceFile) -> Iterator[Violation]:
    """The repository builds anywhere, from any mirror, and gives nothing away."""
    for number, line in enumerate(file.text.splitlines(), start=1):
        if REGISTRY_HOST.search(line):
            yield Violation(file.path, number, "names the host of a package registry")
        if MACHINE_PATH.search(line):
            yield Violation(file.path, number, "names a path of one machine")
    for found in SECRET.finditer(file.text):
        line_number = file.text.count("\n", 0, found.start()) + 1
        yield Violation(file.path, line_number, "holds something shaped like a real secret")


PYTHON_RULES: tuple[Rule, ...] = (
    indexes_live_in_migrations,
    migrations_alone_create_schema,
    time_comes_from_the_clock,
    work_is_committed_at_the_edge,
    imports_stand_at_the_top,
    functions_are_short,
    the_public_is_documented,
    commands_have_help,
    only_the_command_line_prints,
)
TEXT_RULES: tuple[Rule, ...] = (files_are_short, text_names_no_registry_secret_or_machine)
RULES = PYTHON_RULES + TEXT_RULES


def violations(rule: Rule, file: SourceFile) -> list[Violation]:
    """What `rule` finds in `file`; a rule about Python finds nothing in other text."""
    if rule in PYTHON_RULES and not file.is_python:
        return []
    return list(rule(file))


def _nodes(file: SourceFile) -> Iterator[ast.expr]:
    return (node for node in ast.walk(file.tree) if isinstance(node, ast.expr))


def _calls(file: SourceFile) -> Iterator[ast.Call]:
    return (node for node in ast.walk(file.tree) if isinstance(node, ast.Call))


def _functions(file: SourceFile) -> Iterator[Function]:
    return (node for node in ast.walk(file.tree) if isinstance(node, Function))


def _decorators(node: Function | ast.ClassDef, *names: str) -> list[ast.Call]:
    """The decorators `@name(...)` and `@owner.name(...)` of a definition."""
    calls = (each for each in node.decorator_list if isinstance(each, ast.Call))
    return [call for call in calls if _last_name(call.func) in names]


def _own_nodes(function: Function) -> Iterator[ast.stmt]:
    """The statements of a function at any depth, without those of the functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, Function):
            waiting.extend(ast.iter_child_nodes(node))


def _imported_modules(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return []


def _may_be_late(path: str, module: str) -> bool:
    return any(
        path.startswith(importer) and f"{module}.".startswith(f"{late}.") for importer, late in LATE_IMPORTS
    )


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _qualified(file: SourceFile, node: ast.expr) -> str:
    """`dt.now` -> `datetime.datetime.now`, by the file's imports; empty for what is no dotted name."""
    match node:
        case ast.Name(id=name):
            return file.imported.get(name, name)
        case ast.Attribute(value=value, attr=name):
            owner = _qualified(file, value)
            return f"{owner}.{name}" if owner else ""
    return ""
