"""Tables: ICSE's export with its traps, tables of any dialect, bare lists, and text that only looks like one."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.known.formats.text import UnreadableListError, UntoldColumnsError
from safelight.known.rows import BadRow, KnownRow
from tests.unit.known.formats.reading import everything, parts, refusal

MD5, SHA1, SHA256, PDQ = "a1" * 16, "b2" * 20, "c3" * 32, "d4" * 32
ICSE_HEADER = (
    "MD5;SHA1;ZZ40;PhotoDNA;Lace;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
    "Investigation name;Agency;Number of submissions;File Available;Media Type;Baseline"
)


def icse_row(md5: str = MD5, baseline: str = "Yes", tail: str = ";") -> str:
    cells = [
        md5,
        SHA1,
        "AB" * 16,
        "CD" * 144,
        "E" * 172,
        "I-9",
        "Y",
        "N",
        "Y",
        "Series Harbour",
        "Tide",
        "Agency Alpha",
    ]
    return ";".join([*cells, "3", "True", "Image", baseline]) + tail


class TestIcse:
    def test_a_row_with_the_extra_empty_column(self):
        head, (row,), end = parts(f"{ICSE_HEADER}\n{icse_row()}\n")
        assert (head.format, head.scheme) == ("ICSE CSV", "ICSE-BASELINE")
        assert (row.md5.hex(), row.sha1.hex(), row.external_id, row.series) == (MD5, SHA1, "I-9", "Series Harbour")
        assert (row.distributed, row.victim_identified, row.offender_identified, row.baseline) == (
            True,
            False,
            True,
            True,
        )
        assert (row.category, row.agency, row.media_type) == ("Yes", "Agency Alpha", "Image")
        assert row.opaque == {"zz40": "AB" * 16, "photodna.hex": "CD" * 144, "lace": "E" * 172}
        assert row.notes == ["Investigation name: Tide", "Number of submissions: 3", "File available: True"]
        assert end.complete

    def test_rows_without_the_extra_column_and_not_baseline(self):
        _, (row,), _ = parts(f"{ICSE_HEADER}\r\n{icse_row(baseline='No', tail='')}\r\n")
        assert (row.baseline, row.category) == (False, "No")

    def test_the_33_character_md5(self):
        _, rows, _ = parts(f"{ICSE_HEADER}\n{icse_row()}\n{icse_row(MD5 + '0')}\n{icse_row()}\n")
        assert isinstance(rows[1], BadRow)
        assert (rows[1].line, rows[1].reason) == (3, "MD5 has 33 characters instead of 32")
        assert len(rows) == 3

    def test_a_seventeenth_cell_that_is_not_empty(self):
        _, (row,), _ = parts(f"{ICSE_HEADER}\n{icse_row(tail=';x')}\n")
        assert isinstance(row, BadRow)
        assert "17 cells" in row.reason

    def test_twelve_of_the_sixteen_columns_are_enough(self):
        header = "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;Number of submissions;File Available;Media Type;Baseline"
        head, (row,), _ = parts(f"{header}\n{MD5};{SHA1};;1;Y;N;N;;1;True;Video;Yes;\n")
        assert (head.format, row.media_type) == ("ICSE CSV", "Video")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_sniffed(delimiter):
    head, (row,), _ = parts(f"SHA-1{delimiter}Series Name{delimiter}PDQ_hash\n{SHA1}{delimiter}x{delimiter}{PDQ}\n")
    assert (head.format, row.sha1.hex(), row.series, row.pdq.hex()) == ("CSV", SHA1, "x", PDQ)


@pytest.mark.parametrize("name", ["md5", "MD5", " Md5 ", "MD5_Hash", "md5-hash", "hash MD5", "md5sum"])
def test_column_names_in_many_spellings(name):
    _, (row,), _ = parts(f"{name},x\n{MD5},y\n")
    assert row.md5.hex() == MD5


def test_columns_that_are_not_taken_are_named():
    head, _, _ = parts(f"md5,shoe size\n{MD5},44\n")
    assert head.notes == ["columns not taken: shoe size"]


def test_map_goes_before_names():
    _, (row,), _ = parts(f"fingerprint,grade,md5\n{SHA256},1,x\n", {"Fingerprint": "sha256", "md5": "comment"})
    assert (row.sha256.hex(), row.md5, row.comment) == (SHA256, None, "x")


def test_a_scheme_column_holds_for_the_list():
    head, rows, _ = parts(f"md5,category,scheme\n{MD5},1,VIC-US\n{MD5},1,VIC-UK\n{MD5},1,\n")
    assert head.scheme == "VIC-US"
    assert [type(row) for row in rows] == [KnownRow, BadRow, KnownRow]


class TestBareLists:
    def test_length_tells_md5_and_sha1(self):
        assert parts(f"{MD5}\n\n# remark\n{MD5.upper()}\n")[1][1].md5.hex() == MD5
        assert parts(SHA1)[1][0].sha1.hex() == SHA1
        assert [parts(f"{MD5},{SHA1}")[1][0].md5.hex(), parts(f"{MD5},{SHA1}")[1][0].sha1.hex()] == [MD5, SHA1]

    def test_64_characters_are_refused_until_told(self):
        with pytest.raises(UntoldColumnsError, match="SHA-256 or PDQ"):
            everything(SHA256)
        assert parts(SHA256, {"1": "sha256"})[1][0].sha256.hex() == SHA256
        assert parts(SHA256, {"1": "pdq"})[1][0].pdq.hex() == SHA256
        assert parts(f"pdq\n{PDQ}\n")[1][0].pdq.hex() == PDQ

    def test_another_length_in_the_middle_is_a_bad_row(self):
        _, rows, _ = parts(f"{MD5}\n{SHA1}\n{MD5}\n")
        assert [type(row) for row in rows] == [KnownRow, BadRow, KnownRow]

    @pytest.mark.parametrize("content", ["hello world\n", "<html>\n<body>", "\0\1\2", "\0,\1\n", "fingerprint\n"])
    def test_what_is_no_list(self, content):
        with pytest.raises(UnreadableListError, match="--map"):
            everything(content)

    @pytest.mark.parametrize("content", ["a,b,c\n1,2,3\n", f"fingerprint\n{MD5}\n", "size;grade\n1;2\n"])
    def test_a_table_whose_columns_nothing_tells(self, content):
        with pytest.raises(UntoldColumnsError, match="--map"):
            everything(content)


class TestQuotes:
    def test_cells_over_lines(self):
        _, rows, _ = parts(f'md5,comment\n{MD5},"two\nlines, ""quoted"""\n{MD5},next\n')
        assert [(row.line, row.comment) for row in rows] == [(2, 'two\nlines, "quoted"'), (4, "next")]

    def test_a_quote_that_never_closes_costs_its_own_line(self):
        lines = "".join(f"{number:032x},x\n" for number in range(1, 200))
        _, rows, _ = parts(f'md5,comment\n{MD5},"open\n{lines}')
        assert isinstance(rows[0], BadRow)
        assert rows[0].reason == "a quotation mark is never closed"
        assert [row.line for row in rows] == list(range(2, 202))

    def test_two_stray_quotes_are_not_paired_over_lines(self):
        _, rows, _ = parts(f'md5,comment\n{MD5},"open\n{MD5},5" disk\n{MD5},x\n')
        assert [type(row) for row in rows] == [BadRow, KnownRow, KnownRow]
        assert rows[1].comment == '5" disk'

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(st.text(alphabet='ab ",;\n\r\t', max_size=12), st.text(alphabet='x"\n,', max_size=8)),
            min_size=1,
            max_size=20,
        )
    )
    def test_what_pythons_writer_writes_is_read_back(self, cells):
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(["md5", "comment", "series"])
        writer.writerows([f"{number:032x}", comment, series] for number, (comment, series) in enumerate(cells, start=1))
        _, rows, _ = parts(buffer.getvalue())
        expected = [
            (comment.replace("\r\n", "\n").replace("\r", "\n").strip(), series.strip()) for comment, series in cells
        ]
        assert [(row.comment or "", row.series or "") for row in rows] == expected


