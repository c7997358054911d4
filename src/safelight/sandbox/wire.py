"""Frames on the socket between parent and worker: one kind byte, a length, that many bytes."""

import socket
import struct
import time
from enum import IntEnum

_HEAD = struct.Struct(">BI")
_CHUNK = 1 << 20


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


class TooLongError(Exception):
    """A frame claims more bytes than allowed."""


def send(connection: socket.socket, kind: Frame, payload: bytes = b"", fds: tuple[int, ...] = ()) -> None:
    """Send one frame, with open files if any."""
    head = _HEAD.pack(kind, len(payload))
    if fds:
        socket.send_fds(connection, [head], list(fds))
    else:
        head += payload[:_CHUNK]
        payload = payload[_CHUNK:]
        connection.sendall(head)
    if payload:
        connection.sendall(payload)


def receive(connection: socket.socket, bound: int) -> tuple[Frame, bytes]:
    """Receive one frame of at most `bound` bytes.

    Raises:
        TooLongError: the frame is longer.
        EOFError: the other side is gone.
        ValueError: the kind is unknown.
        TimeoutError: the socket's time-out passed before the whole frame was there.
    """
    limit = connection.gettimeout()
    deadline = None if limit is None else time.monotonic() + limit
    try:
        kind, length = _HEAD.unpack(_exactly(connection, _HEAD.size, deadline))
        if length > bound:
            raise TooLongError
        return Frame(kind), _exactly(connection, length, deadline)
    finally:
        if connection.fileno() >= 0:
            connection.settimeout(limit)


def receive_with_fd(connection: socket.socket, bound: int) -> tuple[Frame, bytes, int]:
    """Receive one frame with exactly one open file, as `receive` does."""
    head, fds, _flags, _address = socket.recv_fds(connection, _HEAD.size, 1)
    if not head:
        raise EOFError
    kind, length = _HEAD.unpack(head + _exactly(connection, _HEAD.size - len(head)))
    if length > bound or len(fds) != 1:
        raise TooLongError
    return Frame(kind), _exactly(connection, length), fds[0]


def _exactly(connection: socket.socket, length: int, deadline: float | None = None) -> bytes:
    if not length:
        return b""
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        if deadline is not None:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
        count = connection.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return bytes(buffer)
