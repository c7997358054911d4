"""Importing lists: what is taken, repeated, replaced, refused and held back."""

import csv
import io
import json
import random
from datetime import date

import pytest
from django.db import connection

from safelight.errors import InputError, UsageError
from safelight.known.actions import do_remove_source
from safelight.known.models import KnownEntry, KnownImport, KnownSource
from safelight.known.quarantine import read_quarantine
from safelight.known.queries import list_sources, show_source
from safelight.known.rules import Role, Trust
from safelight.vault.signatures import Realm, count
from tests.integration.known.conftest import NOW
from tests.nodes import NODE, VAULT, words_of

pytestmark = pytest.mark.django_db

A, B, C, D = (f"{number:032x}" for number in (0xA1, 0xB2, 0xC3, 0xD4))
REAL_PDQ = random.Random(5).randbytes(32).hex()


def held_back(result):
    return list(csv.reader(io.StringIO("".join(read_quarantine(result.quarantine, VAULT)), newline="")))


def test_a_table_is_taken_with_what_it_says(bring):
    result = bring(
        f"md5,category,series,victim identified,photodna\n{A},1,Series Harbour,yes,{'ab' * 144}\n{B},2,,,\n",
        scheme="VIC-US",
        trust=Trust.PARTNER,
        list_date=date(2026, 5, 1),
    )
    assert (result.counts.read, result.counts.new, result.counts.refused) == (2, 2, 0)
    assert result.clean
    entry = KnownEntry.objects.get(line=2)
    [words] = words_of([entry])
    assert (entry.grade, words.series, entry.victim_identified) == ("1", "Series Harbour", True)
    assert words.opaque == {"photodna.hex": "AB" * 144}
    source = KnownSource.objects.get()
    assert (source.trust, source.scheme, source.list_date) == ("partner", "VIC-US", date(2026, 5, 1))
    assert count(Realm.KNOWN) == 2


def test_the_database_has_figures_of_what_came_in_before_it_is_asked(bring):
    """Without them the first check after an import reads the whole table for each of its questions."""
    bring("".join(f"{number:032x}\n" for number in range(1, 1001)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'known_entry'::regclass")
        assert cursor.fetchone() == (1000,)


def test_the_same_file_again_adds_nothing(bring):
    text = f"md5,category\n{A},1\n{B},2\n"
    bring(text, scheme="VIC-US")
    again = bring(text)
    assert (again.counts.new, again.counts.repeated, again.counts.superseded) == (0, 2, 0)
    assert KnownEntry.objects.count() == 2
    assert KnownImport.objects.count() == 2


def test_a_changed_row_replaces_the_earlier_one_and_history_is_kept(bring):
    bring(f"md5,category\n{A},1\n{B},2\n", scheme="VIC-US")
    second = bring(f"md5,category\n{A},2\n{B},2\n")
    assert (second.counts.new, second.counts.repeated, second.counts.superseded) == (1, 1, 1)
    old = KnownEntry.objects.get(superseded_at__isnull=False)
    assert (old.grade, old.superseded_by.imported_at) == ("1", NOW)
    third = bring(f"md5,category\n{A},1\n{B},2\n")
    assert (third.counts.new, third.counts.superseded) == (1, 1)
    assert sorted(KnownEntry.objects.filter(superseded_at__isnull=True).values_list("grade", flat=True)) == ["1", "2"]


def test_two_statements_on_one_content_in_one_file_both_stand(bring):
    result = bring(
        f"md5,category,series\n{A},1,Series Harbour\n{A},1,Series Lantern\n{A},1,Series Harbour\n", scheme="VIC-US"
    )
    assert (result.counts.new, result.counts.repeated, result.counts.superseded) == (2, 1, 0)


def test_entries_repeated_per_file_become_one(bring):
    media = [
        {"MediaID": number, "MD5": A, "Category": 1, "MediaFiles": [{"FileName": f"{number}.jpg"}]}
        for number in range(30)
    ]
    result = bring(json.dumps({"value": media}), scheme="VIC-US")
    assert (result.counts.read, result.counts.new, result.counts.repeated) == (30, 1, 29)


def test_bad_rows_are_quarantined_with_line_and_reason(bring, folder):
    result = bring(f"md5,comment\n{A},ok\n{A}f,long\n=cmd,formula\n")
    assert result.counts.problems == [
        (3, "MD5 has 33 characters instead of 32"),
        (4, "MD5 has 4 characters instead of 32"),
    ]
    assert not result.clean
    rows = held_back(result)
    assert rows[1:] == [
        ["3", "MD5 has 33 characters instead of 32", f"{A}f,long"],
        ["4", "MD5 has 4 characters instead of 32", "'=cmd,formula"],
    ]
    assert result.quarantine.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "left_out", "rows"),
    [
        (
            json.dumps({"value": [{"MD5": A}, {"MD5": B, "VictimIdentified": "maybe", "MediaSize": "=1+1"}]}),
            {"victim_identified": 1, "size": 1},
            [("2", "victim_identified", "'maybe'", "maybe"), ("2", "size", "'=1+1'", "'=1+1")],
        ),
        (
            f"Image ID;Is distributed;Victim identified;Baseline;MD5\n1;perhaps;yes;Yes;{A};\n2;perhaps;no;No;{B};\n",
            {"distributed": 2},
            [("2", "distributed", "'perhaps'", "perhaps"), ("3", "distributed", "'perhaps'", "perhaps")],
        ),
        (f"md5,size,quality\n{A},12,101\n", {"quality": 1}, [("2", "quality", "101", "101")]),
    ],
)
def test_a_value_that_is_left_out_is_named_and_counted_and_its_row_taken(bring, content, left_out, rows):
    result = bring(content)
    assert (result.counts.refused, result.counts.left_out, result.clean) == (0, left_out, True)
    assert result.counts.new == result.counts.read
    _, *held = held_back(result)
    assert len(held) == len(rows)
    for (line, reason, text), (at, field, spelled, value) in zip(held, rows, strict=True):
        assert (line, text) == (at, value)
        assert reason.startswith(f"{field} left out")
        assert spelled in reason
    again = bring(content)
    assert (again.counts.new, again.counts.repeated) == (0, result.counts.read)


