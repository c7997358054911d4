"""How statements lie in the database: under which keys of the node, in which places, found by which blind indexes.

Rules kept here:
- names of statements and what they are about have realms of their own: an index of one cannot be compared with one of
  the other, nor with one of another node;
- a statement's name is its agency and identifier together, since identifiers are an agency's own;
- what may concern a thing is found by that thing's identifier alone; whether it does, the fold decides.
"""

from safelight.access.node import Node
from safelight.assertions.kinds import is_digest, is_identifier
from safelight.assertions.record import Assertion
from safelight.vault.sealing import BlindIndex, ColumnSealer


class StatementSeals:
    """Seals and finds the statements and batches of one node."""

    def __init__(self, node: Node) -> None:
        root = node.keys.root
        self._envelopes = ColumnSealer(root, "assertion")
        self._headers = ColumnSealer(root, "assertion_batch")
        self._blocks = ColumnSealer(root, "assertion_block")
        self._names = BlindIndex(root, "assertions: name of a statement")
        self._batch_names = BlindIndex(root, "assertions: name of a batch")
        self._things = BlindIndex(root, "assertions: what a statement is about")

    def name(self, agency: str, identifier: str) -> bytes:
        """By what a statement of an agency is found."""
        return self._names.of(f"{agency}\0{identifier}".encode())

    def batch_name(self, agency: str, identifier: str) -> bytes:
        """By what a batch of an agency is found."""
        return self._batch_names.of(f"{agency}\0{identifier}".encode())

    def thing(self, identifier: str) -> bytes:
        """By what statements are found that speak of an item, or of a series or subject."""
        return self._things.of(identifier.encode())

    def abouts(self, assertion: Assertion) -> set[bytes]:
        """By what a statement is to be found: what it is about, each thing it names, and what it takes back.

        A field that looks like an identifier counts in kinds that are not known here, too: a later release knows them.
        """
        named = (value for value in assertion.says.values() if is_digest(value) or is_identifier(value))
        return {self.thing(one) for one in (*assertion.about.ids, *named)} | {
            self.name(assertion.agency, one) for one in assertion.supersedes
        }

    def leaning(self, assertion: Assertion) -> set[bytes]:
        """By what is found what a statement leans on: what it takes back, what takes it back, whom and what it names.

        The contents that it names are not among these.
        """
        named = (value for value in (*assertion.about.ids, *assertion.says.values()) if is_identifier(value))
        own = (assertion.id, *assertion.supersedes)
        return {self.thing(one) for one in named} | {self.name(assertion.agency, one) for one in own}

    def seal_envelope(self, envelope: bytes, row: int) -> bytes:
        """The envelope of a statement, sealed for its row."""
        return self._envelopes.seal(envelope, "envelope", str(row))

    def open_envelope(self, sealed: bytes, row: int) -> bytes:
        """The envelope of a statement.

        Raises:
            SealedValueError: it was altered, moved from another row, or sealed by another node.
        """
        return self._envelopes.open(sealed, "envelope", str(row))

    def seal_header(self, envelope: bytes, batch: int) -> bytes:
        """The envelope of a batch's header, sealed for its row."""
        return self._headers.seal(envelope, "header", str(batch))

    def open_header(self, sealed: bytes, batch: int) -> bytes:
        """The envelope of a batch's header.

        Raises:
            SealedValueError: as `open_envelope`.
        """
        return self._headers.open(sealed, "header", str(batch))

    def seal_rows(self, rows: bytes, batch: int, block: int) -> bytes:
        """A block's rows, end to end, sealed for their batch and block."""
        return self._blocks.seal(rows, "rows", f"{batch}/{block}")

    def open_rows(self, sealed: bytes, batch: int, block: int) -> bytes:
        """A block's rows.

        Raises:
            SealedValueError: as `open_envelope`.
        """
        return self._blocks.open(sealed, "rows", f"{batch}/{block}")
