"""The harness itself: each step is counted and struck as it is told to, and a round is the same when it is repeated."""

import signal
import sys

import pytest

from tests.faults.harness import KINDS, Left, Round, Strike, rounds, run

WORK = """
import os, sys
handle = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
steps = [
    lambda: os.fsync(handle),
    lambda: os.rename(sys.argv[1], sys.argv[1] + "-renamed"),
    lambda: os.link(sys.argv[1] + "-renamed", sys.argv[1]),
    lambda: os.unlink(sys.argv[1]),
    lambda: os.fdatasync(handle),
]
for step in steps:
    try:
        step()
        print("done", flush=True)
    except OSError as error:
        print(error.errno, flush=True)
"""


def struck(folder, *strike):
    return run([sys.executable, "-c", WORK, str(folder / "file")], folder, Strike(*strike))


def test_every_step_is_counted(tmp_path):
    left = struck(tmp_path, "kill", 0)
    assert (left.status, left.lines, left.steps, left.struck) == (0, ["done"] * 5, 5, False)
    assert (tmp_path / "file-renamed").exists()


@pytest.mark.parametrize("at", range(1, 6))
def test_a_process_is_killed_before_or_after_any_step(tmp_path, at):
    before = struck(tmp_path, "kill", at)
    assert (before.status, before.killed, before.struck) == (-signal.SIGKILL, True, True)
    assert (before.lines, before.steps) == (["done"] * (at - 1), at)
    assert (tmp_path / "file-renamed").exists() == (at > 2)
    (tmp_path / "file-renamed").unlink(missing_ok=True)
    (tmp_path / "file").unlink(missing_ok=True)
    assert struck(tmp_path, "kill-after", at).lines == before.lines
    assert (tmp_path / "file-renamed").exists() == (at >= 2)


def test_a_failing_disk_fails_once_and_a_full_one_goes_on_failing_but_frees(tmp_path):
    assert struck(tmp_path, "failing", 1).lines == ["5", *["done"] * 4]
    (tmp_path / "file-renamed").unlink()
    assert struck(tmp_path, "full", 3).lines == ["done", "done", "28", "2", "28"]


def test_a_helper_may_be_struck_instead(tmp_path):
    started = "import os, subprocess, sys; subprocess.run([sys.executable, '-c', 'import os; os.unlink(\"none\")'])"
    left = run([sys.executable, "-c", started], tmp_path, Strike("kill", 1))
    assert (left.status, left.killed, left.struck, left.steps) == (0, False, True, 1)
    assert not run([sys.executable, "-c", "pass"], tmp_path, Strike("kill", 1)).struck


def test_every_round_of_the_usual_number_strikes_in_turn():
    kinds = [one.kind for one in rounds({"a": 1}, total=25, seed=2026)]
    assert kinds[:7] == kinds[7:14]
    assert sorted(kinds[:7]) == sorted(KINDS)


def test_a_process_is_killed_at_a_moment(tmp_path):
    left = run([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, Strike("moment", after=0.05))
    assert (left.killed, left.lines) == (True, [])


def test_a_line_that_was_cut_off_is_no_acknowledgement(tmp_path):
    left = run([sys.executable, "-c", "print('one'); print('tw', end='')"], tmp_path, Strike("kill"))
    assert left.lines == ["one"]


def test_rounds_are_divided_by_weight_and_drawn_by_seed_alone():
    made = rounds({"a": 3, "b": 1, "c": 0}, total=8, seed=5)
    assert [str(one) for one in made] == [*(f"a-{n}" for n in range(6)), "b-0", "b-1", "c-0"]
    again, other = Round("a", 1, 5), Round("a", 1, 6)
    assert [made[1].chance.random(), other.chance.random()] == [
        again.chance.random(),
        pytest.approx(Round("a", 1, 6).chance.random()),
    ]
    assert Round("a", 1, 5).chance.random() != Round("a", 1, 6).chance.random()


class Sound:
    """A job that holds until it is struck."""

    variants = 1

    def prepare(self, folder, _variant):
        return folder / "file"

    def command(self, _folder, prepared):
        return [sys.executable, "-c", WORK, str(prepared)]

    def judge(self, _folder, _prepared, left: Left):
        assert left.lines == ["done"] * 5, "it does not hold"


def test_a_round_that_fails_says_how_to_repeat_it(tmp_path):
    with pytest.raises(AssertionError, match="it does not hold") as met:
        Round("sound", 3, 9).run(Sound(), tmp_path)
    assert met.value.__notes__[0].startswith("round sound-3 of seed 9, variant 0, Strike(kind=")
