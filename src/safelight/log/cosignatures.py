"""Cosignatures: a witness says that a checkpoint goes on from all it saw of the log before (c2sp.org/tlog-cosignature).

Rules kept here:
- only checkpoints are cosigned, whole trees from the first leaf;
- the time is part of what is signed; whether it is recent enough is for whoever asks to say.
"""

from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from safelight.log import notes
from safelight.log.checkpoints import BadCheckpointError, Checkpoint
from safelight.log.notes import Check, Note, NoteSignature, SignatureType, VerifierKey

_TIME_BYTES = 8
_MAX_TIME = (1 << 63) - 1
_MAX_NAME_BYTES = 255


class Cosigner:
    """Cosigns checkpoints, with Ed25519 or ML-DSA-44 as its key is."""

    def __init__(self, name: str, private: Ed25519PrivateKey | MLDSA44PrivateKey) -> None:
        """Take the name of the witness, and its private key."""
        is_ed25519 = isinstance(private, Ed25519PrivateKey)
        kind = SignatureType.ED25519_COSIGNATURE if is_ed25519 else SignatureType.ML_DSA_44_COSIGNATURE
        self._private = private
        self.key = VerifierKey(name, kind, private.public_key().public_bytes_raw())

    def cosign(self, text: str, time: int) -> NoteSignature:
        """Cosign a checkpoint's text; `time` in seconds since the Epoch.

        Raises:
            BadCheckpointError: the text is no checkpoint, or its origin too long for ML-DSA-44.
            ValueError: there is no such time.
        """
        if not 0 <= time <= _MAX_TIME:
            raise ValueError(f"{time} seconds since the Epoch cannot be written into a cosignature")
        signature = self._private.sign(_MESSAGES[self.key.type](self.key.name, text, time))
        return NoteSignature(self.key.name, self.key.id, time.to_bytes(_TIME_BYTES) + signature)


def cosign(note: Note, cosigner: Cosigner, time: int) -> Note:
    """A checkpoint's note with one more cosignature; `time` in seconds since the Epoch.

    Raises:
        BadCheckpointError: the note is no checkpoint, or its origin too long for ML-DSA-44.
        BadNoteError: it has as many signatures as it may have.
        ValueError: there is no such time.
    """
    return note.adding(cosigner.cosign(note.text, time))


def verify_cosignatures(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
    """The known witnesses that cosigned a checkpoint, each with its latest time in seconds since the Epoch.

    Raises:
        BadSignatureError: a line claims to be by a known witness and is not.
        UnsignedError: no known witness cosigned it.
        BadCheckpointError: the note is no checkpoint.
        BadKeyError: a key is no witness's.
        ValueError: two different keys share name and identifier.
    """
    return times(note, notes.verify(note, keys, COSIGNATURE_CHECKS))


def times(note: Note, verified: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
    """The latest time that each of these witnesses, whose cosignatures were checked, signed into a note."""
    return {
        key: max(int.from_bytes(line.signature[:_TIME_BYTES]) for line in note.signatures if line.claims(key))
        for key in verified
    }


def _ed25519_message(_name: str, text: str, time: int) -> bytes:
    Checkpoint.parse(text)
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _ml_dsa_message(name: str, text: str, time: int) -> bytes:
    checkpoint = Checkpoint.parse(text)
    return b"".join(
        [
            b"subtree/v1\n\0",
            _prefixed(name),
            time.to_bytes(8),
            _prefixed(checkpoint.origin),
            bytes(8),
            checkpoint.size.to_bytes(8),
            checkpoint.root,
        ]
    )


def _prefixed(name: str) -> bytes:
    content = name.encode()
    if len(content) > _MAX_NAME_BYTES:
        raise BadCheckpointError(f"{name[:100]!r} is too long for ML-DSA-44: {_MAX_NAME_BYTES} bytes at most.")
    return bytes([len(content)]) + content


_MESSAGES = {
    SignatureType.ED25519_COSIGNATURE: _ed25519_message,
    SignatureType.ML_DSA_44_COSIGNATURE: _ml_dsa_message,
}


def _check(key: VerifierKey, text: str, signature: bytes) -> None:
    time = int.from_bytes(signature[:_TIME_BYTES])
    if time > _MAX_TIME:
        raise InvalidSignature
    message = _MESSAGES[key.type](key.name, text, time)
    public: Ed25519PublicKey | MLDSA44PublicKey
    if key.type is SignatureType.ED25519_COSIGNATURE:
        public = Ed25519PublicKey.from_public_bytes(key.public)
    else:
        public = MLDSA44PublicKey.from_public_bytes(key.public)
    public.verify(signature[_TIME_BYTES:], message)


COSIGNATURE_CHECKS: Mapping[SignatureType, Check] = dict.fromkeys(_MESSAGES, _check)
"""How cosignatures are checked."""

CHECKPOINT_CHECKS: Mapping[SignatureType, Check] = {**notes.CHECKS, **COSIGNATURE_CHECKS}
"""How everything that can stand under a checkpoint is checked."""
