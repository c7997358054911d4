"""The house rules for code find what they are for, and leave the rest alone."""

from pathlib import PurePath

import pytest

from tests.unit.house import code


def test_a_module_over_its_budget_is_found():
    assert list(code.long_module("x = 1\n" * 400)) == []
    assert list(code.long_module("x = 1\n" * 401)) == ["401 lines, above the 400 a module may have"]


def _function(lines: int, docstring: int = 0) -> str:
    said = '    """' + "said\n" * docstring + '"""\n' if docstring else ""
    return "def work():\n" + said + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(("lines", "docstring", "findings"), [(50, 0, 0), (51, 0, 1), (50, 30, 0), (51, 30, 1)])
def test_a_long_function_is_found_and_its_docstring_costs_nothing(lines, docstring, findings):
    assert len(list(code.long_functions(_function(lines, docstring)))) == findings


def test_a_long_method_is_found():
    text = "class Thing:\n" + "".join(f"    {line}\n" for line in _function(51).splitlines())
    assert len(list(code.long_functions(text))) == 1


@pytest.mark.parametrize(
    ("text", "at_top", "findings"),
    [
        ("", False, 1),
        ('"""Readers of formats."""', False, 0),
        ('"""Readers of formats."""', True, 1),
        ('"""X.\n\nIn come bytes; out go rows.\nIt must never guess.\n"""', True, 0),
    ],
)
def test_a_package_that_does_not_introduce_itself_is_found(text, at_top, findings):
    assert len(list(code.package_docstring(text, at_top=at_top))) == findings


@pytest.mark.parametrize("path", ["media/utils/x.py", "known/base.py", "casework/_helpers.py", "core/x.py"])
def test_drawers_are_found(path):
    assert list(code.banned_name(PurePath(path)))


@pytest.mark.parametrize("path", ["media/picture.py", "known/formats/vics.py", "platform/database.py"])
def test_nouns_are_left_alone(path):
    assert not list(code.banned_name(PurePath(path)))


def test_rows_are_asked_for_only_where_they_may_be():
    text = "rows = Source.objects.all()\n"
    assert list(code.database_outside(PurePath("cli/known.py"), text))
    assert list(code.database_outside(PurePath("casework/matching.py"), text))
    assert not list(code.database_outside(PurePath("known/matching.py"), text))
    assert not list(code.database_outside(PurePath("known/queries.py"), text))
    assert not list(code.database_outside(PurePath("known/queries/sources.py"), text))
    assert not list(
        code.database_outside(PurePath("vault/folder.py"), "from safelight.vault import objects\nobjects.open()\n")
    )


@pytest.mark.parametrize(
    "line", ["# TODO: later", "x = 1  # FIXME", "    raise NotImplementedError", "if x:  # pragma: no cover"]
)
def test_marks_are_found(line):
    assert list(code.marks(line))


def test_words_that_only_look_like_marks_are_left_alone():
    assert not list(code.marks('label = "TODO list"\nexcept NotImplementedError:\n'))


@pytest.mark.parametrize(
    ("line", "findings"),
    [
        ("x = f()  # noqa: S603", 1),
        ("x = f()  # type: ignore[no-any-return]", 1),
        ("x = f()  # type: ignore", 1),
        ("x = f()  # noqa: S603 - the command is ours, word by word", 0),
        ("x = f()  # type: ignore[no-any-return]  # the wheel carries no types", 0),
        ("x = f()  # an ordinary comment", 0),
        ("x = f()  # noqa: S603 - ours, checked\ny = f()  # noqa: S603", 0),
        ("x = f()  # noqa: S603 - ours, checked\ny = f()  # noqa: S607", 1),
        ("x = f()  # noqa: S603 - ours, checked\n\ny = f()  # noqa: S603", 1),
    ],
)
def test_a_check_switched_off_says_why(line, findings):
    assert len(list(code.silenced_without_reason(line))) == findings


def test_catching_everything_says_which_border_it_is():
    assert list(code.broad_except("try:\n    f()\nexcept Exception:\n    pass\n"))
    assert list(code.broad_except("try:\n    f()\nexcept:\n    pass\n"))
    assert not list(code.broad_except("try:\n    f()\nexcept Exception:  # the worker's border\n    pass\n"))
    assert list(code.broad_except("try:\n    f()\nexcept Exception as e:\n    raise OSError from e\n"))
    assert not list(code.broad_except("try:\n    f()\nexcept BaseException:\n    tidy()\n    raise\n"))
    assert not list(code.broad_except("try:\n    f()\nexcept OSError:\n    pass\n"))


def test_a_dependency_without_a_reason_is_found():
    assert list(code.unexplained_dependencies('dependencies = [\n    "click>=8",\n]\n'))
    assert list(code.unexplained_dependencies('test = [\n    "a>=1", "b>=1",  # two at once\n]\n'))
    assert not list(code.unexplained_dependencies('dependencies = [\n    "click>=8",  # the command line\n]\n'))
    assert not list(code.unexplained_dependencies('layers = [\n    "cli",\n]\n'))
