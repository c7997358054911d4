"""NSRL in its three forms: told by its content, taken as known good only where that was said, packed."""

import io
import json
import sqlite3

import numpy as np
import pytest

from safelight.known.formats.packing import PACK_BYTES, pack_row
from safelight.known.formats.reader import ReadOptions, messages
from safelight.known.formats.text import NotKnownGoodError, UnreadableListError
from safelight.known.public.kinds import KINDS, rows_of
from safelight.known.rows import PACKED_BYTES, BadRow, FileEnd, FileHead, KnownRow, PackedRows
from tests.unit.known.formats.nsrl import caid, digests, rds2, rds3

CONTENTS = [f"harmless {number}".encode() for number in range(20)]
GOOD = ReadOptions(known_good=True)


def told(raw, options=GOOD):
    head, *between, end = messages(io.BytesIO(raw), options)
    assert isinstance(head, FileHead)
    assert isinstance(end, FileEnd)
    return head, between, end


def listed(between):
    raw = b"".join(message.rows for message in between if isinstance(message, PackedRows))
    rows = np.frombuffer(raw, np.uint8).reshape(-1, PACKED_BYTES)
    return {
        kind.name: {row[: kind.digest].tobytes().hex().upper() for row in rows_of(rows, kind)}
        for kind in KINDS.values()
    }


def expected(name):
    return {digests(content)[name] for content in CONTENTS}


@pytest.mark.parametrize("table", ["FILE", "METADATA", "file"])
def test_rds_3(tmp_path, table):
    head, between, end = told(rds3(tmp_path / "list", CONTENTS, table=table).read_bytes())
    assert (head.format, head.version, head.published) == ("NSRL RDS", "3", True)
    assert head.notes == ["NSRL 2026.03.1, modern_minimal, 2026-03-01"]
    assert listed(between) == {name: expected(name) for name in KINDS}
    assert end.complete


def test_rds_2_and_what_it_marks_as_malicious_is_refused():
    head, between, end = told(rds2(CONTENTS, malicious=CONTENTS[3]))
    assert (head.format, head.version, head.published) == ("NSRL RDS", "2", True)
    assert listed(between)["sha1"] == expected("sha1") - {digests(CONTENTS[3])["sha1"]}
    (refused,) = [message for message in between if isinstance(message, BadRow)]
    assert "malicious" in refused.reason
    assert end.complete


def test_caid():
    head, between, end = told(caid(CONTENTS))
    assert (head.format, head.published) == ("VICS hash set", True)
    assert listed(between) == {"sha256": set(), "sha1": expected("sha1"), "md5": expected("md5")}
    assert end.complete


@pytest.mark.parametrize("raw", [caid(CONTENTS, version="2.0"), caid(CONTENTS, category=1)])
def test_other_vics_is_no_published_list(raw):
    head, between, _ = told(raw)
    assert not head.published
    assert all(isinstance(message, KnownRow) for message in between)


def test_caid_is_a_list_as_others_are_where_nobody_says_that_it_is_good():
    _, between, _ = told(caid(CONTENTS), ReadOptions())
    assert all(isinstance(message, KnownRow) for message in between)


def test_rds_needs_the_word_of_who_imports_it(tmp_path):
    for raw in (rds2(CONTENTS), rds3(tmp_path / "list", CONTENTS).read_bytes()):
        with pytest.raises(NotKnownGoodError, match="--known-good"):
            told(raw, ReadOptions())


@pytest.mark.parametrize(
    "more",
    [
        {"Category": 1},
        {"VictimIdentified": True},
        {"IsSuspected": "true"},
        {"Series": "Series Harbour"},
        {"Tags": "demo-not-for-use"},
        {"PDQ": "ab" * 32},
    ],
)
def test_what_says_more_than_harmless_is_handed_out_as_it_is(more):
    value = json.loads(caid(CONTENTS[:3]))
    value["value"][1] |= more
    _, between, _ = told(json.dumps(value).encode())
    assert [type(message) for message in between] == [PackedRows, KnownRow, PackedRows]
    assert between[1].md5.hex().upper() == digests(CONTENTS[1])["md5"]


