"""Who stands behind a record: the node's signature over its bytes, and officers' over its hash (Ed25519, RFC 8032).

Rules kept here:
- the node signs the canonical bytes, which name their form and the algorithm; an officer signs a fixed word and the
  SHA-256 of those bytes, so that neither signature is taken for the other;
- what was logged while its key counted (`access.key_records`) stays valid after; when that was is the log's time, never
  the record's own;
- node and first officer are of the agency that speaks; where a kind wants four eyes, two persons signed, one of them
  the officer who speaks; the other may be another unit's;
- nobody signs here what is not understood here.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from safelight.access.key_records import KeyRecord, key_name
from safelight.access.officer_keys import statement_message
from safelight.assertions.kinds import load_kinds
from safelight.assertions.record import (
    ALGORITHM,
    MAX_BYTES,
    MAX_DEPTH,
    Assertion,
    BadAssertionError,
    canonical_json,
    encode_assertion,
    not_understood,
    parse_assertion,
    read_json,
)
from safelight.errors import InputError, UsageError

MAX_OFFICERS = 16
_ROOM_FOR_SIGNATURES = 8192
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_SignatureValue = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]


class BadSignatureError(InputError):
    """The signature does not hold."""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature: the name of the key, and the 64 bytes as hexadecimal digits."""

    key: _Digest
    value: _SignatureValue


class _Signatures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    node: Signature
    officers: Annotated[tuple[Signature, ...], msgspec.Meta(max_length=MAX_OFFICERS)]


class _Kept(_Signatures, frozen=True):
    """Its fields stand in the order of RFC 8785, and none needs an escape but in the record, which is canonical."""

    record: msgspec.Raw


class _Head(msgspec.Struct, frozen=True):
    """What every record names, whatever else is in it."""

    agency: str
    algorithm: str


@dataclass(frozen=True)
class Envelope:
    """A record's canonical bytes with the signatures on it."""

    record: bytes
    node: Signature
    officers: tuple[Signature, ...] = ()


def sign_assertion(assertion: Assertion, node_key: Ed25519PrivateKey) -> Envelope:
    """The assertion under the node's signature.

    Raises:
        UsageError: something in it is not known here.
        BadAssertionError: it contradicts its kind or a bound.
    """
    strange = not_understood(assertion)
    if strange:
        raise UsageError(f"The assertion is not signed: {', '.join(strange)} is not known here.")
    return sign_record(encode_assertion(assertion), node_key)


def sign_record(record: bytes, node_key: Ed25519PrivateKey) -> Envelope:
    """Any record under the node's signature: canonical bytes that name their form, agency and algorithm."""
    return Envelope(record, _signed(node_key, record))


def add_officer(envelope: Envelope, officer_key: Ed25519PrivateKey) -> Envelope:
    """The envelope with an officer's signature besides those that it has."""
    signature = _signed(officer_key, _officer_message(envelope.record))
    return Envelope(envelope.record, envelope.node, (*envelope.officers, signature))


def encode_envelope(envelope: Envelope) -> bytes:
    """The envelope as RFC 8785 JSON: the record as it stands, and the signatures."""
    return msgspec.json.encode(_Kept(envelope.node, envelope.officers, msgspec.Raw(envelope.record)))


def parse_envelope(untrusted: bytes) -> Envelope:
    """The envelope that these bytes hold; nothing is checked yet of what it says.

    Raises:
        BadAssertionError: they hold none, or not in canonical form.
    """
    raw = read_json(untrusted, limit=MAX_BYTES + _ROOM_FOR_SIGNATURES, depth=MAX_DEPTH + 1)
    if not isinstance(raw, dict) or not isinstance(raw.get("record"), dict):
        raise BadAssertionError("The envelope holds no record.")
    try:
        found = msgspec.convert({name: raw[name] for name in raw if name != "record"}, _Signatures)
    except msgspec.ValidationError as error:
        raise BadAssertionError(f"The envelope cannot be read: {error}.") from error
    envelope = Envelope(canonical_json(raw["record"]), found.node, found.officers)
    if encode_envelope(envelope) != untrusted:
        raise BadAssertionError("The envelope is not in the canonical form of RFC 8785.")
    return envelope


