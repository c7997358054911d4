"""Backups of a node whose database is open: what belongs to them, what goes away meanwhile, what is removed when."""

import hashlib
import shutil
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.db import transaction

from safelight.access.backup import tables
from safelight.access.backup.actions import do_create_backup, do_prune_backups, read_contents
from safelight.access.backup.checking import check_backups
from safelight.access.backup.contents import Copier, check_contents, named_blobs
from safelight.access.backup.folder import BackupFolder, NoBackupError, open_bundle
from safelight.access.backup.manifest import Kind
from safelight.access.backup.restoring import Order, do_restore_node, wait_until_stopped
from safelight.errors import CannotRunError, UsageError
from safelight.log.queries import recorded_entries
from safelight.platform.database import BusyError
from safelight.platform.settings import read_settings
from safelight.platform.walls import walls_down
from safelight.vault.actions.keeping import do_keep_contents, do_release_contents
from safelight.vault.actions.restoring import Buried, do_bury_again, do_drop_closed_blocks, do_forget_objects
from safelight.vault.blobs import NoSuchBlobError
from safelight.vault.models import Signature, SignatureBlock, SignatureKey, StoredObject
from safelight.vault.queries import stored_objects
from safelight.vault.signatures import NewSignature, Realm
from tests.integration.entrances import owner
from tests.nodes import KEYS, node_in, write_node

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HARBOUR, ROOM = b"a benign picture of a harbour", b"a benign picture of a room"


@pytest.fixture
def node(tmp_path):
    write_node(tmp_path / "data")
    return node_in(tmp_path / "data")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "backups"


def create(node, root, now=NOW):
    return do_create_backup(node, root, acting_user="officer-1", now=now)


def faults(node, root, now=NOW):
    return [fault.sentence for fault in check_backups(BackupFolder(root), node, now=now)]


def signature(md5):
    return NewSignature(md5=md5, sha1=None, sha256=None, size=3)


def names(root):
    return sorted(path.name for path in root.iterdir())


def test_a_backup_holds_every_table_but_those_of_keys_and_is_in_the_log(node, root):
    do_keep_contents(node.vault, [HARBOUR, ROOM], node.name)
    taken = create(node, root)
    assert (taken.name, taken.blobs, taken.expired, taken.faults) == ("backup-20260314T120000Z", 2, (), ())
    assert names(root) == ["backup-20260314T120000Z", "contents", "incoming", "keys-20260314T120000Z"]
    main = open_bundle(BackupFolder(root), taken.name, node)
    keys = open_bundle(BackupFolder(root), "keys-20260314T120000Z", node)
    held = {part.name for part in main.manifest.parts}
    assert {"schema", "files", "contents", "node-keys.json", "table-vault_object", "table-log_entry"} <= held
    assert not held & {"table-vault_object_key", "table-vault_signature_key"}
    assert {part.name for part in keys.manifest.parts} == {
        "schema",
        "node-keys.json",
        "table-vault_object_key",
        "table-vault_signature_key",
        "table-vault_tombstone",
        "table-vault_receipt",
        "table-vault_handout",
    }
    assert b"".join(keys.read("table-vault_object_key")).count(b"\n") == 2
    assert [one.event for one in recorded_entries(node.log_sealer)] == ["access:backup:taken"]
    assert faults(node, root) == []


def test_nothing_in_a_backup_is_in_clear(node, root):
    do_keep_contents(node.vault, [HARBOUR], "Agency Planted")
    (node.data / "quarantine").mkdir()
    (node.data / "quarantine" / "planted-source.csv.sealed").write_bytes(b"planted bytes")
    (node.data / "quarantine" / ".planted.partial").write_bytes(b"not done yet")
    create(node, root)
    for path in root.rglob("*"):
        assert "planted" not in path.name
        if path.is_file():
            assert b"lanted" not in path.read_bytes()
    main = open_bundle(BackupFolder(root), "backup-20260314T120000Z", node)
    assert b"".join(main.read("files")) == b'["quarantine/planted-source.csv.sealed"]'