def test_a_value_left_out_of_a_row_that_is_refused_is_not_named_apart(bring):
    result = bring(f"md5,path,size\n,nowhere.jpg,big\n{A},,3\n")
    assert (result.counts.refused, result.counts.left_out) == (1, {})


def test_a_truncated_file_keeps_what_was_read_and_is_marked(bring):
    whole = json.dumps({"value": [{"MD5": A, "Category": None}, {"MD5": B}, {"MD5": C}]})
    result = bring(whole[: whole.index(C)])
    assert (result.counts.new, result.complete, result.clean) == (2, False, False)
    assert "broke off after entry 2" in result.problem
    assert not list_sources()[0].complete
    repaired = bring(whole)
    assert (repaired.counts.new, repaired.counts.repeated) == (1, 2)
    assert list_sources()[0].complete


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b'{"value": 1', "no media entry"),
        (b"hello world\n", "no list"),
    ],
)
def test_what_is_no_list_changes_nothing(bring, content, words):
    with pytest.raises(InputError, match=words):
        bring(content)
    assert not KnownSource.objects.exists()


@pytest.mark.parametrize(
    ("content", "mapping", "words"),
    [
        (b"name,age\nx,1\n", {}, "--map"),
        (b"0" * 63 + b"1\n", {}, "PDQ"),
        (f"md5\n{A}\n", {"foo": "sha257"}, "no field 'sha257'"),
    ],
)
def test_a_list_of_which_more_must_be_said_changes_nothing(bring, content, mapping, words):
    with pytest.raises(UsageError, match=words):
        bring(content, mapping=mapping)
    assert not KnownSource.objects.exists()


def test_grades_need_a_scheme(bring):
    with pytest.raises(UsageError, match="--scheme"):
        bring(f"md5,category\n{A},1\n")
    assert not KnownSource.objects.exists()
    assert count(Realm.KNOWN) == 0


def test_a_scheme_that_nobody_has_is_refused(bring):
    with pytest.raises(UsageError, match="VIC-US"):
        bring(f"md5,category\n{A},1\n", scheme="NOWHERE")


def test_a_source_keeps_its_scheme_and_role(bring):
    bring(f"md5,category\n{A},1\n", scheme="VIC-US")
    with pytest.raises(UsageError, match="never translated"):
        bring(f"md5,category\n{B},1\n", scheme="VIC-UK")
    with pytest.raises(UsageError, match="cannot become known-good"):
        bring(f"md5\n{B}\n", role=Role.KNOWN_GOOD)


