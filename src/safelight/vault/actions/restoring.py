"""Makes the tables of a restored backup agree with what was let go of meanwhile, and with what was erased since.

Rules kept here:
- what was erased after a backup is erased again when that backup is restored: key, row and what was derived;
- a row whose blob was let go of while the backup was taken goes too: the vault never names a blob that it did not have;
- a block of signatures that no key opens any more goes; its rows stay, and answer by their digests.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, transaction

from safelight.errors import InputError
from safelight.vault.actions.erasing import Derived
from safelight.vault.actions.keeping import remove_rows
from safelight.vault.content import Vault
from safelight.vault.models import ObjectKey, Signature, SignatureBlock, SignatureKey, StoredObject
from safelight.vault.queries import stored_object

_BURIED = """
SELECT o.id FROM vault_object o JOIN vault_tombstone t ON t.owner = o.owner AND t.digest_index = o.digest_index
ORDER BY o.id
"""


def do_bury_again(vault: Vault, derived: Iterable[Derived] = ()) -> set[str]:
    """Erase again what a tombstone stands for; return where the blobs of it would lie."""
    makers = list(derived)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BURIED)
        numbers = [number for (number,) in cursor.fetchall()]
        addresses = set()
        for number in numbers:
            stored = stored_object(number)
            assert stored is not None, "it was there a moment ago, in this transaction"
            said = vault.open_particulars(stored.sealed, stored.name)
            addresses.add(said.address)
            remove_rows(vault, stored)
            for one in makers:
                one.destroy(said.sha256, stored.name.owner)
    return addresses


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
