"""Backup and restore as processes: beside a node at work, erased in between, killed, damaged, and of an earlier release."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from datetime import datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from safelight.log.notes import Signer
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.vault.nodekeys import load_keys
from safelight.vault.protection import read_key_file
from tests.acceptance import old_backup
from tests.acceptance.commands import ROOT, Command, prepare, run
from tests.acceptance.forks import said_by
from tests.acceptance.test_vault import HARBOUR, ROOM, Unit, sha256
from tests.acceptance.vaults import say_named
from tests.faults.harness import Strike
from tests.faults.harness import run as run_struck
from tests.integration.debian import debian_15  # noqa: F401 - a fixture
from tests.nodes import UNLOCKED

from safelight.access.backup.restoring import wait_until_stopped  # isort: skip - it needs the models

pytestmark = pytest.mark.acceptance
WHY = ["--why", "a made-up drill"]
_START = (
    "from safelight.platform.database import set_up_django; set_up_django(); from safelight.cli import main; main()"
)
SAFELIGHT = [sys.executable, "-c", _START]


class Site:
    """A unit at work, and the folder on another disk that its backups go to."""

    def __init__(self, folder):
        self.folder, self.backups = folder, folder / "backups"
        self.unit = Unit(folder)
        self.created = 0.0

    def create(self, by=prepare):
        """Take a backup; a backup is named by its second, and this waits until the second of the last one is over."""
        time.sleep(max(0.0, self.created + 1 - time.time()))
        taken = by("backup", "create", self.backups, settings=self.unit.settings)
        self.created = time.time()
        return taken

    def verify(self, by=prepare):
        return by("backup", "verify", self.backups, settings=self.unit.settings)

    def do(self, *words):
        """Do something that a test needs and is not about."""
        done = prepare(*words, settings=self.unit.settings)
        assert done.status == 0, done

    def settings(self, name):
        return self.unit.settings | {"SAFELIGHT_DATA": str(self.folder / name)}

    def restore(self, name, *words):
        return run("backup", "restore", self.backups, *WHY, *words, settings=self.settings(name))

    def named(self, name, digest):
        """What in the log and among the acts names a digest."""
        return json.loads(
            said_by(say_named, self.folder / name, self.unit.key_file, digest, environment=self.environment(name))
        )

    def faults(self, name):
        checked = prepare("vault", "fsck", settings=self.settings(name))
        return sorted(fault["kind"] for fault in checked.events("fault"))

    def bundles(self, kind):
        return sorted(path.name for path in self.backups.glob(f"{kind}-*"))

    def key(self):
        """The log's public key, as whoever checks it was given it."""
        keys = load_keys(self.unit.data / "node-keys.json", read_key_file(self.folder / "key", self.unit.data))
        return str(Signer(keys.node, keys.root.signing_key()).key)

    def environment(self, name):
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "PG"))}
        return outside | self.settings(name)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_backup_taken_at_work_is_restored_whole_and_the_log_goes_on(site):
    site.unit.keep(HARBOUR, ROOM)
    (site.unit.data / "schemes").mkdir()
    (site.unit.data / "schemes" / "HARBOUR.json").write_text("{}")
    keeper = site.unit.keeper()
    keeper.stdout.readline()
    taken = site.create(by=run)
    assert taken.status == 0, taken
    assert keeper.poll() is None, "the backup stopped nobody's work"
    os.kill(keeper.pid, signal.SIGKILL)
    keeper.communicate()
    [told] = taken.events("backup")
    assert told["blobs"] >= 2
    assert site.verify(by=run).status == 0
    before = prepare("log", "checkpoint", settings=site.unit.settings).out
    restored = site.restore("again")
    assert restored.status == 0, restored
    [said] = restored.events("restored")
    assert (said["backup"], said["faults"], said["erased_again"]) == (told["name"], 0, 0)
    assert site.faults("again") == []
    assert (site.folder / "again" / "schemes" / "HARBOUR.json").read_text() == "{}"
    (site.folder / "before").write_text(before)
    words = ["log", "verify", site.folder / "again" / "log", "--key", site.key()]
    held = run(*words, "--checkpoint", site.folder / "before", settings={})
    assert held.status == 0, "nothing was logged after the backup, so the log goes on from what was handed out"
    assert held.events("log")[0]["entries"] == said["entries"]


