"""What the files of the embedded server say, and whose the folder of its socket must be."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import CannotRunError
from safelight.platform import clock
from safelight.platform.postgres.account import Account, choose_account, close_way
from safelight.platform.postgres.folder import SOCKET, Layout, read_running, runtime_folder, server_processes
from safelight.platform.postgres.locks import FileLock, holding, is_held
from safelight.platform.postgres.program import find_program
from safelight.platform.postgres.server import start_or_adopt


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "postgres")
    layout.cluster.mkdir(parents=True)
    return layout


def write_pid_file(layout: Layout, text: str | bytes) -> None:
    content = text if isinstance(text, bytes) else text.encode()
    (layout.cluster / "postmaster.pid").write_bytes(content)


def test_the_servers_own_file_is_read(layout: Layout) -> None:
    write_pid_file(layout, "42\n/data\n1\n5432\n/run/s\n\n 1 2\nready   \n")
    running = read_running(layout)
    assert running is not None
    assert (running.pid, running.socket_folder, running.ready) == (42, Path("/run/s"), True)


def test_a_server_that_starts_is_not_ready(layout: Layout) -> None:
    write_pid_file(layout, "42\n/data\n1\n5432\n/run/s\n\n 1 2\nstarting\n")
    running = read_running(layout)
    assert running is not None
    assert not running.ready


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_half_a_file_is_no_file(layout: Layout, content: bytes) -> None:
    write_pid_file(layout, content.replace(b"\n", b"")[:40])
    assert read_running(layout) is None


def test_no_file_and_no_process_is_no_server(layout: Layout) -> None:
    assert read_running(layout) is None
    assert server_processes(layout) == []


def test_two_folders_have_two_marks(tmp_path: Path) -> None:
    assert Layout(tmp_path / "a").mark != Layout(tmp_path / "b").mark


def test_the_socket_folder_is_short_private_and_taken_again(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(layout.home / ("long" * 30)))
    folder = runtime_folder(layout)
    try:
        assert len(os.fsencode(folder / SOCKET)) <= 107
        assert folder.stat().st_mode & 0o777 == 0o700
        assert runtime_folder(layout) == folder
        folder.chmod(0o755)
        with pytest.raises(CannotRunError, match="is not ours"):
            runtime_folder(layout)
    finally:
        close_way((), folder)
    assert not folder.exists()


def test_a_link_in_place_of_the_socket_folder_is_refused(layout: Layout, tmp_path: Path) -> None:
    folder = runtime_folder(layout)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(CannotRunError, match="somebody put it there"):
            runtime_folder(layout)
    finally:
        folder.unlink()


def test_the_wheel_holds_the_program() -> None:
    assert find_program().major == "18"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server an account")
def test_root_never_runs_the_server_itself(tmp_path: Path) -> None:
    assert choose_account(None, tmp_path / "none").uid != 0
    assert choose_account("nobody", tmp_path / "none").name == "nobody"
    for wanted in ("root", "no-such-account"):
        with pytest.raises(CannotRunError, match="SAFELIGHT_DATABASE_USER"):
            choose_account(wanted, tmp_path / "none")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server an account")
def test_an_account_reaches_what_it_may_pass_to(tmp_path: Path) -> None:
    account: Account = choose_account("nobody", tmp_path / "none")
    assert account.reaches(Path("/usr/bin"))
    tmp_path.chmod(0o700)
    assert not account.reaches(tmp_path)


def test_a_lock_is_shared_or_alone(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_shared()
    assert second.try_shared()
    assert not first.try_alone(), "the other still shares it"
    second.release()
    assert first.try_alone()
    assert is_held(tmp_path / "lock")
    with pytest.raises(CannotRunError, match="still locked"), holding(tmp_path / "lock", alone=False, until=0):
        pass
    first.release()
    first.release()
    assert not is_held(tmp_path / "lock")


def test_the_clock_is_aware_and_in_utc() -> None:
    moment = clock.now()
    assert moment.utcoffset() is not None
    assert not moment.utcoffset()
    assert clock.now() >= moment


def test_a_folder_without_a_cluster_is_of_no_version(layout: Layout) -> None:
    assert layout.major is None


@pytest.mark.parametrize("made_by", ["14", "99"])
def test_a_cluster_of_another_version_is_not_started_and_the_way_out_is_named(layout: Layout, made_by: str) -> None:
    (layout.cluster / "PG_VERSION").write_text(f"{made_by}\n")
    with pytest.raises(
        CannotRunError, match=f"is a cluster of PostgreSQL {made_by}.*`safelight database upgrade FOLDER`"
    ):
        start_or_adopt(layout, None, until=0)
    assert list(layout.home.iterdir()) == [layout.cluster]