def test_a_units_own_scheme_is_used(bring, folder):
    (folder.data / "schemes").mkdir()
    (folder.data / "schemes" / "own.json").write_text(
        json.dumps({"name": "OWN", "title": "Own", "source": "us", "categories": []})
    )
    assert bring(f"md5,category\n{A},x\n", scheme="OWN").scheme == "OWN"


def test_hashes_that_would_match_everything_are_kept_and_not_matched(bring):
    result = bring(f"md5,pdq,quality\n{A},{'0' * 64},100\n{B},{REAL_PDQ},100\n{C},{REAL_PDQ[:-1]}0,20\n")
    assert result.counts.quarantined_hashes == 1
    assert show_source("alpha").by_hash_state == {"flat": 1, "matched": 2}
    assert sum(len(signatures) for signatures, _ in VAULT.signatures.code_arrays(Realm.KNOWN, min_quality=0)) == 3


def test_a_units_own_tripwire_holds_back(bring, folder):
    (folder.data / "screening").mkdir()
    (folder.data / "screening" / "own.txt").write_text(f"{REAL_PDQ} our wallpaper\n")
    result = bring(f"md5,pdq\n{A},{REAL_PDQ}\n")
    assert result.counts.quarantined_hashes == 1
    assert "our wallpaper" in repr(held_back(result))


def test_a_dry_run_tells_and_changes_nothing(bring, folder):
    result = bring(f"md5\n{A}\nzz\n", dry_run=True)
    assert (result.counts.new, result.counts.refused, result.quarantine) == (1, 1, None)
    assert not KnownSource.objects.exists()
    assert not list((folder.data / "quarantine").glob("*"))


def test_a_removed_source_is_history_and_its_hashes_are_gone(bring):
    bring(f"md5,pdq\n{A},{REAL_PDQ}\n")
    assert do_remove_source("alpha", node=NODE, acting_user="officer", now=NOW).entries == 1
    assert count(Realm.KNOWN) == 0
    assert list_sources() == []
    assert list_sources(removed=True)[0].removed_at == NOW
    assert show_source("alpha").summary.removed_at == NOW
    assert KnownEntry.objects.get().superseded_at == NOW
    with pytest.raises(UsageError, match="no source"):
        do_remove_source("alpha", node=NODE, acting_user="officer", now=NOW)
    assert bring(f"md5,pdq\n{A},{REAL_PDQ}\n").counts.new == 1


def test_removing_in_several_helpings_leaves_nothing(bring, monkeypatch):
    monkeypatch.setattr("safelight.known.queries._AT_ONCE", 2)
    bring(f"md5\n{A}\n{B}\n{C}\n{D}\n{D[::-1]}\n")
    do_remove_source("alpha", node=NODE, acting_user="officer", now=NOW)
    assert count(Realm.KNOWN) == 0


class TestDemonstration:
    LIST = f"md5,category\n{A},1\n"

    def test_a_demonstration_folder_takes_demonstration_lists(self, bring, demo_folder):
        result = bring(self.LIST, name="demo-not-for-use-alpha", settings=demo_folder)
        assert result.scheme == "DEMO"

    def test_and_nothing_else(self, bring, demo_folder):
        with pytest.raises(UsageError, match="no demonstration list"):
            bring(self.LIST, name="alpha", settings=demo_folder, scheme="DEMO")
        with pytest.raises(UsageError, match="no demonstration list"):
            bring(self.LIST, name="demo-not-for-use-alpha", settings=demo_folder, scheme="VIC-US")

    @pytest.mark.parametrize(
        ("name", "scheme", "text"),
        [
            ("demo-not-for-use-alpha", None, LIST),
            ("Demo-Not-For-Use", "VIC-US", LIST),
            ("alpha", "DEMO", LIST),
            ("alpha", None, f"md5,category,scheme\n{A},1,DEMO\n"),
            ("alpha", "VIC-US", f"md5,category,agency\n{A},1,demo-not-for-use\n"),
        ],
    )
    def test_a_real_folder_takes_none(self, bring, name, scheme, text):
        with pytest.raises(UsageError, match="demonstration"):
            bring(text, name=name, scheme=scheme)
        assert not KnownSource.objects.exists()

    def test_known_good_needs_no_scheme_there(self, bring, demo_folder):
        result = bring(f"sha256\n{A * 2}\n", name="demo-not-for-use-good", settings=demo_folder, role=Role.KNOWN_GOOD)
        assert (result.scheme, result.role) == (None, "known-good")
