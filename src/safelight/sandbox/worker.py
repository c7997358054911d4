"""A worker: closes itself off, then serves calls until its socket closes. All of it runs with foreign bytes about."""

import io
import mmap
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO, cast

import msgspec

from safelight.errors import SafelightError
from safelight.sandbox import wire
from safelight.sandbox.layers import close_off
from safelight.sandbox.limits import Limits
from safelight.sandbox.wire import Frame

_ARGUMENT_BYTES = 1 << 20
_MESSAGE_CHARACTERS = 600
CallTask = Callable[[mmap.mmap | bytes, bytes], bytes]
StreamTask = Callable[[BinaryIO, bytes], Iterator[bytes]]
PartsTask = Callable[[Sequence[BinaryIO], bytes], Iterator[bytes]]
Task = CallTask | StreamTask | PartsTask


class _Content(io.RawIOBase):
    """A file that is read by position: the worker may neither open nor stat, and shares its offset with nobody."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._at = 0
        self._size = os.lseek(fd, 0, os.SEEK_END)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._at, self._size)[whence]
        if base + offset < 0:
            raise OSError("seek before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub asks for a wider type
        data = os.pread(self._fd, len(buffer), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def serve(connection: socket.socket, task: Task, limits: Limits) -> None:
    """Close this process off, say which layers took hold, and serve the socket until the parent closes it."""
    wire.send(connection, Frame.HELLO, msgspec.msgpack.encode([layer.value for layer in close_off(limits)]))
    fds: list[int] = []
    while True:
        try:
            kind, argument, more = wire.receive_with_files(connection, _ARGUMENT_BYTES)
        except EOFError:
            return
        fds += more
        if kind is Frame.FILES:  # the parts of a content that has too many for one message
            continue
        try:
            if kind is Frame.CALL:
                _call(connection, cast("CallTask", task), argument, fds[0])
            else:
                _stream(connection, cast("StreamTask | PartsTask", task), argument, fds, in_parts=kind is Frame.PARTS)
        finally:
            for fd in fds:
                os.close(fd)
            fds = []


def _call(connection: socket.socket, task: CallTask, argument: bytes, fd: int) -> None:
    size = os.lseek(fd, 0, os.SEEK_END)
    content: mmap.mmap | bytes = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ) if size else b""
    try:
        reply = task(content, argument)
    except SafelightError as error:
        _refuse(connection, Frame.REFUSED, error)
    except Exception as error:  # noqa: BLE001 - the border of the process: whatever a decoder throws costs this one file
        _refuse(connection, Frame.FAILED, error)
    else:
        wire.send(connection, Frame.REPLY, reply)
    finally:
        if isinstance(content, mmap.mmap):
            _close(content)


def _close(content: mmap.mmap) -> None:
    try:
        content.close()
    except BufferError:  # a decoder kept a view: this worker could show it to the next file, so it must not live on
        os._exit(70)


def _stream(
    connection: socket.socket, task: StreamTask | PartsTask, argument: bytes, fds: list[int], *, in_parts: bool
) -> None:
    try:
        with ExitStack() as opened:
            parts = [opened.enter_context(io.BufferedReader(_Content(fd), 1 << 16)) for fd in fds]
            content = parts if in_parts else parts[0]
            for message in task(content, argument):  # type: ignore[arg-type]  # the frame tells which of the two it is
                wire.send(connection, Frame.MESSAGE, message)
    except SafelightError as error:
        _refuse(connection, Frame.REFUSED, error)
    except Exception as error:  # noqa: BLE001 - the border of the process, as above
        _refuse(connection, Frame.FAILED, error)
    else:
        wire.send(connection, Frame.END)


def _refuse(connection: socket.socket, kind: Frame, error: Exception) -> None:
    code = type(error).__name__
    text = " ".join(str(error).split())[:_MESSAGE_CHARACTERS].encode(errors="backslashreplace").decode()
    error.__traceback__ = None  # it holds the frames that hold the content
    wire.send(connection, kind, msgspec.msgpack.encode((code, text)))
