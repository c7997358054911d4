"""The vault as a job: contents are kept, let go and erased; what was acknowledged is so, and vault and database agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from safelight.errors import CannotRunError
from safelight.log.models import LogEntry
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
from safelight.vault import models
from safelight.vault.actions.erasing import ErasureOrder, do_erase_content
from safelight.vault.actions.keeping import do_keep_contents, do_release_contents
from safelight.vault.actions.sweeping import do_sweep
from safelight.vault.content import Vault
from safelight.vault.fsck import FaultKind, check_vault
from safelight.vault.queries import certificate, erased, has, open_content
from tests.faults.harness import Left, acknowledge, python
from tests.integration.vault.example import make_vault

OWNER = "Agency Alpha"
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
BATCHES = 3
AT_A_TIME = 4
LEFT_BY_KILLS = {FaultKind.ORPHAN, FaultKind.KEY_OF_NOTHING, FaultKind.STRAY}
"""What a kill may leave: what belongs to nothing, which `sweep` removes, and drafts, which the next who keeps removes."""


def contents(batch: int) -> list[bytes]:
    """The benign contents of a batch, one of them of more than one chunk."""
    return [f"benign {batch} {number} ".encode() * (1 if number else 9000) for number in range(AT_A_TIME)]


@dataclass(frozen=True)
class VaultJob:
    """Rounds over the vault, on the database that this process has open in a data folder."""

    data: Path
    variants: int = 1

    def prepare(self, folder: Path, _variant: int) -> Vault:
        """Empty tables, and a vault with one content in it."""
        for table in (models.Receipt, models.Tombstone, models.ObjectKey, models.StoredObject, LogEntry):
            table.objects.all().delete()
        vault = make_vault(folder)
        do_keep_contents(vault, [b"kept before"], OWNER)
        return vault

    def command(self, folder: Path, _prepared: Vault) -> list[str]:
        """What this module's `main` does."""
        return python("tests.faults.child", "tests.faults.vault_job", self.data, folder)

    def judge(self, _folder: Path, prepared: Vault, left: Left) -> None:
        """Sweep what a kill left; then everything is whole, and what was acknowledged is as it was acknowledged."""
        assert left.killed or left.status in {0, CannotRunError.exit_code}
        assert "Traceback" not in left.said
        assert {fault.kind for fault in check_vault(prepared)} - LEFT_BY_KILLS == set()
        do_sweep(prepared)
        [again] = do_keep_contents(prepared, [b"kept afterwards"], OWNER)
        assert again.is_new
        assert list(check_vault(prepared)) == []
        there = {sha256(content).digest(): content for content in everything()}
        kept, gone = has(prepared, there, OWNER), erased(prepared, there, OWNER)
        assert kept.isdisjoint(gone)
        for digest in kept:
            assert open_content(prepared, digest, OWNER).read() == there[digest]
        for digest in gone:
            assert certificate(prepared, digest, OWNER)
        self._fits_what_was_told(left, kept, gone)

    def _fits_what_was_told(self, left: Left, kept: set[bytes], gone: set[bytes]) -> None:
        told: dict[str, set[bytes]] = {"kept": set(), "released": set(), "erased": set()}
        for line in left.lines:
            word, *digests = line.split()
            told[word] |= {bytes.fromhex(digest) for digest in digests}
        # What was to be let go or erased next may be gone without a word, but nothing else.
        assert told["kept"] - to_go() <= kept
        assert kept.isdisjoint(told["released"] | told["erased"])
        assert told["erased"] <= gone
        assert sha256(b"kept before").digest() in kept


def everything() -> Iterator[bytes]:
    """Every content that is ever kept before the judgement."""
    yield b"kept before"
    for batch in range(BATCHES):
        yield from contents(batch)


def to_go() -> set[bytes]:
    """The first two contents of each batch: one is let go, one is erased."""
    return {sha256(content).digest() for batch in range(BATCHES) for content in contents(batch)[:2]}


def main(data: str, folder: str) -> None:
    """Keep a batch, let one of it go, erase one; acknowledge each once its transaction has ended."""
    order = ErasureOrder("the court said so", "invented order 7")
    with open_database(read_settings(data=Path(data))), acting(NOBODY_ENROLLED):
        vault = make_vault(Path(folder))
        for batch in range(BATCHES):
            some = contents(batch)
            digests = [sha256(content).digest() for content in some]
            do_keep_contents(vault, some, OWNER)
            acknowledge("kept", *(digest.hex() for digest in digests))
            do_release_contents(vault, digests[:1], OWNER)
            acknowledge("released", digests[0].hex())
            do_erase_content(vault, digests[1], OWNER, order, approve=lambda: "none", acting_user="officer-1", now=NOW)
            acknowledge("erased", digests[1].hex())
