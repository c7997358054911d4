"""Settings: read once, documented, and refused where they would expose something."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from safelight.errors import CannotRunError, UsageError
from safelight.platform.settings import (
    InsecureSettingError,
    Settings,
    describe_settings,
    is_demo,
    mark_demo,
    prepare_data,
    read_settings,
)

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SAFELIGHT_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)


def test_each_setting_is_documented_in_the_words_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, meaning in describe_settings().items():
        assert f"`{name}`" in text
        assert meaning in text


def environment_read(text: str) -> Iterator[str]:
    """The environment variables that a module reads by name; "?" for each use that does not show which."""
    tree = ast.parse(text)
    above = {below: node for node in ast.walk(tree) for below in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "envvar":
            yield _named(node.value)
        elif isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "getenvb"}:
            yield from _read(node, above)


def _read(node: ast.Attribute, above: dict[ast.AST, ast.AST]) -> Iterator[str]:
    """What is read by one use of `os.environ`; nothing by one that sets a variable, or hands all of them on."""
    outer = above[node]
    match outer:
        case ast.Subscript(slice=name, ctx=ast.Load()):
            yield _named(name)
        case ast.Subscript() | ast.Dict():
            return
        case ast.Compare(left=name, ops=[ast.In() | ast.NotIn()]):
            yield _named(name)
        case ast.Attribute(attr="get") if isinstance(call := above[outer], ast.Call):
            yield _named(call.args[0])
        case _:
            yield "?"


def _named(name: ast.AST) -> str:
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else "?"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("os.environ.get('A', '')", ["A"]),
        ("os.environ['A']", ["A"]),
        ("'A' in os.environ or 'B' not in os.environ", ["A", "B"]),
        ("click.option('--a', envvar='A')", ["A"]),
        ("os.environ['A'] = 'set'", []),
        ("{**os.environ, 'A': 'handed on'}", []),
        ("os.environ.get(name)", ["?"]),
        ("os.environ[f'PG{name}']", ["?"]),
        ("click.option('--a', envvar=['A', 'B'])", ["?"]),
        ("os.getenv('A')", ["?"]),
        ("os.environ.setdefault('A', '')", ["?"]),
        ("dict(os.environ)", ["?"]),
        ("from os import environ", []),
    ],
)
def test_what_a_module_reads_of_the_environment_is_found(text: str, names: list[str]) -> None:
    assert sorted(environment_read(text)) == names


def test_every_variable_that_the_code_reads_is_documented() -> None:
    modules = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py"))]
    read = {name for text in modules for name in environment_read(text)}
    assert not [text for text in modules if "import environ" in text or "import getenv" in text], "write os.environ"
    assert {"SAFELIGHT_OFFICER", "PGSERVICE", "XDG_RUNTIME_DIR"} <= read
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in sorted(read) if f"`{name}`" not in text] == []


def test_nothing_is_documented_that_is_no_setting() -> None:
    rows = [
        line
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if line.startswith(("| `SAFELIGHT_", "| `DATABASE_"))
    ]
    assert [row.split("`")[1] for row in rows] == [*describe_settings(), "SAFELIGHT_OFFICER"]


def test_each_folder_of_the_data_folder_is_documented() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    used = set(re.findall(r"\bdata / \"(\w+)\"|_FOLDER = \"(\w+)\"", code))
    used = {one or other for one, other in used}
    rows = re.findall(r"^\| `(\w+)/` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert {"quarantine", "postgres"} <= used
    assert set(rows) == used


def test_the_environment_is_read_and_an_argument_stands_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFELIGHT_DATA", "/a")
    monkeypatch.setenv("DATABASE_URL", "postgresql:///a")
    monkeypatch.setenv("DATA", "/not-ours")
    assert read_settings().data == Path("/a")
    assert read_settings(data="/b", database_url=None).data == Path("/b")
    url = read_settings(database_url="postgresql:///b").database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql:///b"


def test_settings_are_frozen_and_show_no_secret() -> None:
    settings = read_settings(database_url="postgresql://user:hidden@localhost/a")
    assert "hidden" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.data = Path("/elsewhere")  # type: ignore[misc]  # this is what must fail


def test_a_value_of_the_wrong_form_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFELIGHT_DATABASE_WAIT", "soonish")
    with pytest.raises(UsageError, match="database_wait") as caught:
        read_settings()
    assert "soonish" not in caught.value.message


def test_the_data_folder_is_made_private(tmp_path: Path) -> None:
    data = prepare_data(Settings(data=tmp_path / "one" / "two"))
    assert data.stat().st_mode & 0o777 == 0o700
    assert prepare_data(Settings(data=data)) == data


@pytest.mark.parametrize("mode", [0o755, 0o750 | 0o004, 0o720, 0o777, 0o740])
def test_a_folder_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(InsecureSettingError, match="chmod 700"):
        prepare_data(Settings(data=tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(InsecureSettingError, match="another user"):
        prepare_data(Settings(data=tmp_path))


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    with pytest.raises(CannotRunError, match="below cannot be used"):
        prepare_data(Settings(data=tmp_path / "file" / "below"))


def test_a_folder_becomes_a_demonstration_before_it_holds_anything_and_never_after(tmp_path: Path) -> None:
    demo, real = tmp_path / "demo", tmp_path / "real"
    assert not is_demo(demo)
    mark_demo(demo)
    assert is_demo(demo)
    assert demo.stat().st_mode & 0o777 == 0o700
    (demo / "postgres").mkdir()
    mark_demo(demo)
    for content in ("postgres", "vault"):
        (real / content).mkdir(parents=True)
        with pytest.raises(UsageError, match="already holds real data"):
            mark_demo(real)
        assert not is_demo(real)
        (real / content).rmdir()
