"""Digests of published examples, in one piece and in many."""

import hashlib
import mmap
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.signatures.digests import Digester, digest

KNOWN = {
    b"": (
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    b"abc": (
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ),
}


@pytest.mark.parametrize("content", KNOWN)
def test_published_examples(content):
    found = digest(content)
    assert (found.md5.hex(), found.sha1.hex(), found.sha256.hex()) == KNOWN[content]
    assert found.size == len(content)


@given(st.lists(st.binary(max_size=200)))
def test_pieces_give_what_the_whole_gives(pieces):
    digester = Digester()
    for piece in pieces:
        digester.update(piece)
    assert digester.finish() == digest(b"".join(pieces))


def test_views_and_mapped_files_are_taken():
    content = bytes(range(256)) * 40
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert digest(mapped) == digest(content)
    wide = memoryview(content).cast("I")
    assert digest(wide) == digest(content)
    assert digest(content).sha256 == hashlib.sha256(content).digest()
