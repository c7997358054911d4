"""How fast one core seals objects and opens them again, beside the bare cipher over whole buffers.

    python benchmarks/vault_rate.py        (writes VAULT.md)

Safelight: `vault.records`, chunked encryption with AES-256-GCM, in blocks of 128 KiB, as objects are kept and handed
out.
Peer: `AESGCM` of the library `cryptography`, one call for a whole object, which neither streams nor can be read from
the middle. Both in one process and one thread, the best of many short rounds, in seconds of processor time, so
that neighbours on the machine count little; nothing is written to a disk.
"""

import argparse
import time
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from surroundings import Page

from safelight.vault.records import open_record, seal_record

WANTED = 200
"""MiB a second and core, sealing."""

_SIZES = {"4 KiB": 4 << 10, "2 MiB": 2 << 20, "256 MiB": 256 << 20}
_ROUND = 4 << 20
_SECONDS = 2.0
_BLOCK = 1 << 17
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
    page.write("VAULT.md")


if __name__ == "__main__":
    main()
