"""A check that is killed, interrupted, or loses its sandbox: the same command again ends with the same result."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from safelight.samples.archives import ZipEntry, write_tar, write_zip
from safelight.samples.exif import Camera
from safelight.samples.formats import FORMATS, camera_jpeg
from safelight.samples.pictures import picture
from tests.acceptance.commands import Command, outcome_of, prepare, wait_for
from tests.nodes import UNLOCKED, write_node

pytestmark = pytest.mark.acceptance
_KILLED = """
import os, signal
from safelight.platform.database import set_up_django
set_up_django()
from safelight.vault.models import ObjectKey
ObjectKey.objects.bulk_create = lambda *rows, **named: os.kill(os.getpid(), signal.SIGKILL)
from safelight.cli import main
main()
"""
"""A command that power fails when contents are in the vault and the rows that name them are not committed."""


def zipped(entries):
    return write_zip(ZipEntry(name.encode(), content) for name, content in entries.items())


def png(number, size=(200, 150)):
    return FORMATS["png-rgb"].write(picture(21, number, size))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """About 120 sightings: loose pictures, copies, photographs with thumbnails, broken ones, nested archives."""
    folder = tmp_path_factory.mktemp("seizure")
    for number in range(30):
        content = camera_jpeg(picture(22, number, (640, 480)), Camera()) if number % 4 == 0 else png(number)
        (folder / f"{number:02d}.jpg").write_bytes(content)
        if number % 3 == 0:
            (folder / f"{number:02d}-again.jpg").write_bytes(content)
        if number % 10 == 7:
            (folder / f"{number:02d}-broken.jpg").write_bytes(content[:200])
    inner = zipped({f"inner-{number}.png": png(100 + number) for number in range(20)})
    deep = write_tar([(b"inner.zip", inner), (b"beside.png", png(150)), (b"again.png", png(1))], compression="gz")
    (folder / "outer.zip").write_bytes(zipped({"deep.tar.gz": deep} | {f"{n}.png": png(200 + n) for n in range(20)}))
    return folder


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """What an uninterrupted run ends with, its status, and how long it took."""
    data = tmp_path_factory.mktemp("whole") / "data"
    began = time.monotonic()
    ended = check(source, data).end()
    assert ended.status == 1, ended
    return outcome_of(data), time.monotonic() - began


def check(source, data, **options):
    return Command("check", source, "--case", "C", "--workers", 2, "--data", data, **options)


def finish(source, data, whole):
    """The same command once more, to its end: status, outcome, and that nothing is left over."""
    ended = check(source, data).end()
    assert ended.status == 1, ended
    assert outcome_of(data) == whole[0]
    assert not list((data / "tmp").iterdir())
    return ended


def test_killed_at_any_moment_it_loses_nothing_acknowledged(source, whole, tmp_path):
    data, patience = tmp_path / "data", whole[1]
    rng = random.Random(20)
    acknowledged = killed = 0
    for step in range(14):
        command = check(source, data)
        time.sleep(patience * rng.uniform(0.2, 0.7))
        alive = command.running()
        command.process.kill()
        ended = command.end()
        if not alive:  # the machine is faster than it was: begin again, and strike sooner
            data, patience, acknowledged = tmp_path / f"data-{step}", patience * 0.6, 0
            continue
        killed += 1
        progress = ended.events("progress")
        acknowledged = max(acknowledged, progress[-1]["files"] if progress else 0)
        if killed >= 5:
            break
    assert killed >= 5
    ended = finish(source, data, whole)
    assert ended.summary["skipped"] >= min(acknowledged, 1)
    again = check(source, data).end()
    assert (again.status, again.summary["skipped"]) == (1, len(list(source.iterdir())))
    assert again.events("failure") == []


@pytest.mark.parametrize("after", [0.0, 0.1])
def test_workers_killed_at_one_moment_cost_nothing(source, whole, tmp_path, after):
    """Both that look at pictures, once each: whatever they had in hand is asked again of fresh ones."""
    command = check(source, tmp_path / "data")
    wait_for(lambda: len(_workers(command)) >= 2)
    pictures = _workers(command)[:2]  # the oldest: an archive's walker comes after them
    time.sleep(after)
    for worker in pictures:
        os.kill(worker, signal.SIGKILL)
    ended = command.end()
    assert ended.status == 1, ended
    assert outcome_of(tmp_path / "data") == whole[0]


def _workers(command):
    return sorted(pid for pid, what in command.children().items() if what == "worker")


def test_a_killed_nursery_ends_the_run_with_a_sentence(source, whole, tmp_path):
    command = check(source, tmp_path / "data")
    nursery = wait_for(lambda: _nursery_at_work(command))
    os.kill(nursery, signal.SIGKILL)
    ended = command.end()
    assert ended.status == 3, ended
    assert "run the same command again" in ended.err.splitlines()[-1]
    assert [event for event in ended.events("failure") if event["kind"] == "crashed"] == []
    finish(source, tmp_path / "data", whole)


def _nursery_at_work(command):
    below = list(command.children().items())
    return len(below) > 2 and next(pid for pid, what in below if what == "nursery")


@pytest.mark.parametrize("moment", [0.0, 0.3])
def test_interrupted_it_ends_with_3_and_a_clean_state(source, whole, tmp_path, moment):
    """Ctrl-C reaches every process of the terminal's group."""
    data = tmp_path / "data"
    command = check(source, data)
    wait_for(lambda: _nursery_at_work(command))
    time.sleep(moment)
    os.killpg(command.process.pid, signal.SIGINT)
    ended = command.end(timeout=30)
    assert ended.status == 3, ended
    assert len(ended.err.strip().splitlines()[-1:]) == 1
    assert "stopped" in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err
    assert wait_for(lambda: not command.children())
    finish(source, data, whole)


def test_what_a_killed_run_put_into_the_vault_and_did_not_record_is_swept_by_the_next(tmp_path):
    source, data = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    for number in range(3):
        (source / f"{number}.png").write_bytes(png(number))
    write_node(data)
    words = [sys.executable, "-c", _KILLED, "--data", data, "check", source, "--case", "C", "--workers", "1"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))}
    killed = subprocess.run(words, env=environment | UNLOCKED, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed
    left = set((data / "vault").glob("[0-9a-f][0-9a-f]/*"))
    assert left
    ended = check(source, data).end()
    assert ended.status == 0, ended
    assert not left & set((data / "vault").glob("[0-9a-f][0-9a-f]/*"))
    assert prepare("vault", "fsck", "--data", data).status == 0


def test_two_exhibits_at_once_both_finish_with_one_item_each_content(source, whole, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(source, copy)
    data = tmp_path / "data"
    ended = [command.end() for command in (check(source, data), check(copy, data))]
    assert [one.status for one in ended] == [1, 1], ended
    both = outcome_of(data)
    assert both["items"] == whole[0]["items"]
    assert both["answers"] == whole[0]["answers"]
    assert both["stacks"] == whole[0]["stacks"]
    assert both["kept"] == whole[0]["kept"]
    assert both["objects"] == whole[0]["objects"]
    assert len(both["sightings"]) == 2 * len(whole[0]["sightings"])


def test_the_same_exhibit_twice_at_once_the_second_ends_with_3(source, tmp_path):
    data = tmp_path / "data"
    first = check(source, data)
    wait_for(lambda: _nursery_at_work(first))
    first.process.send_signal(signal.SIGSTOP)
    second = check(source, data).end()
    first.process.send_signal(signal.SIGCONT)
    assert second.status == 3, second
    assert "is being checked by another process" in second.err
    assert first.end().status == 1
