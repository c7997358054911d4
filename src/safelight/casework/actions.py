"""Erases an item for good: its content, and all that this node made of it.

Rules kept here:
- whoever may erase asks, and a second person has approved exactly this content: the approval is used up in the
  transaction of the erasure.
"""

from datetime import datetime

from safelight.access.authorising import require
from safelight.access.four_eyes import use_approval
from safelight.access.permissions import Permission
from safelight.casework.access import Acting
from safelight.vault.actions.erasing import ErasureOrder, do_erase_content
from safelight.vault.certificates import Certificate


def do_erase_item(sha256: bytes, order: ErasureOrder, *, acting: Acting, now: datetime) -> Certificate:
    """Erase the content with this SHA-256, as this node's agency has it; return the certificate.

    Raises:
        RefusedError, NotApprovedError: the officer may not, or no approval stands for exactly this; it is in the log.
        NotKeptError, ErasedContentError, HeldContentError, CannotRunError: as `do_erase_content`.
    """
    node = acting.node
    require(acting.officer, Permission.CONTENT_ERASE, sealer=node.log_sealer, now=now)

    def approve() -> str:
        wanted = {"owner": node.name, "sha256": sha256.hex()}
        return use_approval(Permission.CONTENT_ERASE, wanted, officer=acting.officer, node=node, now=now)

    return do_erase_content(node.vault, sha256, node.name, order, approve=approve, acting_user=acting.by, now=now)