def test_the_empty_file_is_counted_and_passed_over(tmp_path):
    raws = (
        caid([*CONTENTS, b"", b""]),
        rds2([*CONTENTS, b"", b""]),
        rds3(tmp_path / "l", [*CONTENTS, b"", b""]).read_bytes(),
    )
    for raw in raws:
        _, between, end = told(raw)
        assert listed(between)["sha1"] == expected("sha1")
        assert not any(isinstance(message, BadRow) for message in between)
        assert end.notes == ["2 rows of the empty file were passed over"]


def test_any_list_is_packed_where_that_is_wanted():
    text = "sha1,size\n" + "".join(f"{digests(one)['sha1']},{len(one)}\n" for one in CONTENTS)
    head, between, _ = told(text.encode(), ReadOptions(known_good=True, packed=True))
    assert head.published
    assert listed(between)["sha1"] == expected("sha1")


def test_packs_are_bounded():
    count = 2 * PACK_BYTES // PACKED_BYTES
    text = "md5\n" + "".join(f"{number:032x}\n" for number in range(1, count))
    _, between, _ = told(text.encode(), ReadOptions(known_good=True, packed=True))
    assert max(len(message.rows) for message in between) <= PACK_BYTES + PACKED_BYTES
    assert len(listed(between)["md5"]) == count - 1


def test_bad_digests_of_an_rds_are_named(tmp_path):
    script = "UPDATE FILE SET sha1 = 'XX' WHERE rowid = 3; UPDATE FILE SET sha256 = '', sha1 = NULL, md5 = '' WHERE rowid = 4;"
    _, between, _ = told(rds3(tmp_path / "list", CONTENTS[:5], script=script).read_bytes())
    refused = [(message.line, message.reason) for message in between if isinstance(message, BadRow)]
    assert refused == [(3, "SHA-1 has 2 characters instead of 40"), (4, "no digest in it")]


def test_a_view_or_another_database_is_refused(tmp_path):
    other = tmp_path / "other"
    with sqlite3.connect(other) as database:
        database.executescript(
            "CREATE TABLE t (a); CREATE VIEW FILE AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
            "SELECT x AS sha1, x AS md5 FROM c;"
        )
    database.close()
    with pytest.raises(UnreadableListError, match="no NSRL RDS"):
        told(other.read_bytes())


def test_a_database_that_breaks_off_says_so_and_keeps_what_came_before(tmp_path):
    many = [f"harmless {number}".encode() for number in range(3000)]
    raw = bytearray(rds3(tmp_path / "list", many).read_bytes())
    at = len(raw) * 2 // 3 // 4096 * 4096
    raw[at : at + 4096] = bytes(4096)
    _, between, end = told(bytes(raw))
    assert not end.complete
    assert "broke off after row" in end.reason
    assert 0 < len(listed(between)["sha1"]) < 3000


@pytest.mark.parametrize("keep", [16, 100, 4096])
def test_a_database_that_was_cut_short_is_refused_in_a_sentence(tmp_path, keep):
    raw = rds3(tmp_path / "list", CONTENTS).read_bytes()
    with pytest.raises(UnreadableListError, match="SQLite database"):
        told(raw[:keep] + bytes(3))


def test_a_database_in_wal_mode_is_read(tmp_path):
    path = rds3(tmp_path / "list", CONTENTS)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        database.execute("UPDATE FILE SET crc32 = '1'")
    database.close()
    assert listed(told(path.read_bytes())[1])["sha1"] == expected("sha1")


def test_a_packed_row_is_as_wide_whatever_it_holds():
    assert {len(pack_row(*row)) for row in [(b"1" * 16, None, None, None), (None, b"1" * 20, b"2" * 32, 7)]} == {
        PACKED_BYTES
    }
