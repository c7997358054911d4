"""Keys are wrapped anew without touching content, also when it was killed in between."""

import json

import pytest

from safelight.errors import UsageError
from safelight.log.queries import recorded_entries
from safelight.vault.actions import rotating
from safelight.vault.actions.keeping import do_keep_contents
from safelight.vault.actions.rotating import do_rotate_keys
from safelight.vault.fsck import check_vault
from safelight.vault.keyring import NoSuchGenerationError, generation_of
from safelight.vault.models import ObjectKey, SignatureKey
from safelight.vault.nodekeys import load_keys
from safelight.vault.queries import open_content
from safelight.vault.signatures import NewSignature, Realm
from tests.integration.vault.example import ALPHA, NOW, SECRET, saved, sha256

pytestmark = pytest.mark.django_db(transaction=True)
CONTENTS = [bytes([number]) * 20 for number in range(7)]
ACT = {"acting_user": "officer-1", "now": NOW, "approve": "approval for {}".format}


@pytest.fixture
def path(vault, tmp_path):
    do_keep_contents(vault, CONTENTS, ALPHA)
    return saved(vault, tmp_path)


def generations():
    rows = ObjectKey.objects.values_list("generation", "wrapped")
    assert all(generation_of(bytes(wrapped)) == generation for generation, wrapped in rows)
    return sorted(generation for generation, _ in rows)


def all_open(vault):
    return [open_content(vault, sha256(one), ALPHA).readall() for one in CONTENTS] == CONTENTS


def stages(vault):
    said = [json.loads(one.record) for one in recorded_entries(vault.log_sealer)]
    assert {one["event"] for one in said} == {"vault:key:rotated"}
    return [(one["about"]["stage"], one["about"]["generation"]) for one in said]


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_all_keys_are_wrapped_anew_and_content_is_not_touched(vault, path, monkeypatch, batch):
    monkeypatch.setattr(rotating, "BATCH", batch)
    blobs = {one: vault.blobs.read_at(one, 0, 1000) for one in vault.blobs.addresses()}
    done = do_rotate_keys(vault, path, **ACT)
    assert (done.generation, done.rewrapped, done.failed, done.unused, done.went_on) == (2, 7, (), (1,), False)
    assert generations() == [2] * 7
    assert blobs == {one: vault.blobs.read_at(one, 0, 1000) for one in vault.blobs.addresses()}
    assert load_keys(path, SECRET) == done.vault.keys
    assert all_open(done.vault)
    assert stages(vault) == [("begun", 2), ("ended", 2)]
    with pytest.raises(NoSuchGenerationError):
        all_open(vault)
    third = do_rotate_keys(done.vault, path, **ACT)
    assert (third.generation, third.unused) == (3, (1, 2))


def test_a_rotation_that_was_killed_is_gone_on_with(vault, path, monkeypatch):
    monkeypatch.setattr(rotating, "BATCH", 3)
    true_batch, batches = rotating._rewrap_batch, []

    def killed(vault, table, last):
        batches.append(last)
        return true_batch(vault, table, last) if len(batches) < 4 else 1 / 0

    with monkeypatch.context() as context:
        context.setattr(rotating, "_rewrap_batch", killed)
        with pytest.raises(ZeroDivisionError):
            do_rotate_keys(vault, path, **ACT)
    keys = load_keys(path, SECRET)
    again = rotating.replace(vault, keys=keys)
    assert (keys.generations.current, generations()) == (2, [1] * 4 + [2] * 3)
    assert all_open(again)
    assert list(check_vault(again)) == []
    done = do_rotate_keys(again, path, **ACT)
    assert (done.generation, done.rewrapped, done.went_on, generations()) == (2, 4, True, [2] * 7)
    assert stages(vault) == [("begun", 2), ("ended", 2)]


def test_a_key_that_does_not_open_stops_no_other_and_is_named(vault, path):
    bad = ObjectKey.objects.order_by("pk")[2]
    ObjectKey.objects.filter(pk=bad.pk).update(wrapped=bytes(bad.wrapped)[:-1] + b"?")
    done = do_rotate_keys(vault, path, **ACT)
    assert (done.rewrapped, len(done.failed)) == (6, 1)
    assert str(bad.pk) in done.failed[0]
    assert done.unused == (), "what it is wrapped under is used still"
    again = do_rotate_keys(done.vault, path, **ACT)
    assert (again.generation, again.rewrapped, len(again.failed), again.went_on) == (3, 6, 1, False)
    assert again.unused == (2,)


def test_keys_that_somebody_else_changed_are_left(vault, path):
    do_rotate_keys(vault, path, **ACT)
    written = path.read_bytes()
    with pytest.raises(NoSuchGenerationError):
        do_rotate_keys(vault, path, **ACT)
    ObjectKey.objects.all().delete()
    with pytest.raises(UsageError, match="not those"):
        do_rotate_keys(vault, path, **ACT)
    assert path.read_bytes() == written
    assert stages(vault) == [("begun", 2), ("ended", 2)]


def test_keys_of_signatures_are_wrapped_anew_too(vault, path, monkeypatch):
    monkeypatch.setattr(rotating, "BATCH", 1)
    told = [NewSignature(number.to_bytes(16), None, None, None) for number in range(600)]
    numbers = vault.signatures.store(Realm.ITEM, told)
    done = do_rotate_keys(vault, path, **ACT)
    assert (done.rewrapped, done.failed, done.unused) == (7 + 3, (), (1,))
    found = SignatureKey.objects.values_list("generation", "wrapped")
    assert [(generation, generation_of(bytes(wrapped))) for generation, wrapped in found] == [(2, 2)] * 3
    fetched = done.vault.signatures.fetch(numbers)
    assert [fetched[number] for number in numbers] == told
    with pytest.raises(NoSuchGenerationError):
        vault.signatures.fetch(numbers)
