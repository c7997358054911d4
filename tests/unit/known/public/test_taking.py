"""What the sandbox hands out is not believed: what no row says is refused, and what is no harmless file is named."""

import pytest

from safelight.errors import UsageError
from safelight.known.formats.packing import pack_row
from safelight.known.formats.values import EMPTY_CONTENT
from safelight.known.public.places import new_set, set_folder, settle, sweep
from safelight.known.public.sets import DigestSet
from safelight.known.public.taking import BadReplyOfReaderError, SetIntake
from safelight.known.rows import BadRow, KnownRow, PackedRows

ONE, TWO = b"\1" * 20, b"\2" * 20


class Taking:
    def __init__(self, folder, *, demo=False):
        self.refused = []
        self.folder = folder
        self.intake = SetIntake(folder, lambda *told: self.refused.append(told[:2]), demo_folder=demo)

    def digests(self, before=None):
        opened = DigestSet.open(self.folder, self.intake.finish(before))
        return {
            name: [row.tobytes()[: table.kind.digest] for row in table.rows] for name, table in opened.tables.items()
        }


@pytest.fixture
def taking(tmp_path):
    return Taking(new_set(tmp_path))


def test_packed_rows_and_others_become_one_set(taking):
    taking.intake.take([PackedRows(pack_row(None, ONE, None, 5) * 2), KnownRow(3, sha1=TWO, size=5, pdq=b"\3" * 32)])
    assert (taking.intake.read, taking.intake.without_hashes, taking.refused) == (3, 1, [])
    assert taking.digests() == {"sha256": [], "sha1": [ONE, TWO], "md5": []}


def test_a_set_before_is_added_to(tmp_path, taking):
    taking.intake.take([PackedRows(pack_row(None, TWO, None, 5))])
    before = DigestSet.open(taking.folder, taking.intake.finish())
    again = Taking(new_set(tmp_path))
    again.intake.take([PackedRows(pack_row(None, ONE, None, 5) + pack_row(None, TWO, None, 5))])
    assert again.digests(before)["sha1"] == [ONE, TWO]


def test_nothing_is_left_beside_the_files(taking):
    taking.intake.take([PackedRows(pack_row(b"\4" * 16, ONE, b"\5" * 32, 5))])
    taking.intake.finish()
    assert sorted(one.name for one in taking.folder.iterdir()) == ["md5", "sha1", "sha256"]


@pytest.mark.parametrize(
    "row",
    [
        pack_row(None, None, None, 7),
        b"\x10" + pack_row(None, ONE, None, 7)[1:],
        b"\xff" + pack_row(None, ONE, None, 7)[1:],
        pack_row(None, bytes(20), None, 7),
        *(
            pack_row(*(one if len(one) == width else None for width in (16, 20, 32)), 7)
            for one in sorted(EMPTY_CONTENT)
        ),
    ],
)
def test_packed_rows_that_no_reader_hands_out_are_refused(taking, row):
    taking.intake.take([PackedRows(row + pack_row(None, ONE, None, 7))])
    assert [reason for _, reason in taking.refused] == [
        "1 packed rows hold no digest, or one that every empty file has"
    ]
    assert taking.digests()["sha1"] == [ONE]


def test_half_a_row_ends_the_import(taking):
    with pytest.raises(BadReplyOfReaderError):
        taking.intake.take([PackedRows(pack_row(None, ONE, None, 7)[:-1])])


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (BadRow(4, "MD5 is not hexadecimal", "zz"), "MD5 is not hexadecimal"),
        (KnownRow(4, sha1=b"\1" * 19), "SHA-1 has 19 bytes instead of 20"),
        (KnownRow(4, sha1=ONE, category="1"), "it has the grade '1', in a published list of known good"),
        (KnownRow(4, sha1=ONE, suspected=True), "it says more than that a file is harmless, in a published list of known good"),
        (KnownRow(4, sha1=ONE, series="Series Harbour"), "it says more than that a file is harmless, in a published list of known good"),
        (KnownRow(4, pdq=b"\3" * 32), "no digest in it: a published list of known good is asked by digests only"),
        (KnownRow(4, path="a.png"), "no digest in it: a published list of known good is asked by digests only"),
    ],
)  # fmt: skip
def test_what_names_no_harmless_file_is_refused_with_line_and_reason(taking, message, reason):
    taking.intake.take([message])
    assert taking.refused == [(4, reason)]
    assert taking.digests() == {"sha256": [], "sha1": [], "md5": []}


def test_a_demonstration_is_kept_out_of_a_real_base(tmp_path, taking):
    row = KnownRow(1, sha1=ONE, tags=["demo-not-for-use"])
    with pytest.raises(UsageError, match="demonstration"):
        taking.intake.take([row])
    demo = Taking(new_set(tmp_path), demo=True)
    demo.intake.take([row])
    assert demo.digests()["sha1"] == [ONE]


def test_what_is_not_counted_on_is_swept(tmp_path):
    kept = settle(new_set(tmp_path))
    settle(new_set(tmp_path))
    (new_set(tmp_path) / "sha1").write_bytes(b"half")
    assert sweep(tmp_path, [kept]) == 2
    assert [one.name for one in (tmp_path / "public").iterdir()] == [kept]
    assert sweep(tmp_path / "none", []) == 0


@pytest.mark.parametrize("name", ["..", "a/b", "", "A" * 32, "a" * 31])
def test_a_name_that_was_not_drawn_is_no_folder(tmp_path, name):
    with pytest.raises(ValueError, match="no name of a set"):
        set_folder(tmp_path, name)
