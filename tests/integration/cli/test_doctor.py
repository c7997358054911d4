"""`safelight doctor` says what of the log waits, and what nothing outside holds to its history."""

import shutil

import pytest

from safelight.cli.doctor import _people
from safelight.known.actions import do_import_list
from safelight.known.importing import ImportOptions
from safelight.known.rules import Role
from safelight.log.actions import do_add_entry, do_hand_out_checkpoint
from safelight.log.entries import Entry, Event
from tests.integration.access.example import NOW
from tests.nodes import node_in, write_node
from tests.unit.known.formats.nsrl import rds3

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_waits_and_what_is_kept_outside_is_said(embedded_database):
    data = embedded_database.data
    write_node(data)
    shutil.rmtree(data / "log", ignore_errors=True)  # an earlier test's, whose entries are gone
    node = node_in(data)

    def found():
        return {one.what: (one.state, one.good) for one in _people(embedded_database)}

    do_add_entry(Entry(Event.NODE_CREATED, "officer-1", NOW), node.log_sealer)
    assert found()["log waiting"] == ("1 entries", True)
    assert found()["log kept outside"] == ("no checkpoint was handed out", False)
    do_hand_out_checkpoint(node.log_store, node.signer, now=NOW)
    assert "log waiting" not in found()
    assert found()["log kept outside"] == ("1 entries under the checkpoint of 2026-03-14 12:00 UTC", True)


def test_a_published_list_is_named_with_what_is_wrong_with_it(embedded_database, tmp_path):
    data = embedded_database.data
    write_node(data)
    shutil.rmtree(data / "log", ignore_errors=True)
    list_ = rds3(tmp_path / "nsrl", [b"harmless"])
    options = ImportOptions(role=Role.KNOWN_GOOD)
    do_import_list(
        list_, options=options, settings=embedded_database, node=node_in(data), acting_user="officer", now=NOW
    )

    def found():
        return {one.what: one for one in _people(embedded_database)}["published list nsrl"]

    assert (found().state, found().good) == ("1 entries", True)
    (file,) = (data / "public").glob("*/sha1")
    file.write_bytes(file.read_bytes()[:-1])
    assert not found().good
    assert str(file) in found().state
    assert "imported again" in found().follows