def test_what_was_copied_already_is_not_copied_again(site):
    site.unit.keep(HARBOUR)
    assert site.create().status == 0
    [first] = [path for path in (site.backups / "contents").rglob("*") if path.is_file()]
    written = first.stat().st_mtime_ns
    site.unit.keep(ROOM)
    assert site.create(by=run).status == 0
    blobs = [path for path in (site.backups / "contents").rglob("*") if path.is_file()]
    assert (len(blobs), first.stat().st_mtime_ns) == (2, written)
    pruned = run("backup", "prune", site.backups, "--keep", "1", settings=site.unit.settings)
    assert len(pruned.events("pruned")[0]["removed"]) == 1
    assert site.verify().status == 0


def test_what_was_erased_after_a_backup_is_erased_again_when_it_is_restored(site):
    site.unit.keep(HARBOUR, ROOM)
    older = site.create().events("backup")[0]["name"]
    site.do("vault", "erase", sha256(HARBOUR), "--why", "a court said so", "--legal-basis", "made-up order 7")
    time.sleep(1)
    assert site.create().status == 0
    restored = site.restore("again", "--name", older)
    assert restored.status == 0, restored
    assert restored.events("restored")[0]["erased_again"] == 1
    assert site.faults("again") == []
    assert len(list((site.folder / "again" / "vault").glob("[0-9a-f][0-9a-f]/*"))) == 1
    kept = run("review", settings=site.settings("again")).events("review")
    assert [one["kind"] for one in kept] == ["erasure"], "the tombstone is there again"


def test_what_a_check_made_of_it_and_what_was_said_of_it_are_erased_again_too(site):
    seizure = site.folder / "seizure"
    seizure.mkdir()
    for number in (1, 2):
        (seizure / f"{number}.png").write_bytes(FORMATS["png-rgb"].write(picture(number, 1, (96, 64))))
    digest = hashlib.sha256((seizure / "1.png").read_bytes()).hexdigest()
    settings = site.unit.settings
    check = ["check", seizure, "--case", "Harbour", "--exhibit", "A-1", "--keep", "none"]
    assert prepare(*check, settings=settings).status == 0
    assert prepare("history", digest, *WHY, settings=settings).status in (0, 1)
    older = site.create().events("backup")[0]["name"]
    site.do("vault", "erase", digest, "--why", "a court said so", "--legal-basis", "made-up order 7")
    time.sleep(1)
    assert site.create().status == 0
    assert site.named("data", digest) == []
    restored = site.restore("again", "--name", older)
    assert restored.events("restored")[0]["erased_again"] == 1, restored
    assert site.named("again", digest) == []
    assert "signatures of 1 items" in restored.err, "those of the other lay in the same block"
    again = run(*check, settings=site.settings("again"))
    assert (again.status, again.events("summary")[0]["sightings"]) == (0, {"new": 1, "not examined": 1}), again


def test_what_was_erased_after_the_newest_backup_comes_back_and_that_is_said_and_up_for_review(site):
    site.unit.keep(HARBOUR)
    name = site.create().events("backup")[0]["name"]
    site.do("vault", "erase", sha256(HARBOUR), "--why", "a court said so", "--legal-basis", "made-up order 7")
    restored = site.restore("again")
    assert restored.status == 0, restored
    [said] = restored.events("restored")
    moment = datetime.fromisoformat(said["erasures_known_to"])
    assert (said["erased_again"], f"backup-{moment:%Y%m%dT%H%M%SZ}") == (0, name)
    assert prepare("vault", "certificate", sha256(HARBOUR), settings=site.settings("again")).status == 1
    [review] = prepare("act", "list", settings=site.settings("again")).events("review")
    assert review["act"] == "access:node:restore"
    told = prepare("act", "glass", str(review["review"]), settings=site.settings("again")).out
    assert (name in told, said["erasures_known_to"] in told) == (True, True)
    found = prepare("doctor", settings=site.settings("again")).out
    assert "1 to be reviewed" in found


