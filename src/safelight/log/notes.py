"""Signed notes: a text, and under it one line for each key that signed it (c2sp.org/signed-note).

Rules kept here:
- bytes are read strictly and written back as they were: a note has one spelling;
- a signature by an unknown key is ignored, a bad one by a known key refuses the whole note;
- a text that no known key signed is never handed on as signed;
- a key's identifier is computed from the key, never believed.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from safelight.errors import InputError
from safelight.log.encodings import read_base64, write_base64

MAX_SIGNATURES = 100
"""How many signature lines a note may have; the standard asks for 16 at least."""

_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_DASH = "\u2014 "
_ID_BYTES = 4


class BadNoteError(InputError):
    """The note is malformed."""


class BadKeyError(InputError):
    """The verifier key is malformed, or of a kind that is not supported."""


class BadSignatureError(InputError):
    """A known key's signature does not fit the note: the note was altered."""


class UnsignedError(InputError):
    """No known key signed the note."""


class SignatureType(IntEnum):
    """What a key signs, and how; the assigned bytes of the standard that are supported here."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44_COSIGNATURE = 0x06


_PUBLIC_BYTES = {
    SignatureType.ED25519: 32,
    SignatureType.ED25519_COSIGNATURE: 32,
    SignatureType.ML_DSA_44_COSIGNATURE: 1312,
}


@dataclass(frozen=True)
class VerifierKey:
    """A public key under its name: `<name>+<identifier>+<type and key>`, a "vkey"."""

    name: str
    type: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, BadKeyError)
        if len(self.public) != _PUBLIC_BYTES[self.type]:
            raise BadKeyError(
                f"The key of {self.name!r} has {len(self.public)} bytes instead of {_PUBLIC_BYTES[self.type]}."
            )

    @classmethod
    def parse(cls, untrusted_text: str) -> Self:
        """The key that a vkey spells out.

        Raises:
            BadKeyError: it is malformed, of a type that is not supported, or its identifier is not the key's own.
        """
        shown = untrusted_text[:100]
        name, _, rest = untrusted_text.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            content = read_base64(encoded)
        except ValueError as error:
            raise BadKeyError(f"The key {shown!r} is not <name>+<8 hex digits>+<base64>.") from error
        if not _KEY_ID.fullmatch(key_id) or not content:
            raise BadKeyError(f"The key {shown!r} is not <name>+<8 hex digits>+<base64>.")
        if content[0] not in frozenset(SignatureType):
            raise BadKeyError(f"The key {shown!r} is of type {content[0]:#04x}, which is not supported.")
        key = cls(name, SignatureType(content[0]), content[1:])
        if key.id.hex() != key_id:
            raise BadKeyError(f"The key {shown!r} should have the identifier {key.id.hex()}: ask for it again.")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{write_base64(bytes([self.type]) + self.public)}"

    @property
    def id(self) -> bytes:
        """Four bytes that tell this key from others of its name."""
        hashed = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return hashlib.sha256(hashed).digest()[:_ID_BYTES]


@dataclass(frozen=True)
class NoteSignature:
    """A signature line: whose it claims to be (name and 4-byte key identifier), and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, BadNoteError)
        if len(self.key_id) != _ID_BYTES or not self.signature:
            raise BadNoteError(f"A signature by {self.name!r} is not four bytes of key identifier and a signature.")

    @classmethod
    def parse(cls, untrusted_line: str) -> Self:
        """The signature of a line without its newline.

        Raises:
            BadNoteError: it is malformed.
        """
        if not untrusted_line.startswith(_DASH):
            raise BadNoteError(f"The signature line {untrusted_line[:100]!r} does not begin with a dash and a space.")
        name, _, encoded = untrusted_line.removeprefix(_DASH).partition(" ")
        try:
            content = read_base64(encoded)
        except ValueError as error:
            raise BadNoteError(f"The signature line {untrusted_line[:100]!r} does not end in base64.") from error
        return cls(name, content[:_ID_BYTES], content[_ID_BYTES:])

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {write_base64(self.key_id + self.signature)}"

    def claims(self, key: VerifierKey) -> bool:
        """Whether it claims to be by this key; it still has to be checked."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True)
class Note:
    """A text, which ends in a newline, and its signatures, none of them checked."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n"):
            raise BadNoteError("The note's text does not end in a newline.")
        if _CONTROL.search(self.text):
            raise BadNoteError("The note's text has a control character in it.")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise BadNoteError(f"The note has {len(self.signatures)} signatures instead of 1 to {MAX_SIGNATURES}.")

    @classmethod
    def parse(cls, untrusted_bytes: bytes) -> Self:
        """The note that these bytes are; `encode` gives the same bytes.

        Raises:
            BadNoteError: they are none.
        """
        try:
            whole = untrusted_bytes.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadNoteError("The note is not UTF-8.") from error
        text, separator, lines = whole.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise BadNoteError("The note is not a text, an empty line and signature lines, each with its newline.")
        untrusted_lines = lines[:-1].split("\n", MAX_SIGNATURES)
        return cls(text + "\n", tuple(NoteSignature.parse(line) for line in untrusted_lines))

    def encode(self) -> bytes:
        """The note as bytes."""
        return "\n".join([self.text, *(str(one) for one in self.signatures), ""]).encode()

    def adding(self, *signatures: NoteSignature) -> Self:
        """The note with more signatures."""
        return replace(self, signatures=self.signatures + signatures)


