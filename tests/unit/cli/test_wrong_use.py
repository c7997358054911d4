"""Wrong use ends with status 2 and one line that says which help tells more."""

import sys

import pytest

from safelight.cli import main

WRONG = [
    (["frob"], "no such command 'frob' (try 'safelight --help')"),
    (["check"], "missing argument 'PATHS...' (try 'safelight check --help')"),
    (["check", "x", "--radius", "999"], "'--radius': 999 is not in the range 0<=x<=64 (try"),
    (["check", "x", "--case", ""], "'--case': a name cannot be empty (try 'safelight check --help')"),
    (["check", "x", "--exhibit", "a\x1b[2J"], r"'--exhibit': 'a\x1b[2J' holds a character that cannot be seen"),
    (["known", "import", "x", "--name", ""], "'--name': a name cannot be empty (try 'safelight known import --help')"),
    (["act", "approve", "1", "--key", "k", "--over", "00"], "--over goes with --signature"),
    (["officer", "join", "x", "9" * 20], "'CASE': 99999999999999999999 is not in the range"),
    (["hash", "--frob\x1b[2J"], r"--frob\x1b[2J"),
    (["check", "/nowhere\x1b[2J"], r"'/nowhere\x1b[2J' is not there: name a file or folder that exists"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=ascii)
def test_wrong_use_is_said_on_one_line(words, said, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("SAFELIGHT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "argv", ["safelight", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert told.startswith("safelight: ")
    assert told.count("\n") == 1
    assert told[:-1].isprintable()
    assert said in told
    assert not (tmp_path / "data").exists()
