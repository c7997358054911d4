"""House rules for code that no tool on the shelf checks. Each takes text and answers findings, one line each.

test_code.py shows each rule a wrong example it must find; tests/unit/test_house.py holds the tree to them.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

MODULE_LINES = 400
FUNCTION_LINES = 50

# Drawers: a folder is named for what it holds in the field's words (house style 1).
BANNED_NAMES = frozenset(
    {"base", "common", "core", "helper", "helpers", "lib", "managers", "misc", "shared", "tools", "util", "utils"}
)

# The modules that may ask the database: rows are read by queries, written by actions (house style 5 and 6) …
DATABASE_STEMS = frozenset({"access", "actions", "models", "queries"})

# … and those that are one action or one query too large to stand among the others.
DATABASE_MODULES = frozenset(
    {
        "casework/check/keeping.py",  # writes what is kept later
        "casework/check/recorder.py",  # writes a batch of a check
        "casework/judging.py",  # writes answers
        "casework/stacking.py",  # writes stacks
        "casework/report/gather.py",  # reads a report
        "evidence/recording.py",  # writes sightings
        "known/intake.py",  # writes the rows of a list
        "known/matching.py",  # reads what is matched
        "vault/signatures.py",  # reads and writes digests and hashes, with SQL of its own
    }
)

_MARK = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b|\braise NotImplementedError\b|pragma: no cover")
_SILENCED = re.compile(
    r"#\s*(?P<check>type:\s*ignore(?:\[[\w\-, ]+\])?|noqa(?::\s*[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*)?)(?P<reason>.*)$"
)


def long_module(text: str, limit: int = MODULE_LINES) -> Iterator[str]:
    """A module over its budget is asking to be two things."""
    lines = text.count("\n")
    if lines > limit:
        yield f"{lines} lines, above the {limit} a module may have"


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, less the docstring: documenting arguments must not cost budget."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def long_functions(text: str, limit: int = FUNCTION_LINES) -> Iterator[str]:
    """A function over its budget."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _code_lines(node) > limit:
            yield f"line {node.lineno}: {node.name} has {_code_lines(node)} lines, above {limit}"


def package_docstring(text: str, *, at_top: bool) -> Iterator[str]:
    """A package says what it is for; one of the drawing also what comes in, goes out and must never happen."""
    said = ast.get_docstring(ast.parse(text)) or ""
    if not said:
        yield "a package without a docstring"
    elif at_top:
        words = said.lower()
        missing = [word for word in ("in come", "out", "must never") if word not in words]
        if missing:
            yield f"its docstring does not say: {', '.join(missing)}"


def banned_name(path: PurePath) -> Iterator[str]:
    """A folder or module named like a drawer."""
    for part in path.with_suffix("").parts:
        if part.strip("_") in BANNED_NAMES:
            yield f"{part!r} names a drawer, not a thing of the field"


def database_outside(path: PurePath, text: str) -> Iterator[str]:
    """Rows asked for outside the modules that may: DATABASE_STEMS, or a folder of that name, and DATABASE_MODULES."""
    if DATABASE_STEMS & {path.stem, *path.parent.parts} or path.as_posix() in DATABASE_MODULES:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager"}:
            yield f"line {node.lineno}: .{node.attr} belongs in {', '.join(sorted(DATABASE_STEMS))}"


def marks(text: str) -> Iterator[str]:
    """Work left for later, which belongs in an issue."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _MARK.search(line):
            yield f"line {number}: {found[0].strip()!r} is left in the code"


def silenced_without_reason(text: str) -> Iterator[str]:
    """A check switched off without saying why on the line, or on the line above for the same check."""
    excused = ""
    for number, line in enumerate(text.splitlines(), 1):
        found = _SILENCED.search(line)
        if found is None:
            excused = ""
        elif len(re.findall(r"\w+", found["reason"])) >= 2:
            excused = found["check"]
        elif found["check"] != excused:
            yield f"line {number}: a check is switched off without a reason beside it"


def broad_except(text: str) -> Iterator[str]:
    """Everything caught and kept, without saying which border of a process this is. Tidying up and re-raising is fine."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type
        broad = caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})
        goes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if broad and not goes_on and "#" not in lines[node.lineno - 1]:
            yield f"line {node.lineno}: everything is caught, and the line does not say which process border this is"


def unexplained_dependencies(pyproject: str) -> Iterator[str]:
    """A dependency of pyproject.toml without its reason beside it."""
    inside = False
    for number, line in enumerate(pyproject.splitlines(), 1):
        stripped = line.strip()
        if re.match(r"^[\w-]+ = \[$", stripped):
            inside = stripped.split(" ")[0] in {"dependencies", "node", "build", "test", "bench", "check"}
        elif stripped == "]":
            inside = False
        elif inside and stripped and not re.fullmatch(r'"[^"]+",\s*# \S.*|#.*', stripped):
            yield f"line {number}: {stripped} has no reason, or is not alone on its line"
