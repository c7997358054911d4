"""What is written as VICS is read back by our own importer, and by a reader that knows nothing of us."""

import io
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.report.model import Claim, Evidence, Report, ReportItem, Sighting
from safelight.exchange.answers.decisions import Loss, Terms
from safelight.exchange.answers.vics import write_vics
from safelight.known.formats.vics import read_vics
from safelight.known.rows import FileHead, KnownRow
from tests.unit.casework.report.example import ALPHA, BETA, DISK, PHONE, equal, example_report, item, near, sighting
from tests.unit.exchange.answers.reading import read

TERMS = Terms("DEMO", "unit-alpha.example", {"own"}, set())
WITH_LISTS = replace(TERMS, lists={ALPHA, BETA})


def written(*items, terms=TERMS, **more):
    out = io.StringIO()
    report = replace(example_report(), items=items, **more)
    return out, write_vics(report, terms, out)


def entries(*items, **more):
    out, losses = written(*items, **more)
    return read(out.getvalue())[2], losses


def imported(out):
    head, *rows, end = read_vics(io.BytesIO(out.getvalue().encode()))
    assert end.complete
    return head, rows


def own(**changes):
    return equal(source="own", trust="own", **changes)


def test_an_ordinary_case_is_read_by_both():
    out = io.StringIO()
    report = example_report()
    losses = write_vics(report, WITH_LISTS, out)
    country, case, media = read(out.getvalue())
    assert (country, case["CaseNumber"], case["ContactOrganization"]) == ("DEMO", report.case, "unit-alpha.example")
    head, rows = imported(out)
    assert isinstance(head, FileHead)
    assert (head.format, head.version, head.scheme) == ("VICS case file", "2.0", "DEMO")
    assert all(isinstance(row, KnownRow) for row in rows)
    assert losses.contents == len(rows) == len(media)
    by_digest = {one.md5: one for one in report.items}
    for row, one in zip(rows, media, strict=True):
        mine = by_digest[row.md5.hex()]
        assert (row.sha1.hex(), row.sha256.hex(), row.size) == (mine.sha1, mine.sha256, mine.size)
        assert (row.pdq.hex() if row.pdq else None) == mine.pdq
        assert row.category == (str(one["Category"]) if one["Category"] else None)


def test_only_this_units_own_grades_go_and_no_list_shows():
    (one,), losses = entries(item("a", evidence=(own(grade="2", series="Series Harbour"), equal(grade="1"))))
    assert (one["Category"], one["Series"], one["IsPrecategorized"]) == (2, "Series Harbour", False)
    assert (one["VictimIdentified"], one["OffenderIdentified"]) == (True, None)
    assert losses.counts[Loss.OTHERS] == 1
    (other,), _ = entries(item("a", evidence=(equal(grade="1"),)))
    assert (other["Category"], other["Series"], other["PrecategorizationSource"]) == (None, None, None)
    assert ALPHA not in str(other)


def test_lists_speak_where_that_is_wanted_each_named():
    (one,), _ = entries(item("a", evidence=(equal(grade="1"),)), terms=WITH_LISTS)
    assert (one["Category"], one["IsPrecategorized"], one["PrecategorizationSource"]) == (1, True, ALPHA)
    (mine,), _ = entries(item("a", evidence=(own(grade="2"), equal(grade="1"))), terms=WITH_LISTS)
    assert (mine["Category"], mine["PrecategorizationSource"]) == (2, None)


def test_grades_of_another_scheme_are_told_and_never_translated():
    (one,), losses = entries(item("a", evidence=(own(grade="1", scheme="VIC-US"),)))
    assert (one["Category"], one["Comments"]) == (None, "own: VIC-US 1")
    assert losses.counts[Loss.OTHER_SCHEME] == 1
    (word,), losses = entries(item("a", evidence=(own(grade="A"),)))
    assert (word["Category"], losses.counts[Loss.NO_NUMBER]) == (None, 1)


def test_grades_that_contradict_each_other_leave_none():
    (one,), losses = entries(item("a", evidence=(own(grade="1"), own(grade="2"))))
    assert (one["Category"], one["Comments"]) == (None, "own: DEMO 1; own: DEMO 2")
    assert losses.counts[Loss.CONTRADICTION] == 1


def test_what_looks_alike_or_is_equal_by_md5_alone_grades_nothing():
    looks = replace(near(7, source="own"), claim=replace(near().claim, source="own"))
    (one,), losses = entries(item("a", "copy of known", evidence=(looks,)))
    assert one["Category"] is None
    assert one["Comments"].startswith("looks like known material: PDQ 7 of 256 bits")
    assert losses.counts[Loss.NEAR] == 1
    (weak,), _ = entries(item("a", evidence=(replace(own(grade="1"), how="md5"),)))
    assert weak["Category"] is None


