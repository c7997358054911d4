"""A bundle: contents and signed statements in one file, sealed under a passphrase that its recipient is told apart.

A line of canonical JSON says how the key is locked (scrypt, RFC 7914); then comes one sealed record as the vault writes
them (C2SP chunked encryption). In it: the signed manifest and each statement after its length (4 bytes, the highest
first), then the contents, whose sizes the manifest says; all in the manifest's order.

Rules kept here:
- the key is the bundle's own, drawn at random; no key of the node seals what leaves it;
- the line is bound to what follows it, and its cost is the one that is usual here: nobody cheapens a guess, and no
  planted bundle fills the memory;
- reading hands out nothing that did not authenticate, and ends well only where the bundle ends.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Literal

import msgspec
import rfc8785

from safelight.assertions.record import MAX_BYTES
from safelight.errors import InputError
from safelight.vault.chunked import Block
from safelight.vault.keys import KEY_BYTES, RootKey
from safelight.vault.protection import LOCKED_BYTES, USUAL_COST, ByPassphrase, Passphrase, lock, unlock
from safelight.vault.records import open_record, seal_record

_FORMAT: Literal["safelight-bundle/1"] = "safelight-bundle/1"
_MAX_HEAD = 4096
MAX_ENVELOPE = MAX_BYTES + 8192
"""Bytes of a signed manifest or statement."""
_LENGTH_BYTES = 4
PIECE = 1 << 17

Read = Callable[[int], bytes]
"""Asked with a number: at most so many bytes that come next, none only at the end."""


class BadBundleError(InputError):
    """This is no bundle of this release, or it was altered or cut short: ask for it anew."""


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["safelight-bundle/1"]
    protection: ByPassphrase
    locked: Annotated[bytes, msgspec.Meta(min_length=LOCKED_BYTES, max_length=LOCKED_BYTES)]


def new_passphrase() -> Passphrase:
    """A passphrase that nobody has seen: 24 random bytes, as 32 characters that can be typed."""
    return Passphrase(secrets.token_urlsafe(24))


def seal_bundle(
    passphrase: Passphrase, envelopes: Iterable[bytes], contents: Iterable[Iterable[Block]]
) -> Iterator[bytes | bytearray]:
    """Yield a bundle, to be written one piece after the other: signed manifest and statements, then contents."""
    key = RootKey(secrets.token_bytes(KEY_BYTES))
    protection, locked = lock(key, passphrase)
    head = _encoded(_FORMAT, protection, locked)
    yield head

    def inner() -> Iterator[Block]:
        for envelope in envelopes:
            yield len(envelope).to_bytes(_LENGTH_BYTES) + envelope
        for content in contents:
            yield from content

    yield from seal_record(inner(), key.secret, head)


class BundleReader:
    """What a bundle holds, in its order; nothing is in memory but a piece, and one statement."""

    def __init__(self, read: Read, passphrase: Passphrase) -> None:
        """Open a bundle of which `read` gives the bytes.

        Raises:
            BadBundleError: it is none.
            WrongSecretError: the passphrase is another, or the first line was altered.
        """
        head, rest = _split(read)
        try:
            said = msgspec.json.decode(head, type=_Head)
            is_ours = _encoded(said.format, said.protection, said.locked) == head
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise BadBundleError from None
        if not is_ours or (said.protection.n, said.protection.p) != (USUAL_COST, 1):
            raise BadBundleError
        key = unlock(said.protection, said.locked, passphrase)
        self._opened = open_record(_pieces(rest, read), key.secret, head)
        self._waiting = memoryview(b"")

    def envelope(self) -> bytes:
        """The signed manifest, or the statement that comes next.

        Raises:
            BadBundleError: there is none, or it is too long.
            SealBrokenError, NotARecordError, OtherSuiteError: the bundle was altered or cut short.
        """
        length = int.from_bytes(b"".join(self.content(_LENGTH_BYTES)))
        if length > MAX_ENVELOPE:
            raise BadBundleError
        return b"".join(self.content(length))

    def content(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes, in pieces.

        Raises:
            BadBundleError: the bundle ends before.
            SealBrokenError, NotARecordError, OtherSuiteError: as `envelope`.
        """
        while size:
            while not self._waiting:
                following = next(self._opened, None)
                if following is None:
                    raise BadBundleError
                self._waiting = memoryview(following)
            piece, self._waiting = bytes(self._waiting[:size]), self._waiting[size:]
            size -= len(piece)
            yield piece

    def finish(self) -> None:
        """Go on only if nothing follows.

        Raises:
            BadBundleError: something does.
            SealBrokenError: the end was altered or is missing.
        """
        if self._waiting or any(self._opened):
            raise BadBundleError


def _encoded(form: str, protection: object, locked: bytes) -> bytes:
    plain = {"format": form, "protection": protection, "locked": locked}
    return rfc8785.dumps(msgspec.to_builtins(plain)) + b"\n"


def _split(read: Read) -> tuple[bytes, bytes]:
    """The first line, and what was read behind it."""
    start = b""
    while b"\n" not in start and len(start) < _MAX_HEAD and (piece := read(_MAX_HEAD - len(start))):
        start += piece
    line, newline, rest = start.partition(b"\n")
    return line + newline, rest


def _pieces(first: bytes, read: Read) -> Iterator[bytes]:
    yield first
    while piece := read(PIECE):
        yield piece
