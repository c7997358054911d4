"""Proofs of single entries: what was logged, shown to somebody who has nothing but the log's public key.

A proof is a bundle (c2sp.org/tlog-proof) whose extra data is the entry's salt and the entry itself, so that whoever
holds it can compute the leaf. It shows the entry: handing it over is handing over what the entry says.
"""

import json
from dataclasses import dataclass
from typing import Any

from safelight.errors import InputError
from safelight.log.bundles import Bundle
from safelight.log.checkpoints import open_checkpoint
from safelight.log.entries import SALT_BYTES, commitment
from safelight.log.merkle import leaf_hash, prove_inclusion
from safelight.log.notes import Note, VerifierKey
from safelight.log.policy import Endorsed, Policy
from safelight.log.reading import subtree_reader
from safelight.log.tile_store import TileStore


class UnpublishedError(InputError):
    """The entry is not in the log as it is published: publish it first."""


@dataclass(frozen=True)
class Shown:
    """An entry that was proved: its number, what it says, and who endorsed the log that holds it."""

    number: int
    said: dict[str, Any]
    endorsed: Endorsed


def prove_entry(store: TileStore, key: VerifierKey, number: int, record: bytes, salt: bytes) -> Bundle:
    """The proof that entry `number` of the published log is this one.

    Raises:
        UnpublishedError: the checkpoint does not cover it yet.
        DamagedLogError, BadCheckpointError, BadSignatureError: the log was altered.
    """
    note = store.checkpoint()
    if note is None or (size := open_checkpoint(note, key).size) <= number:
        raise UnpublishedError
    hashes = prove_inclusion(subtree_reader(store, size), number, size)
    return Bundle(number, tuple(hashes), Note.parse(note), salt + record)


def open_proof(untrusted_bytes: bytes, policy: Policy) -> Shown:
    """What a proof shows, under the reader's own policy.

    Raises:
        BadBundleError, BadNoteError, BadCheckpointError: it is no proof.
        BadSignatureError, PolicyNotMetError: its checkpoint is not signed as the policy asks.
        BadProofError: the entry in it is not in the log.
        InputError: it is, and is no entry of Safelight's.
    """
    bundle = Bundle.parse(untrusted_bytes)
    salt, record = bundle.extra[:SALT_BYTES], bundle.extra[SALT_BYTES:]
    if len(salt) != SALT_BYTES:
        raise InputError("the proof comes without the entry that it is about: ask for it again")
    endorsed = bundle.verify(leaf_hash(commitment(record, salt)), policy)
    try:
        said = json.loads(record)
    except (ValueError, RecursionError) as error:
        raise InputError("what the proof is about is in the log, and is no entry that can be read") from error
    if not isinstance(said, dict):
        raise InputError("what the proof is about is in the log, and is no entry that can be read")
    return Shown(bundle.index, said, endorsed)
