"""What was asked, or done by the recovery kit, about a content goes when no owner has that content any more.

Rules kept here:
- who, when, which act and the hash of what was signed stay;
- what the kit was used for waits for its review: whoever makes it reads it.
"""

from collections.abc import Iterator

from safelight.access import queries
from safelight.access.models import BreakGlass, RequestRow
from safelight.access.node import Node
from safelight.access.permissions import Permission
from safelight.log.entries import named_digests
from safelight.vault.queries import is_anyones


def do_forget_acts(sha256: bytes, node: Node) -> None:
    """Destroy the records of acts that name a content, in the caller's transaction; unreviewed ones wait.

    Raises:
        SealedValueError: a record was altered or moved.
    """
    for asked in RequestRow.objects.select_for_update().filter(record__isnull=False):
        if sha256 in named_digests(queries.opened_request(asked, node)):
            destroy_record(asked)
    for glass in BreakGlass.objects.filter(record__isnull=False, reviewed_at__isnull=False):
        if sha256 in named_digests(queries.opened_glass(glass.pk, node)):
            destroy_record(glass)


def contents_of_acts(node: Node) -> Iterator[bytes]:
    """Every SHA-256 that a request or a broken glass names.

    Raises:
        SealedValueError: a record was altered or moved.
    """
    for asked in RequestRow.objects.filter(record__isnull=False):
        yield from named_digests(queries.opened_request(asked, node))
    for number in BreakGlass.objects.filter(record__isnull=False).values_list("id", flat=True):
        yield from named_digests(queries.opened_glass(number, node))


def has_erased(glass: BreakGlass, node: Node) -> bool:
    """Whether this was an erasure by the kit that left nobody the content."""
    if glass.act != Permission.CONTENT_ERASE or glass.used_at is None:
        return False
    return not any(is_anyones(node.vault, one) for one in named_digests(queries.opened_glass(glass.pk, node)))


def destroy_record(row: RequestRow | BreakGlass) -> None:
    """Destroy what a request or a broken glass says; who, when and the hash of what was signed stay."""
    row.record = row.what = None
    row.save(update_fields=["record", "what"])
