"""The sandbox, tried from the inside: each attempt of a decoder that was taken over is denied."""

import contextlib
import json
import os
import sys
from pathlib import Path

import pytest

from safelight.sandbox import (
    Layer,
    Limits,
    Nursery,
    ReplyTooLargeError,
    SealedContent,
    TaskFailedError,
    WorkerCrashedError,
    WorkerTimedOutError,
)

ECHO, MISBEHAVE, COUNT, LAST = "hooks:echo", "hooks:misbehave", "hooks:count", "hooks:last_bytes"
DENIED = (
    "socket", "unix socket", "open", "create", "list", "stat", "exec", "fork", "spawn", "ptrace", "read memory of another",
    "kill", "executable memory", "memfd", "io_uring", "bpf", "mount", "setuid", "memory",
)  # fmt: skip


@pytest.fixture(scope="module")
def nursery():
    sys.path.insert(0, str(Path(__file__).parent))
    with Nursery(MISBEHAVE, ECHO, COUNT, LAST, limits=Limits(wall_seconds=20, memory_bytes=1 << 30)) as made:
        yield made
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture
def worker(nursery):
    made = nursery.spawn(MISBEHAVE)
    yield made
    made.end()


def attempt(worker, what, content=b"harmless"):
    with SealedContent.of([content]) as sealed:
        return json.loads(worker.call(sealed, what.encode()))


@pytest.mark.parametrize("what", DENIED)
def test_an_attempt_is_denied_and_the_worker_lives_on(worker, what):
    assert attempt(worker, what).startswith("denied")
    assert attempt(worker, "keep") == [8, 8, 8]


def test_shared_memory_cannot_be_written(worker):
    with SealedContent.of([b"harmless" * 1000]) as sealed:
        assert json.loads(worker.call(sealed, b"shared memory"))[0] == "denied"
        assert sealed.read(8000) == b"harmless" * 1000


def test_the_parent_cannot_change_sealed_content_either():
    with SealedContent.of([b"harmless"]) as sealed, pytest.raises(PermissionError):
        os.pwrite(sealed.fd, b"x", 0)


def test_nothing_of_the_previous_file_is_left(worker):
    mark = b"content-of-" + b"the-file-before"
    assert attempt(worker, "keep", mark * 5000)[0] == 600
    assert attempt(worker, "previous") == ["nothing"]


def test_all_layers_are_active_here(worker):
    assert set(worker.layers) >= {Layer.NO_NEW_PRIVILEGES, Layer.SECCOMP, Layer.LANDLOCK, Layer.LIMITS}


def test_a_crash_costs_the_worker_and_says_how(nursery):
    worker = nursery.spawn(MISBEHAVE)
    with pytest.raises(WorkerCrashedError, match="SIGSEGV"):
        attempt(worker, "crash")
    assert not worker.alive


def test_an_exit_is_a_crash(nursery):
    with pytest.raises(WorkerCrashedError, match="exit 3"):
        attempt(nursery.spawn(MISBEHAVE), "exit")


def test_a_decoder_that_keeps_a_view_is_ended_before_the_next_file(nursery):
    worker = nursery.spawn(MISBEHAVE)
    with contextlib.suppress(WorkerCrashedError):
        attempt(worker, "keep view")
    with pytest.raises(WorkerCrashedError):
        attempt(worker, "keep")


def test_a_hang_is_ended(nursery):
    worker = nursery.spawn(MISBEHAVE, Limits(wall_seconds=0.5))
    with pytest.raises(WorkerTimedOutError, match=r"0\.5 seconds"):
        attempt(worker, "hang")
    assert not worker.alive


def test_a_long_reply_is_thrown_away(nursery):
    with pytest.raises(ReplyTooLargeError):
        attempt(nursery.spawn(MISBEHAVE, Limits(reply_bytes=10000)), "long")


def test_an_exception_is_told_in_one_line_and_the_worker_lives_on(worker):
    with pytest.raises(TaskFailedError, match="ZeroDivisionError: integer division"):
        attempt(worker, "raise")
    assert attempt(worker, "keep") == [8, 8, 8]


def test_empty_content_and_argument(nursery):
    with SealedContent.of([]) as sealed:
        assert nursery.call(sealed, b"", ECHO) == b""
    with SealedContent.of([b"a", b"b"]) as sealed:
        assert nursery.call(sealed, b"c", ECHO) == b"abc"


def test_a_stream_reads_an_open_file_in_bounded_messages(nursery, tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\nthree\n" * 1000)
    with path.open("rb") as file:
        lines = list(nursery.stream(file.fileno(), b"!", COUNT))
    assert lines == [b"one!", b"two!", b"three!"] * 1000


def test_nothing_is_left_behind():
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        with Nursery(ECHO) as nursery:
            pids = [nursery.spawn()._pid for _ in range(3)]
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    finally:
        sys.path.remove(str(Path(__file__).parent))


@pytest.mark.parametrize("count", [1, 128, 129, 600])
def test_a_content_in_many_files_is_handed_over_whole_and_in_order(nursery, count, tmp_path):
    paths = [tmp_path / f"{number}" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(b"x" + bytes([number % 251]))
    fds = [os.open(path, os.O_RDONLY) for path in paths]
    try:
        found = list(nursery.stream_parts(fds, b"!", LAST, Limits(open_files=16 + count)))
    finally:
        for fd in fds:
            os.close(fd)
    assert found == [bytes([number % 251]) + b"!" for number in range(count)]


def test_more_files_than_a_worker_may_hold_are_refused(nursery, tmp_path):
    (tmp_path / "part").write_bytes(b"x")
    fds = [os.open(tmp_path / "part", os.O_RDONLY) for _ in range(40)]
    try:
        with pytest.raises(WorkerCrashedError):
            list(nursery.stream_parts(fds, b"", LAST))
    finally:
        for fd in fds:
            os.close(fd)