class Signer:
    """Signs notes with Ed25519."""

    def __init__(self, name: str, private: Ed25519PrivateKey | bytes) -> None:
        """Take the name of the key, and the key: an object, or its 32 bytes (RFC 8032, 5.1.5)."""
        self._private = Ed25519PrivateKey.from_private_bytes(private) if isinstance(private, bytes) else private
        self.key = VerifierKey(name, SignatureType.ED25519, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> NoteSignature:
        """Sign a text."""
        return NoteSignature(self.key.name, self.key.id, self._private.sign(text.encode()))


Check = Callable[[VerifierKey, str, bytes], None]
"""Given a key, a note's text and a signature; raises `InvalidSignature` where the signature is not the key's."""


def check_ed25519(key: VerifierKey, text: str, signature: bytes) -> None:
    """Check a plain Ed25519 signature over a text.

    Raises:
        InvalidSignature: it is not the key's.
    """
    Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())


CHECKS: Mapping[SignatureType, Check] = {SignatureType.ED25519: check_ed25519}
"""How notes of any content are checked."""


def sign(text: str, *signers: Signer) -> Note:
    """A text, signed.

    Raises:
        BadNoteError: the text cannot be a note's, or nobody signs it.
    """
    return Note(text, tuple(signer.sign(text) for signer in signers))


def verify(
    note: Note, keys: Iterable[VerifierKey], checks: Mapping[SignatureType, Check] = CHECKS
) -> frozenset[VerifierKey]:
    """The known keys that signed a note: one at least. `checks` says how each type of key is checked.

    Raises:
        BadSignatureError: a line claims to be by a known key and is not.
        UnsignedError: no known key signed it.
        BadKeyError: a key is of a type that `checks` does not name.
        ValueError: two different keys share name and identifier.
    """
    distinct = set(keys)
    known = {(key.name, key.id): key for key in distinct}
    if len(known) != len(distinct):
        raise ValueError("two keys share one name and one identifier")
    for key in distinct:
        if key.type not in checks:
            raise BadKeyError(f"The key of {key.name!r} is of type {key.type:#04x}, which does not sign such notes.")
    signed = set()
    for line in note.signatures:
        signer = known.get((line.name, line.key_id))
        if signer is None:
            continue
        try:
            checks[signer.type](signer, note.text, line.signature)
        except InvalidSignature as error:
            raise BadSignatureError(f"The signature of {line.name!r} does not fit the note: it was altered.") from error
        signed.add(signer)
    if not signed:
        raise UnsignedError("No known key signed the note: check that it is the right note, and the right key.")
    return frozenset(signed)


def _check_name(name: str, error: type[InputError]) -> None:
    if not _NAME.fullmatch(name):
        raise error(f"{name[:100]!r} cannot name a key: it is empty, or a space, a plus sign or no text is in it.")
