"""Hands content out: planned, approved by a second person, in the log, and only then written.

Rules kept here:
- what is approved is a manifest by its hash; what leaves is exactly that, and is decided anew when it does: a content
  that is gone, or a statement that may no longer go, stops all of it by name;
- who gets what is in the log and in the record of handouts, on the disk, before a byte of the bundle is;
- killed after that, the same draft is sent anew under the approval that it used; once it was written, never again;
- a bundle lies outside the data folder, under a key of its own; killed, nothing lies under its name.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from safelight.access.authorising import require
from safelight.access.four_eyes import use_approval
from safelight.access.officer_keys import public_text
from safelight.access.permissions import Permission
from safelight.access.queries import officer_row
from safelight.assertions.handling import Reader
from safelight.assertions.queries import handed_out
from safelight.assertions.record import canonical_json
from safelight.assertions.signing import Envelope, add_officer, encode_envelope, sign_record
from safelight.assertions.vocabularies import load_terms
from safelight.casework.access import Acting, access_case, access_numbered_case
from safelight.casework.models import Case
from safelight.casework.queries import kept_contents
from safelight.errors import InputError, UsageError
from safelight.exchange.bundle import PIECE, seal_bundle
from safelight.exchange.manifest import (
    ContentLine,
    Manifest,
    Recipient,
    encode_manifest,
    manifest_digest,
    parse_manifest,
)
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.disk import disk_in_words
from safelight.platform.walls import for_case
from safelight.platform.writing import lies_in, sync_folder
from safelight.vault.actions.handing import do_begin_handout, do_end_handout
from safelight.vault.actions.turns import take_turn
from safelight.vault.content import Vault
from safelight.vault.protection import Passphrase
from safelight.vault.queries import Sent, certificate, handout_state, open_content
from safelight.vault.stores.drafts import sync_file, write_draft

_DRAFT = ("manifest", "draft")
_DRAFTS = "exchange draft"


class ChangedExportError(InputError):
    """What was approved cannot go any more as it stands: plan it anew, and have that approved."""


@dataclass(frozen=True)
class Draft:
    """A planned export: its manifest's bytes, which are approved by their hash; and the same sealed for this node."""

    record: bytes
    sealed: bytes

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the manifest, which two persons approve."""
        return manifest_digest(self.record)


def plan_export(
    case_name: str, recipient: Recipient, chosen: Collection[bytes], *, acting: Acting, now: datetime
) -> Draft:
    """Plan to hand out the kept contents of a case, or those `chosen` (by SHA-256), with what may be said of them.

    Raises:
        RefusedError: the officer may not hand out of it, or there is no such case; it is in the log.
        UsageError: a chosen one is not kept for the case, nothing is, it is too much for one bundle, or the recipient
            cannot be one.
        InputError: a stored row was altered.
    """
    case = access_case(case_name, Permission.CONTENT_EXPORT, acting, now=now)
    node = acting.node
    if recipient.agency == node.name:
        raise UsageError(f"{recipient.agency!r} is this node's own agency: name the agency that is to receive it.")
    if strange := sorted(set(recipient.purposes) - set(load_terms("purposes"))):
        raise UsageError(f"{strange[0]!r} is no purpose; there are {', '.join(load_terms('purposes'))}")
    made = now.replace(microsecond=0)
    with for_case(case.pk), transaction.atomic():
        items, statements = _closure(case, recipient, chosen, acting, now)
    if not items:
        raise UsageError(f"Nothing is kept for the case {case.name!r}: there is no content to hand out.")
    row = officer_row(acting.officer, now)
    manifest = Manifest(
        id=secrets.token_hex(16),
        agency=node.name,
        officer=acting.officer.pseudonym,
        node_key=node.signer.key.public.hex(),
        officer_key=bytes(row.public_key).hex() if row is not None else "",
        case=str(case.pk),
        recipient=recipient,
        made=made,
        items=items,
        statements=tuple(_digest(one) for one in statements),
    )
    record = encode_manifest(manifest)
    return Draft(record, node.vault.columns(_DRAFTS).seal(record, *_DRAFT))


def open_draft(sealed: bytes, *, acting: Acting, now: datetime) -> tuple[Manifest, bytes]:
    """The manifest in a draft of this node, for who may hand out of its case; and the manifest's bytes.

    Raises:
        RefusedError: the officer may not; it is in the log.
        SealedValueError: it is no draft of this node, or was altered.
    """
    record = acting.node.vault.columns(_DRAFTS).open(sealed, *_DRAFT)
    manifest = parse_manifest(record)
    access_numbered_case(int(manifest.case), Permission.CONTENT_EXPORT, acting, now=now)
    return manifest, record


def do_send_export(
    sealed: bytes,
    out: Path,
    passphrase: Passphrase,
    *,
    why: str,
    key: Ed25519PrivateKey | None,
    acting: Acting,
    now: datetime,
) -> Manifest:
    """Write what a draft lists into a new bundle under a passphrase, once two have approved it; return its manifest.

    `key` is the officer's, None only where nobody is enrolled.

    Raises:
        RefusedError, NotApprovedError: the officer may not, or nobody approved exactly this; it is in the log.
        ChangedExportError: something of it is gone, or may no longer go.
        UsageError: it was sent before, another officer planned it, the key is not his, there is no reason, or the
            bundle cannot lie there.
        SealedValueError: as `open_draft`.
        CannotRunError: the disk did not take the bundle; the same command goes on under the same approval.
    """
    manifest, record = open_draft(sealed, acting=acting, now=now)
    _check_sender(manifest, key, acting)
    _check_place(out, acting.node.data)
    envelope = sign_record(record, acting.node.keys.root.signing_key())
    signed = envelope if key is None else add_officer(envelope, key)
    statements = _decide(manifest, manifest_digest(record), why, acting, now)
    vault = acting.node.vault
    contents = (_content(vault, bytes.fromhex(one.sha256), acting.node.name) for one in manifest.items)
    envelopes = [encode_envelope(one) for one in (signed, *statements)]
    draft = out.with_name(f".{out.name}.part")
    with disk_in_words(f"The bundle {out}"):
        try:
            draft.unlink(missing_ok=True)  # what a killed command left
            write_draft(draft, seal_bundle(passphrase, envelopes, contents))
            sync_file(draft)
            draft.rename(out)
            sync_folder(out.parent)
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
    do_end_handout(vault, manifest_digest(record), now=now)
    return manifest


def write_withdrawals(sha256: bytes, folder: Path, *, acting: Acting, now: datetime) -> list[Path]:
    """Write a signed withdrawal of an erased content for each recipient whose receipt is missing; return the files.

    Raises:
        RefusedError: the officer may not; it is in the log.
        NotErasedError: the content was not erased here.
        UsageError: they would lie in the data folder, or a file is there already.
        CannotRunError: the disk did not take them.
    """
    node = acting.node
    require(acting.officer, Permission.CONTENT_ERASE, sealer=node.log_sealer, now=now)
    stone = certificate(node.vault, sha256, node.name)
    written = []
    for number, receipt in enumerate((one for one in stone.receipts if one.received_at is None), 1):
        said = {
            "format": "safelight-withdrawal/1",
            "algorithm": "Ed25519",
            "agency": node.name,
            "recipient": receipt.recipient,
            "sha256": sha256.hex(),
            "erased_at": stone.erased_at.isoformat(),
        }
        path = folder / f"withdrawal-{number}.json"
        _check_place(path, node.data)
        with disk_in_words(f"The withdrawal {path}"):
            write_draft(path, [encode_envelope(sign_record(canonical_json(said), node.keys.root.signing_key()))])
            sync_file(path)
        written.append(path)
    return written


def _closure(
    case: Case, recipient: Recipient, chosen: Collection[bytes], acting: Acting, now: datetime
) -> tuple[tuple[ContentLine, ...], list[Envelope]]:
    """The contents that go, and the statements that this recipient may have of them."""
    kept = kept_contents(case, acting.node.vault)
    for one in sorted(chosen):
        if one not in kept:
            raise UsageError(f"The case {case.name!r} keeps no content with the SHA-256 {one.hex()}.")
    items = {one: size for one, size in kept.items() if not chosen or one in chosen}
    purposes = frozenset(recipient.purposes)
    reader = Reader(acting.node.name, purposes, now)
    to = Reader(recipient.agency, purposes, now, frozenset(recipient.groups), recipient.is_provider)
    lines = tuple(ContentLine(one.hex(), size) for one, size in items.items())
    return lines, handed_out(items, reader, to, acting.node)


def _decide(manifest: Manifest, digest: bytes, why: str, acting: Acting, now: datetime) -> list[Envelope]:
    """Use up the approval, log and record who gets what, durable when this returns; return the statements that go."""
    node, case = acting.node, access_numbered_case(int(manifest.case), Permission.CONTENT_EXPORT, acting, now=now)
    wanted = {"case": manifest.case, "manifest": digest.hex(), "recipient": manifest.recipient.agency}
    with for_case(case.pk), transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")  # whatever the server does elsewhere
        take_turn()  # nothing of it is erased between this decision and the record of it
        state = handout_state(node.vault, digest)
        if state is Sent.WRITTEN:
            raise UsageError("This was sent before: plan it anew, and have that approved.")
        statements = _agreed(manifest, case, acting, now)
        about = {
            "case": case.name,
            "recipient": manifest.recipient.agency,
            "manifest": digest.hex(),
            "items": [one.sha256 for one in manifest.items],
            "statements": len(manifest.statements),
            "approval": "as when it was begun"
            if state is Sent.NOT_WRITTEN
            else use_approval(Permission.CONTENT_EXPORT, wanted, officer=acting.officer, node=node, now=now),
        }
        do_add_entry(Entry(Event.EXPORTED, acting.by, now, why, about), node.log_sealer)
        contents = [bytes.fromhex(one.sha256) for one in manifest.items]
        do_begin_handout(node.vault, digest, contents, node.name, manifest.recipient.agency, now=now)
    return statements


def _agreed(manifest: Manifest, case: Case, acting: Acting, now: datetime) -> list[Envelope]:
    """The statements of a manifest, if all that it lists may still go and nothing else would."""
    listed = {bytes.fromhex(one.sha256) for one in manifest.items}
    kept = kept_contents(case, acting.node.vault)
    if gone := sorted(one.hex() for one in listed - kept.keys()):
        raise ChangedExportError(
            f"The content with the SHA-256 {gone[0]} is no longer kept for this case: plan the export anew."
        )
    items, statements = _closure(case, manifest.recipient, listed, acting, now)
    found = tuple(_digest(one) for one in statements)
    if items != manifest.items or found != manifest.statements:
        less, more = set(manifest.statements) - set(found), set(found) - set(manifest.statements)
        raise ChangedExportError(
            f"{len(less)} statements of this export may no longer go or are gone, and {len(more)} more would go with "
            f"it{''.join(f'; {one}' for one in sorted(less | more)[:3])}: plan the export anew."
        )
    return statements


def _check_sender(manifest: Manifest, key: Ed25519PrivateKey | None, acting: Acting) -> None:
    if manifest.officer != acting.officer.pseudonym:
        raise UsageError(f"{manifest.officer} planned this export and sends it: plan one of your own.")
    if manifest.officer_key != (public_text(key) if key is not None else ""):
        raise UsageError("An export is signed with the key of the officer who planned it: give that one (--key).")


def _check_place(out: Path, data: Path) -> None:
    if lies_in(out, data):
        raise UsageError(f"{out} lies in the data folder {data}: what is handed out is written elsewhere.")
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} is there already: name a new file.")


def _content(vault: Vault, sha256: bytes, owner: str) -> Iterator[bytes]:
    reader = open_content(vault, sha256, owner)
    while piece := reader.read(PIECE):
        yield piece


def _digest(envelope: Envelope) -> str:
    return hashlib.sha256(encode_envelope(envelope)).hexdigest()
