"""How fast one core seals objects and opens them again, beside the bare cipher over whole buffers.

    python benchmarks/vault_rate.py        (writes VAULT.md)

Safelight: `vault.records`, chunked encryption with AES-256-GCM, in blocks of 128 KiB, as objects are kept and handed
out.
Peer: `AESGCM` of the library `cryptography`, one call for a whole object, which neither streams nor can be read from
the middle. Both in one process and one thread, the best of many short rounds, in seconds of processor time, so
that neighbours on the machine count little; nothing is written to a disk.

Then the whole way into the vault, `do_keep_contents`: digest, encrypt, write, sync, and a row in the embedded database,
some objects a transaction; by the wall, and by the processor time of this process.
"""

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from surroundings import Page

from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import mark_demo, read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
from safelight.vault.nodekeys import make_keys
from safelight.vault.protection import KeyFile
from safelight.vault.records import open_record, seal_record

set_up_django()

from safelight.access.node import Node  # noqa: E402 - needs Django set up
from safelight.vault.actions.keeping import do_keep_contents  # noqa: E402 - needs Django set up

WANTED = 200
"""MiB a second and core, sealing."""

_SIZES = {"4 KiB": 4 << 10, "2 MiB": 2 << 20, "256 MiB": 256 << 20}
_ROUND = 4 << 20
_SECONDS = 2.0
_BLOCK = 1 << 17
_OBJECTS, _KEPT = 32, 1 << 30
_KEY, _NONCE, _CONTEXT = bytes(range(32)), bytes(12), b"object/1"


def _blocks(content: bytes) -> Iterator[memoryview]:
    view = memoryview(content)
    return (view[place : place + _BLOCK] for place in range(0, len(view), _BLOCK))


def _drain(pieces: Iterator[bytes | bytearray]) -> None:
    for _ in pieces:
        pass


def _rate(size: int, work: Callable[[], object]) -> float:
    """MiB a second of the best round; small objects many times a round."""
    count = max(1, _ROUND // size)
    best, spent = float("inf"), 0.0
    while spent < _SECONDS:
        begin = time.process_time()
        for _ in range(count):
            work()
        taken = time.process_time() - begin
        best, spent = min(best, taken), spent + taken
    return count * size / 2**20 / best


def _measure(size: int) -> tuple[float, float, float, float]:
    content = bytes(size)
    record = b"".join(seal_record(_blocks(content), _KEY, _CONTEXT))
    whole = AESGCM(_KEY).encrypt(_NONCE, content, None)
    return (
        _rate(size, lambda: _drain(seal_record(_blocks(content), _KEY, _CONTEXT))),
        _rate(size, lambda: AESGCM(_KEY).encrypt(_NONCE, content, None)),
        _rate(size, lambda: _drain(open_record(_blocks(record), _KEY, _CONTEXT))),
        _rate(size, lambda: AESGCM(_KEY).decrypt(_NONCE, whole, None)),
    )


def _keep(node: Node, size: int) -> tuple[float, float]:
    """MiB a second of keeping whole objects: by the wall, and by this process's processor time."""
    at_once = max(1, min(_OBJECTS, _KEPT // size))
    wall = spent = 0.0
    kept = 0
    while kept < _KEPT:
        contents = [secrets.token_bytes(size) for _ in range(at_once)]
        begin, used = time.perf_counter(), time.process_time()
        do_keep_contents(node.vault, contents, "benchmark")
        wall, spent = wall + time.perf_counter() - begin, spent + time.process_time() - used
        kept += size * at_once
    return kept / 2**20 / wall, kept / 2**20 / spent


def _keep_each(page: Page) -> None:
    page.line("\nMiB a second into the vault | by the wall | by processor time")
    page.line("---|---:|---:")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        mark_demo(data)
        with open_database(read_settings(data=data)), acting(NOBODY_ENROLLED):
            node = Node(make_keys("Agency Alpha", KeyFile(secrets.token_bytes(32))), data)
            for name in ("2 MiB", "256 MiB"):
                page.line(f"{name} | " + " | ".join(f"{rate:,.0f}" for rate in _keep(node, _SIZES[name])))


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    page = Page("Sealing content")
    page.line("MiB a second, one core | seal | bare cipher | open | bare cipher")
    page.line("---|---:|---:|---:|---:")
    slowest = float("inf")
    for name, size in _SIZES.items():
        rates = _measure(size)
        slowest = min(slowest, rates[0])
        page.line(f"{name} | " + " | ".join(f"{rate:,.0f}" for rate in rates))
    page.line(f"\nWanted: {WANTED} sealing; slowest {slowest:,.0f}: {'kept' if slowest >= WANTED else 'MISSED'}.")
    _keep_each(page)
    page.write("VAULT.md")


if __name__ == "__main__":
    main()
