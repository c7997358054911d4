"""VICS in the shapes its exporters write, with their lies, and broken in every place."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.known.formats.text import UnreadableListError
from safelight.known.rows import BadRow, KnownRow
from tests.unit.known.formats.reading import everything, parts, refusal

MD5, SHA1, SHA256, PDQ = "a1" * 16, "b2" * 20, "c3" * 32, "d4" * 32
OLD = "http://github.com/ICMEC/ProjectVic/DataModels/{}.xml#{}"
NEW = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#{}"


def hash_set(*media: object, key: str = "@odata.context", context: str = NEW.format("US", "Media")) -> str:
    return json.dumps({key: context, "value": list(media)})


def one(entry: object) -> KnownRow | BadRow:
    _, (row,), _ = parts(hash_set(entry))
    return row


@pytest.mark.parametrize(
    ("key", "context", "version", "scheme"),
    [
        ("odata.metadata", OLD.format("1.1", "Media"), "1.1", None),
        ("odata.metadata", OLD.format("1.2", "Media"), "1.2", None),
        ("odata.metadata", OLD.format("1.3", "Media"), "1.3", None),
        ("@odata.context", NEW.format("Default", "Media"), "2.0", None),
        ("@odata.context", NEW.format("US", "Media"), "2.0", "VIC-US"),
        ("@odata.context", NEW.format("UK", "Media"), "2.0", "VIC-UK"),
        ("@odata.context", NEW.format("CUSTOM", "Media"), "2.0", None),
        ("@odata.context", NEW.format("DEMO", "Media"), "2.0", "DEMO"),
    ],
)
def test_versions_and_schemes_are_told_by_the_context(key, context, version, scheme):
    head, (row,), end = parts(hash_set({"MD5": MD5}, key=key, context=context))
    assert (head.format, head.version, head.scheme) == ("VICS hash set", version, scheme)
    assert row.md5 == bytes.fromhex(MD5)
    assert end.complete


def test_a_full_entry():
    row = one(
        {
            "MediaID": 77, "Category": 1, "MD5": MD5.upper(), "SHA1": SHA1, "PhotoDNA": "A" * 192, "MediaSize": "123",
            "MimeType": "image/jpeg", "DateUpdated": "/Date(0)/", "VictimIdentified": "true", "OffenderIdentified": False,
            "IsDistributed": "False", "IsPrecategorized": True, "IsSuspected": None, "SelfGenerated": "Y",
            "Series": "Series Harbour", "Tags": "boat, pier", "Comments": "none",
            "AlternativeHashes": [{"MD5": MD5, "HashName": "SHA-256", "HashValue": SHA256},
                                  {"HashName": "pdq", "HashValue": PDQ}, {"HashName": "F1", "HashValue": "zz"}],
            "Exifs": [{"MD5": "e5" * 16, "PropertyName": "Make", "PropertyValue": "x"}],
            "MediaFiles": [{"MD5": "f6" * 16, "FileName": "a.jpg"}],
        }
    )  # fmt: skip
    assert isinstance(row, KnownRow)
    assert (row.md5.hex(), row.sha1.hex(), row.sha256.hex(), row.pdq.hex()) == (MD5, SHA1, SHA256, PDQ)
    assert (row.category, row.size, row.external_id, row.series) == ("1", 123, "77", "Series Harbour")
    assert (row.victim_identified, row.offender_identified, row.distributed) == (True, False, False)
    assert (row.suspected, row.self_generated, row.tags) == (None, True, ["boat", "pier"])
    assert row.opaque == {"photodna.base64": "A" * 192, "alternative.F1": "zz"}
    assert "Date updated: 1970-01-01T00:00:00Z" in row.notes


@pytest.mark.parametrize("category", [None, 0, "0", ""])
def test_is_precategorized_is_not_believed(category):
    assert one({"MD5": MD5, "Category": category, "IsPrecategorized": True}).category is None


def test_a_case_file_and_what_it_says_of_itself():
    case = {
        "CaseNumber": "C-7",
        "SourceApplicationName": "Tool",
        "Media": [{"MD5": MD5}],
        "CaseMetadata": [{"MD5": "x"}],
    }
    content = json.dumps({"odata.metadata": OLD.format("1.3", "Cases"), "value": [case, {"Media": [{"SHA1": SHA1}]}]})
    head, rows, end = parts(content)
    assert (head.format, head.version) == ("VICS case file", "1.3")
    assert "CaseNumber: C-7" in head.notes
    assert [row.line for row in rows] == [1, 2]
    assert end.complete


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding):
    _, rows, _ = parts(hash_set({"MD5": MD5, "Series": "Häfen"}).encode(encoding))
    assert "fen" in rows[0].series


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"MD5": MD5 + "f"}, "33 characters"),
        ({"MD5": ["x"]}, "with a digest"),
        ({"MD5": 5}, "1 characters"),
        ({"Category": 1}, "no digest"),
        ({}, "no object with a digest"),
        ("text", "no object"),
        (7, "no object"),
        (None, "no object"),
        (
            {"MD5": MD5, "SHA256": SHA256, "AlternativeHashes": [{"HashName": "SHA256", "HashValue": "dd" * 32}]},
            "two different",
        ),
    ],
)
def test_bad_entries_are_named_and_the_rest_is_read(entry, words):
    _, rows, end = parts(hash_set({"MD5": MD5}, entry, {"MD5": MD5}))
    assert isinstance(rows[1], BadRow)
    assert words in rows[1].reason
    assert [row.line for row in rows] == [1, 2, 3]
    assert end.complete


def test_flags_that_are_nonsense_are_left_out_and_named():
    other = {"HashName": "SHA256", "HashValue": "ab"}
    row = one({"MD5": MD5, "VictimIdentified": "perhaps", "MediaSize": "big", "AlternativeHashes": [other]})
    assert (row.victim_identified, row.size, row.sha256) == (None, None, None)
    assert len(row.notes) == 3
    assert {left.field: left.value for left in row.left_out} == {
        "victim_identified": "perhaps",
        "size": "big",
        "sha256": "ab",
    }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut_anywhere_the_rows_before_the_cut_are_kept(data):
    whole = hash_set(*({"MD5": f"{number:032x}", "MediaFiles": [{"FileName": "ä"}]} for number in range(1, 6))).encode()
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    complete = cut.count(b'"}]}')
    try:
        _, rows, end = parts(cut)
    except UnreadableListError:
        assert complete == 0
    else:
        assert len(rows) == complete
        assert not end.complete
        assert f"after entry {complete}" in end.reason


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_mutated_files_never_crash_the_reader(data):
    content = bytearray(hash_set({"MD5": MD5, "Series": "é", "Category": 1}, {"MD5": SHA1, "Tags": ["x"]}).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert "\n" not in (refusal(bytes(content)) or "")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"value":[' + b'{"a":' * 200_000,
        b'{"value":[{"MD5":"' + MD5.encode() + b'","x":' + b"[" * 100_000,
        b'{"value":[{"Tags":' + b"[" * 100_000,
        b'{"value":[{"MD5":"' + b"a" * (17 << 20),
        b'{"value":[' + b" " * (17 << 20),
        b'{"value":[{"MD5":1' + b"0" * 6000 + b"}]}",
        b"{}",
        b"[]",
        b'{"value":[]}',
    ],
)
def test_bombs_and_empty_shells_end_in_one_sentence(content):
    with pytest.raises(UnreadableListError) as raised:
        everything(content)
    assert len(raised.value.message) < 400


def test_an_empty_list_that_says_it_is_vics_is_empty():
    head, rows, end = parts(hash_set())
    assert (head.version, rows, end.complete) == ("2.0", [], True)


def test_entries_of_a_huge_case_are_streamed():
    """What an entry contains beside its fields is passed over, so memory does not grow with it."""
    media_files = [{"MD5": MD5, "FileName": "x" * 200} for _ in range(5000)]
    _, rows, _ = parts(hash_set({"MD5": MD5, "MediaFiles": media_files}, {"MD5": MD5}))
    assert len(rows) == 2
