"""Writes columns into tables, and asks, while the caller goes on: the server works as what comes next is worked out.

Rules kept here:
- everything goes by the caller's own connection, in its transaction and in the order given;
- what was given is only sure to be there once it was settled: whoever reads it, or ends the transaction, settles first.
  A question that is put here sees what was given before it, and no more;
- what goes wrong is raised where it is settled, or where a later question is answered.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from django.db import connection

from safelight.platform.copying import insertion, send
from safelight.platform.reading import Rows, ask


class Behind:
    """Writes behind its caller, within the caller's transaction; to be used as a context manager inside of that."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self._connection = connection.connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writing-behind")
        self._pending: deque[Future[None] | Future[Rows]] = deque()

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

    def ask(self, query: str, values: Mapping[str, Any]) -> Future[Rows]:
        """Put a question as `reading.binary_rows` does, about all that was given so far; `answer` has what it finds."""
        asked = self._thread.submit(ask, self._connection, query, values)
        self._pending.append(asked)
        return asked

    def answer(self, asked: Future[Rows]) -> Rows:
        """What was found; waits for it, and for what was given before it, once.

        Raises:
            DatabaseError: that, or something that was given before it, went wrong.
        """
        with connection.wrap_database_errors:
            while asked in self._pending:
                self._pending.popleft().result()
            return asked.result()

    def settle(self) -> None:
        """Wait until everything is written.

        Raises:
            DatabaseError: something could not be.
        """
        with connection.wrap_database_errors:
            while self._pending:
                self._pending.popleft().result()
