"""Everything that a check leaves behind, as plain values that can be compared: ids, times and run numbers left out.

`main` prints it as JSON, for tests that drive commands as processes.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from safelight.casework.models import Answer, Kept, StackMember
from safelight.casework.proof import TABLE, open_evidence
from safelight.evidence.models import Item, Sighting
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.vault.content import Vault
from tests.nodes import kept_in, vault_in

Outcome = dict[str, Any]


def outcome(vault: Vault) -> Outcome:
    """The state of the database that is open, and of its vault."""
    numbers = dict(Item.objects.values_list("signature", "id"))
    digests = {
        numbers[key]: stored.sha256.hex() for key, stored in vault.signatures.fetch(numbers).items() if key in numbers
    }
    rows = {row.pk: row for row in Sighting.objects.select_related("source", "exhibit")}
    sealer = vault.columns(TABLE)
    stacks: dict[tuple[str, str], list[tuple[str, str, bool]]] = {}
    for member in StackMember.objects.select_related("case"):
        stack = stacks.setdefault((member.case.name, digests[member.representative_id]), [])
        stack.append((digests[member.item_id], member.how, member.near))
    return {
        "sightings": sorted(_sighting(row, rows, digests) for row in rows.values()),
        "items": sorted(
            (digests[item.pk], item.size, item.kind, item.state, item.reason or "", item.width or 0, item.mode or "")
            for item in Item.objects.all()
        ),
        "answers": sorted(
            (
                one.case.name,
                digests[one.item_id],
                one.verdict,
                one.graded,
                one.reason or "",
                repr(open_evidence(bytes(one.evidence), one.pk, sealer)),
            )
            for one in Answer.objects.filter(current=True).select_related("case")
        ),
        "stacks": sorted((*key, sorted(members)) for key, members in stacks.items()),
        "kept": sorted((one.case.name, digests[one.item_id]) for one in Kept.objects.select_related("case")),
        "objects": kept_in(vault),
    }


def _sighting(row: Any, rows: dict[int, Any], digests: dict[int, str]) -> tuple[Any, ...]:
    chain = []
    at = row
    while at is not None:
        chain.append(bytes(at.name).hex())
        at = rows.get(at.parent_id)
    return (
        row.exhibit.name, bytes(row.source.root).hex(), "/".join(reversed(chain)), row.version, row.how, row.state,
        row.failure or "", row.reason or "", row.size or 0, digests.get(row.item_id, ""), row.complete,
    )  # fmt: skip


def verdicts(made: Outcome) -> Counter[str]:
    """How many items have each verdict."""
    return Counter(verdict for _case, _digest, verdict, *_rest in made["answers"])


def main(data: Path) -> None:
    """Print the outcome of a data folder."""
    with open_database(read_settings(data=data), as_owner=True):
        sys.stdout.write(json.dumps(outcome(vault_in(data))))
