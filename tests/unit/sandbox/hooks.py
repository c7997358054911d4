"""Tasks that misbehave on purpose, run inside the sandbox by the tests: each tries one thing that must be denied."""

import ctypes
import gc
import json
import mmap
import os
import socket
import subprocess
import time

_libc = ctypes.CDLL(None, use_errno=True)
_SIZES = (64, 200, 600, 1100, 5000, 16384, 65536, 100000)
_MARK = b"".join((b"content-of-", b"the-file-before"))


def echo(content, argument):
    """Answer with what came in."""
    return bytes(content[:]) + argument


def misbehave(content, argument):
    """Try what the argument names, and answer with what came of it."""
    return json.dumps(_ATTEMPTS[argument.decode()](content)).encode()


def count(content, argument):
    """Stream the lines of the content."""
    for line in content:
        yield line.rstrip() + argument


def last_bytes(parts, argument):
    """Stream the last byte of each part of the content."""
    for part in parts:
        part.seek(-1, os.SEEK_END)
        yield part.read() + argument


def _errno(call):
    def attempt(content):
        try:
            got = call(content)
        except OSError as error:
            return f"denied {error.errno}"
        except MemoryError:
            return "denied memory"
        return f"ALLOWED {got!r}"

    return attempt


def _raw(number, *arguments):
    def call(content):
        result = _libc.syscall(number, *arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), "syscall")
        return result

    return call


def _write_shared(content):
    results = []
    for fd in range(16):
        try:
            os.pwrite(fd, b"x", 0)
            if os.pread(fd, 1, 0) == b"x":
                results.append(f"ALLOWED write {fd}")
        except OSError:
            pass
        try:
            mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_WRITE)[0:1] = b"x"
            results.append(f"ALLOWED map {fd}")
        except (OSError, ValueError):
            pass
    address = ctypes.addressof(
        ctypes.c_char.from_buffer_copy(content)
    )  # a copy: the mapping itself cannot be had writable
    try:
        ctypes.c_char.from_buffer(content)
        results.append("ALLOWED buffer")
    except TypeError:
        pass
    return results or ["denied", bool(address)]


def _previous(content):
    found = []
    for fd in range(3, 16):
        try:
            if _MARK in os.pread(fd, 1 << 20, 0):
                found.append(f"file {fd}")
        except OSError:
            continue
    for thing in gc.get_objects():
        if isinstance(thing, (mmap.mmap, bytes, bytearray)):
            try:
                if _MARK in bytes(thing[:]):
                    found.append(type(thing).__name__)
            except ValueError:
                continue
    return found + _freed_memory() or ["nothing"]


def _freed_memory():
    """What the allocator hands out again, as it was left."""
    _libc.malloc.restype = ctypes.c_void_p
    sizes = [size for size in _SIZES for _ in range(40)]
    return [
        f"memory of {size}" for size in sizes if _MARK in ctypes.string_at(_libc.malloc(ctypes.c_size_t(size)), size)
    ]


def _keep(content):
    data = bytes(content[:])
    parts = [data[:600], data[: 1 << 16], bytes(bytearray(data))]
    parts += [data[at : at + 100] for at in range(0, min(len(data), 5000), 100)]
    _libc.malloc.restype = ctypes.c_void_p
    for size in _SIZES:
        place = ctypes.c_void_p(_libc.malloc(ctypes.c_size_t(size)))
        ctypes.memmove(place, (data * (size // max(len(data), 1) + 1))[:size], size)
        _libc.free(place)
    return [len(part) for part in parts[:3]]


_ATTEMPTS = {
    "socket": _errno(lambda _: socket.socket()),
    "unix socket": _errno(lambda _: socket.socket(socket.AF_UNIX)),
    "open": _errno(lambda _: os.open("/etc/passwd", os.O_RDONLY)),
    "create": _errno(lambda _: os.open("/tmp/safelight-escape", os.O_CREAT | os.O_WRONLY)),
    "list": _errno(lambda _: os.listdir("/")),
    "stat": _errno(lambda _: os.stat("/etc/passwd")),
    "exec": _errno(lambda _: os.execv("/bin/true", ["true"])),
    "fork": _errno(lambda _: os.fork()),
    "spawn": _errno(lambda _: subprocess.Popen(["/bin/true"])),
    "ptrace": _errno(_raw(101, 16, os.getppid(), 0, 0)),
    "read memory of another": _errno(_raw(310, os.getppid(), 0, 0, 0, 0, 0)),
    "kill": _errno(lambda _: os.kill(os.getppid(), 0)),
    "executable memory": _errno(lambda _: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "memfd": _errno(lambda _: os.memfd_create("x")),
    "io_uring": _errno(_raw(425, 1, 0)),
    "bpf": _errno(_raw(321, 0, 0, 0)),
    "mount": _errno(_raw(165, 0, 0, 0, 0, 0)),
    "setuid": _errno(lambda _: os.setuid(0)),
    "memory": _errno(lambda _: len(bytearray(8 << 30))),
    "shared memory": _write_shared,
    "keep": _keep,
    "previous": _previous,
    "crash": lambda _: ctypes.string_at(0),
    "hang": lambda _: time.sleep(3600),
    "long": lambda _: "x" * (1 << 20),
    "raise": lambda _: 1 // 0,
    "exit": lambda _: os._exit(3),
    "keep view": lambda _: _VIEWS.append(memoryview(_)),
}
_VIEWS: list[memoryview] = []


def tell_pid(content, argument):
    """Answer with the worker's process number, or do what the content says."""
    word = bytes(content[:])
    if word in (b"crash", b"hang"):
        _ATTEMPTS[word.decode()](content)
    if word == b"memory":
        hoard = []
        while True:
            hoard.append(bytearray(64 << 20))
    return str(os.getpid()).encode()
