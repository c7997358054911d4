import io
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.samples.archives import ZipEntry, write_tar, write_zip

NAMES = st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name and b"/" not in name)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=2000), st.none() | st.binary(min_size=1, max_size=20)), max_size=6))
@settings(max_examples=80, deadline=None)
def test_zips_are_read_back_by_another_program_with_names_to_the_byte(entries):
    data = write_zip(ZipEntry(*entry) for entry in entries)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [info.orig_filename.encode("cp437") for info in archive.infolist()] == [name for name, _, _ in entries]
        for info, (_, content, password) in zip(archive.infolist(), entries, strict=True):
            assert archive.read(info, pwd=password) == content


def test_a_locked_entry_needs_its_password():
    data = write_zip([ZipEntry(b"locked.txt", b"secret", b"practice"), ZipEntry(b"open.txt", b"open")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("open.txt") == b"open"
        with pytest.raises(RuntimeError, match="password required"):
            archive.read("locked.txt")
        with pytest.raises(RuntimeError, match="Bad password"):
            archive.read("locked.txt", pwd=b"guess")
    assert b"secret" not in data


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_tars_keep_names_to_the_byte(compression):
    entries = [(b"plain.jpg", b"1"), (b"caf\xe9 \xff.jpg", b"22"), (b"n" * 300, b""), ("ü\n.jpg".encode(), b"4444")]
    data = write_tar(entries, compression=compression)
    assert data == write_tar(entries, compression=compression)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert [member.name.encode("utf-8", "surrogateescape") for member in archive] == [name for name, _ in entries]
        assert archive.extractfile(archive.getmembers()[3]).read() == b"4444"
