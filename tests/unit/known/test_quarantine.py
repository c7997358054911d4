"""The quarantine file appears whole or not at all."""

import csv
from datetime import UTC, datetime

import pytest

from safelight.errors import CannotRunError
from safelight.known.quarantine import Quarantine

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def test_it_appears_when_it_is_finished(tmp_path):
    quarantine = Quarantine(tmp_path, "Agency Alpha", NOW)
    quarantine.hold(3, "reason", '=1+1,"x"\nnext')
    assert not quarantine.path.exists()
    quarantine.finish()
    quarantine.discard()
    assert quarantine.path.name == "Agency-Alpha-20260504T000000.csv"
    with quarantine.path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["line", "reason", "text"], ["3", "reason", '\'=1+1,"x"\nnext']]


def test_nothing_held_back_makes_no_file(tmp_path):
    quarantine = Quarantine(tmp_path, "alpha", NOW)
    quarantine.finish()
    assert (quarantine.used, list(tmp_path.iterdir())) == (False, [])


def test_discarding_leaves_nothing(tmp_path):
    quarantine = Quarantine(tmp_path, "alpha", NOW)
    quarantine.hold(1, "r", "t")
    quarantine.discard()
    assert list((tmp_path / "quarantine").iterdir()) == []


def test_a_folder_that_cannot_be_written_ends_the_import(tmp_path):
    (tmp_path / "quarantine").write_text("in the way")
    with pytest.raises(CannotRunError, match="quarantine file"):
        Quarantine(tmp_path, "alpha", NOW).hold(1, "r", "t")
