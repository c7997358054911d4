"""The manifest of a bundle: read as it was written, only under its own name and its own node's signature."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.access.backup.manifest import (
    FORMAT,
    BadManifestError,
    Kind,
    Manifest,
    Part,
    bundle_name,
    is_expired,
    made_at,
    part_context,
    part_key,
)
from safelight.errors import InputError
from safelight.log.checkpoints import BadCheckpointError, Checkpoint
from safelight.log.notes import BadNoteError, BadSignatureError, Note, Signer, UnsignedError, sign
from safelight.vault.keys import RootKey

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SIGNER = Signer("unit-alpha.example", RootKey(bytes(range(32))).signing_key())
OTHER = Signer("unit-beta.example", RootKey(bytes(32)).signing_key())
NAME = "backup-20260314T120000Z"
PINNED = "bd70bc0f41c686c54bb61bf04c076a00771404441b21bb75feb13c6644d06e93"
PARTS = st.lists(
    st.builds(
        Part,
        name=st.from_regex(r"[a-z_-]{1,20}", fullmatch=True),
        size=st.integers(0, 2**50),
        sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    ),
    max_size=4,
)


def manifest(parts=()):
    text = "a\n1\nAAAA\n"
    return Manifest(FORMAT, Kind.BACKUP, NAME, "unit-alpha.example", "0123-4567", NOW, "0.1.0", text, tuple(parts))


@given(PARTS)
def test_what_was_signed_is_read_again(parts):
    made = manifest(parts)
    assert Manifest.opened(made.signed(SIGNER), NAME, SIGNER) == made


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_byte_is_never_believed(place, change):
    note = bytearray(manifest([Part("schema", 3, "00" * 32)]).signed(SIGNER))
    note[place % len(note)] ^= change
    with pytest.raises(InputError):
        Manifest.opened(bytes(note), NAME, SIGNER)


def test_another_nodes_manifest_and_another_bundles_are_refused():
    made = manifest()
    with pytest.raises(UnsignedError):
        Manifest.opened(made.signed(OTHER), NAME, SIGNER)
    with pytest.raises(BadManifestError, match="is that of"):
        Manifest.opened(made.signed(SIGNER), "backup-20260315T120000Z", SIGNER)
    with pytest.raises(BadNoteError):
        Manifest.opened(b"no note", NAME, SIGNER)
    with pytest.raises(BadSignatureError):
        Manifest.opened(made.signed(SIGNER).replace(b"0.1.0", b"0.1.1"), NAME, SIGNER)


def test_a_form_of_another_release_is_refused_though_it_is_signed():
    for text in ('{"format":"safelight-backup/2"}\n', "no json\n"):
        with pytest.raises(BadManifestError, match="none of this release"):
            Manifest.opened(sign(text, SIGNER).encode(), NAME, SIGNER)


def test_a_manifest_is_no_checkpoint_of_the_log():
    with pytest.raises(BadCheckpointError):
        Checkpoint.parse(Note.parse(manifest().signed(SIGNER)).text)


@given(st.sampled_from(Kind), st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_name_says_kind_and_second(kind, at):
    at = at.replace(microsecond=0, tzinfo=UTC)
    name = bundle_name(kind, at)
    assert name.startswith(f"{kind.value}-")
    assert made_at(name) == at


def test_keys_expire_after_thirty_days_to_the_second():
    assert not is_expired(NOW, NOW + timedelta(days=30) - timedelta(seconds=1))
    assert is_expired(NOW, NOW + timedelta(days=30))


def test_no_two_bundles_and_no_two_parts_share_a_key_or_a_context():
    root = RootKey(bytes(range(32)))
    assert len({part_key(root, name) for name in (NAME, "keys-20260314T120000Z", "")}) == 3
    assert len({part_context(*place) for place in [("a", "b"), ("ab", ""), ("a", "c"), ("", "ab")]}) == 4


def test_the_key_and_the_context_of_a_part_stay_the_same_in_later_releases():
    assert part_key(RootKey(bytes(range(32))), NAME).hex() == PINNED
    assert part_context("a", "b") == b"safelight/backup/v1\x00a\0b"
