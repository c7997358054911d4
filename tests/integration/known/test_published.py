"""Published lists of known good: from a file of NSRL's form to an answer, and what happens when things go wrong."""

import signal
import subprocess
import sys

import pytest

from safelight.casework.models import Answer
from safelight.errors import UsageError
from safelight.known.actions import do_remove_source
from safelight.known.matching import KnownBase
from safelight.known.models import KnownEntry, KnownImport, KnownSet, KnownSource
from safelight.known.public.tables import DamagedTableError
from safelight.known.published import LOCK, check_sets, open_sets
from safelight.known.queries import list_sources, show_source
from safelight.known.rules import Role, Trust
from safelight.log.models import LogEntry
from safelight.platform.database import BusyError, advisory_lock
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.signatures.digests import digest
from safelight.vault.signatures import NewSignature
from tests.integration.casework.conftest import bench  # noqa: F401 - a fixture
from tests.integration.casework.outcome import verdicts
from tests.integration.known.conftest import NOW
from tests.nodes import NODE, node_in
from tests.unit.known.formats.nsrl import caid, digests, rds2, rds3

pytestmark = pytest.mark.django_db(transaction=True)

CONTENTS = [f"harmless {number}".encode() for number in range(40)]
GOOD = {"role": Role.KNOWN_GOOD}


@pytest.fixture
def database(tmp_path):
    return rds3(tmp_path / "rds", CONTENTS).read_bytes()


def ask(folder, *contents, size=None):
    base = KnownBase.open(NODE, now=NOW, data=folder.data)
    asked = [NewSignature.of(digest(content)) for content in contents]
    return [[(match.statement.source, match.how, match.size_agrees) for match in found] for found in base.match(asked)]


def folders(folder):
    root = folder.data / "public"
    return sorted(one.name for one in root.iterdir()) if root.exists() else []


def test_rds_3_is_read_in_the_sandbox_and_answers(bring, folder, database):
    result = bring(database, name="nsrl", **GOOD)
    assert (result.format, result.trust, result.clean) == ("NSRL RDS", "public", True)
    assert (result.counts.read, result.counts.new, result.counts.repeated) == (40, 40, 0)
    assert KnownEntry.objects.count() == 0
    assert ask(folder, CONTENTS[7], b"a stranger") == [[("nsrl", "sha256", None)], []]
    (source,) = list_sources()
    assert (source.entries, source.published, source.complete) == (40, 40, True)
    assert show_source("nsrl").published_rows == {"sha256": 40, "sha1": 40, "md5": 40}
    assert list(check_sets(folder.data)) == []


@pytest.mark.parametrize("raw", [caid(CONTENTS), rds2(CONTENTS)], ids=["caid", "rds2"])
def test_forms_without_sha256_answer_by_sha1_and_size(bring, folder, raw):
    assert bring(raw, name="nsrl", **GOOD).clean
    assert ask(folder, CONTENTS[7]) == [[("nsrl", "sha1", True)]]


def test_rds_is_refused_where_nobody_says_that_it_is_known_good(bring, database):
    with pytest.raises(UsageError, match="--known-good"):
        bring(database, name="nsrl")
    assert not KnownSource.objects.exists()


def test_a_public_list_of_another_form_becomes_a_set_once_it_is_large(bring, folder, monkeypatch):
    text = "sha256\n" + "".join(f"{digests(one)['sha256']}\n" for one in CONTENTS)
    bring(text, name="small", trust=Trust.PUBLIC, **GOOD)
    monkeypatch.setattr("safelight.known.actions.LARGE_BYTES", 1000)
    bring(text, name="large", trust=Trust.PUBLIC, **GOOD)
    bring(text, name="not-public", trust=Trust.PARTNER, **GOOD)
    assert [(one.name, one.published) for one in list_sources()] == [("large", 40), ("not-public", 0), ("small", 0)]
    assert [source for source, _, _ in ask(folder, CONTENTS[0])[0]] == ["large", "small", "not-public"]


def test_a_list_named_again_adds_to_what_is_there(bring, folder):
    bring(rds2(CONTENTS[:30]), name="nsrl", **GOOD)
    first = folders(folder)
    again = bring(rds2(CONTENTS[20:]), name="nsrl", **GOOD)
    assert (again.counts.read, again.counts.new, again.counts.repeated) == (20, 10, 10)
    assert len(folders(folder)) == 1
    assert folders(folder) != first
    assert all(ask(folder, CONTENTS[0], CONTENTS[25], CONTENTS[39]))
    assert KnownImport.objects.count() == KnownSet.objects.count() == 2


