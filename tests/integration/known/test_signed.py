"""What a list says is signed, row by row; what agencies sign of an item answers as a list does."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from safelight.access.key_records import KeyRecord, key_name
from safelight.assertions.actions import do_make_as_node, do_receive_assertion, officer_records, own_key
from safelight.assertions.batches import check_row
from safelight.assertions.queries import DestroyedRowsError, batch_header, batch_rows, prove_batch_row
from safelight.assertions.record import About, Assertion, Handling, latest_review
from safelight.assertions.signing import encode_envelope, sign_assertion, verify_record
from safelight.assertions.stating import countersigning
from safelight.errors import UsageError
from safelight.known.actions import ImportOptions, do_import_list, do_remove_source
from safelight.known.matching import KnownBase
from safelight.known.models import KnownEntry, KnownImport
from safelight.known.rules import Trust
from safelight.log.queries import recorded_entries
from safelight.vault.keys import RootKey
from safelight.vault.signatures import NewSignature
from tests.integration.access import example as access
from tests.integration.known.conftest import NOW
from tests.nodes import NODE

pytestmark = pytest.mark.django_db(transaction=True)

A, B = b"\xa1" * 32, b"\xb2" * 32
BETA = RootKey(bytes(32)).signing_key()
OURS = Handling()


def saying(kind, says, number, *, agency="unit-alpha.example", about=A, handling=OURS, supersedes=()):
    return Assertion(
        id=f"{number:032x}", agency=agency, officer="officer-1", kind=kind,
        about=About(type="item", ids=(about.hex(),)), says=says, purpose="identify-persons-and-objects",
        subject="victim", handling=handling, basis="the law", nature="assessment", made=NOW, review=latest_review(NOW),
        supersedes=supersedes,
    )  # fmt: skip


def make(assertion):
    do_make_as_node(assertion, NODE, acting_user="officer", now=NOW)


def answers(digest=A):
    question = NewSignature(None, None, digest, None)
    return [match.statement for match in KnownBase.open(NODE, now=NOW).match([question])[0]]


def test_the_server_has_counted_the_statements_when_thousands_are_asked_about():
    make(saying("grade", {"scheme": "DEMO", "value": "1"}, 1))
    make(saying("grade", {"scheme": "DEMO", "value": "2"}, 2, about=B))
    assert len(answers()) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname IN ('assertion', 'assertion_about')")
        assert cursor.fetchall() == [(2,), (2,)]


def test_an_import_is_one_batch_whose_rows_are_provable_alone(bring):
    bring(
        f"sha256,size,category,victim identified\n{A.hex()},5,1,Y\n{B.hex()},6,2,\n", scheme="VIC-US",
        trust=Trust.NATIONAL,
    )  # fmt: skip
    imported = KnownImport.objects.get()
    header, _ = batch_header(imported.batch, NODE)
    assert (header.source, header.scheme, header.trust, header.rows) == ("alpha", "VIC-US", "national", 2)
    for entry, digest in zip(KnownEntry.objects.order_by("line"), (A, B), strict=True):
        proven = prove_batch_row(imported.batch, entry.row, NODE)
        row = check_row(header, proven.row, proven.number, proven.proof)
        assert (row.sha256, row.scheme, row.value) == (digest, "VIC-US", entry.grade)
        assert row.victim_identified is entry.victim_identified
    events = [one.event for one in recorded_entries(NODE.log_sealer)]
    assert events == ["assertions:batch:made", "known:list:imported"]


def test_who_imports_signs_the_list_with_the_own_key_and_with_no_other(tmp_path, folder):
    here = access.node(tmp_path / "data")
    lead, _ = access.enrolled(here)
    path, moment = tmp_path / "alpha.csv", access.NOW + timedelta(hours=1)
    path.write_text(f"sha256,category\n{A.hex()},1\n", "utf-8")
    with pytest.raises(UsageError, match="not that of"):
        countersigning(access.key(2), lead, moment)
    do_import_list(
        path, options=ImportOptions(name="alpha", scheme="VIC-US"), settings=folder, node=here,
        countersign=countersigning(access.key(1), lead, moment), acting_user=lead.pseudonym, now=moment,
    )  # fmt: skip
    header, envelope = batch_header(KnownImport.objects.get().batch, here)
    assert header.officer == lead.pseudonym
    keys = {**officer_records(), own_key(here).name: own_key(here)}
    assert [one.officer for one in verify_record(envelope, keys, logged_at=moment)] == [lead.pseudonym]


def test_only_what_is_new_is_signed_again(bring):
    bring(f"sha256,category\n{A.hex()},1\n", scheme="VIC-US")
    bring(f"sha256,category\n{A.hex()},1\n{B.hex()},2\n")
    rows = [
        batch_header(batch, NODE)[0].rows
        for batch in KnownImport.objects.order_by("id").values_list("batch", flat=True)
    ]
    assert rows == [1, 1]


def test_an_import_that_fails_signs_nothing(bring):
    with transaction.atomic():
        bring(f"sha256,category\n{A.hex()},1\n", scheme="VIC-US")
        transaction.set_rollback(True)
    assert list(recorded_entries(NODE.log_sealer)) == []


def test_what_a_removed_source_said_is_destroyed_and_its_header_stays(bring):
    bring(f"sha256,category\n{A.hex()},1\n", scheme="VIC-US")
    do_remove_source("alpha", node=NODE, acting_user="officer", now=NOW)
    batch = KnownImport.objects.get().batch
    assert batch_header(batch, NODE)[0].rows == 1
    with pytest.raises(DestroyedRowsError):
        list(batch_rows(batch, NODE))


def test_a_grade_that_no_scheme_can_hold_is_refused_by_line(bring):
    result = bring(f"sha256,category\n{A.hex()},{'x' * 256}\n{B.hex()},2\n", scheme="VIC-US")
    assert (result.counts.new, result.counts.problems) == (1, [(2, "the grade is longer than 255 bytes")])


def test_what_this_agency_signed_makes_an_item_known_until_it_is_withdrawn():
    assert answers() == []
    make(saying("grade", {"scheme": "VIC-US", "value": "1"}, 1))
    [said] = answers()
    assert (said.source, said.trust, said.scheme, said.grade) == ("unit-alpha.example", "own", "VIC-US", "1")
    assert (said.label, said.sets_grade, said.external_id) == ("Child exploitation (illegal)", True, f"{1:032x}")
    assert answers(B) == []
    make(saying("withdrawn", {"why": "a mistake"}, 2, supersedes=(f"{1:032x}",)))
    assert answers() == []


def test_flags_and_series_stand_beside_the_grade():
    make(saying("grade", {"scheme": "VIC-US", "value": "2"}, 1))
    make(saying("identified", {"role": "victim", "by": "Agency Alpha"}, 2))
    make(saying("distributed", {"value": True}, 3))
    make(saying("in-series", {"series": f"{77:032x}"}, 4))
    [said] = answers()
    assert (said.victim_identified, said.offender_identified, said.distributed) == (True, None, True)
    assert said.series == f"{77:032x}"


def test_an_identified_victim_without_a_grade_is_known_too_and_a_note_alone_is_not():
    make(saying("note", {"text": "the harbour"}, 1))
    assert answers() == []
    make(saying("identified", {"role": "victim", "by": "Agency Alpha"}, 2))
    [said] = answers()
    assert (said.grade, said.victim_identified) == (None, True)


def test_agencies_that_differ_stand_side_by_side_and_what_may_not_be_read_answers_nothing():
    public = BETA.public_key().public_bytes_raw()
    keys = {
        key_name(public): KeyRecord(public, "unit-beta.example", None, NOW.replace(year=2020), NOW.replace(year=2030))
    }
    make(saying("grade", {"scheme": "VIC-US", "value": "1"}, 1))
    for number, handling in enumerate(
        (Handling(all_units=True, tlp="green", pap="green"), Handling(agencies=("unit-gamma.example",), tlp="amber"))
    ):
        theirs = saying(
            "grade", {"scheme": "VIC-US", "value": str(2 + number)}, 2 + number, agency="unit-beta.example",
            handling=handling,
        )  # fmt: skip
        do_receive_assertion(encode_envelope(sign_assertion(theirs, BETA)), keys, NODE, acting_user="officer", now=NOW)
    assert {(said.source, said.trust, said.grade) for said in answers()} == {
        ("unit-alpha.example", "own", "1"),
        ("unit-beta.example", "partner", "2"),
    }


def test_a_new_statement_and_one_that_ends_make_the_base_another():
    versions = [KnownBase.open(NODE, now=NOW).version]
    make(saying("grade", {"scheme": "VIC-US", "value": "1"}, 1))
    versions.append(KnownBase.open(NODE, now=NOW).version)
    later = latest_review(NOW)
    versions.append(KnownBase.open(NODE, now=later).version)
    assert len(set(versions)) == 3
    question = NewSignature(None, None, A, None)
    assert KnownBase.open(NODE, now=later).match([question]) == [[]]
