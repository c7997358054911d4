"""Cosignatures of both kinds: over the whole checkpoint and its time, and nothing else."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safelight.log.checkpoints import BadCheckpointError, Checkpoint, sign_checkpoint
from safelight.log.cosignatures import Cosigner, cosign, verify_cosignatures
from safelight.log.notes import BadSignatureError, Note, NoteSignature, Signer, UnsignedError, VerifierKey, sign

LOG = Signer("agency-alpha.example/log", bytes(range(32)))
NOTE = sign_checkpoint(Checkpoint(LOG.key.name, 3, bytes(32)), LOG)
ED25519 = Cosigner("witness-one.example", Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
ML_DSA = Cosigner("witness-two.example", MLDSA44PrivateKey.from_seed_bytes(bytes(range(3, 35))))
BOTH = pytest.mark.parametrize("witness", [ED25519, ML_DSA], ids=["Ed25519", "ML-DSA-44"])


@BOTH
@settings(max_examples=20)
@given(time=st.integers(0, (1 << 63) - 1))
@example(time=(1 << 63) - 1)
def test_a_cosignature_verifies_with_the_time_it_was_made_at(witness, time):
    assert verify_cosignatures(cosign(NOTE, witness, time), [witness.key]) == {witness.key: time}


def test_witnesses_of_both_kinds_stand_under_one_checkpoint_with_their_latest_times():
    note = cosign(cosign(cosign(NOTE, ED25519, 7), ML_DSA, 5), ED25519, 6)
    assert verify_cosignatures(note, [ED25519.key, ML_DSA.key]) == {ED25519.key: 7, ML_DSA.key: 5}


def test_what_is_signed_is_what_the_standard_lays_out():
    """Laid out by hand from c2sp.org/tlog-cosignature, and checked by the library itself."""
    text = Checkpoint(LOG.key.name, 3, bytes(range(32))).text
    time = 1679315147
    witness = Cosigner("witness-one.example", Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
    signed = witness.cosign(text, time).signature
    assert signed[:8] == bytes.fromhex("00000000641850cb")
    Ed25519PublicKey.from_public_bytes(witness.key.public).verify(
        signed[8:], b"cosignature/v1\ntime 1679315147\n" + text.encode()
    )
    witness = Cosigner("witness-two.example", MLDSA44PrivateKey.from_seed_bytes(bytes(range(3, 35))))
    signed = witness.cosign(text, time).signature
    assert signed[:8] == bytes.fromhex("00000000641850cb")
    message = b"subtree/v1\n\0" + b"\x13witness-two.example" + bytes.fromhex("00000000641850cb")
    message += b"\x18agency-alpha.example/log" + bytes(8) + bytes(7) + b"\x03" + bytes(range(32))
    MLDSA44PublicKey.from_public_bytes(witness.key.public).verify(signed[8:], message)


@BOTH
def test_keys_are_read_as_they_were_written(witness):
    assert VerifierKey.parse(str(witness.key)) == witness.key


@BOTH
def test_another_checkpoint_or_time_or_a_bit_turned_is_refused(witness):
    line = witness.cosign(NOTE.text, 7)
    later = NoteSignature(line.name, line.key_id, (8).to_bytes(8, "big") + line.signature[8:])
    turned = NoteSignature(line.name, line.key_id, line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    short = NoteSignature(line.name, line.key_id, line.signature[:5])
    for bad in (later, turned, short):
        with pytest.raises(BadSignatureError):
            verify_cosignatures(NOTE.adding(bad), [witness.key])
    other = Checkpoint(LOG.key.name, 4, bytes(32)).text
    with pytest.raises(BadSignatureError):
        verify_cosignatures(Note(other, (line,)), [witness.key])


def test_a_time_beyond_what_the_standard_allows_is_neither_made_nor_believed():
    for time in (-1, 1 << 63):
        with pytest.raises(ValueError, match="seconds since the Epoch"):
            cosign(NOTE, ED25519, time)
    message = f"cosignature/v1\ntime {1 << 63}\n{NOTE.text}".encode()
    signature = (1 << 63).to_bytes(8, "big") + ED25519._private.sign(message)
    note = NOTE.adding(NoteSignature(ED25519.key.name, ED25519.key.id, signature))
    with pytest.raises(BadSignatureError):
        verify_cosignatures(note, [ED25519.key])


def test_the_name_of_a_witness_is_part_of_an_ml_dsa_cosignature():
    other = Cosigner("witness-three.example", ML_DSA._private)
    line = ML_DSA.cosign(NOTE.text, 7)
    with pytest.raises(BadSignatureError):
        verify_cosignatures(NOTE.adding(NoteSignature(other.key.name, other.key.id, line.signature)), [other.key])


@BOTH
def test_only_checkpoints_are_cosigned(witness):
    with pytest.raises(BadCheckpointError):
        cosign(sign("Series Harbour\n", LOG), witness, 7)


def test_an_origin_that_ml_dsa_cannot_say_is_refused():
    longest = Checkpoint("a" * 255, 3, bytes(32)).text
    assert ML_DSA.cosign(longest, 7).name == ML_DSA.key.name
    with pytest.raises(BadCheckpointError, match="too long"):
        ML_DSA.cosign(Checkpoint("a" * 256, 3, bytes(32)).text, 7)


def test_the_signature_of_the_log_is_no_cosignature():
    with pytest.raises(UnsignedError):
        verify_cosignatures(NOTE, [ED25519.key])