def test_without_keys_the_rest_is_restored_and_what_does_not_open_is_named(site):
    site.unit.keep(HARBOUR, ROOM)
    assert site.create().status == 0
    for keys in site.bundles("keys"):
        shutil.rmtree(site.backups / keys)
    restored = site.restore("again")
    assert restored.status == 1
    assert restored.events("restored")[0]["keys"] is None
    assert restored.err.count("Its key is missing") == 2
    assert site.faults("again") == ["keyless", "keyless"]


def test_the_recovery_kit_restores_where_secret_and_data_are_lost(site):
    site.unit.keep(HARBOUR)
    assert site.create().status == 0
    (site.folder / "key").unlink()
    shares = [word for sheet in sorted((site.folder / "kit").iterdir())[:2] for word in ("--share", sheet)]
    assert site.restore("again", *shares).status == 0
    assert site.faults("again") == []


def test_every_flipped_byte_is_found_and_nothing_of_it_is_restored(site):
    site.unit.keep(HARBOUR)
    assert site.create().status == 0
    paths = [path for path in site.backups.rglob("*") if path.is_file()]
    for path in paths:
        content = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    checked = site.verify(by=run)
    assert checked.status == 1
    # a damaged manifest hides its parts: each manifest is named, and no part is believed
    assert {fault["bundle"][:4] for fault in checked.events("fault")} == {"back", "keys"}
    refused = site.restore("again")
    assert refused.status in {1, 2}
    assert not (site.folder / "again").exists()


def test_two_backups_at_once_into_one_folder_are_one_after_the_other_or_refused(site):
    site.unit.keep(*(f"benign {number}" for number in range(50)))
    both = [Command("backup", "create", site.backups, settings=site.unit.settings) for _ in range(2)]
    ended = [one.end() for one in both]
    assert 0 in {one.status for one in ended}
    assert all(one.status in {0, 2, 3} and "Traceback" not in one.err for one in ended)
    assert site.verify().status == 0


@pytest.mark.parametrize(("kind", "at"), [("kill", 6), ("kill", 60), ("full", 20)])
def test_a_backup_that_is_struck_is_none_and_the_next_one_is_whole(site, at, kind):
    site.unit.keep(HARBOUR, ROOM)
    os.environ |= site.unit.settings
    try:
        left = run_struck([*SAFELIGHT, "backup", "create", str(site.backups)], site.folder, Strike(kind, at))
    finally:
        for name in site.unit.settings:
            del os.environ[name]
    assert "Traceback" not in left.said
    whole = len(site.bundles("backup"))
    assert whole == 0 or left.steps >= at
    time.sleep(1)
    assert site.create().status == 0
    assert site.verify().status == 0
    assert len(site.bundles("backup")) == whole + 1


@pytest.mark.parametrize("after", [1.6])
def test_a_restore_that_is_killed_leaves_no_node_and_the_next_one_is_whole(site, after):
    site.unit.keep(HARBOUR)
    assert site.create().status == 0
    words = [*SAFELIGHT, "backup", "restore", str(site.backups), *WHY]
    killed = subprocess.Popen(words, env=site.environment("again"), cwd=ROOT)
    time.sleep(after)
    killed.kill()
    killed.wait()
    assert not (site.folder / "again" / "node-keys.json").exists()
    assert site.restore("again").status == 0
    assert site.faults("again") == []


def test_a_folder_that_holds_something_and_a_reason_that_says_nothing_are_refused(site):
    assert site.create().status == 0
    (site.folder / "full").mkdir()
    (site.folder / "full" / "file").write_text("mine")
    assert site.restore("full").status == 2
    blank = run("backup", "restore", site.backups, "--why", " ", settings=site.settings("again"))
    assert blank.status == 2
    inside = run("backup", "create", site.unit.data / "b", settings=site.unit.settings)
    assert inside.status == 2


@pytest.fixture(params=sorted((ROOT / "tests" / "data" / "backup").glob("*.tar.xz")), ids=lambda path: path.name)
def old_backups(request, tmp_path):
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path / "old", filter="data")
    return tmp_path / "old"


