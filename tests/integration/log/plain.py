"""A sealer that seals nothing, for tests of the log's order and time, also in processes of their own."""


class Plain:
    """Gives back what it is given."""

    def seal(self, record: bytes, row: int) -> bytes:  # noqa: ARG002 - the port's signature
        return record

    def open(self, sealed: bytes, row: int) -> bytes:  # noqa: ARG002 - the port's signature
        return sealed


PLAIN = Plain()