def test_what_grades_is_refused_and_named(bring, folder):
    raw = caid(CONTENTS[:3]).replace(
        b'"Category": 8, "MD5": "' + digests(CONTENTS[1])["md5"].encode(),
        b'"Category": 1, "MD5": "' + digests(CONTENTS[1])["md5"].encode(),
    )
    result = bring(raw, name="nsrl", **GOOD)
    assert result.counts.problems == [(2, "it has the grade '1', in a published list of known good")]
    assert result.quarantine is not None
    assert ask(folder, CONTENTS[1]) == [[]]


def test_a_dry_run_leaves_nothing(bring, folder, database):
    assert bring(database, name="nsrl", dry_run=True, **GOOD).counts.new == 40
    assert folders(folder) == []
    assert not KnownSet.objects.exists()


def test_a_removed_list_answers_no_more_and_its_files_are_gone(bring, folder, database):
    bring(database, name="nsrl", **GOOD)
    base = KnownBase.open(NODE, now=NOW, data=folder.data)
    assert do_remove_source("nsrl", node=NODE, acting_user="officer", now=NOW, data=folder.data).entries == 40
    assert folders(folder) == []
    assert ask(folder, CONTENTS[0]) == [[]]
    assert base.match([NewSignature.of(digest(CONTENTS[0]))])[0], "who had it open goes on"
    with pytest.raises(UsageError):
        do_remove_source("nsrl", node=NODE, acting_user="officer", now=NOW, data=folder.data)


def test_an_import_is_logged_with_what_its_files_are_held_to(bring, folder, database):
    before = LogEntry.objects.count()
    bring(database, name="nsrl", **GOOD)
    assert LogEntry.objects.count() == before + 1


def damage(folder, name, how):
    path = folder.data / "public" / folders(folder)[0] / name
    raw = bytearray(path.read_bytes())
    if how == "altered":
        raw[5] ^= 1
        path.write_bytes(raw)
    elif how == "truncated":
        path.write_bytes(raw[:-1])
    else:
        path.unlink()
    return path


@pytest.mark.parametrize("how", ["truncated", "missing"])
def test_a_damaged_set_is_named_and_asked_nothing_until_its_list_is_imported_again(bring, folder, database, how):
    bring(database, name="nsrl", **GOOD)
    whole = KnownBase.open(NODE, now=NOW, data=folder.data).version
    path = damage(folder, "sha1", how)
    base = KnownBase.open(NODE, now=NOW, data=folder.data)
    (sentence,) = base.silent
    assert "nsrl answers nothing" in sentence
    assert str(path) in sentence
    assert base.version != whole, "what was answered with it is asked again"
    assert [sentence for _, sentence in check_sets(folder.data)] == [open_sets(folder.data)[0].fault]
    again = bring(database, name="nsrl", **GOOD)
    assert any(str(path) in note for note in again.notes)
    assert ask(folder, CONTENTS[7]) == [[("nsrl", "sha256", None)]]


def test_an_altered_row_is_named_by_a_check_of_the_vault_and_by_an_import(bring, folder, database):
    bring(database, name="nsrl", **GOOD)
    path = damage(folder, "md5", "altered")
    ((where, sentence),) = check_sets(folder.data)
    assert where == str(path.parent)
    assert f"{path} was altered near row 0" in sentence
    assert any("was altered" in note for note in bring(database, name="nsrl", **GOOD).notes)
    assert list(check_sets(folder.data)) == []


def test_two_at_once_are_one_after_the_other(bring, folder, database):
    with advisory_lock(LOCK), pytest.raises(BusyError):
        bring(database, name="nsrl", **GOOD)
    assert not KnownSource.objects.exists()
    assert bring(database, name="nsrl", **GOOD).clean


