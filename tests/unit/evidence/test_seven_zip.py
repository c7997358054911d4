"""7z archives: every entry under its own name, whatever the block it lies in; locked ones open with their password."""

import io
import random
import zlib

import py7zr
import pytest

from safelight.evidence.archives.messages import DATA_BYTES
from safelight.evidence.archives.seven_zip import LISTING
from tests.unit.evidence.walking import contents, walk_archive

NOISE = random.Random(7).randbytes(DATA_BYTES + 12_345)
FILES = {"harbour.jpg": b"a benign picture " * 400, "a folder/room.png": NOISE, "empty": b"", "été 🌊.txt": b"text\n"}
SECRET = b"made-up secret"


def archive_of(files, *, filters=None, password=None, hides_names=False):
    made = io.BytesIO()
    with py7zr.SevenZipFile(made, "w", filters=filters, password=password, header_encryption=hides_names) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return made.getvalue()


def two_blocks(password=None):
    """An archive in two solid blocks, the second under this password."""
    made = io.BytesIO(archive_of({"first.jpg": b"the first" * 50}))
    filters = [{"id": py7zr.FILTER_LZMA2}, {"id": py7zr.FILTER_CRYPTO_AES256_SHA256}] if password else None
    with py7zr.SevenZipFile(made, "a", filters=filters, password=password) as archive:
        archive.writestr(b"the second" * 50, "second.jpg")
    return made.getvalue()


@pytest.mark.parametrize(
    "filters",
    [
        None,
        [{"id": py7zr.FILTER_COPY}],
        [{"id": py7zr.FILTER_DEFLATE}],
        [{"id": py7zr.FILTER_BZIP2}],
        [{"id": py7zr.FILTER_ZSTD, "level": 3}],
        [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}],
        [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 1}],
    ],
    ids=["default", "copy", "deflate", "bzip2", "zstd", "ppmd", "x86 and lzma2"],
)
def test_every_entry_comes_out_as_it_went_in(filters):
    found = contents(archive_of(FILES, filters=filters), "7z")
    assert found == [(name.encode(), content) for name, content in FILES.items()]


def test_names_that_lead_elsewhere_are_names():
    made = io.BytesIO()
    with py7zr.SevenZipFile(made, "w") as archive:
        archive.encoded_header_mode = False
        archive.writestr(b"one", "xx/xx/elsewhere.jpg")
    raw = bytearray(made.getvalue())
    at = raw.index("xx/xx".encode("utf-16-le"))
    raw[at : at + 10] = "../..".encode("utf-16-le")
    raw[28:32] = zlib.crc32(raw[32 + int.from_bytes(raw[12:20], "little") :]).to_bytes(4, "little")
    raw[8:12] = zlib.crc32(raw[12:32]).to_bytes(4, "little")
    assert contents(bytes(raw), "7z") == [(b"../../elsewhere.jpg", b"one")]


def test_blocks_are_read_one_after_the_other():
    assert contents(two_blocks(), "7z") == [(b"first.jpg", b"the first" * 50), (b"second.jpg", b"the second" * 50)]


def test_what_needs_a_password_is_locked_and_the_rest_is_read():
    entries, problem = walk_archive(two_blocks("made-up secret"), "7z")
    assert problem is None
    assert [(one.entry.name, one.entry.locked, one.content) for one in entries] == [
        (b"first.jpg", False, b"the first" * 50),
        (b"second.jpg", True, b""),
    ]
    assert entries[1].entry.reason == "a password is needed"


@pytest.mark.parametrize("filters", [None, [{"id": py7zr.FILTER_COPY}], [{"id": py7zr.FILTER_LZMA}]])
def test_the_password_that_fits_opens_it(filters):
    locked = [*(filters or [{"id": py7zr.FILTER_LZMA2}]), {"id": py7zr.FILTER_CRYPTO_AES256_SHA256}]
    archive = archive_of(FILES, filters=locked, password=SECRET.decode())
    found = contents(archive, "7z", b"another", b"\xff\xfe", SECRET)
    assert found == [(name.encode(), content) for name, content in FILES.items()]
    entries, _ = walk_archive(archive, "7z", b"another")
    assert {one.entry.reason for one in entries if one.entry.locked} == {
        "a password is needed, and none that was given fits"
    }


def test_an_archive_that_hides_its_names_says_so_and_opens_with_its_password():
    archive = archive_of(FILES, password=SECRET.decode(), hides_names=True)
    [only], problem = walk_archive(archive, "7z", b"another")
    assert (only.entry.name, only.entry.locked, problem) == (LISTING, True, None)
    assert only.entry.reason == "its list of entries is encrypted: a password is needed, and none that was given fits"
    first, *rest = walk_archive(archive, "7z", b"another", SECRET)[0]
    assert (first.entry.name, first.entry.locked, first.entry.what) == (LISTING, False, "special")
    assert [(one.entry.name, one.content) for one in rest] == [(name.encode(), said) for name, said in FILES.items()]


def test_damage_costs_what_it_touches():
    archive = bytearray(archive_of({"one": NOISE, "two": b"2" * 99}, filters=[{"id": py7zr.FILTER_COPY}]))
    archive[50_000:50_100] = bytes(100)
    (one, two), problem = walk_archive(bytes(archive), "7z")
    assert (problem, one.problem, two.problem) == (None, "broken: its checksum differs", None)
    assert two.content == b"2" * 99


def test_what_follows_a_fault_in_a_solid_block_is_lost_by_name():
    words = "".join(f"{number} benign words about a harbour\n" for number in range(40_000)).encode()
    archive = bytearray(archive_of({"one": words, "two": b"2" * 99}, filters=[{"id": py7zr.FILTER_LZMA2}]))
    archive[300:400] = b"\xff" * 100
    (one, two), problem = walk_archive(bytes(archive), "7z")
    assert problem is None
    assert one.problem.startswith("broken off: ")
    assert two.problem.startswith("lies in a solid block that is broken before it: ")
    assert two.content == b""


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_is_cut_off_is_broken(kept):
    archive = archive_of(FILES)
    entries, problem = walk_archive(archive[: int(len(archive) * kept)], "7z")
    assert entries == []
    assert problem.startswith("broken 7z archive: ")


def test_no_damage_gets_an_exception_out_of_the_walker():
    rng = random.Random(3)
    whole = archive_of(FILES)
    for _ in range(150):
        archive = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            archive[rng.choice((rng.randrange(64), rng.randrange(len(archive)), -rng.randrange(1, 200)))] = (
                rng.randrange(256)
            )
        walk_archive(bytes(archive), "7z")
