"""Erases an item for good: its content, and all that this node made of it; and lets one in again.

Rules kept here:
- whoever may erase asks, and a second person has approved exactly this content: the approval is used up in the
  transaction of the erasure;
- signature, small picture, metadata, the evidence of answers and the places in stacks go with the content. That
  something was seen at a place stays, and which verdict was given, marked as of an erased item;
- the requests that named it go with it, and what the log said of it (`vault.actions.erasing`);
- what others assert stays theirs, and so do the entries of the known base: a list's rows are its source's.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from safelight.access.authorising import require
from safelight.access.forgetting import do_forget_acts
from safelight.access.four_eyes import use_approval
from safelight.access.permissions import Permission
from safelight.casework.access import Acting
from safelight.casework.judging import hold_answers
from safelight.casework.models import Answer, Case, Kept, StackMember
from safelight.casework.proof import TABLE, seal_evidence
from safelight.casework.stacking import do_stack_case, lock_kept, lock_stacks
from safelight.evidence.actions import RecordedOfItems, do_forget_items, do_read_again
from safelight.evidence.queries import items_of, items_signed
from safelight.evidence.recording import lock_items
from safelight.platform.database import working_as_owner
from safelight.vault.actions.erasing import ErasureOrder, do_erase_content
from safelight.vault.actions.readmitting import ReadmissionOrder, do_readmit_content
from safelight.vault.certificates import Certificate
from safelight.vault.content import Vault
from safelight.vault.queries import is_anyones, signatures_of_nothing


@dataclass(frozen=True)
class WorkOnItems:
    """What was answered about a content, and where it stands in stacks: see `vault.actions.erasing.Derived`."""

    vault: Vault

    def destroy(self, sha256: bytes, owner: str) -> Mapping[str, int]:
        """Destroy the evidence of answers about it, and the stacks that it is in; cases are the node's own."""
        if owner != self.vault.keys.node:
            return {}
        items = items_of(sha256, self.vault)
        Kept.objects.filter(item__in=items).delete()
        return _forget_work(items, self.vault)


def do_forget_unsigned(vault: Vault) -> int:
    """Forget what was recorded and answered about items whose signatures are lost; return how many there are.

    The next check that meets them examines them anew. What cases keep of them stays kept.
    """
    with transaction.atomic():
        items = items_signed(signatures_of_nothing())
        _forget_work(items, vault)
        do_forget_items(items, vault)
        do_read_again(items)
    return len(items)


def _forget_work(items: Collection[int], vault: Vault) -> Mapping[str, int]:
    answers = list(Answer.objects.filter(item__in=items))
    columns = vault.columns(TABLE)
    for answer in answers:
        answer.evidence, answer.current = seal_evidence([], answer.pk, columns), False
    Answer.objects.bulk_update(answers, ["evidence", "current"], batch_size=500)
    places = list(StackMember.objects.filter(item__in=items).values_list("case", "representative"))
    for case, representative in places:  # what is left of a stack is built anew
        StackMember.objects.filter(case=case, representative=representative).delete()
    Case.objects.filter(pk__in={case for case, _ in places}).update(stacked=None)
    return {"answers' evidence": len(answers), "places in stacks": len(places)}


def do_erase_item(sha256: bytes, order: ErasureOrder, *, acting: Acting, now: datetime) -> Certificate:
    """Erase the content with this SHA-256, as this node's agency has it, kept or only seen; return the certificate.

    The stacks that it was in are built anew afterwards; where that is interrupted, the next check does it.

    Raises:
        RefusedError, NotApprovedError: the officer may not, or no approval stands for exactly this; it is in the log.
        NotKeptError, ErasedContentError, HeldContentError, CannotRunError: as `do_erase_content`.
    """
    node = acting.node
    require(acting.officer, Permission.CONTENT_ERASE, sealer=node.log_sealer, now=now)

    def approve() -> str:
        wanted = {"owner": node.name, "sha256": sha256.hex()}
        return use_approval(Permission.CONTENT_ERASE, wanted, officer=acting.officer, node=node, now=now)

    derived = (WorkOnItems(node.vault), RecordedOfItems(node.vault))
    with working_as_owner():  # it reaches into every case, also those that this officer is not shown
        with transaction.atomic():
            _wait_for_work()
            made = do_erase_content(
                node.vault, sha256, node.name, order, approve=approve, derived=derived, acting_user=acting.by, now=now
            )
            if not is_anyones(node.vault, sha256):
                do_forget_acts(sha256, node)
        for case in Case.objects.filter(stacked=None, pk__in=Answer.objects.filter(current=True).values("case")):
            do_stack_case(case, node.vault)
    return made


def do_readmit_item(sha256: bytes, order: ReadmissionOrder, *, acting: Acting, now: datetime) -> Certificate:
    """Let the content with this SHA-256, which was erased, be taken in by the next check or import that meets it.

    Raises:
        RefusedError, NotApprovedError: the officer may not, or no approval stands for exactly this; it is in the log.
        NotErasedError, UsageError: as `do_readmit_content`.
    """
    node = acting.node
    require(acting.officer, Permission.CONTENT_READMIT, sealer=node.log_sealer, now=now)

    def approve(tombstone: str) -> str:
        wanted = {"tombstone": tombstone}
        return use_approval(Permission.CONTENT_READMIT, wanted, officer=acting.officer, node=node, now=now)

    with working_as_owner(), transaction.atomic():  # which of the erased it was, nobody can tell any more
        do_read_again()
        return do_readmit_content(node.vault, sha256, node.name, order, approve=approve, acting_user=acting.by, now=now)


def _wait_for_work() -> None:
    """Wait for whoever is amid recording, answering, stacking or keeping; in the order in which a check takes turns."""
    cases = list(Case.objects.order_by("id"))
    lock_items()
    for hold in (hold_answers, lock_stacks):
        for case in cases:
            hold(case)
    lock_kept()
