"""What was asked, or done by the recovery kit, about a content goes when no owner has that content any more.

Rules kept here:
- who, when, which act and the hash of what was signed stay;
- a request is found by a blind index of every SHA-256 in it; only one that an earlier release made is opened for that;
- what the kit was used for waits for its review: whoever makes it reads it.
"""

from collections.abc import Iterator

from django.db.models import Q

from safelight.access import queries
from safelight.access.models import BreakGlass, RequestDigest, RequestRow
from safelight.access.node import Node
from safelight.access.permissions import Permission
from safelight.log.entries import named_digests
from safelight.vault.queries import is_anyones

_REALM = "access_request_digest"


def do_forget_acts(sha256: bytes, node: Node) -> None:
    """Destroy the records of acts that name a content, in the caller's transaction; unreviewed ones wait.

    Raises:
        SealedValueError: a record was altered or moved.
    """
    naming = RequestDigest.objects.filter(digest_index=node.vault.index(_REALM).of(sha256)).values("request")
    asked_before = Q(indexed=False, record__isnull=False)
    for asked in RequestRow.objects.select_for_update().filter(Q(pk__in=naming) | asked_before):
        if asked.indexed or sha256 in named_digests(queries.opened_request(asked, node)):
            destroy_record(asked)
    for glass in BreakGlass.objects.filter(record__isnull=False, reviewed_at__isnull=False):
        if sha256 in named_digests(queries.opened_glass(glass.pk, node)):
            destroy_record(glass)


def do_index_request(row: RequestRow, record: bytes, node: Node) -> None:
    """Let a request be found by each SHA-256 in its record, in the caller's transaction."""
    index = node.vault.index(_REALM)
    named = sorted(named_digests(record))
    RequestDigest.objects.bulk_create(RequestDigest(request=row, digest_index=index.of(one)) for one in named)


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
    if isinstance(row, RequestRow):
        row.digests.all().delete()
    row.record = row.what = None
    row.save(update_fields=["record", "what"])