@pytest.mark.parametrize("bundle", ["backup", "keys"])
def test_a_flipped_byte_in_any_part_is_found(node, root, bundle):
    do_keep_contents(node.vault, [HARBOUR], node.name)
    create(node, root)
    paths = [path for path in (root / f"{bundle}-20260314T120000Z").iterdir() if path.name != "manifest"]
    assert len(paths) > 4
    for path in paths:
        content = path.read_bytes()
        for place in (0, len(content) // 2, len(content) - 1):
            path.chmod(0o600)
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            found = faults(node, root)
            assert len(found) == 1
            assert path.name in found[0]
        path.write_bytes(content[:-1])
        assert len(faults(node, root)) == 1
        path.unlink()
        assert len(faults(node, root)) == 1
        path.write_bytes(content)
    assert faults(node, root) == []


def test_a_damaged_blob_or_manifest_is_found_and_a_removed_blob_is_copied_again(node, root):
    do_keep_contents(node.vault, [HARBOUR], node.name)
    create(node, root)
    [blob] = [path for path in (root / "contents").rglob("*") if path.is_file()]
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert len(faults(node, root)) == 1
    blob.unlink()
    assert len(faults(node, root)) == 1
    create(node, root, NOW + DAY)
    assert faults(node, root) == []
    manifest = root / "backup-20260314T120000Z" / "manifest"
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes().replace(b"unit-alpha", b"unit-omega", 1))
    assert len(faults(node, root)) == 1
    create(node, root, NOW + 2 * DAY)
    shutil.rmtree(root / "backup-20260314T120000Z")
    assert faults(node, root) == []


def test_an_empty_folder_is_no_backup(node, root):
    root.mkdir()
    assert faults(node, root) == [f"There is no backup in {root}."]
    with pytest.raises(NoBackupError):
        BackupFolder(root).newest(Kind.BACKUP)
    with pytest.raises(NoBackupError):
        open_bundle(BackupFolder(root), "backup-20260314T120000Z", node)
    with pytest.raises(CannotRunError), BackupFolder(root / "nowhere").alone():
        pass


def test_keys_are_kept_for_thirty_days_and_what_a_killed_removal_left_goes_too(node, root):
    create(node, root)
    assert create(node, root, NOW + 29 * DAY).expired == ()
    assert len(faults(node, root, NOW + 30 * DAY)) == 1
    (root / "keys-20260101T000000Z").mkdir()
    assert create(node, root, NOW + 30 * DAY).expired == ("keys-20260314T120000Z",)
    assert not (root / "keys-20260101T000000Z").exists()
    assert do_prune_backups(node, root, keep=None, now=NOW + 59 * DAY) == ["keys-20260412T120000Z"]
    assert len(BackupFolder(root).bundles(Kind.BACKUP)) == 3
    removed = do_prune_backups(node, root, keep=1, now=NOW + 59 * DAY)
    assert removed == ["backup-20260314T120000Z", "backup-20260412T120000Z"]


def test_blobs_that_no_backup_names_go_with_the_last_that_did(node, root):
    do_keep_contents(node.vault, [HARBOUR, ROOM], node.name)
    create(node, root)
    do_release_contents(node.vault, [hashlib.sha256(HARBOUR).digest()], node.name)
    create(node, root, NOW + DAY)
    assert len(list(BackupFolder(root).contents.addresses())) == 2
    do_prune_backups(node, root, keep=1, now=NOW + DAY)
    assert len(list(BackupFolder(root).contents.addresses())) == 1
    assert faults(node, root, NOW + DAY) == []


def test_what_is_let_go_of_while_it_is_copied_is_listed_and_what_is_missing_is_named(node, root):
    do_keep_contents(node.vault, [HARBOUR, ROOM], node.name)
    named = named_blobs(node.vault)
    gone, missing = sorted(named.blobs)
    node.vault.blobs.remove_many([gone, missing])
    StoredObject.objects.filter(pk=named.blobs[gone]).delete()
    copier = Copier(node.vault.blobs, BackupFolder(root).contents, {})
    contents, said = copier.copy(named.blobs)
    assert contents.blobs == {}
    assert set(contents.gone) == set(named.blobs.values())
    assert len(said) == 1
    assert missing in said[0]
    do_forget_objects(node.vault, contents.gone)
    assert list(stored_objects()) == []


def test_a_blob_that_goes_away_in_the_middle_is_left_out_and_the_others_are_copied(node, root):
    do_keep_contents(node.vault, [HARBOUR, ROOM], node.name)
    named = named_blobs(node.vault).blobs
    going = min(named)

    class Going:
        asked = 0

        def size(self, address):
            if address == going and self.asked:
                raise NoSuchBlobError
            return node.vault.blobs.size(address)

        def read_at(self, address, offset, length):
            if address == going:
                self.asked += 1
                raise NoSuchBlobError
            return node.vault.blobs.read_at(address, offset, length)

    contents, _ = Copier(Going(), BackupFolder(root).contents, {}).copy(named)
    assert list(contents.blobs) == [max(named)]
    assert contents.gone == (named[going],)
    assert list(check_contents(BackupFolder(root).contents, contents)) == []