def test_invalid_utf_8_becomes_visible():
    _, (row,), _ = parts(b"md5,comment\n" + MD5.encode() + b",a\xff\xfeb\n")
    assert row.comment == "a\\xff\\xfeb"


def test_utf_16_with_a_mark():
    _, (row,), _ = parts(f"md5,comment\n{MD5},Häfen\n".encode("utf-16"))
    assert row.comment == "Häfen"


def test_a_line_without_end_is_passed_over():
    long = b"md5,comment\n" + MD5.encode() + b"," + b"x" * (5 << 20) + b"\n" + MD5.encode() + b",ok\n"
    _, rows, _ = parts(long)
    assert [(row.line, type(row)) for row in rows] == [(2, BadRow), (3, KnownRow)]
    with pytest.raises(UnreadableListError, match="longer than 1 MiB"):
        everything(b"x" * (3 << 20))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_a_sentence(content):
    for raw in (content, b"md5,comment\n" + content, b'{"value":[' + content):
        assert "\n" not in (refusal(raw) or "")


def test_flags_that_are_nonsense_do_not_cost_the_row():
    _, (row,), _ = parts(f"md5,victim identified,quality\n{MD5},perhaps,900\n")
    assert (row.victim_identified, row.quality, len(row.notes)) == (None, None, 2)
    assert [(left.field, left.value) for left in row.left_out] == [("victim_identified", "perhaps"), ("quality", "900")]
    assert "neither yes nor no" in row.left_out[0].reason
