"""Keys that wrap the keys of objects, in generations: the current one, and older ones, which only open.

A wrapped key is: version (1 byte), generation (4), nonce (12), then key and tag under AES-256-GCM (NIST SP 800-38D).

Rules kept here:
- a wrapped key says which generation wraps it, and is bound to the name of what it opens: put under another name, it
  opens nothing;
- rotation begins a generation and wraps keys anew; content is not touched, since its own key stays;
- a retired generation opens for good: derived from the root as all are, to drop its number would destroy nothing;
- a generation wraps less than 2^32 keys, the most that random nonces bear: rotate long before.
"""

import secrets
from dataclasses import dataclass
from itertools import pairwise

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safelight.errors import CannotRunError, InputError
from safelight.vault.keys import KEY_BYTES, Purpose, RootKey

WRAPPED_BYTES = 65
_VERSION = b"\x01"
_HEAD_BYTES, _NONCE_BYTES = 5, 12
_LABEL = b"safelight/wrapped-key/v1\x00"
_MAX_GENERATION = 2**32 - 1


class WrappedKeyError(InputError):
    """A wrapped key does not open: it was altered, belongs to something else, or was wrapped by another node."""


class NoSuchGenerationError(CannotRunError):
    """The generation that wraps a key is not on the key ring."""


@dataclass(frozen=True)
class Generations:
    """Which generations there are: the current one, which wraps, and retired ones, which only open."""

    current: int = 1
    retired: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        line = (*self.retired, self.current)
        if line[0] < 1 or self.current > _MAX_GENERATION or any(a >= b for a, b in pairwise(line)):
            raise ValueError("generations are numbered upwards from 1, each once, the current one last")

    def rotated(self) -> "Generations":
        """The next generation current, this one retired."""
        return Generations(self.current + 1, (*self.retired, self.current))


class Keyring:
    """Wraps and unwraps keys of objects under a node's generations."""

    def __init__(self, root: RootKey, generations: Generations) -> None:
        self.generations = generations
        self._ciphers = {
            number: AESGCM(root.derive(Purpose.KEY_ENCRYPTION, str(number)))
            for number in (*generations.retired, generations.current)
        }

    def wrap(self, key: bytes, name: str) -> bytes:
        """Wrap a 32-byte key under the current generation, for what `name` names.

        Raises:
            ValueError: the key does not have 32 bytes.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key to wrap has {len(key)} bytes instead of {KEY_BYTES}")
        head = _VERSION + self.generations.current.to_bytes(4)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return head + nonce + self._ciphers[self.generations.current].encrypt(nonce, key, _bound(head, name))

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """The key that was wrapped for what `name` names.

        Raises:
            WrappedKeyError: it was altered, is no wrapped key, or is that of something else or of another node.
            NoSuchGenerationError: its generation never was on this ring.
        """
        number = generation_of(wrapped)
        if number not in self._ciphers:
            raise NoSuchGenerationError(
                f"The key of {name} is wrapped under generation {number}, which this node's keys do not have: restore "
                "the file of node keys from a backup."
            )
        nonce, sealed = wrapped[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES], wrapped[_HEAD_BYTES + _NONCE_BYTES :]
        try:
            return self._ciphers[number].decrypt(nonce, sealed, _bound(wrapped[:_HEAD_BYTES], name))
        except InvalidTag:
            raise WrappedKeyError(
                f"The key of {name} does not open: it was altered, belongs to something else, or was wrapped by "
                "another node."
            ) from None

    def rewrap(self, wrapped: bytes, name: str) -> bytes:
        """The same key under the current generation; one that already is stays as it is.

        Raises:
            WrappedKeyError, NoSuchGenerationError: as `unwrap`.
        """
        key = self.unwrap(wrapped, name)
        return wrapped if generation_of(wrapped) == self.generations.current else self.wrap(key, name)


def generation_of(wrapped: bytes) -> int:
    """Under which generation a key is wrapped, as it says itself.

    Raises:
        WrappedKeyError: this is no wrapped key of a version that this release knows.
    """
    if len(wrapped) != WRAPPED_BYTES or not wrapped.startswith(_VERSION):
        raise WrappedKeyError("These bytes are no wrapped key that this release knows.")
    return int.from_bytes(wrapped[1:_HEAD_BYTES])


def _bound(head: bytes, name: str) -> bytes:
    return _LABEL + head + name.encode()
