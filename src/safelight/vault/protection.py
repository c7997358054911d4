"""How a root key is locked away: under a passphrase that people know, or under a key file that a machine is given.

Rules kept here:
- a passphrase goes through scrypt (RFC 7914); its cost stands beside the locked root and is bounded when read, so that
  a planted file can neither cheapen a guess nor fill the memory;
- a key file holds 32 random bytes as base64 text, lies outside the data folder, since whoever copies that folder must
  not have the key with it, and is read by its owner only;
- what locks the root is bound to it: cost, salt and kind cannot be exchanged.
"""

import base64
import binascii
import os
import secrets
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from safelight.errors import UsageError
from safelight.platform.writing import lies_in, write_private
from safelight.vault.keys import KEY_BYTES, RootKey

MIN_PASSPHRASE = 15
"""Characters that a new passphrase has at least."""
MIN_COST, USUAL_COST, MAX_COST = 2**15, 2**17, 2**20
"""scrypt's N: 32 MiB, 128 MiB and 1 GiB of memory with r = 8."""

_LABEL = b"safelight/root/v1\x00"
_NONCE_BYTES, _TAG_BYTES = 12, 16
LOCKED_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES


class WrongSecretError(UsageError):
    """The passphrase or key file is not that of these keys, or the file of node keys was altered."""


class InsecureKeyFileError(UsageError):
    """The key file is not safe where it is."""


class BadKeyFileError(UsageError):
    """The key file does not hold a key."""


@dataclass(frozen=True)
class Passphrase:
    """What a person types in."""

    words: str = field(repr=False)


@dataclass(frozen=True)
class KeyFile:
    """What a key file holds; `read_key_file` reads it."""

    secret: bytes = field(repr=False)


Secret = Passphrase | KeyFile


class ByPassphrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="passphrase"):
    """Locked by scrypt of a passphrase: its salt and its cost, N, r and p."""

    salt: Annotated[bytes, msgspec.Meta(min_length=16, max_length=64)]
    n: Annotated[int, msgspec.Meta(ge=MIN_COST, le=MAX_COST)]
    r: Literal[8]
    p: Annotated[int, msgspec.Meta(ge=1, le=4)]

    def __post_init__(self) -> None:
        if self.n & (self.n - 1):
            raise ValueError("n is not a power of two")


class ByKeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="key-file"):
    """Locked by the bytes of a key file."""


Protection = ByPassphrase | ByKeyFile


def lock(root: RootKey, secret: Secret, *, cost: int = USUAL_COST) -> tuple[Protection, bytes]:
    """Lock a root key; return how, and the locked key. `cost` is scrypt's N, for a passphrase.

    Raises:
        UsageError: the passphrase is too short.
    """
    protection: Protection
    if isinstance(secret, Passphrase):
        if len(secret.words) < MIN_PASSPHRASE:
            raise UsageError(f"The passphrase has fewer than {MIN_PASSPHRASE} characters; take a longer one.")
        protection = ByPassphrase(salt=secrets.token_bytes(32), n=cost, r=8, p=1)
    else:
        protection = ByKeyFile()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return protection, nonce + _cipher(protection, secret).encrypt(nonce, root.secret, _bound(protection))


def unlock(protection: Protection, locked: bytes, secret: Secret) -> RootKey:
    """The root key that was locked.

    Raises:
        UsageError: a key file is given where a passphrase is needed, or the other way round.
        WrongSecretError: the secret is another, or what was locked has been altered.
    """
    cipher = _cipher(protection, secret)
    try:
        return RootKey(cipher.decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], _bound(protection)))
    except InvalidTag:
        raise WrongSecretError from None


def read_key_file(path: Path, data_folder: Path) -> KeyFile:
    """What the key file at `path` holds.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        InsecureKeyFileError: it lies in the data folder, or others than its owner may use it.
        BadKeyFileError: it does not hold 32 bytes as base64.
    """
    _check_place(path, data_folder)
    try:
        # Not to wait for a writer, should the path be a pipe.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024) if stat.S_ISREG(mode) else b""
    except OSError as error:
        raise UsageError(f"The key file {path} cannot be read: {error.strerror}.") from None
    if mode & 0o077:
        raise InsecureKeyFileError(f"Others than its owner may use the key file {path}: chmod 600 it, or make another.")
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise BadKeyFileError(f"The key file {path} does not hold {KEY_BYTES} bytes as base64: give the one made here.")
    return KeyFile(secret)


def make_key_file(path: Path, data_folder: Path) -> KeyFile:
    """Make a key file with a new key, on the disk when this returns; never over a file that is there.

    Raises:
        UsageError: the file is there already, or cannot be written.
        InsecureKeyFileError: it would lie in the data folder.
    """
    _check_place(path, data_folder)
    secret = secrets.token_bytes(KEY_BYTES)
    try:
        write_private(path, base64.b64encode(secret) + b"\n")
    except OSError as error:
        raise UsageError(f"The key file {path} cannot be made: {error.strerror}.") from None
    return KeyFile(secret)


def _check_place(path: Path, data_folder: Path) -> None:
    if lies_in(path, data_folder):
        raise InsecureKeyFileError(
            f"The key file {path} lies in the data folder {data_folder}, so that whoever copies the folder has the "
            "key too: keep it elsewhere."
        )


def _cipher(protection: Protection, secret: Secret) -> AESGCM:
    """The cipher that locks and unlocks."""
    if isinstance(protection, ByPassphrase) and isinstance(secret, Passphrase):
        # Keyboards write one letter in several ways; a passphrase is its characters, not their spelling in bytes.
        words = unicodedata.normalize("NFC", secret.words).encode()
        kdf = Scrypt(salt=protection.salt, length=KEY_BYTES, n=protection.n, r=protection.r, p=protection.p)
        return AESGCM(kdf.derive(words))
    if isinstance(protection, ByKeyFile) and isinstance(secret, KeyFile):
        return AESGCM(secret.secret)
    needed = "passphrase" if isinstance(protection, ByPassphrase) else "key file"
    raise UsageError(f"These node keys are locked by a {needed}: give that.")


def _bound(protection: Protection) -> bytes:
    return _LABEL + rfc8785.dumps(msgspec.to_builtins(protection))
