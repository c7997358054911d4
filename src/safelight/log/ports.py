"""What the log needs of others."""

from typing import Protocol


class Sealer(Protocol):
    """Seals records of the log, so that a copy of the database tells nobody what was done.

    It MUST give back exactly what was sealed for the same row, and raise where a sealed record was altered or moved to
    another row. It MUST NOT seal two records alike.
    """

    def seal(self, record: bytes, row: int) -> bytes:
        """The record, sealed for this row."""

    def open(self, sealed: bytes, row: int) -> bytes:
        """What was sealed."""

    def index(self, digest: bytes) -> bytes:
        """16 bytes under which entries that name a SHA-256 are found.

        They MUST be equal for equal digests, and MUST tell nothing of one to whoever has no key of the node.
        """
