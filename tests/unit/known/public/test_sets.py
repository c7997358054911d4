"""What a set says of a content, against the rules read off plain Python values."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.known.public.kinds import KINDS, rows_of
from safelight.known.public.sets import DigestSet, Hit, Questions, Seals
from safelight.known.public.sorting import Sorter
from safelight.known.public.tables import DamagedTableError, write_table
from safelight.vault.signature_blocks import NewSignature
from tests.unit.known.public.packing import Listed, packed


def made(folder: Path, listed: list[Listed]) -> Seals:
    seals = {}
    for kind in KINDS.values():
        sorter = Sorter(folder, f"{kind.name}-sorting", kind.width)
        sorter.add(rows_of(packed(listed), kind))
        seals[kind.name] = write_table(folder / kind.name, kind, sorter.merged())
    return Seals(seals)


def asked_of(listed: list[Listed], contents: list[Listed]) -> list[Hit]:
    with tempfile.TemporaryDirectory() as folder:
        opened = DigestSet.open(Path(folder), made(Path(folder), listed))
        return opened.find(Questions.of([NewSignature(*one) for one in contents]))


def content(number: int, *, sha256: bool = True, size: int | None = 100) -> Listed:
    byte = bytes([number])
    return byte * 16, byte * 20, byte * 32 if sha256 else None, size


def test_the_strongest_digest_answers():
    (hit,) = asked_of([content(1)], [content(1)])
    assert hit == Hit(0, "sha256", b"\1" * 32, None)


@pytest.mark.parametrize(
    ("listed", "asked", "agrees"), [(100, 100, True), (100, 101, False), (None, 100, None), (100, None, None)]
)
def test_sha1_answers_with_what_is_known_of_the_size(listed, asked, agrees):
    (hit,) = asked_of([content(1, sha256=False, size=listed)], [content(1, size=asked)])
    assert (hit.how, hit.size_agrees) == ("sha1", agrees)


def test_one_content_of_two_sizes_agrees_where_one_of_them_does():
    listed = [content(1, sha256=False, size=size) for size in (7, 100, None)]
    (hit,) = asked_of(listed, [content(1)])
    assert (hit.how, hit.size_agrees) == ("sha1", True)


def test_a_weaker_digest_is_no_match_where_the_stronger_one_differs():
    forged: Listed = (b"\1" * 16, b"\1" * 20, b"\2" * 32, 100)
    assert asked_of([content(1)], [forged]) == []
    md5_only: Listed = (b"\1" * 16, b"\3" * 20, None, 100)
    assert asked_of([content(1, sha256=False)], [md5_only]) == []


def test_md5_alone_says_so():
    (hit,) = asked_of([(b"\1" * 16, None, None, 100)], [content(1)])
    assert hit.how == "md5"


def test_answers_come_in_the_order_of_the_questions():
    hits = asked_of([content(3), content(1, sha256=False)], [content(number) for number in (1, 2, 3)])
    assert [(hit.question, hit.how) for hit in hits] == [(0, "sha1"), (2, "sha256")]


def test_a_set_is_checked_file_by_file(tmp_path):
    seals = made(tmp_path, [content(number) for number in range(1, 9)])
    for name in ("sha1", "md5"):
        raw = bytearray((tmp_path / name).read_bytes())
        raw[3] ^= 1
        (tmp_path / name).write_bytes(raw)
    first, second = DigestSet.open(tmp_path, seals).check()
    assert str(tmp_path / "sha1") in first
    assert str(tmp_path / "md5") in second
    (tmp_path / "sha256").unlink()
    with pytest.raises(DamagedTableError):
        DigestSet.open(tmp_path, seals)


def test_entries_count_each_content_by_its_strongest_digest(tmp_path):
    seals = made(tmp_path, [content(1), content(2, sha256=False), (b"\3" * 16, None, None, None), content(1)])
    assert seals.entries == 3


few = st.sampled_from([1, 2, 3])
digests = st.tuples(
    st.none() | few.map(lambda n: bytes([n]) * 16),
    st.none() | few.map(lambda n: bytes([n]) * 20),
    st.none() | few.map(lambda n: bytes([n]) * 32),
    st.none() | st.sampled_from([0, 5, 2**62]),
)
listed_rows = digests.filter(lambda row: any(value is not None for value in row[:3]))


def plainly(listed: list[Listed], asked: Listed) -> tuple[str, bool | None] | None:
    """The rules, one row at a time."""
    for how, at in (("sha256", 2), ("sha1", 1), ("md5", 0)):
        found = [
            row
            for row in listed
            if asked[at] is not None
            and row[at] == asked[at]
            and not any(row[stronger] is not None and asked[stronger] is not None for stronger in range(at + 1, 3))
        ]
        if not found:
            continue
        if how == "sha256":
            return how, None
        sizes = [row[3] if row[3] is not None and row[3] < 2**62 - 1 else None for row in found]
        size = asked[3] if asked[3] is not None and asked[3] < 2**62 - 1 else None
        if size is not None and size in sizes:
            return how, True
        return how, None if size is None or None in sizes else False
    return None


@settings(deadline=None, max_examples=150)
@given(st.lists(listed_rows, max_size=8), st.lists(digests, min_size=1, max_size=8))
def test_a_batch_is_answered_as_the_rules_say_one_by_one(listed, asked):
    hits = {hit.question: (hit.how, hit.size_agrees) for hit in asked_of(listed, asked)}
    expected = {number: said for number, one in enumerate(asked) if (said := plainly(listed, one)) is not None}
    assert hits == expected


def test_a_packed_row_gives_a_row_of_each_digest_that_it_holds():
    rows = packed([content(1), (b"\2" * 16, None, None, None)])
    assert [len(rows_of(rows, kind)) for kind in KINDS.values()] == [1, 1, 2]
    assert rows_of(rows, KINDS["sha256"]).tobytes() == b"\1" * 32
    assert np.frombuffer(rows_of(rows, KINDS["sha1"])[0, 20:].tobytes(), ">u8")[0] == 1 << 63 | 100
