"""The file of a node's keys: its root key, locked, and the generations of keys that wrap.

It is canonical JSON (RFC 8785) of mode 0600, and the only place where the root key is kept.

Rules kept here:
- the root is never written but locked;
- the file is written beside its place, synced, and renamed into it: after a crash it holds the old keys or the new
  ones, whole;
- keys are replaced only by who has read them: a file that is there is never written over by accident, since without it
  everything sealed is lost;
- all of the file is bound to the root: who does not know the root cannot change a generation unseen. An older file put
  back in its place cannot be told by itself.
"""

import fcntl
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import rfc8785

from safelight.errors import CannotRunError, InputError, UsageError
from safelight.platform.writing import sync_folder
from safelight.vault.keyring import Generations, Keyring
from safelight.vault.keys import Purpose, RootKey, new_root
from safelight.vault.protection import (
    LOCKED_BYTES,
    USUAL_COST,
    ByKeyFile,
    Protection,
    Secret,
    lock,
    unlock,
)

_FORMAT: Literal["safelight-node-keys/1"] = "safelight-node-keys/1"
_MAX_BYTES = 1 << 20


class BadKeysFileError(InputError):
    """The file of node keys is damaged: restore it from a backup, or the root key from the recovery kit."""


class NoKeysError(CannotRunError):
    """There are no node keys here: `safelight node create` makes a node; or restore the file of them from a backup."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds; `check` is a MAC, with a key derived from the root, over all the rest."""

    format: Literal["safelight-node-keys/1"]
    node: str
    fingerprint: str
    protection: Protection
    locked_root: Annotated[bytes, msgspec.Meta(min_length=LOCKED_BYTES, max_length=LOCKED_BYTES)]
    current: int
    retired: tuple[int, ...]
    check: bytes = b""


@dataclass(frozen=True)
class NodeKeys:
    """A node's keys, unlocked: its name, its root, its generations, and how the root is locked in the file."""

    node: str
    root: RootKey
    generations: Generations
    protection: Protection
    locked_root: bytes

    def keyring(self) -> Keyring:
        """The key ring of these keys."""
        return Keyring(self.root, self.generations)

    def rotated(self) -> "NodeKeys":
        """These keys with a new generation; keys wrapped before still open, and are to be wrapped anew."""
        return replace(self, generations=self.generations.rotated())

    def locked_by(self, secret: Secret, *, cost: int = USUAL_COST) -> "NodeKeys":
        """These keys under another passphrase or key file.

        Raises:
            UsageError: the passphrase is too short.
        """
        protection, locked = lock(self.root, secret, cost=cost)
        return replace(self, protection=protection, locked_root=locked)


def make_keys(
    node: str,
    secret: Secret,
    *,
    root: RootKey | None = None,
    generations: Generations | None = None,
    cost: int = USUAL_COST,
) -> NodeKeys:
    """Keys of a new node; or, with the root from a recovery kit and the generations in use, of one that is restored.

    Raises:
        UsageError: the passphrase is too short.
    """
    root = root or new_root()
    protection, locked = lock(root, secret, cost=cost)
    return NodeKeys(node, root, generations or Generations(), protection, locked)


def encode_keys(keys: NodeKeys) -> bytes:
    """What the file of these keys holds."""
    file = _File(
        format=_FORMAT,
        node=keys.node,
        fingerprint=keys.root.fingerprint(),
        protection=keys.protection,
        locked_root=keys.locked_root,
        current=keys.generations.current,
        retired=keys.generations.retired,
    )
    return _canonical(msgspec.structs.replace(file, check=_check(file, keys.root)))


def decode_keys(raw: bytes, secret: Secret) -> NodeKeys:
    """Unlock the keys that a file holds.

    Raises:
        BadKeysFileError: it is no file of node keys of this release, or was altered.
        UsageError: a key file is given where a passphrase is needed, or the other way round.
        WrongSecretError: the passphrase or key file is another.
    """
    file = _parsed(raw)
    return _checked(file, unlock(file.protection, file.locked_root, secret))


