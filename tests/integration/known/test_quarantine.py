"""The quarantine file appears whole or not at all, sealed, and opens as it was written."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import CannotRunError, InputError, UsageError
from safelight.known.quarantine import Quarantine, do_show_quarantine, read_quarantine
from safelight.log.entries import Event
from safelight.log.queries import recorded_entries
from tests.nodes import NODE, VAULT

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def rows(path):
    return list(csv.reader(io.StringIO("".join(read_quarantine(path, VAULT)), newline="")))


def test_it_appears_when_it_is_finished(tmp_path):
    quarantine = Quarantine(tmp_path, "Agency Alpha", NOW, VAULT)
    quarantine.hold(3, "reason", '=1+1,"x"\nnext')
    assert not quarantine.path.exists()
    quarantine.finish()
    quarantine.discard()
    assert quarantine.path.name == "Agency-Alpha-20260504T000000.csv.sealed"
    assert rows(quarantine.path) == [["line", "reason", "text"], ["3", "reason", '\'=1+1,"x"\nnext']]
    assert b"reason" not in quarantine.path.read_bytes()


@given(st.lists(st.text(max_size=40_000), min_size=1, max_size=8))
def test_what_was_held_back_comes_back_whatever_its_length(tmp_path_factory, texts):
    quarantine = Quarantine(tmp_path_factory.mktemp("data"), "alpha", NOW, VAULT)
    for text in texts:
        quarantine.hold(1, "r", "x" + text)
    quarantine.finish()
    read = "".join(read_quarantine(quarantine.path, VAULT))
    expected = io.StringIO(newline="")
    csv.writer(expected).writerows([["line", "reason", "text"], *([1, "r", "x" + text] for text in texts)])
    assert read.encode() == expected.getvalue().encode("utf-8", "backslashreplace")


def test_a_file_that_lost_or_changed_a_piece_or_its_name_says_so(tmp_path):
    quarantine = Quarantine(tmp_path, "alpha", NOW, VAULT)
    for _ in range(3):
        quarantine.hold(1, "r", "t" * 70_000)
    quarantine.finish()
    whole = quarantine.path.read_bytes()
    first = 4 + int.from_bytes(whole[:4], "big")
    for broken in (whole[:-1], whole[:-40], whole[first:], whole[:first], whole[:9] + b"?" + whole[10:], b""):
        quarantine.path.write_bytes(broken)
        with pytest.raises(InputError):
            rows(quarantine.path)
    other = quarantine.path.with_name("other.csv.sealed")
    other.write_bytes(whole)
    with pytest.raises(InputError):
        rows(other)
    with pytest.raises(UsageError, match="cannot be read"):
        rows(tmp_path / "nowhere")


def test_nothing_held_back_makes_no_file(tmp_path):
    quarantine = Quarantine(tmp_path, "alpha", NOW, VAULT)
    quarantine.finish()
    assert (quarantine.used, list(tmp_path.iterdir())) == (False, [])


def test_discarding_leaves_nothing(tmp_path):
    quarantine = Quarantine(tmp_path, "alpha", NOW, VAULT)
    quarantine.hold(1, "r", "t")
    quarantine.discard()
    assert list((tmp_path / "quarantine").iterdir()) == []


def test_a_folder_that_cannot_be_written_ends_the_import(tmp_path):
    (tmp_path / "quarantine").write_text("in the way")
    with pytest.raises(CannotRunError, match="quarantine file"):
        Quarantine(tmp_path, "alpha", NOW, VAULT).hold(1, "r", "t")


@pytest.mark.django_db
def test_a_look_into_it_is_in_the_log_with_its_reason_before_anything_is_shown(tmp_path):
    quarantine = Quarantine(tmp_path, "alpha", NOW, VAULT)
    quarantine.hold(1, "no digest", "Series Harbour")
    quarantine.finish()
    with pytest.raises(UsageError, match="without a reason"):
        do_show_quarantine(quarantine.path, NODE, why=" ", acting_user="officer-7", now=NOW)
    assert list(recorded_entries(NODE.log_sealer)) == []
    shown = do_show_quarantine(quarantine.path, NODE, why="the source asks", acting_user="officer-7", now=NOW)
    [entry] = recorded_entries(NODE.log_sealer)
    assert entry.event == Event.QUARANTINE_SHOWN
    for word in ("the source asks", "officer-7", quarantine.path.name):
        assert word.encode() in entry.record
    assert "Series Harbour" in "".join(shown)
