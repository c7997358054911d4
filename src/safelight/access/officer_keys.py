"""An officer's own key: a file that only he can open, and what he signs with it (Ed25519, RFC 8032).

Rules kept here:
- the private key lies in a file of mode 0600 outside the data folder, locked by a passphrase that only its officer
  knows (as `vault.protection` locks a node's root), and nowhere else;
- a signature says what it is for: one over a request is never taken for an approval, nor either for a statement's;
- a key file that was exchanged for another's does not open: its public key stands beside the locked one.
"""

import hashlib
import os
import secrets
import stat
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from safelight.errors import InputError, UsageError
from safelight.platform.writing import lies_in, write_private
from safelight.vault.keys import KEY_BYTES, RootKey
from safelight.vault.protection import (
    LOCKED_BYTES,
    USUAL_COST,
    ByPassphrase,
    InsecureKeyFileError,
    Passphrase,
    lock,
    unlock,
)

_PREFIX = b"safelight-officer-act/1\n"
_STATEMENT_PREFIX = b"safelight-officer-signature/1\n"
_MAX_BYTES = 4096
PublicKeyText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""A public key as 64 hexadecimal digits."""


class BadOfficerKeyError(InputError):
    """This is no officer's key file of this release, or it was altered: take the file that was made at enrolment."""


class BadOfficerSignatureError(InputError):
    """The officer's signature does not hold."""


class SignedAs(StrEnum):
    """What a signature is for; closed vocabulary."""

    ENROLMENT = "enrolment"
    REQUEST = "request"
    APPROVAL = "approval"
    REVIEW = "review"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["safelight-officer-key/1"]
    public: PublicKeyText
    protection: ByPassphrase
    locked: Annotated[bytes, msgspec.Meta(min_length=LOCKED_BYTES, max_length=LOCKED_BYTES)]


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def checked_public(text: str) -> bytes:
    """The 32 bytes of a public key that somebody named.

    Raises:
        UsageError: it is not 64 hexadecimal digits.
    """
    try:
        return bytes.fromhex(msgspec.convert(text, PublicKeyText))
    except msgspec.ValidationError:
        raise UsageError(f"{text[:80]!r} is no officer's public key: 64 hexadecimal digits in lower case") from None


def make_officer_key(
    path: Path, data_folder: Path, passphrase: Passphrase, *, cost: int = USUAL_COST
) -> Ed25519PrivateKey:
    """Make a key and the file that holds it, on the disk when this returns; never over a file that is there.

    Raises:
        UsageError: the passphrase is too short, or the file is there already or cannot be written.
        InsecureKeyFileError: it would lie in the data folder.
    """
    _check_place(path, data_folder)
    seed = RootKey(secrets.token_bytes(KEY_BYTES))
    key = Ed25519PrivateKey.from_private_bytes(seed.secret)
    protection, locked = lock(seed, passphrase, cost=cost)
    plain = {"protection": msgspec.to_builtins(protection), "locked": msgspec.to_builtins(locked)}
    raw = rfc8785.dumps({"format": "safelight-officer-key/1", "public": public_text(key), **plain})
    try:
        write_private(path, raw)
    except OSError as error:
        raise UsageError(f"The officer's key {path} cannot be made: {error.strerror}.") from None
    return key


def open_officer_key(path: Path, data_folder: Path, passphrase: Passphrase) -> Ed25519PrivateKey:
    """The key that a file holds.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        InsecureKeyFileError: it lies in the data folder, or others than its owner may use it.
        BadOfficerKeyError: it is none.
        WrongSecretError: the passphrase is another.
    """
    _check_place(path, data_folder)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            raw = opened.read(_MAX_BYTES) if stat.S_ISREG(mode) else b""
    except OSError as error:
        raise UsageError(f"The officer's key {path} cannot be read: {error.strerror}.") from None
    if mode & 0o077:
        raise InsecureKeyFileError(f"Others than its owner may use the officer's key {path}: chmod 600 it.")
    try:
        file = msgspec.json.decode(raw, type=_File)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadOfficerKeyError from None
    key = Ed25519PrivateKey.from_private_bytes(unlock(file.protection, file.locked, passphrase).secret)
    if public_text(key) != file.public:
        raise BadOfficerKeyError
    return key


def sign(key: Ed25519PrivateKey, what: SignedAs, record: bytes) -> bytes:
    """An officer's signature, 64 bytes, over the hash of a record's canonical bytes, for one purpose."""
    return key.sign(_message(what, record))


def check_signature(public: bytes, what: SignedAs, record: bytes, signature: bytes) -> None:
    """Check an officer's signature.

    Raises:
        BadOfficerSignatureError: it is not this key's, over this record, for this purpose.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _message(what, record))
    except InvalidSignature:
        raise BadOfficerSignatureError(
            f"The signature of this {what.value} is not by the key {public.hex()}."
        ) from None


def statement_message(digest: bytes) -> bytes:
    """What an officer signs to stand behind a statement: a fixed word and the SHA-256 of its record."""
    return _STATEMENT_PREFIX + digest


def check_statement_signature(public: bytes, digest: bytes, signature: bytes) -> None:
    """Check an officer's signature over the statement whose record has this SHA-256.

    Raises:
        BadOfficerSignatureError: it is not this key's over this statement.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, statement_message(digest))
    except InvalidSignature:
        raise BadOfficerSignatureError(
            f"The signature over the statement {digest.hex()} is not by the key {public.hex()}."
        ) from None


def _message(what: SignedAs, record: bytes) -> bytes:
    return _PREFIX + what.value.encode() + b"\n" + hashlib.sha256(record).digest()


def _check_place(path: Path, data_folder: Path) -> None:
    if lies_in(path, data_folder):
        raise InsecureKeyFileError(
            f"The officer's key {path} lies in the data folder {data_folder}: whoever runs the node would have it. "
            "Keep it elsewhere."
        )
