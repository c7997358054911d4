"""How much a sandboxed worker may take before it is ended."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one worker.

    `wall_seconds` bounds one call, and in a stream the wait for one message; `cpu_seconds` the worker's whole life;
    `memory_bytes` what it may map beyond what it had when it was born; `reply_bytes` one reply or message.
    A worker is replaced after `files` calls. `open_files` is how many files it may hold, its own four included.
    """

    wall_seconds: float = 60.0
    cpu_seconds: int = 3600
    memory_bytes: int = 3 << 30
    reply_bytes: int = 64 << 20
    files: int = 200
    open_files: int = 16
