"""The shape of ICSE's export, read back by our own importer."""

import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from safelight.exchange.answers.decisions import Loss, Terms
from safelight.exchange.answers.icse import BASELINE, COLUMNS, write_icse
from safelight.known.formats.reader import ReadOptions, messages
from safelight.known.rows import KnownRow
from tests.unit.casework.report.example import DISK, equal, example_report, item, sighting

TERMS = Terms(BASELINE, "unit-alpha.example", {"own"}, set())


def written(*items, terms=TERMS):
    out = io.StringIO()
    losses = write_icse(replace(example_report(), items=items), terms, out)
    return out.getvalue(), losses


def rows(text):
    return [message for message in messages(io.BytesIO(text.encode()), ReadOptions()) if isinstance(message, KnownRow)]


def own(**changes):
    return equal(source="own", trust="own", scheme=BASELINE, **changes)


def test_the_columns_are_those_that_were_seen():
    text, _ = written()
    assert text == (
        "MD5;SHA1;ZZ40;PhotoDNA;Lace;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
        "Investigation name;Agency;Number of submissions;File Available;Media Type;Baseline\r\n"
    )
    assert len(COLUMNS) == 16


def test_a_content_is_one_line_and_comes_back():
    one = item("a", "known", f"{DISK}/1.jpg", f"{DISK}/2.jpg", evidence=(own(grade="Yes", victim_identified=False),))
    text, losses = written(one, item("film", format="video"), item("note", "not examined", width=None))
    [first, film] = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert (first["Victim identified"], first["Offender identified"], first["Is distributed"]) == ("N", "", "")
    assert (first["Baseline"], first["Media Type"], film["Media Type"]) == ("Yes", "Image", "Video")
    back, other = rows(text)
    assert (back.md5.hex(), back.sha1.hex(), back.external_id) == (one.md5, one.sha1, one.sha256)
    assert (back.category, back.victim_identified, back.series) == ("Yes", False, "Series Harbour")
    assert other.category is None
    assert (losses.contents, losses.counts[Loss.PLACES], losses.counts[Loss.NO_MEDIA]) == (2, 1, 1)


def test_a_grade_of_another_scheme_is_no_baseline():
    text, losses = written(item("a", evidence=(own(grade="1"),)), terms=replace(TERMS, scheme="DEMO"))
    assert next(csv.DictReader(io.StringIO(text), delimiter=";"))["Baseline"] == ""
    assert losses.counts[Loss.OTHER_SCHEME] == 1


@given(words=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_any_text_comes_back_as_it_was(words):
    text, _ = written(item("a", evidence=(own(grade="Yes", series=words or None),), sightings=(sighting(DISK),)))
    assert next(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))["Series name"] == words
