"""The house rules for documents find what they are for, and leave the rest alone."""

from pathlib import Path

import click
import pytest

from tests.unit.house import documents


@click.group()
@click.option("--data")
@click.option("--quiet", is_flag=True)
def program(data, quiet):
    pass


@program.command()
@click.argument("path")
@click.option("--case", "-c")
def check(path, case):
    pass


@program.group()
def known():
    pass


@known.command("import")
@click.argument("file")
def import_(file):
    pass


def test_addresses_off_the_list_are_found():
    assert list(documents.strange_sites("see https://registry.somewhere.net/x"))
    assert not list(documents.strange_sites("see https://www.w3.org/TR/ and https://hub.example/"))


def test_paths_of_one_machine_are_found():
    assert list(documents.home_folders("in /home/ann/x"))
    assert not list(documents.home_folders("in ./home/x, /usr/bin and demo/data"))
    assert list(documents.checkout_paths("in /src/safelight/x", Path("/src/safelight")))
    assert not list(documents.checkout_paths("in src/safelight/x", Path("/src/safelight")))


def test_dead_links_are_found(tmp_path):
    (tmp_path / "there.md").touch()
    text = "[a](there.md) [b](there.md#part) [c](https://www.w3.org/) [d](#part) [e](gone.md)"
    assert list(documents.dead_links(text, tmp_path)) == ["link to gone.md, which does not exist"]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("`safelight check DIR --case X`", 0),
        ("`safelight --data demo/data check DIR`", 0),
        ("`safelight --quiet known import FILE…`", 0),
        ("```\n$ safelight check \\\n    DIR --case X\n```", 0),
        ("```sh\n.venv/bin/safelight check DIR  # comes first\n```", 0),
        ("`safelight`", 0),
        ("`safelight --help`", 0),
        ("safelight burn, in running text", 0),
        ("`safelight burn`", 1),
        ("`safelight known burn`", 1),
        ("`safelight --speed 3 check DIR`", 1),
        ("`safelight check DIR --burn`", 1),
        ("```\n$ safelight check \\\n    DIR --burn\n```", 1),
        ("`safelight burn` and then `.venv/bin/safelight check DIR --burn`", 2),
    ],
)
def test_commands_that_do_not_exist_are_found(text, findings):
    assert len(list(documents.unknown_commands(text, program))) == findings


def test_make_targets_that_do_not_exist_are_found():
    makefile = "demo: x\n\techo\ntest:\n"
    assert not list(documents.unknown_targets('`make demo` and `make test PYTEST_ARGS="-k x"`', makefile))
    assert list(documents.unknown_targets("`make tea`", makefile)) == ["`make tea`: no target tea"]


def test_requirements_are_read():
    text = "click==8.5.1 \\\n    --hash=sha256:00\ncolorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    text += "librt==0.16.0 ; platform_python_implementation != 'PyPy' \\\n"
    assert documents.requirements(text) == {"click": "8.5.1", "librt": "0.16.0"}


def test_names_missing_from_a_table_are_found():
    assert list(documents.unlisted(["click", "numpy"], "| `click` | BSD |")) == ["numpy is not listed"]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("# One\n\n## Held by\n`tests/there.py`\n", 0),
        ("# One\n", 1),
        ("# One\n\n## Held by\nGood will.\n", 1),
        ("# One\n\n## Held by\n`tests/gone.py`\n", 1),
        ("# One\n\n## Held by\n`tests/there.py`\n" + "\n" * 60, 1),
    ],
)
def test_a_decision_that_nothing_holds_is_found(text, findings, tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "there.py").touch()
    assert len(list(documents.record_problems(text, tmp_path))) == findings


def test_a_bill_out_of_step_is_found():
    assert not list(documents.out_of_step({"a": "1"}, {"a": "1"}))
    assert len(list(documents.out_of_step({"a": "1", "c": "1"}, {"a": "2", "b": "1"}))) == 3