def test_places_are_told_with_what_held_them():
    holder = item("zip", "not examined", PHONE, format="zip", width=None, height=None)
    inside = replace(sighting(f"{PHONE} > DCIM/1.jpg"), how="entry", exhibit="Phone")
    deleted = replace(sighting(f"{DISK}/gone.jpg"), how="deleted")
    (one,), losses = entries(holder, item("a", sightings=(inside, deleted, replace(deleted, standing="vanished"))))
    entry, gone = one["MediaFiles"]
    assert (entry["FileName"], entry["FilePath"], entry["SourceID"]) == ("1.jpg", f"{PHONE} > DCIM", "Phone")
    assert (entry["ParentFileName"], entry["ParentMD5"]) == ("phone.zip", holder.md5.upper())
    assert (gone["Deleted"], gone["ParentMD5"], gone["FilePath"]) == (True, None, DISK)
    assert (losses.counts[Loss.HISTORY], losses.counts[Loss.NO_MEDIA]) == (1, 1)


def test_metadata_have_the_names_of_exif():
    metadata = {
        "make": "Examplar",
        "serial: BodySerialNumber": "7",
        "gps": "-33.500000, -70.750000",
        "jpeg tables": "x",
    }
    (one,), losses = entries(item("a", metadata=metadata))
    assert {part["PropertyName"]: part["PropertyValue"] for part in one["Exifs"]} == {
        "Make": "Examplar", "BodySerialNumber": "7", "GPSLatitude": "33.500000", "GPSLatitudeRef": "S",
        "GPSLongitude": "70.750000", "GPSLongitudeRef": "W",
    }  # fmt: skip
    assert losses.counts[Loss.TEXTS] == 1


@pytest.mark.parametrize(
    ("boxes", "kind"),
    [("ftyp(isom/512 isom) moov", "video/mp4"), ("RIFF(AVI\\20)[LIST", "video/vnd.avi"), (None, None)],
)
def test_videos_have_the_type_of_their_container(boxes, kind):
    metadata = {} if boxes is None else {"container": boxes}
    (one,), losses = entries(item("a", format="video", metadata=metadata, pdq=None))
    assert (one["MimeType"], losses.counts[Loss.TYPE]) == (kind, int(kind is None))
    assert losses.counts[Loss.FRAMES] == 1


@pytest.mark.parametrize(
    ("scheme", "country"), [("VIC-US", "US"), ("VIC-UK", "UK"), ("OWN-2026", "Default"), (None, "Default")]
)
def test_the_country_follows_the_scheme(scheme, country):
    out, _ = written(item("a"), terms=replace(TERMS, scheme=scheme))
    assert read(out.getvalue())[0] == country


def test_a_case_has_one_identifier_in_every_file():
    first, second = (read(written(item(name))[0].getvalue())[1]["CaseID"] for name in "ab")
    other = read(written(item("a"), case="Other")[0].getvalue())[1]["CaseID"]
    assert first == second != other


hostile = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ['"', "\\", "\0", "</script>", " > ", "/", ""]
)


@given(names=st.lists(hostile, min_size=1, max_size=4), words=hostile, size=st.integers(0, 2**63 - 1))
def test_any_text_comes_back_as_it_was(names, words, size):
    many = [
        item(
            f"{number}",
            "known",
            sightings=(sighting(f"{DISK}/{name}"),),
            size=size,
            evidence=(own(grade="1", series=words or None),),
            metadata={"make": words} if words else {},
        )
        for number, name in enumerate(names)
    ]
    out, _ = written(*many, case=words or "x")
    _, case, media = read(out.getvalue())
    assert case["CaseNumber"] == (words or "x")
    assert [one["RelativeFilePath"] for one in media] == [f"{DISK}/{name}" for name in names]
    assert {one["MediaSize"] for one in media} == {size}
    assert {one["Series"] for one in media} == {words or None}
    assert len(imported(out)[1]) == len(many)


TOLD = {
    Report: {"case", "made", "version", "exhibits", "items"},
    ReportItem: {"sha256", "sha1", "md5", "size", "format", "pdq", "evidence", "sightings", "metadata"},
    Sighting: {"path", "modified", "how", "exhibit"},
    Evidence: {"how", "value", "claim", "distance"},
    Claim: {"source", "known_good", "scheme", "grade", "series", "victim_identified", "offender_identified",
            "distributed", "removed"},
}  # fmt: skip
LOST = {
    Report: {
        "scheme": "the default of the order", "node": "the machine", "demo": "by the scheme", "stacks": "no place",
        "sources": "no place", "failures": "no place", "warnings": "no place",
    },
    ReportItem: {
        "verdict": "says what is in it", "reason": "no place", "width": "no place", "height": "no place",
        "frames": "no place", "quality": "no place", "damaged": "no place", "tile": "no picture leaves",
        "graded": "decided anew, by own grades", "urgent": "a statement of its own, sent by export",
    },
    Sighting: {"size": "that of the content stands", "source": "a part of the path", "standing": "history is left out"},
    Evidence: {
        "quality": "no place", "transform": "no place", "which": "no place", "radius": "no place", "at": "no place",
        "known_at": "no place", "passages": "no place",
    },
    Claim: {"trust": "decides who speaks", "source_date": "no place", "label": "the scheme's own", "external_id": "no place"},
}  # fmt: skip


@pytest.mark.parametrize("model", TOLD)
def test_each_field_of_a_report_is_told_or_said_to_be_lost(model):
    assert {field.name for field in fields(model)} == TOLD[model] | LOST[model].keys()
    assert not TOLD[model] & LOST[model].keys()