def test_an_import_that_fails_leaves_no_folder(bring, folder, database, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safelight.known.public.taking.write_table", full)
    with pytest.raises(Exception, match="make room"):
        bring(database, name="nsrl", **GOOD)
    assert folders(folder) == []
    assert not KnownSource.objects.exists()


CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
with open_database(read_settings(data=Path(sys.argv[1]))), acting(NOBODY_ENROLLED):
    import safelight.known.actions as actions
    import safelight.known.publishing as publishing
    from safelight.known.public.taking import SetIntake
    from safelight.known.rules import Role
    from tests.nodes import NODE
    def die(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGKILL)
    where = sys.argv[3]
    if where == "taking":
        SetIntake.finish = die
    elif where == "writing":
        before = publishing.settle
        publishing.settle = die
    elif where == "settled":
        actions._Import._count_on = die
    elif where == "logged":
        actions.do_add_entry = die
    actions.do_import_list(Path(sys.argv[2]), options=actions.ImportOptions(name="nsrl", role=Role.KNOWN_GOOD),
        settings=read_settings(data=Path(sys.argv[1])), node=NODE, acting_user="officer", now=datetime(2026, 5, 4, tzinfo=UTC))
"""


@pytest.mark.parametrize("where", ["taking", "writing", "settled", "logged"])
def test_killed_at_any_step_nothing_answers_and_the_next_import_sweeps_up(embedded_database, tmp_path, where):
    path = rds3(tmp_path / "rds", CONTENTS)

    def run(step):
        command = [sys.executable, "-c", CHILD, str(embedded_database.data), str(path), step]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    assert run(where).returncode == -signal.SIGKILL
    assert len(folders(embedded_database)) >= 1, "the kill left something"
    assert not KnownSet.objects.exists()
    assert ask(embedded_database, CONTENTS[0]) == [[]]
    done = run("never")
    assert done.returncode == 0, done.stderr
    (stored,) = KnownSet.objects.all()
    assert folders(embedded_database) == [stored.folder]
    assert ask(embedded_database, CONTENTS[0]) == [[("nsrl", "sha256", None)]]


ONE, TWO, THREE = (FORMATS["png-rgb"].write(picture(8, number, (400, 300))) for number in (1, 2, 3))


def test_a_published_list_is_asked_by_a_check(bench, tmp_path):  # noqa: F811 - the fixture
    for name, content in (("one.png", ONE), ("two.png", TWO), ("three.png", THREE)):
        bench.put(name, content)
    path = rds3(tmp_path / "demo-not-for-use-nsrl", [ONE, TWO])
    graded = tmp_path / "demo-not-for-use-alpha.csv"
    graded.write_text(f"sha256,category\n{digest(TWO).sha256.hex()},3\n")
    bench.learn(path, trust=Trust.PUBLIC, role=Role.KNOWN_GOOD)
    bench.learn(graded)
    bench.check()
    assert verdicts(bench.outcome()) == {"known good": 1, "known": 1, "new": 1}, "known good hides no grade"
    good = Answer.objects.get(current=True, verdict="known good")
    do_remove_source("demo-not-for-use-nsrl", node=node_in(bench.data), acting_user="officer", now=NOW, data=bench.data)
    bench.check()
    assert verdicts(bench.outcome()) == {"known": 1, "new": 2}
    good.refresh_from_db()
    assert (good.current, good.verdict) == (False, "known good")


def test_a_check_says_which_list_is_silent(bench, tmp_path):  # noqa: F811 - the fixture
    bench.put("one.png", ONE)
    bench.learn(rds3(tmp_path / "demo-not-for-use-nsrl", [ONE]), trust=Trust.PUBLIC, role=Role.KNOWN_GOOD)
    for file in (bench.data / "public").glob("*/sha256"):
        file.unlink()
    bench.check()
    assert verdicts(bench.outcome()) == {"new": 1}
    assert any("demo-not-for-use-nsrl answers nothing" in warning for warning in bench.watching.notes)


def test_a_list_of_known_material_that_names_a_harmless_file_says_so(bring, folder, database):
    bring(database, name="nsrl", **GOOD)
    rows = "".join(f"{digests(one)['sha256']},1\n" for one in (CONTENTS[0], CONTENTS[1], b"a stranger"))
    result = bring(f"sha256,category\n{rows}", name="alpha", scheme="VIC-US")
    assert [note for note in result.notes if "harmless" in note] == [
        "2 entries name what nsrl names as harmless: both stand; ask who made the list"
    ]
    assert result.counts.new == 3
    assert [source for source, _, _ in ask(folder, CONTENTS[0])[0]] == ["nsrl", "alpha"]


def test_a_check_ends_with_a_sentence_where_what_would_answer_was_altered(bench, tmp_path):  # noqa: F811 - the fixture
    bench.put("one.png", ONE)
    bench.learn(rds3(tmp_path / "demo-not-for-use-nsrl", [ONE, TWO]), trust=Trust.PUBLIC, role=Role.KNOWN_GOOD)
    (file,) = (bench.data / "public").glob("*/sha256")
    two = digest(TWO).sha256
    file.write_bytes(file.read_bytes().replace(two, two[:31] + bytes([two[31] ^ 1])))
    with pytest.raises(DamagedTableError, match=f"{file} was altered near row 0: import its list again"):
        bench.check()
    do_remove_source("demo-not-for-use-nsrl", node=node_in(bench.data), acting_user="officer", now=NOW, data=bench.data)
    bench.check()
    assert verdicts(bench.outcome()) == {"new": 1}
