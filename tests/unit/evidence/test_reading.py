"""Reading: digests of exactly what was there, and a name for everything that stands in the way."""

import hashlib
import os
import resource
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import CannotRunError
from safelight.evidence.errors import ChangedError, ReadingError, VanishedError
from safelight.evidence.reading import CHUNK_BYTES, read_content, read_file
from safelight.media.types import Kind
from safelight.samples.archives import ZipEntry, write_zip

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20


def read(path, listed=None):
    path = os.fsencode(path)
    return read_file(path, listed or os.lstat(path))


def open_files():
    return sorted(os.listdir("/proc/self/fd"))


@settings(max_examples=50, deadline=None)
@given(chunks=st.lists(st.binary(min_size=1, max_size=300), max_size=6))
def test_digests_are_those_of_the_whole_whatever_the_chunks(chunks):
    reading = read_content(iter(chunks))
    whole = b"".join(chunks)
    assert reading.digests.sha256 == hashlib.sha256(whole).digest()
    assert reading.digests.sha1 == hashlib.sha1(whole).digest()
    assert reading.digests.md5 == hashlib.md5(whole).digest()
    assert reading.digests.size == len(whole)
    if reading.content:
        assert reading.content.read(len(whole)) == whole
        reading.content.close()


def test_a_picture_is_sealed_and_nothing_else_is_held(tmp_path):
    before = open_files()
    (tmp_path / "a.txt").write_bytes(JPEG)
    (tmp_path / "b.jpg").write_bytes(b"<html>not a picture</html>")
    (tmp_path / "c.jpg").write_bytes(b"")
    picture, page, empty = (read(tmp_path / name) for name in ("a.txt", "b.jpg", "c.jpg"))
    assert picture.kind is Kind.JPEG
    assert picture.content.read(len(JPEG)) == JPEG
    assert (page.content, page.fd, empty.content, empty.kind) == (None, None, None, Kind.EMPTY)
    picture.content.close()
    assert open_files() == before


def test_an_archive_stays_open_for_its_walker(tmp_path):
    (tmp_path / "a.jpg").write_bytes(write_zip([ZipEntry(b"x", b"y")]))
    reading = read(tmp_path / "a.jpg")
    assert (reading.kind, reading.content) == (Kind.ZIP, None)
    assert os.fstat(reading.fd).st_size == reading.digests.size
    os.close(reading.fd)


def test_a_large_file_is_read_whole(tmp_path):
    content = os.urandom(CHUNK_BYTES + 12345)
    (tmp_path / "large").write_bytes(content)
    assert read(tmp_path / "large").digests.sha256 == hashlib.sha256(content).digest()


def gone(path):
    path.unlink()


def replaced(path):
    other = path.with_name("other")
    other.write_bytes(JPEG)
    other.rename(path)


def linked(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("happens", [gone, replaced, linked, folder, pipe])
def test_what_is_no_longer_the_file_that_was_listed_has_vanished(tmp_path, happens):
    path = tmp_path / "picture.jpg"
    path.write_bytes(JPEG)
    listed = path.lstat()
    happens(path)
    before = open_files()
    with pytest.raises(VanishedError) as caught:
        read(path, listed)
    assert caught.value.kind == "vanished"
    assert open_files() == before


def grown(path):
    with path.open("ab") as file:
        file.write(b"more")


def rewritten(path):
    path.write_bytes(JPEG[::-1])
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("happens", [grown, rewritten, lambda path: os.truncate(path, 3)])
def test_a_file_that_changed_since_it_was_listed_is_not_taken(tmp_path, happens):
    path = tmp_path / "picture.jpg"
    path.write_bytes(JPEG)
    listed = path.lstat()
    happens(path)
    before = open_files()
    with pytest.raises(ChangedError):
        read(path, listed)
    assert open_files() == before


def test_a_file_that_grows_without_end_is_given_up(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(bytes(8 << 20))
    listed = path.lstat()
    done = threading.Event()

    def write():
        with path.open("ab", buffering=0) as file:
            while not done.is_set() and path.stat().st_size < 1 << 28:
                file.write(bytes(4 << 20))

    writer = threading.Thread(target=write)
    writer.start()
    began = time.monotonic()
    try:
        with pytest.raises(ChangedError):
            read(path, listed)
    finally:
        done.set()
        writer.join()
    assert time.monotonic() - began < 10


def test_a_refusal_of_the_system_is_told_in_its_words(tmp_path):
    path = tmp_path / ("n" * 250)
    path.write_bytes(b"")
    listed = path.lstat()
    with pytest.raises(ReadingError, match="file name too long"):
        read(path.with_name("n" * 256), listed)


def test_a_machine_without_files_left_is_not_taken_for_an_unreadable_file(tmp_path):
    (tmp_path / "a").write_bytes(JPEG)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    listed = (tmp_path / "a").lstat()
    next_number = os.open(os.devnull, os.O_RDONLY)
    os.close(next_number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_number, hard))
    try:
        with pytest.raises(CannotRunError, match="too many open files"):
            read(tmp_path / "a", listed)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_stream_that_breaks_off_leaves_nothing_open():
    before = open_files()

    def chunks():
        yield JPEG
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        read_content(chunks())
    assert open_files() == before


def test_reading_leaves_the_access_time(tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(JPEG)
    os.utime(path, ns=(10**18, 10**18))
    read(path).content.close()
    assert path.stat().st_atime_ns == 10**18
