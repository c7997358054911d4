"""Makes the tables of a restored backup agree with what was let go of meanwhile, and with what was erased since.

Rules kept here:
- what was erased after a backup is erased again when that backup is restored: key, row and what was derived;
- a row whose blob was let go of while the backup was taken goes too: the vault never names a blob that it did not have;
- a block of signatures that no key opens any more goes; its rows stay, and answer by their digests.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from django.db import connection, transaction

from safelight.errors import InputError
from safelight.vault.actions.erasing import Derived
from safelight.vault.actions.keeping import remove_rows
from safelight.vault.content import Vault
from safelight.vault.models import ObjectKey, Signature, SignatureBlock, SignatureKey, StoredObject, Tombstone
from safelight.vault.queries import stored_object
from safelight.vault.signatures import Realm

_BURIED = """
SELECT o.id FROM vault_object o JOIN vault_tombstone t ON t.owner = o.owner AND t.digest_index = o.digest_index
WHERE t.lifted_at IS NULL
ORDER BY o.id
"""


@dataclass(frozen=True)
class Buried:
    """What was erased again: contents of this agency, by SHA-256, and where the blobs of all owners would lie."""

    contents: frozenset[bytes]
    addresses: frozenset[str]


def do_bury_again(vault: Vault, named: Iterable[bytes] = (), derived: Iterable[Derived] = ()) -> Buried:
    """Erase again what a tombstone stands for, kept or only seen. A tombstone tells no digest: it has to be met.

    `named` are the SHA-256 that layers elsewhere name, in the log for instance.
    """
    makers = list(derived)
    addresses = set()
    with transaction.atomic():
        own = _own_buried(vault, named)
        for number in _kept_and_buried():
            stored = stored_object(number)
            assert stored is not None, "it was there a moment ago, in this transaction"
            said = vault.open_particulars(stored.sealed, stored.name)
            addresses.add(said.address)
            remove_rows(vault, stored)
            if stored.name.owner == vault.keys.node:
                own.add(said.sha256)
            else:
                _destroy(makers, said.sha256, stored.name.owner)
        for sha256 in own:
            _destroy(makers, sha256, vault.keys.node)
    return Buried(frozenset(own), frozenset(addresses))


def _own_buried(vault: Vault, named: Iterable[bytes]) -> set[bytes]:
    """The contents, named here or seen, whose tombstone this node's agency has."""
    owner = vault.keys.node
    stones = Tombstone.objects.filter(owner=owner, lifted_at__isnull=True).values_list("digest_index", flat=True)
    buried = {bytes(one) for one in stones}
    if not buried:
        return set()
    of = vault.owner_index(owner).of
    return {one for one in chain(named, vault.signatures.digests(Realm.ITEM)) if of(one) in buried}


def _kept_and_buried() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_BURIED)
        return [number for (number,) in cursor.fetchall()]


def _destroy(makers: Iterable[Derived], sha256: bytes, owner: str) -> None:
    for one in makers:
        one.destroy(sha256, owner)


def do_forget_objects(vault: Vault, numbers: Iterable[UUID]) -> None:
    """Remove the rows of objects that have no blob, and the keys of objects that have no row."""
    with transaction.atomic():
        for number in numbers:
            stored = stored_object(number)
            if stored is not None:
                remove_rows(vault, stored)
        SignatureKey.objects.exclude(block__in=SignatureBlock.objects.values("id")).delete()
        ObjectKey.objects.exclude(stored_id__in=StoredObject.objects.values("id")).delete()


def do_drop_closed_blocks(vault: Vault) -> int:
    """Remove the blocks of signatures that no key opens; return how many there were."""
    dropped = 0
    with transaction.atomic():
        for block in list(SignatureBlock.objects.order_by("id").values_list("id", flat=True)):
            try:
                some = Signature.objects.filter(block=block).values_list("id", flat=True)[:1]
                is_open = bool(vault.signatures.fetch(some))
            except InputError:
                is_open = False
            if not is_open:
                SignatureKey.objects.filter(block=block).delete()
                SignatureBlock.objects.filter(pk=block).delete()
                dropped += 1
    return dropped