def _parsed(raw: bytes) -> _File:
    try:
        file = msgspec.json.decode(raw, type=_File)
        Generations(file.current, file.retired)
        is_canonical = _canonical(file) == raw
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadKeysFileError(f"This is no file of node keys of this release: {error}.") from None
    if not is_canonical:
        raise BadKeysFileError
    return file


def _checked(file: _File, root: RootKey) -> NodeKeys:
    if not hmac.compare_digest(file.check, _check(file, root)):
        raise BadKeysFileError("The file of node keys was altered since it was written: restore it from a backup.")
    return NodeKeys(file.node, root, Generations(file.current, file.retired), file.protection, file.locked_root)


def load_keys(path: Path, secret: Secret) -> NodeKeys:
    """Read and unlock the keys in a file.

    Raises:
        NoKeysError: there is no such file.
        CannotRunError: it cannot be read.
        BadKeysFileError, UsageError, WrongSecretError: as `decode_keys`.
    """
    return decode_keys(_there(path), secret)


def load_keys_by_root(path: Path, root: RootKey) -> NodeKeys:
    """Read the keys in a file, for who has their root from a recovery kit.

    Raises:
        NoKeysError: there is no such file.
        CannotRunError: it cannot be read.
        BadKeysFileError: it is no file of node keys of this release, was altered, or is that of another root.
    """
    file = _parsed(_there(path))
    if file.fingerprint != root.fingerprint():
        raise BadKeysFileError(
            f"The file of node keys is that of the root {file.fingerprint}, and not of {root.fingerprint()}."
        )
    return _checked(file, root)


@dataclass(frozen=True)
class Described:
    """What a file of node keys says without being unlocked; none of it is checked."""

    node: str
    fingerprint: str
    locked_by: Literal["passphrase", "key file"]


def describe_keys(path: Path) -> Described:
    """What can be said of the keys in a file by who cannot unlock them.

    Raises:
        NoKeysError: there is no such file.
        BadKeysFileError: it is no file of node keys of this release.
        CannotRunError: it cannot be read.
    """
    file = _parsed(_there(path))
    locked_by: Literal["passphrase", "key file"] = "passphrase"
    if isinstance(file.protection, ByKeyFile):
        locked_by = "key file"
    return Described(file.node, file.fingerprint, locked_by)


def save_keys(path: Path, keys: NodeKeys, *, replacing: NodeKeys | None) -> None:
    """Write keys into the place of those that they follow, None where there were none; on the disk when this returns.

    Raises:
        UsageError: other keys are there than those to be replaced; nothing was changed.
        CannotRunError: they could not be written; what is there is the old keys or the new ones, whole.
    """
    try:
        with _alone(path.parent):
            expected = None if replacing is None else encode_keys(replacing)
            if _read(path) != expected:
                raise UsageError(
                    f"The node keys at {path} are not those that were to be replaced, and were left as they are: "
                    "read them again and repeat the change."
                )
            _write(path, encode_keys(keys))
    except OSError as error:
        raise CannotRunError(
            f"The node keys could not be written to {path}: {error.strerror}; put that right and repeat the change."
        ) from error


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.part")
    with suppress(FileNotFoundError):
        draft.unlink()  # of a writer that died: no other can be writing now
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
        os.fsync(handle)
    draft.rename(path)
    sync_folder(path.parent)


def _there(path: Path) -> bytes:
    """What the file holds; it has to be there."""
    try:
        raw = _read(path)
    except OSError as error:
        raise CannotRunError(f"The node keys at {path} cannot be read: {error.strerror}; put that right.") from error
    if raw is None:
        raise NoKeysError(
            f"There are no node keys at {path}: `safelight node create` makes a node; or restore them from a backup."
        )
    return raw


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except FileNotFoundError:
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other writers of this folder's keys waiting."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _check(file: _File, root: RootKey) -> bytes:
    content = _canonical(msgspec.structs.replace(file, check=b""))
    return hmac.digest(root.derive(Purpose.KEYS_FILE), content, "sha256")


def _canonical(file: _File) -> bytes:
    return rfc8785.dumps(msgspec.to_builtins(file))
