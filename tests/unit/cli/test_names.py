"""Names that options take, and those that folders lend."""

import os

import click
import pytest

from safelight.cli.names import checked_name, name_from

CONTEXT = click.Context(click.Command("check"))
OPTION = click.Option(["--case"])


@pytest.mark.parametrize(
    "name", ["C1", "Demo Harbour", "[bold]x[/y]", "\u6771\u4eac\u3000\u6e2f", "\u0645\u06cc\u200c\u062e"]
)
def test_a_name_that_can_be_read_is_taken_as_it_is(name):
    assert checked_name(CONTEXT, OPTION, name) == name


@pytest.mark.parametrize("name", ["", "  ", "e\x1b]0;pwn\a", "two\nlines", "\x9b31m", "turned \u202egpj.exe"])
def test_an_empty_name_and_one_that_cannot_be_seen_are_refused(name):
    with pytest.raises(click.BadParameter) as refused:
        checked_name(CONTEXT, OPTION, name)
    assert refused.value.message.isprintable()


def test_no_name_is_left_to_the_default():
    assert checked_name(CONTEXT, OPTION, None) is None


@pytest.mark.parametrize("folder", [b"e\x1b]0;pwn\a", b"not utf-8 \xff", b"two\nlines", "\u202egpj".encode()])
def test_the_name_that_a_folder_lends_can_be_typed(folder, tmp_path):
    lent = name_from(os.path.join(os.fsencode(tmp_path), folder))
    assert checked_name(CONTEXT, OPTION, lent) == lent
    assert lent.isprintable()


def test_the_root_folder_lends_a_name_too():
    assert name_from(b"/") == "/"