def test_a_row_that_does_not_open_is_named_and_the_backup_goes_on(node, root):
    do_keep_contents(node.vault, [HARBOUR], node.name)
    StoredObject.objects.update(particulars=bytes(85))
    taken = create(node, root)
    assert (taken.blobs, len(taken.faults)) == (0, 1)


def test_two_backups_of_one_second_and_two_at_once_are_refused(node, root):
    create(node, root)
    with pytest.raises(UsageError, match="this second"):
        create(node, root)
    with BackupFolder(root).alone(), pytest.raises(BusyError):
        create(node, root, NOW + DAY)
    with pytest.raises(UsageError, match="data folder"):
        create(node, node.data / "backups")
    assert names(root) == ["backup-20260314T120000Z", "incoming", "keys-20260314T120000Z"]
    assert list((root / "incoming").iterdir()) == []


def test_a_folder_that_cannot_be_written_ends_with_a_sentence(node, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CannotRunError, match="cannot be read or written"):
        create(node, tmp_path / "file")


def test_what_is_copied_out_goes_in_again_and_only_into_an_empty_database(node):
    node.vault.signatures.store(Realm.KNOWN, [signature(bytes(16))])
    with tables.snapshot():
        schema = tables.read_schema()
        content = {table.name: b"".join(tables.copy_out(table)) for table in schema.tables}
    with owner():  # as a restore works
        put_back(schema, content)


def put_back(schema, content):
    with pytest.raises(UsageError, match="not empty"):
        tables.refuse_filled()
    filled = [table for table in schema.tables if content[table.name]]
    assert {table.name for table in filled} == {"vault_signature", "vault_signature_block"}
    tables.empty([table.name for table in filled])
    tables.refuse_filled()
    with transaction.atomic(), walls_down():
        for table in filled:
            tables.copy_in(table, [content[table.name]])
    tables.set_sequences(schema)
    assert b"".join(tables.copy_out(filled[0])) == content[filled[0].name]
    newer = msgspec.structs.replace(schema, migrations=(*schema.migrations, ("vault", "9999_later")))
    with pytest.raises(CannotRunError, match="newer version"):
        tables.make_tables(newer)


def test_blocks_that_no_key_opens_go_and_the_others_stay(node):
    signatures = node.vault.signatures
    [kept] = signatures.store(Realm.KNOWN, [signature(bytes(16))])
    [keyless] = signatures.store(Realm.KNOWN, [signature(bytes(15) + b"1")])
    [other] = signatures.store(Realm.KNOWN, [signature(bytes(15) + b"2")])
    SignatureKey.objects.filter(block=Signature.objects.get(pk=keyless).block).delete()
    SignatureKey.objects.filter(block=Signature.objects.get(pk=other).block).update(wrapped=bytes(65))
    assert do_drop_closed_blocks(node.vault) == 2
    assert list(signatures.fetch([kept, keyless, other])) == [kept]
    assert SignatureBlock.objects.count() == SignatureKey.objects.count() == 1
    assert do_drop_closed_blocks(node.vault) == 0


def test_a_node_is_restored_by_one_command_at_a_time_into_nothing(node, root, tmp_path):
    create(node, root)
    folder = BackupFolder(root)
    settings = read_settings(data=tmp_path / "again")
    with pytest.raises(UsageError, match="say why"):
        do_restore_node(Order(folder, lambda _: KEYS, "somebody", " "), settings, now=NOW)
    with folder.alone(), pytest.raises(BusyError):
        do_restore_node(Order(folder, lambda _: KEYS, "somebody", "a drill"), settings, now=NOW)
    with pytest.raises(UsageError, match="not empty"):
        do_restore_node(Order(folder, lambda _: KEYS, "somebody", "a drill"), read_settings(data=root), now=NOW)
    wait_until_stopped(tmp_path / "nowhere")


def test_what_nobody_buried_stays(node):
    do_keep_contents(node.vault, [HARBOUR], node.name)
    assert do_bury_again(node.vault) == Buried(frozenset(), frozenset())
    assert len(list(stored_objects())) == 1


def test_the_parts_that_say_what_belongs_to_a_backup_are_read_again(node, root):
    do_keep_contents(node.vault, [HARBOUR], node.name)
    create(node, root)
    contents = read_contents(open_bundle(BackupFolder(root), "backup-20260314T120000Z", node))
    assert set(contents.blobs) == set(node.vault.blobs.addresses())
