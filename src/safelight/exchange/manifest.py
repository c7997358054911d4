"""The manifest: all that is handed out, to whom and by whom, in the one form that two persons approve by its hash.

Rules kept here:
- it is canonical JSON (RFC 8785), and names every content and every statement by SHA-256: nothing else is in a bundle;
- it holds an identifier drawn at random, so that its hash tells nothing of what it lists;
- it names the keys that sign it, so that the approval covers who sends it, too;
- read from outside, it is bounded before it is believed: size, order, each once.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from safelight.access.key_records import KeyRecord
from safelight.assertions.record import MAX_BYTES, canonical_json, read_json
from safelight.errors import InputError, UsageError

FORMAT: Literal["safelight-manifest/1"] = "safelight-manifest/1"
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,200}\Z")]
_LONE_NUMBER = re.compile(r"[1-9][0-9]{0,17}\Z")


class BadManifestError(InputError):
    """This is no manifest in canonical form."""


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom: the agency, the groups it is in, whether it is a provider, and for which purposes it asks."""

    agency: _Line
    purposes: Annotated[tuple[_Line, ...], msgspec.Meta(min_length=1, max_length=100)]
    groups: Annotated[tuple[_Line, ...], msgspec.Meta(max_length=100)] = ()
    is_provider: bool = False


class ContentLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A content: its SHA-256 and its size in bytes."""

    sha256: _Digest
    size: Annotated[int, msgspec.Meta(ge=0, le=2**52)]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is handed out. `statements` are the SHA-256 of the signed statements, in the order in which they lie there.

    `agency` hands out, `node_key` is its node's public key; `officer` sends, under `officer_key`, which is empty where
    nobody is enrolled.
    """

    id: _Id
    agency: _Line
    officer: _Line
    node_key: _Digest
    officer_key: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
    case: Annotated[str, msgspec.Meta(pattern=_LONE_NUMBER.pattern)]
    recipient: Recipient
    made: Annotated[datetime, msgspec.Meta(tz=True)]
    items: tuple[ContentLine, ...]
    statements: tuple[_Digest, ...]
    algorithm: Literal["Ed25519"] = "Ed25519"
    format: Literal["safelight-manifest/1"] = FORMAT

    def keys(self) -> dict[str, KeyRecord]:
        """The keys that sign it, as it names them, by their names; they count at the moment it was made."""
        after = datetime.max.replace(tzinfo=UTC)
        named = [(self.node_key, None), *([(self.officer_key, self.officer)] if self.officer_key else [])]
        records = [KeyRecord(bytes.fromhex(key), self.agency, who, self.made, after) for key, who in named]
        return {record.name: record for record in records}


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest in the bytes that are signed.

    Raises:
        UsageError: it lists more than a bundle may hold.
    """
    record = canonical_json(msgspec.to_builtins(manifest))
    if len(record) > MAX_BYTES:
        raise UsageError(
            f"{len(manifest.items)} contents and {len(manifest.statements)} statements are too many for one bundle: "
            "name some of the items, and hand the others out apart."
        )
    return record


def parse_manifest(untrusted: bytes) -> Manifest:
    """The manifest that these bytes hold; whose it is, its signatures say.

    Raises:
        BadManifestError: they hold none, or not in canonical form.
        BadAssertionError: they are no JSON, or beyond a bound.
    """
    try:
        manifest = msgspec.convert(read_json(untrusted), Manifest)
    except msgspec.ValidationError as error:
        raise BadManifestError(f"The manifest cannot be read: {error}.") from error
    digests = [one.sha256 for one in manifest.items]
    if not _ascending(digests) or len(set(manifest.statements)) < len(manifest.statements):
        raise BadManifestError("The manifest does not name each thing once and in order.")
    if canonical_json(msgspec.to_builtins(manifest)) != untrusted:
        raise BadManifestError
    return manifest


def manifest_digest(record: bytes) -> bytes:
    """The SHA-256 of a manifest's bytes, by which it is approved."""
    return hashlib.sha256(record).digest()


def _ascending(values: Sequence[str]) -> bool:
    return all(one < other for one, other in pairwise(values))