def restored_whole(old_backups, data, settings=None):
    """Restore a backup of an earlier release and look at everything in it."""
    known = UNLOCKED | {"SAFELIGHT_DATA": str(data)} | (settings or {})
    restored = run("backup", "restore", old_backups, *WHY, settings=known)
    assert restored.status == 0, restored
    assert restored.events("restored")[0]["keys"] is not None
    assert prepare("vault", "fsck", settings=known).events("vault") == [{"event": "vault", "faults": 0}]
    held = prepare("review", "--days", "30000", settings=known).events("review")
    assert [one["kind"] for one in held] == ["hold"]
    assert (data / "schemes" / "HARBOUR.json").read_text() == "{}"
    assert len(list((data / "vault").glob("[0-9a-f][0-9a-f]/*"))) == 2


def test_a_backup_of_an_earlier_release_restores(old_backups, tmp_path):
    restored_whole(old_backups, tmp_path / "data")


def test_a_backup_of_earlier_tables_is_brought_to_those_of_this_release(tmp_path):
    said_by(old_backup.main, str(tmp_path / "old"), "vault", "0003_sealed_signatures", environment=os.environ)
    restored_whole(tmp_path / "old", tmp_path / "data")
    assert prepare("log", "checkpoint", settings=UNLOCKED | {"SAFELIGHT_DATA": str(tmp_path / "data")}).status == 0


def test_a_backup_restores_into_a_postgresql_of_another_major_version(old_backups, tmp_path, debian_15):  # noqa: F811
    url = {"DATABASE_URL": debian_15}
    restored_whole(old_backups, tmp_path / "data", url)
    again = run(
        "backup", "restore", old_backups, *WHY,
        settings=UNLOCKED | url | {"SAFELIGHT_DATA": str(tmp_path / "second")},
    )  # fmt: skip
    assert (again.status, "not empty" in again.err) == (2, True)
    assert not (tmp_path / "second").exists()


def test_an_owner_who_is_no_superuser_backs_up_and_restores_behind_walls_that_hold_him_too(
    old_backups,
    tmp_path,
    debian_15,  # noqa: F811
):
    with psycopg.connect(debian_15, autocommit=True) as admin:
        admin.execute("CREATE ROLE made_up_owner LOGIN CREATEROLE")
        for name in ("first", "second"):
            admin.execute(f"CREATE DATABASE {name} OWNER made_up_owner")
    owner = {**conninfo_to_dict(debian_15), "user": "made_up_owner"}
    first, second = ({"DATABASE_URL": make_conninfo(**owner | {"dbname": name})} for name in ("first", "second"))
    restored_whole(old_backups, tmp_path / "first", first)
    backups = tmp_path / "backups"
    made = prepare("backup", "create", backups, settings=UNLOCKED | first | {"SAFELIGHT_DATA": str(tmp_path / "first")})
    assert made.status == 0, made
    restored_whole(backups, tmp_path / "second", second)


def test_a_database_of_an_older_postgresql_is_replaced_and_kept_aside(site):
    site.unit.keep(HARBOUR)
    assert site.create().status == 0
    upgrade = ["database", "upgrade", site.backups]
    needless = run(*upgrade, settings=site.unit.settings)
    assert (needless.status, "nothing to upgrade" in needless.err) == (2, True)
    wait_until_stopped(site.unit.data)
    (site.unit.data / "postgres" / "cluster" / "PG_VERSION").write_text("14\n")
    refused = run("vault", "fsck", settings=site.unit.settings)
    assert (refused.status, "is a cluster of PostgreSQL 14" in refused.err) == (3, True)
    done = run(*upgrade, settings=site.unit.settings)
    assert done.status == 0, done
    assert done.events("upgraded") == [{"event": "upgraded", "kept": f"{site.unit.data}.postgres-14"}]
    assert site.faults("data") == []
    assert prepare("act", "list", settings=site.unit.settings).events("review") == [], (
        "nothing was done after the backup"
    )
    assert (site.folder / "data.postgres-14" / "node-keys.json").exists()


def test_a_backup_that_the_node_went_on_after_does_not_replace_it(site):
    assert site.create().status == 0
    site.do("vault", "hold", sha256(HARBOUR), *WHY)
    wait_until_stopped(site.unit.data)
    (site.unit.data / "postgres" / "cluster" / "PG_VERSION").write_text("14\n")
    refused = run("database", "upgrade", site.backups, settings=site.unit.settings)
    assert (refused.status, "went on after the backup" in refused.err) == (1, True)
    assert (site.unit.data / "node-keys.json").exists()
