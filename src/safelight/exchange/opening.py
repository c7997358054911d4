"""The recipient's side: a bundle is opened into a new folder, whole or not at all. It needs no node.

Rules kept here:
- no path, and no other name, comes out of the bundle: contents are named by the SHA-256 that was computed of them,
  statements by their place;
- the folder has its name only when the last byte was checked; what failed leaves nothing;
- the signatures on the manifest hold under the keys that it names; whose keys they are is known only where the sender's
  key was given apart. Statements are checked against their agencies' keys when they are taken in, not here.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from safelight.assertions.signing import BadSignatureError, parse_envelope, verify_record
from safelight.errors import UsageError
from safelight.exchange.bundle import BadBundleError, BundleReader
from safelight.exchange.manifest import Manifest, manifest_digest, parse_manifest
from safelight.log.notes import VerifierKey
from safelight.platform.disk import disk_in_words
from safelight.platform.writing import sync_folder
from safelight.vault.protection import Passphrase
from safelight.vault.stores.drafts import sync_file, write_draft


@dataclass(frozen=True)
class Opened:
    """What a bundle held, and the SHA-256 of its manifest."""

    manifest: Manifest
    digest: bytes


def open_bundle(path: Path, out: Path, passphrase: Passphrase, *, sender: VerifierKey | None) -> Opened:
    """Check a bundle to its last byte and write what it holds into a new folder.

    Raises:
        UsageError: the folder is there already, or the bundle cannot be read.
        WrongSecretError: the passphrase is another.
        BadBundleError, BadManifestError, BadSignatureError, SealBrokenError, InputError: it is none, was altered, cut
            short, or is not by the sender.
        CannotRunError: the disk did not take it.
    """
    if out.exists() or out.is_symlink():
        raise UsageError(f"The folder {out} is there already: name a new one.")
    draft = out.with_name(f".{out.name}.opening")
    with disk_in_words(f"What the bundle holds, in {out},"):
        try:
            shutil.rmtree(draft, ignore_errors=True)  # what a killed command left
            draft.mkdir(mode=0o700)
            opened = _unpacked(path, draft, passphrase, sender)
            draft.rename(out)
            sync_folder(out.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return opened


def read_sender(envelope: bytes, sender: VerifierKey | None) -> Opened:
    """The manifest in a signed envelope whose signatures hold.

    Raises:
        BadAssertionError, BadManifestError: it holds none.
        BadSignatureError: a signature does not hold or is missing, or it is not by the sender.
    """
    signed = parse_envelope(envelope)
    manifest = parse_manifest(signed.record)
    officers = verify_record(signed, manifest.keys(), logged_at=manifest.made)
    if len(officers) != bool(manifest.officer_key):
        raise BadSignatureError(f"The manifest lacks the signature of {manifest.officer!r}, who sends it.")
    if sender is not None and (sender.name, sender.public.hex()) != (manifest.agency, manifest.node_key):
        raise BadSignatureError(f"The bundle is by {manifest.agency!r} under another key than the one that was given.")
    return Opened(manifest, manifest_digest(signed.record))


def _unpacked(path: Path, folder: Path, passphrase: Passphrase, sender: VerifierKey | None) -> Opened:
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"The bundle {path} cannot be read: {error.strerror}.") from error
    with file:
        reader = BundleReader(file.read, passphrase)
        envelope = reader.envelope()
        opened = read_sender(envelope, sender)
        _write(folder / "manifest.json", [envelope])
        (folder / "statements").mkdir()
        for number, digest in enumerate(opened.manifest.statements, 1):
            statement = reader.envelope()
            if hashlib.sha256(statement).hexdigest() != digest:
                raise BadBundleError
            parse_envelope(statement)
            _write(folder / "statements" / f"{number:06}.json", [statement])
        (folder / "contents").mkdir()
        for item in opened.manifest.items:
            place = folder / "contents" / "unchecked"
            found = _write(place, reader.content(item.size))
            if found != item.sha256:
                raise BadBundleError
            place.rename(folder / "contents" / found)
        reader.finish()
    for each in (folder / "statements", folder / "contents", folder):
        sync_folder(each)
    return opened


def _write(path: Path, pieces: Iterable[bytes]) -> str:
    """Write a file, on the disk when this returns; return its SHA-256."""
    digest = hashlib.sha256()
    write_draft(path, _counted(pieces, digest.update))
    sync_file(path)
    return digest.hexdigest()


def _counted(pieces: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        update(piece)
        yield piece
