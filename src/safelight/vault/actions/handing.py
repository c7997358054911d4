"""Writes down who is given which content, before anybody is.

Rules kept here:
- it is in the transaction that decides, and stays: killed before the bundle is written, the record says too much and
  never too little;
- who takes content away waits, so that what is handed out is there when that is decided, or its erasure knows of it.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from safelight.vault.actions.turns import take_turn
from safelight.vault.content import Vault
from safelight.vault.models import Handout
from safelight.vault.queries import BUNDLES, HANDOUTS, Sent, handout_state


def do_begin_handout(
    vault: Vault, manifest: bytes, contents: Iterable[bytes], owner: str, recipient: str, *, now: datetime
) -> None:
    """Note, in the caller's transaction, that these contents (by SHA-256) go to a recipient.

    `manifest` is the SHA-256 of the list that was approved. One that was begun before and never written is begun again.
    """
    take_turn()
    if handout_state(vault, manifest) is not Sent.NOT_BEGUN:
        return
    columns, index, bundle = vault.columns(HANDOUTS), vault.owner_index(owner), vault.index(BUNDLES).of(manifest)
    rows = []
    for sha256 in contents:
        number = uuid4()
        sealed = columns.seal(recipient.encode(), "recipient", str(number))
        rows.append(
            Handout(
                id=number, owner=owner, content_index=index.of(sha256), bundle=bundle, recipient=sealed, at=now
            )
        )  # fmt: skip
    Handout.objects.bulk_create(rows, batch_size=1000)


def do_end_handout(vault: Vault, manifest: bytes, *, now: datetime) -> None:
    """Note that the bundle of this manifest (its SHA-256) was written: it is not written a second time."""
    Handout.objects.filter(bundle=vault.index(BUNDLES).of(manifest), written_at=None).update(written_at=now)