def reopen_envelope(encoded: bytes) -> Envelope:
    """The envelope in bytes that `encode_envelope` made and that were kept sealed since: nothing is tried again."""
    found = msgspec.json.decode(encoded, type=_Kept)
    return Envelope(bytes(found.record), found.node, found.officers)


def verify_record(envelope: Envelope, keys: Mapping[str, KeyRecord], *, logged_at: datetime) -> tuple[KeyRecord, ...]:
    """Check every signature; return the keys of the officers who signed, each person once.

    `keys` are by name. `logged_at` is when the log took the record in.

    Raises:
        BadSignatureError: one does not hold, or its key did not count then, or is not for this.
    """
    try:
        head = msgspec.json.decode(envelope.record, type=_Head)
    except msgspec.DecodeError as error:
        raise BadSignatureError(f"The record does not say who signed it, and how: {error}.") from error
    if head.algorithm != ALGORITHM:
        raise BadSignatureError(f"The record is signed with {head.algorithm[:60]!r}; this version knows {ALGORITHM}.")
    node = _verified(envelope.node, envelope.record, keys, logged_at)
    if node.officer is not None or node.agency != head.agency:
        raise BadSignatureError(f"The record speaks for {head.agency[:200]!r} under a key that is not of its node.")
    message = _officer_message(envelope.record)
    officers = [_verified(signature, message, keys, logged_at) for signature in envelope.officers]
    if any(officer.officer is None for officer in officers):
        raise BadSignatureError("A node's key stands where an officer's should.")
    return tuple({(officer.agency, officer.officer): officer for officer in officers}.values())


def verify_assertion(envelope: Envelope, keys: Mapping[str, KeyRecord], *, logged_at: datetime) -> Assertion:
    """The assertion in an envelope whose signatures hold, with four eyes where its kind wants them.

    Raises:
        BadAssertionError: it holds none.
        BadSignatureError: a signature does not hold, or one is missing.
    """
    officers = verify_record(envelope, keys, logged_at=logged_at)
    assertion = parse_assertion(envelope.record)
    if wants_two(assertion):
        check_four_eyes(assertion.agency, assertion.officer, officers)
    return assertion


def wants_two(assertion: Assertion) -> bool:
    """Whether its kind wants the signatures of two officers."""
    kind = load_kinds().get(assertion.kind)
    return kind is not None and kind.four_eyes


def check_four_eyes(agency: str, officer: str, signed: tuple[KeyRecord, ...]) -> None:
    """Check that two persons signed, and that the one who speaks is one of them.

    Raises:
        BadSignatureError: they did not.
    """
    persons = {(key.agency, key.officer) for key in signed}
    if len(persons) < 2 or (agency, officer) not in persons:
        raise BadSignatureError(f"It needs the signatures of {officer!r} of {agency!r} and of a second officer.")


def _verified(signature: Signature, message: bytes, keys: Mapping[str, KeyRecord], moment: datetime) -> KeyRecord:
    """The key of a signature that holds."""
    key = keys.get(signature.key)
    if key is None:
        raise BadSignatureError(f"The key {signature.key} is not known: ask its agency for it.")
    if not key.counts_at(moment):
        raise BadSignatureError(f"The key {signature.key} of {key.agency!r} did not count when the log took this in.")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(bytes.fromhex(signature.value), message)
    except InvalidSignature:
        raise BadSignatureError(f"The signature by the key {signature.key} of {key.agency!r} does not hold.") from None
    return key


def _signed(key: Ed25519PrivateKey, message: bytes) -> Signature:
    return Signature(key_name(key.public_key().public_bytes_raw()), key.sign(message).hex())


def _officer_message(record: bytes) -> bytes:
    return statement_message(hashlib.sha256(record).digest())
