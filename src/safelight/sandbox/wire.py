"""Frames on the socket between parent and worker: one kind byte, a length, that many bytes."""

import socket
import struct
import time
from enum import IntEnum

_HEAD = struct.Struct(">BI")
_CHUNK = 1 << 20
FILES_AT_ONCE = 128
"""The kernel hands over 253 at the most with one message (SCM_MAX_FD)."""


class Frame(IntEnum):
    """What a frame carries."""

    HELLO = 1
    CALL = 2
    STREAM = 3
    REPLY = 4
    MESSAGE = 5
    END = 6
    REFUSED = 7
    FAILED = 8
    FILES = 9
    PARTS = 10


class TooLongError(Exception):
    """A frame claims more bytes than allowed."""


def send(connection: socket.socket, kind: Frame, payload: bytes = b"", fds: tuple[int, ...] = ()) -> None:
    """Send one frame, with open files if any."""
    first = _HEAD.pack(kind, len(payload)) + payload[:_CHUNK]
    if fds:
        sent = socket.send_fds(connection, [first], list(fds))
        if sent < len(first):  # to send nothing would fail where the other side has answered and ended by now
            connection.sendall(memoryview(first)[sent:])
    else:
        connection.sendall(first)
    if len(payload) > _CHUNK:
        connection.sendall(memoryview(payload)[_CHUNK:])


def receive(connection: socket.socket, bound: int) -> tuple[Frame, bytes]:
    """Receive one frame of at most `bound` bytes.

    Raises:
        TooLongError: the frame is longer.
        EOFError: the other side is gone.
        ValueError: the kind is unknown.
        TimeoutError: the socket's time-out passed before the whole frame was there.
    """
    limit = connection.gettimeout()
    patience = None if limit is None else _Patience(connection, limit)
    try:
        kind, length = _HEAD.unpack(_exactly(connection, _HEAD.size, patience))
        if length > bound:
            raise TooLongError
        return Frame(kind), _exactly(connection, length, patience)
    finally:
        if patience is not None:
            patience.restore()


def receive_with_files(connection: socket.socket, bound: int) -> tuple[Frame, bytes, list[int]]:
    """Receive one frame with the open files that come with it, as `receive` does; it has at least one."""
    head, fds, flags, _address = socket.recv_fds(connection, _HEAD.size, FILES_AT_ONCE)
    if not head:
        raise EOFError
    kind, length = _HEAD.unpack(head + _exactly(connection, _HEAD.size - len(head)))
    if length > bound or not fds or flags & socket.MSG_CTRUNC:
        raise TooLongError
    return Frame(kind), _exactly(connection, length), fds


class _Patience:
    """One time-out for a whole frame, however many pieces it comes in; most come in two, at once."""

    def __init__(self, connection: socket.socket, limit: float) -> None:
        self._connection, self._limit = connection, limit
        self._began = time.monotonic()
        self._shortened = False

    def shorten(self) -> None:
        """Wait no longer for the next piece than what is left; a fraction spent so far is not worth a system call."""
        spent = time.monotonic() - self._began
        if self._shortened or spent > self._limit / 100:
            self._connection.settimeout(max(self._limit - spent, 0.001))
            self._shortened = True

    def restore(self) -> None:
        """Give the connection its own time-out back."""
        if self._shortened and self._connection.fileno() >= 0:
            self._connection.settimeout(self._limit)


def _exactly(connection: socket.socket, length: int, patience: _Patience | None = None) -> bytes:
    if not length:
        return b""
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        if patience is not None:
            patience.shorten()
        count = connection.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return bytes(buffer)
