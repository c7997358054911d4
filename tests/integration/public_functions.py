"""What a package offers to others: every public function and method, by name, of modules from which records can be reached.

Rules kept here:
- a module is left out only where nothing that it imports, however far, can reach a record: not Django, no driver, not
  the vault. Imports for types and inside functions count; who imports by a name made at run time, or relatively, counts;
- what is public is what a module or class binds under a public name and did not import: a function that is cached,
  bound or made by a call is a function, and what a class has from a base is its own. An instance's answers to operators
  and loops are methods, too.
"""

import ast
import importlib
import inspect
import pkgutil
from functools import _lru_cache_wrapper, cache, cached_property, partialmethod
from pathlib import Path
from typing import get_origin

import safelight

PLACES = [Path(safelight.__file__).parents[1]]
"""The folders in which the text of a module is looked for."""
HOLDERS = ("django", "psycopg", "safelight.vault")
"""Through these, records and contents are reached."""

_METHODS = (classmethod, staticmethod, property, cached_property, partialmethod, _lru_cache_wrapper)
# They make, hold, copy and print an object; what it answers, others of its methods do.
_SILENT = {
    *("__init__", "__new__", "__post_init__", "__init_subclass__", "__subclasshook__", "__enter__", "__exit__"),
    *("__getstate__", "__setstate__", "__getnewargs__", "__repr__"),
}
_BY_NAME = {"import_module", "__import__"}


def public_functions(packages):
    """The names, less "safelight.", of all that these packages offer and that may reach a record."""
    names = set()
    for package in packages:
        root = importlib.import_module(f"safelight.{package}")
        within = [info.name for info in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")]
        for name in (root.__name__, *within):
            # A migration is run by its name's number alone, and once.
            if ".migrations" not in name and reaches_records(name):
                names |= offered_by(importlib.import_module(name))
    return names


def reaches_records(name):
    """Whether a module imports what holds records, or one of ours that does."""
    if _text(name) is None or imports_by_name(_text(name)):
        return True
    met, ahead = set(), [name]
    while ahead:
        module = ahead.pop()
        if any(module == holder or module.startswith(f"{holder}.") for holder in HOLDERS):
            return True
        if module not in met:
            met.add(module)
            ahead += imported(_text(module) or "")
    return False


@cache
def imported(text):
    """Every module, and package above one, that may be imported by a module of this text, anywhere in it."""
    found = set()
    for line in ast.walk(ast.parse(text)):
        if isinstance(line, ast.Import):
            found |= {one.name for one in line.names}
        elif isinstance(line, ast.ImportFrom) and line.module:
            found |= {line.module, *(f"{line.module}.{one.name}" for one in line.names)}
    return found | {one.rpartition(".")[0] for one in found}


def imports_by_name(text):
    """Whether it imports what its text does not say in full."""
    return any(
        (isinstance(one, ast.ImportFrom) and (one.level > 0 or any(each.name in _BY_NAME for each in one.names)))
        or (isinstance(one, ast.Attribute) and one.attr in _BY_NAME)
        or (isinstance(one, ast.Name) and one.id in _BY_NAME)
        for one in ast.walk(ast.parse(text))
    )


def offered_by(module):
    """What a module offers, by name."""
    short = module.__name__.removeprefix("safelight.")
    taken = _taken(_text(module.__name__))
    return {
        name
        for word, one in vars(module).items()
        if (not word.startswith("_") or word == "__getattr__")
        and (word not in taken or getattr(one, "__module__", None) == module.__name__)
        for name in _offered(f"{short}.{word}", one, module.__name__)
    }


def _offered(name, one, module):
    if not inspect.isclass(one):
        return {name} if callable(one) and get_origin(one) is None else set()
    if one.__module__ != module:
        return set()  # another name of a class that stands elsewhere
    return {
        offered
        for base in one.__mro__
        if base.__module__ == module or (_text(base.__module__) and reaches_records(base.__module__))
        for word, value in vars(base).items()
        if _is_public(word)
        for offered in _member(f"{name}.{word}", value, module)
    }


def _member(name, value, module):
    if inspect.isclass(value):
        return _offered(name, value, module)
    wrapped = inspect.unwrap(value) if inspect.isfunction(value) else value
    made = getattr(wrapped, "__code__", None) is not None and wrapped.__code__.co_filename.startswith("<")
    ours = not getattr(getattr(value, "func", value), "__module__", "").startswith("django.")
    return {name} if (inspect.isfunction(value) or isinstance(value, _METHODS)) and ours and not made else set()


def _is_public(word):
    return not word.startswith("_") or (word.startswith("__") and word.endswith("__") and word not in _SILENT)


@cache
def _taken(text):
    """The names that a module of this text takes from others."""
    lines = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Import | ast.ImportFrom)]
    return {one.asname or one.name.partition(".")[0] for line in lines for one in line.names}


@cache
def _text(name):
    """The text of one of our modules; None of any other."""
    if name.partition(".")[0] != "safelight":
        return None
    for place in PLACES:
        base = place.joinpath(*name.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path.read_text("utf-8")
    return None
