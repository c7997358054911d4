"""Who of several processes may change the vault.

Those who keep content share their turn; who takes content away, or has to know that nobody is amid keeping, has it
alone. A turn ends with the transaction.
"""

from django.db import connection, transaction

_TURN = 0x5AFE_0010


def share_turn() -> None:
    """Keep content until the transaction ends, beside others who do."""
    _take("pg_advisory_xact_lock_shared")


def take_turn() -> None:
    """Have the vault alone until the transaction ends."""
    _take("pg_advisory_xact_lock")


def wait_for_keepers() -> None:
    """Return when everybody has ended who was keeping content when this was called."""
    with transaction.atomic():
        take_turn()


def _take(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_TURN])
