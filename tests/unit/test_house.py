"""The tree keeps the house rules: budgets, names, words, and documents that tell the truth."""

import json
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path, PurePath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from safelight.cli import safelight_commands
from tests.unit.house import ci, code, documents

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "safelight"
REQUIREMENTS = ROOT / "requirements"


@cache
def _files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in the repository."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return tuple(path for name in listed if name and (path := ROOT / name).is_file())


def _modules(*folders: str) -> list[Path]:
    """Our own Python modules, less migrations, which Django writes."""
    names = [path for path in _files() if path.suffix == ".py" and "migrations" not in path.parts]
    return [path for path in names if path.relative_to(ROOT).parts[0] in folders]


def _texts() -> list[Path]:
    """Files that people wrote as text: no pictures, and no lists of hashes."""
    kinds = {".py", ".md", ".toml", ".yaml", ".yml", ".html", ".css", ".js", ".txt", ".sh", ".cfg", ""}
    return [path for path in _files() if path.suffix in kinds and path.name != "LICENSE" and "data" not in path.parts]


def _documents() -> list[Path]:
    return [path for path in _files() if path.suffix == ".md"]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _said(path: Path, findings) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {finding}" for finding in findings]


CODE_RULES = [code.long_module, code.long_functions, code.marks, code.silenced_without_reason, code.broad_except]


@pytest.mark.parametrize("rule", CODE_RULES, ids=lambda rule: rule.__name__)
def test_code_keeps(rule):
    found = [line for path in _modules("src", "benchmarks", ".ci") for line in _said(path, rule(_read(path)))]
    assert found == []


def test_packages_introduce_themselves():
    found = []
    for path in _modules("src"):
        if path.name == "__init__.py" and path.parent != PACKAGE:
            at_top = path.parent.parent == PACKAGE
            found += _said(path, code.package_docstring(_read(path), at_top=at_top))
    assert found == []


def test_every_folder_of_code_is_a_package():
    folders = {path.parent for path in _modules("src") if path.parent != ROOT / "src"}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_folder_is_a_drawer():
    paths = _modules("src", "tests", "benchmarks")
    assert [line for path in paths for line in _said(path, code.banned_name(path.relative_to(ROOT)))] == []


def test_rows_are_asked_for_only_where_they_may_be():
    found = []
    for path in _modules("src"):
        found += _said(path, code.database_outside(PurePath(path.relative_to(PACKAGE)), _read(path)))
    assert found == []


def test_modules_that_ask_for_rows_are_listed_while_they_are_there():
    assert [name for name in sorted(code.DATABASE_MODULES) if not (PACKAGE / name).exists()] == []


def test_nothing_ties_the_repository_to_one_machine():
    found = []
    for path in _texts():
        text = _read(path)
        found += _said(path, documents.checkout_paths(text, ROOT))
        if path.relative_to(ROOT).parts[0] not in {
            "src",
            "tests",
        }:  # whose examples of hostile text name what they like
            found += _said(path, documents.strange_sites(text))
            found += _said(path, documents.home_folders(text))
    assert found == []


def test_each_dependency_says_why():
    assert list(code.unexplained_dependencies(_read(ROOT / "pyproject.toml"))) == []


def _wanted() -> dict[str, list[str]]:
    """Which dependencies of pyproject.toml each requirements file is made for."""
    project = tomllib.loads(_read(ROOT / "pyproject.toml"))
    runtime = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["node"]
    groups = project["dependency-groups"]
    return {
        "runtime": runtime,
        "build": groups["build"],
        "test": runtime + groups["test"],
        "check": runtime + groups["test"] + groups["check"],
        "bench": runtime + groups["bench"],
    }


@pytest.mark.parametrize("name", ["runtime", "build", "test", "check", "bench"])
def test_requirements_are_in_step(name):
    locked = documents.requirements(_read(REQUIREMENTS / f"{name}.txt"))
    for line in _wanted()[name]:
        wanted = Requirement(line)
        version = locked.get(wanted.name.lower())
        assert version is not None, f"{wanted.name} is not in {name}.txt: make requirements"
        assert wanted.specifier.contains(version), f"{wanted} but {name}.txt has {version}: make requirements"


def test_requirements_agree_with_each_other():
    files = [documents.requirements(_read(path)) for path in REQUIREMENTS.glob("*.txt")]
    versions = {(name, version) for file in files for name, version in file.items()}
    assert len(versions) == len({name for name, _ in versions})


def test_every_requirement_is_hashed():
    for path in REQUIREMENTS.glob("*.txt"):
        text = _read(path)
        blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in block for block in blocks), path.name
        assert "://" not in text, path.name


def test_links_lead_somewhere():
    assert [line for path in _documents() for line in _said(path, documents.dead_links(_read(path), path.parent))] == []


def test_commands_in_documents_exist():
    found = []
    makefile = _read(ROOT / "Makefile")
    for path in _documents():
        found += _said(path, documents.unknown_commands(_read(path), safelight_commands))
        found += _said(path, documents.unknown_targets(_read(path), makefile))
    assert found == []


def test_printed_helps_are_current():
    helps = ci.script("helps")
    assert "Usage: safelight" in _read(ROOT / "README.md")
    assert [path.name for path in _documents() if helps.renew(_read(path)) != _read(path)] == [], "make helps"


def test_the_drawing_names_every_folder_and_no_other():
    drawing = _read(ROOT / "docs" / "architecture.md").split("```text\n")[1].split("```")[0]
    drawn = set(re.findall(r"^ {4}(\w+)/", drawing, re.MULTILINE))
    there = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert drawn == there


def test_every_runtime_dependency_has_its_licence_told():
    locked = documents.requirements(_read(REQUIREMENTS / "runtime.txt"))
    assert list(documents.unlisted(locked, _read(ROOT / "docs" / "licences.md"))) == []


def test_the_bill_of_materials_is_in_step():
    bill = json.loads(_read(ROOT / "docs" / "sbom.cdx.json"))
    listed = {canonicalize_name(part["name"]): part["version"] for part in bill["components"]}
    assert list(documents.out_of_step(listed, documents.requirements(_read(REQUIREMENTS / "runtime.txt")))) == []
    assert "://" not in re.sub(r'"\$schema": "[^"]*"', "", json.dumps(bill))


def test_decisions_name_the_check_that_holds_them():
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert records
    found = [line for path in records for line in _said(path, documents.record_problems(_read(path), ROOT))]
    assert found == []
