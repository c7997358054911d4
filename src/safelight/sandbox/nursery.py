"""Where the parent gets its sandboxed workers from, and how it talks with them."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Self

import msgspec

from safelight.sandbox import wire
from safelight.sandbox.content import SealedContent
from safelight.sandbox.errors import (
    BadReplyError,
    ReplyTooLargeError,
    SandboxError,
    SandboxUnavailableError,
    TaskFailedError,
    WorkerCrashedError,
    WorkerTimedOutError,
)
from safelight.sandbox.layers import Layer
from safelight.sandbox.limits import Limits
from safelight.sandbox.replies import reply_decoder
from safelight.sandbox.wire import FILES_AT_ONCE, Frame

_START_SECONDS = 120
_BIRTHS = 3
_ENVIRONMENT = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0", "OMP_NUM_THREADS": "1"}
"""Small objects come from the C library too, and none are kept aside from what it overwrites (`layers`).

A worker has one thread: libraries that would divide their work among several are told so.
"""
_GRACE_SECONDS, _GRACE_STEPS = 0.5, 100
_decode_refusal = reply_decoder(tuple[str, str])


class Worker:
    """One sandboxed process. After any error but `TaskFailedError` it is ended and answers no more."""

    def __init__(self, nursery: "Nursery", pid: int, connection: socket.socket, limits: Limits) -> None:
        self._nursery = nursery
        self._pid = pid
        self._connection = connection
        self._limits = limits
        self.served = 0
        self.alive = True
        connection.settimeout(limits.wall_seconds)
        _kind, hello = self._receive(4096)
        self.layers = tuple(Layer(name) for name in msgspec.msgpack.decode(hello, type=list[str]))

    def call(self, content: SealedContent, argument: bytes = b"") -> bytes:
        """Run the task on one content and return its reply, unchecked bytes.

        Raises:
            SandboxError: the task refused the content, or the worker crashed, hung or answered at too great a length.
        """
        self.served += 1
        self._send(Frame.CALL, argument, (content.fd,))
        kind, payload = self._receive(self._limits.reply_bytes)
        if kind is Frame.REPLY:
            return payload
        raise self._told(kind, payload)

    def stream(self, fd: int, argument: bytes = b"") -> Generator[bytes, None, None]:
        """Run the task on an open file and yield its messages, unchecked bytes; errors as `call`."""
        self._send(Frame.STREAM, argument, (fd,))
        yield from self._messages()

    def stream_parts(self, fds: Sequence[int], argument: bytes = b"") -> Generator[bytes, None, None]:
        """Run the task on a content in several open files, as `stream`; `Limits.open_files` must allow for them."""
        *batches, last = [fds[at : at + FILES_AT_ONCE] for at in range(0, len(fds), FILES_AT_ONCE)]
        for batch in batches:
            self._send(Frame.FILES, b"", tuple(batch))
        self._send(Frame.PARTS, argument, tuple(last))
        yield from self._messages()

    def _messages(self) -> Generator[bytes, None, None]:
        self.served += 1
        while True:
            kind, payload = self._receive(self._limits.reply_bytes)
            if kind is Frame.END:
                return
            if kind is not Frame.MESSAGE:
                raise self._told(kind, payload)
            yield payload

    @property
    def spent(self) -> bool:
        """Whether the worker has served as many files as one worker may."""
        return self.served >= self._limits.files

    def end(self) -> str:
        """End the worker, whatever it does; return how it ended, in words."""
        if not self.alive:
            return "ended before"
        self.alive = False
        self._connection.close()
        self._nursery.forget(self)
        return self._nursery.bury(self._pid)

    def _send(self, kind: Frame, argument: bytes, fds: tuple[int, ...]) -> None:
        try:
            wire.send(self._connection, kind, argument, fds)
        except OSError as error:
            raise WorkerCrashedError(f"the decoder ended before it took the file ({self.end()})") from error

    def _receive(self, bound: int) -> tuple[Frame, bytes]:
        try:
            return wire.receive(self._connection, bound)
        except TimeoutError as error:
            self.end()
            raise WorkerTimedOutError(f"decoding took longer than {self._limits.wall_seconds:g} seconds") from error
        except wire.TooLongError as error:
            self.end()
            raise ReplyTooLargeError(f"the decoder answered with more than {bound} bytes") from error
        except (EOFError, OSError, ValueError) as error:
            raise WorkerCrashedError(f"the decoder crashed ({self.end()})") from error

    def _told(self, kind: Frame, payload: bytes) -> SandboxError:
        """Turn a refusal into an error; a reply that is none is treated as a crash."""
        try:
            code, message = _decode_refusal(payload)
        except BadReplyError:
            return WorkerCrashedError(f"the decoder gave no sensible answer ({self.end()})")
        if kind is Frame.FAILED:
            message = f"{code}: {message}" if message else code
        return TaskFailedError(code, message)


class Nursery:
    """A process with every decoder loaded and no foreign byte in it, from which sandboxed workers are forked.

    Use as a context manager: at its end every worker and the process itself are gone, as they are when the parent dies.
    """

    def __init__(self, *tasks: str, limits: Limits | None = None) -> None:
        """Start the process; `tasks` are "module:function" names, each loaded and warmed up once."""
        self._tasks = tasks
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
                [sys.executable, "-m", "safelight.sandbox.nursery_process", *tasks],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
        self._control = ours
        ours.settimeout(_START_SECONDS)
        self._ready = False
        self._workers: set[Worker] = set()

    def spawn(self, task: str | None = None, limits: Limits | None = None) -> Worker:
        """Give birth to a worker for `task` (the first one by default).

        Raises:
            SandboxUnavailableError: workers end before they have seen anything, or their nursery has ended.
        """
        for _ in range(_BIRTHS):
            try:
                return self._bear(task or self._tasks[0], limits or self.limits)
            except SandboxError as error:
                reason = error.message
        raise SandboxUnavailableError(f"the sandbox's workers end before they are handed anything: {reason}")

    def _bear(self, task: str, bounds: Limits) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs, self._lock:
                self._wait_ready()
                request = msgspec.msgpack.encode(("spawn", task, asdict(bounds)))
                socket.send_fds(self._control, [request], [theirs.fileno()])
                pid = msgspec.msgpack.decode(self._control.recv(64), type=int)
        except (OSError, msgspec.DecodeError) as error:
            ours.close()
            raise SandboxUnavailableError(
                "the process that starts decoders has ended: run the same command again, it goes on from there"
            ) from error
        worker = Worker(self, pid, ours, bounds)
        self._workers.add(worker)
        return worker

    def call(self, content: SealedContent, argument: bytes = b"", task: str | None = None) -> bytes:
        """Run one call in a worker of its own."""
        worker = self.spawn(task)
        try:
            return worker.call(content, argument)
        finally:
            worker.end()

    def stream(
        self, fd: int, argument: bytes = b"", task: str | None = None, limits: Limits | None = None
    ) -> Generator[bytes, None, None]:
        """Run one stream in a worker of its own, within limits of its own."""
        worker = self.spawn(task, limits)
        try:
            yield from worker.stream(fd, argument)
        finally:
            worker.end()

    def stream_parts(
        self, fds: Sequence[int], argument: bytes = b"", task: str | None = None, limits: Limits | None = None
    ) -> Generator[bytes, None, None]:
        """Run one stream over several open files in a worker of its own, within limits of its own."""
        worker = self.spawn(task, limits)
        try:
            yield from worker.stream_parts(fds, argument)
        finally:
            worker.end()

    def bury(self, pid: int) -> str:
        """End a worker and take its status; unreaped until here, its number cannot mean another process."""
        _await_end(pid)
        with self._lock:
            try:
                if self._process.poll() is None:  # else the worker is gone, and its number may be another's by now
                    os.kill(pid, signal.SIGKILL)  # harmless to one that has ended
                self._control.send(msgspec.msgpack.encode(("bury", pid)))
                status = msgspec.msgpack.decode(self._control.recv(64), type=int)
            except (OSError, msgspec.DecodeError):
                return "with the sandbox"
        if os.WIFSIGNALED(status):
            return signal.Signals(os.WTERMSIG(status)).name
        return f"exit {os.WEXITSTATUS(status)}"

    def forget(self, worker: Worker) -> None:
        """Stop counting a worker that ends itself."""
        self._workers.discard(worker)

    def close(self) -> None:
        """End the process and every worker."""
        for worker in list(self._workers):
            worker.end()
        self._control.close()
        self._process.terminate()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait_ready(self) -> None:
        if self._ready:
            return
        try:
            word = self._control.recv(64)
        except OSError:
            word = b""
        if word != b"ready":
            self._process.kill()
            said = (
                (self._process.stderr.read() if self._process.stderr else b"")
                .decode(errors="replace")
                .strip()
                .splitlines()
            )
            raise SandboxUnavailableError(
                f"the sandbox did not start: {said[-1] if said else 'run the same command again'}"
            )
        self._ready = True


def _await_end(pid: int) -> None:
    """Give a worker whose socket is closed a moment to end by itself, so that its own status can be told."""
    for _ in range(_GRACE_STEPS):
        if _ended(pid):
            return
        time.sleep(_GRACE_SECONDS / _GRACE_STEPS)


def _ended(pid: int) -> bool:
    """Whether a process has ended and only waits to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - hot path
            return stat.read().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True
