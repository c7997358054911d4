"""Writes columns into tables while the caller goes on: what comes next is worked out as the server takes what is there.

Rules kept here:
- everything goes by the caller's own connection, in its transaction and in the order given;
- what was given is only sure to be there once it was settled: whoever reads it, or ends the transaction, settles first;
- what goes wrong is raised where it is settled.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from django.db import connection

from safelight.platform.copying import insertion, send


class Behind:
    """Writes behind its caller, within the caller's transaction; to be used as a context manager inside of that."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self._connection = connection.connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writing-behind")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is being written; where the caller failed, drop the rest."""
        self._thread.shutdown(cancel_futures=True)

    def write(self, table: str, columns: Sequence[str], types: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
        """Write as `copying.write_columns` does, some time before it is settled."""
        statement, arrays = insertion(table, columns, types, values)
        self._pending.append(self._thread.submit(send, self._connection, statement, arrays))

    def settle(self) -> None:
        """Wait until everything is written.

        Raises:
            DatabaseError: something could not be.
        """
        with connection.wrap_database_errors:
            while self._pending:
                self._pending.popleft().result()
